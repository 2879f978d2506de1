// Faults: how they are said, and where the parse goes on behind them.
#include <algorithm>

#include "lang/grammar/builder.h"

namespace wakeful::grammar {

std::string Builder::found_text() const {
  const Token& token = current();
  switch (token.kind) {
    case Tok::End:
      return "the end of the file";
    case Tok::Identifier:
    case Tok::Int:
    case Tok::Float:
    case Tok::Duration:
      return "`" + std::string(text(token)) + "`";
    default:
      break;
  }
  std::string found(token_name(token.kind));
  if (is_keyword(token.kind)) found = "the word " + found;
  return found;
}

void Builder::fail(std::string_view expected) {
  SyntaxError error;
  error.token = position;
  std::string found =
      current().line_break && in_block() && current().kind != Tok::End && position != fresh
          ? "the end of the line"
          : found_text();
  error.message = "expected " + std::string(expected) + ", found " + found;
  const bool wants_name = expected.substr(0, 6) == "a name";
  if (wants_name && is_keyword(current().kind) && visible(position))
    error.help = "it is a reserved word; choose another name";
  throw error;
}

void Builder::fail_at(uint32_t token, const char* code, std::string message, std::string help) {
  SyntaxError error;
  error.token = token;
  error.code = code;
  error.message = std::move(message);
  error.help = std::move(help);
  throw error;
}

Diagnostic& Builder::complain(const char* code, Span where, std::string message, std::string help) {
  return diagnostics_.error(code, where, std::move(message), std::move(help));
}

void Builder::report(const SyntaxError& error) {
  const Token& token = at(error.token);
  Span where = span(token);
  // What is missing at the end of a line is shown there, not at the next line's first word.
  if (token.newline_before && error.token > 0 &&
      error.message.ends_with("found the end of the line")) {
    where.begin = at(error.token - 1).end;
    where.end = where.begin + 1;
  }
  diagnostics_.error(error.code, where, error.message, error.help).notes = error.notes;
}

void Builder::restore(const State& state) {
  while (frames_.size() > state.frames) discard();
  brackets_.resize(state.brackets);
  nesting_ = state.nesting;
  percent_ends = state.percent_ends;
  in_test = state.in_test;
}

bool Builder::ends_statement() const {
  Tok kind = current().kind;
  return kind == Tok::Semicolon || kind == Tok::RightBrace || kind == Tok::End ||
         current().newline_before;
}

bool Builder::begins_declaration(uint32_t index) const {
  const Token& token = at(index);
  if (!token.newline_before || token.column != 0) return false;
  Tok next = at(index + 1).kind;
  switch (token.kind) {
    case Tok::Workflow:
    case Tok::Activity:
      return next == Tok::Identifier;
    case Tok::Import:
    case Tok::Test:
      return next == Tok::StringBegin || next == Tok::RawString;
    default:
      return false;
  }
}

namespace {
bool opens(Tok kind) {
  return kind == Tok::LeftParen || kind == Tok::LeftBracket || kind == Tok::LeftBrace ||
         kind == Tok::InterpolationBegin;
}
bool closes(Tok kind) {
  return kind == Tok::RightParen || kind == Tok::RightBracket || kind == Tok::RightBrace ||
         kind == Tok::InterpolationEnd;
}
Tok partner(Tok open) {
  return open == Tok::LeftParen     ? Tok::RightParen
         : open == Tok::LeftBracket ? Tok::RightBracket
         : open == Tok::LeftBrace   ? Tok::RightBrace
                                    : Tok::InterpolationEnd;
}
}  // namespace

bool Builder::seek_body(uint32_t first) {
  const Tok kind = at(first).kind;
  const bool headed = kind == Tok::Workflow || kind == Tok::Activity || kind == Tok::Fn ||
                      kind == Tok::Test || kind == Tok::If || kind == Tok::For ||
                      kind == Tok::While || kind == Tok::Batch || kind == Tok::On;
  if (!headed || current().line != at(first).line) return false;
  for (uint32_t i = position; at(i).kind != Tok::End && at(i).line == at(first).line; ++i) {
    if (at(i).kind != Tok::LeftBrace || at(i + 1).line == at(i).line || at(i).pair == 0) continue;
    for (uint32_t skipped = first; skipped < i; ++skipped) lose(skipped);
    position = fresh = i;
    return true;
  }
  return false;
}

void Builder::lose(uint32_t index) {
  if (at(index).kind == Tok::Identifier) lost_names.emplace_back(text(at(index)));
}

void Builder::resync(uint32_t first) {
  std::vector<uint32_t> open;  // the brackets opened since the statement began
  const uint32_t failed = position;
  uint32_t i = first;
  for (; at(i).kind != Tok::End; ++i) {
    const Token& token = at(i);
    if (i > first && i >= failed && token.newline_before) {
      if (open.empty() && token.line_break) break;
      // Within brackets that were never closed: a line as far left as the statement begins another.
      const bool closed_later = !open.empty() && at(open.back()).pair > i;
      const bool left = token.column <= at(first).column && at(first).newline_before;
      if (left && !closed_later && !closes(token.kind) && !token.goes_on) break;
      if (begins_declaration(i)) break;
    }
    if (opens(token.kind)) open.push_back(i);
    if (closes(token.kind)) {
      size_t depth = open.size();
      while (depth > 0 && partner(at(open[depth - 1]).kind) != token.kind) --depth;
      if (depth > 0) {
        open.resize(depth - 1);
      } else if (token.kind == Tok::RightBrace && !brackets_.empty() && i >= failed) {
        break;
      }
    }
    if (token.kind == Tok::Semicolon && open.empty() && i >= failed) break;
  }
  if (i == first && at(i).kind != Tok::End) ++i;
  for (uint32_t skipped = first; skipped < i; ++skipped) lose(skipped);
  position = i;
}

}  // namespace wakeful::grammar
