#include "lang/grammar/lexer.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "lang/grammar/literals.h"

namespace wakeful::grammar {

std::string_view token_name(Tok kind) {
  switch (kind) {
    case Tok::End:
      return "the end of the file";
    case Tok::Identifier:
      return "a name";
    case Tok::Int:
    case Tok::Float:
      return "a number";
    case Tok::Duration:
      return "a duration";
    case Tok::RawString:
    case Tok::StringBegin:
    case Tok::StringText:
      return "a string";
    case Tok::InterpolationBegin:
      return "`${`";
    case Tok::InterpolationEnd:
      return "the `}` of an interpolation";
    case Tok::StringEnd:
      return "the end of the string";
#define WF_KEYWORD(name, text, class, doc) \
  case Tok::name:                          \
    return "`" text "`";
#define WF_OPERATOR(name, text, class, doc) \
  case Tok::name:                           \
    return "`" text "`";
#include "lang/grammar/tokens.def"
  }
  return "";
}

bool is_keyword(Tok kind) {
  switch (kind) {
#define WF_KEYWORD(name, text, class, doc) case Tok::name:
#include "lang/grammar/tokens.def"
    return true;
    default:
      return false;
  }
}

bool is_word(Tok kind) { return kind == Tok::Identifier || is_keyword(kind); }

bool ends_operand(Tok kind) {
  switch (kind) {
    case Tok::Identifier:
    case Tok::Int:
    case Tok::Float:
    case Tok::Duration:
    case Tok::RawString:
    case Tok::StringEnd:
    case Tok::RightParen:
    case Tok::RightBracket:
    case Tok::RightBrace:
    case Tok::True:
    case Tok::False:
    case Tok::Null:
      return true;
    default:
      return false;
  }
}

Token& Lexer::push(Tok kind, uint32_t begin, uint32_t end) {
  Token token;
  token.kind = kind;
  token.newline_before = newline_;
  token.space_before = space_ || newline_;
  token.begin = begin;
  token.end = end;
  token.line = line_;
  token.column = begin - line_begin_;
  newline_ = space_ = false;
  out_.list.push_back(token);
  return out_.list.back();
}

void Lexer::error(const char* code, uint32_t begin, uint32_t end, std::string message,
                  std::string help) {
  diagnostics_.error(code, span(begin, end), std::move(message), std::move(help));
}

// --- between strings ---

void Lexer::newline(uint32_t at) {
  bool in_line_string =
      std::any_of(modes_.begin(), modes_.end(), [](const Mode& m) { return !m.triple; });
  if (in_line_string) unterminated(at);
  // `x--` would swallow the next line: two minus signs, both waiting for an operand.
  size_t n = out_.list.size();
  if (n >= 3 && out_.list[n - 1].kind == Tok::Minus && out_.list[n - 2].kind == Tok::Minus &&
      out_.list[n - 2].end == out_.list[n - 1].begin && out_.list[n - 3].kind == Tok::Identifier) {
    error("slip", out_.list[n - 2].begin, out_.list[n - 1].end, "`--` is not an operator",
          "write `x -= 1`");
    out_.list.resize(n - 2);
  }
  newline_ = true;
  ++line_;
  line_begin_ = at + 1;
}

void Lexer::comment(uint32_t begin, uint32_t end) {
  std::string_view text = source_.substr(begin, end - begin);
  out_.comments.push_back({begin, end, newline_});
  if (text.substr(0, 2) == "##") {
    text.remove_prefix(2);
    if (!text.empty() && text[0] == ' ') text.remove_prefix(1);
    if (newline_) out_.docs.push_back({line_, std::string(text)});
    return;
  }
  size_t at = text.find_first_not_of(" \t", 1);
  if (at == std::string_view::npos || text.substr(at, 6) != "allow:") return;
  // Names with commas between; what follows the last one is for the reader.
  constexpr std::string_view kBlank = " \t";
  at += 5;
  do {
    at = text.find_first_not_of(kBlank, at + 1);
    if (at == std::string_view::npos) return;
    const size_t stop = std::min(text.find_first_of(" \t,", at), text.size());
    if (stop > at) {
      const auto offset = static_cast<uint32_t>(begin + at);
      out_.allowed.push_back({line_, std::string(text.substr(at, stop - at)),
                              span(offset, static_cast<uint32_t>(begin + stop))});
    }
    at = text.find_first_not_of(kBlank, stop);
  } while (at != std::string_view::npos && text[at] == ',');
}

void Lexer::word(uint32_t begin, uint32_t end) {
  static const std::unordered_map<std::string_view, Tok> kKeywords = {
#define WF_KEYWORD(name, text, class, doc) {text, Tok::name},
#include "lang/grammar/tokens.def"
  };
  std::string_view text = source_.substr(begin, end - begin);
  bool before_quote = end < source_.size() && (source_[end] == '"' || source_[end] == '\'');
  if (before_quote && (text == "f" || text == "F" || text == "r" || text == "b")) {
    error("slip", begin, end + 1, "strings take no prefix",
          "`\"…${x}…\"` interpolates by itself; `'…'` is raw");
    return;
  }
  auto found = kKeywords.find(text);
  push(found == kKeywords.end() ? Tok::Identifier : found->second, begin, end);
}

void Lexer::sign(Tok kind, uint32_t begin, uint32_t end) {
  switch (kind) {
    case Tok::LeftParen:
    case Tok::LeftBracket:
    case Tok::LeftBrace:
      return open_bracket(kind, begin, end);
    case Tok::RightParen:
    case Tok::RightBracket:
    case Tok::RightBrace:
      return close_bracket(kind, begin, end);
    default:
      push(kind, begin, end);
  }
}

void Lexer::open_bracket(Tok kind, uint32_t begin, uint32_t end) {
  push(kind, begin, end);
  brackets_.push_back(static_cast<uint32_t>(out_.list.size() - 1));
}

namespace {
Tok opening_of(Tok close) {
  return close == Tok::RightParen     ? Tok::LeftParen
         : close == Tok::RightBracket ? Tok::LeftBracket
                                      : Tok::LeftBrace;
}
}  // namespace

void Lexer::close_bracket(Tok kind, uint32_t begin, uint32_t end) {
  // The nearest open bracket of that kind is the partner; those above it were never closed.
  size_t depth = brackets_.size();
  while (depth > 0) {
    Tok open = out_.list[brackets_[depth - 1]].kind;
    if (open == opening_of(kind)) break;
    if (open == Tok::InterpolationBegin) {
      if (kind != Tok::RightBrace) {
        depth = 0;
        break;
      }
      brackets_.resize(depth - 1);
      push(Tok::InterpolationEnd, begin, end);
      modes_.back().in_text = true;
      modes_.back().piece_begin = end;
      return;
    }
    --depth;
  }
  Token& token = push(kind, begin, end);
  if (depth == 0) return;
  token.pair = brackets_[depth - 1];
  out_.list[token.pair].pair = static_cast<uint32_t>(out_.list.size() - 1);
  brackets_.resize(depth - 1);
}

void Lexer::slip(Tok read_as, uint32_t begin, uint32_t end, const char* help) {
  std::string text(source_.substr(begin, end - begin));
  error("slip", begin, end, "`" + text + "` is not an operator", help);
  if (read_as != Tok::End) push(read_as, begin, end);
}

void Lexer::bang(uint32_t at) {
  error("slip", at, at + 1, "`!` is not an operator", "write `not`");
  push(Tok::Not, at, at + 1);
}

void Lexer::integer(uint32_t begin, uint32_t end, int base) {
  uint32_t digits = base == 10 ? begin : begin + 2;
  auto value = parse_int(source_.substr(digits, end - digits), base);
  if (!value)
    error("bad-number", begin, end,
          "`" + std::string(source_.substr(begin, end - begin)) + "` does not fit an int (64 bits)",
          "write a float, as 1e20");
  push(Tok::Int, begin, end).integer = value.value_or(0);
}

void Lexer::real(uint32_t begin, uint32_t end) {
  auto value = parse_float(source_.substr(begin, end - begin));
  if (!value) error("bad-number", begin, end, "the number is beyond the range of a float");
  push(Tok::Float, begin, end).real = value.value_or(0);
}

void Lexer::duration(uint32_t begin, uint32_t end) {
  DurationText text = parse_duration(source_.substr(begin, end - begin));
  if (!text.ms) {
    error(
        "bad-number", begin, end,
        "`" + std::string(source_.substr(begin, end - begin)) + "` is no duration: " + text.problem,
        "write it as `1h30m`, `1.5s`, `250ms`");
  }
  push(Tok::Duration, begin, end).integer = text.ms.value_or(0);
}

void Lexer::bad_number(uint32_t begin, uint32_t end) {
  std::string_view text = source_.substr(begin, end - begin);
  bool base = text.size() > 1 && text[0] == '0' &&
              std::string_view("xXbBoO").find(text[1]) != std::string_view::npos;
  bool underscore = text.back() == '_' || text.find("__") != std::string_view::npos;
  if (base) {
    error("bad-number", begin, end, "`" + std::string(text) + "` is not a number",
          "hexadecimal is `0xff`, binary is `0b1010`");
  } else if (underscore) {
    error("bad-number", begin, end,
          "`" + std::string(text) + "` is not a number: `_` stands only between digits",
          "write it as `1_000_000`");
  } else {
    error("bad-number", begin, end,
          "`" + std::string(text) + "` is neither a number nor a duration",
          "the units of durations are `d h m s ms`, as in `1h30m`");
  }
  push(Tok::Int, begin, end);
}

void Lexer::raw_string(uint32_t begin, uint32_t end, bool closed) {
  if (!closed) {
    if (drop_slash_comment()) return;
    error("bad-string", begin, begin + 1, "this string is not closed on its line",
          "end it with `'`");
  }
  std::string_view text = source_.substr(begin + 1, end - begin - (closed ? 2 : 1));
  out_.texts.push_back(decode_raw(text));
  push(Tok::RawString, begin, end).text = static_cast<uint32_t>(out_.texts.size() - 1);
}

void Lexer::block_comment(uint32_t begin, uint32_t end) {
  error("slip", begin, begin + 2, "comments are not written `/* */`",
        "begin each line of it with `#`");
  for (uint32_t i = begin; i < end; ++i) {
    if (source_[i] == '\n') newline(i);
  }
  space_ = true;
}

void Lexer::backticks(uint32_t begin, uint32_t end) {
  error("slip", begin, begin + 1, "strings are not written in backticks",
        "write `\"…${x}…\"`, or `\"\"\"` over several lines");
  for (uint32_t i = begin; i < end; ++i) {
    if (source_[i] != '\n') continue;
    ++line_;
    line_begin_ = i + 1;
  }
  out_.texts.emplace_back();
  push(Tok::RawString, begin, end).text = static_cast<uint32_t>(out_.texts.size() - 1);
}

void Lexer::bad_character(uint32_t begin, uint32_t end) {
  auto byte = static_cast<unsigned char>(source_[begin]);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string shown = byte < 0x20 || byte == 0x7F
                          ? std::string("\\x") + kDigits[byte >> 4] + kDigits[byte & 15]
                          : std::string(source_.substr(begin, end - begin));
  error("bad-character", begin, end, "`" + shown + "` means nothing here");
  space_ = true;
}

bool Lexer::is_slash_comment() const {
  if (out_.list.empty()) return true;
  if (newline_) {
    // In ( and [ a line may go on with an operator.
    return brackets_.empty() || out_.list[brackets_.back()].kind == Tok::LeftBrace;
  }
  if (ends_operand(out_.list.back().kind)) return false;
  // `m.in // 2`: a keyword behind a point is a name.
  const size_t n = out_.list.size();
  return n < 2 ||
         (out_.list[n - 2].kind != Tok::Dot && out_.list[n - 2].kind != Tok::OptionalDot) ||
         !is_keyword(out_.list[n - 1].kind);
}

void Lexer::slash_comment(uint32_t begin, uint32_t) {
  error("slip", begin, begin + 2, "comments do not begin with `//`", "begin them with `#`");
}

/// A fault within what looks like a comment behind code: complains about the `//` instead. Strings that were opened
/// behind it are forgotten; a `//` within their `${…}` begins no comment.
bool Lexer::drop_slash_comment() {
  const size_t keep = outermost_line_string();
  size_t i = keep < modes_.size() ? modes_[keep].opening : out_.list.size();
  for (; i-- > 0 && out_.list[i].line == line_;) {
    if (out_.list[i].kind != Tok::SlashSlash) continue;
    slash_comment(out_.list[i].begin, 0);
    while (!brackets_.empty() && brackets_.back() >= i) brackets_.pop_back();
    out_.list.resize(i);
    modes_.resize(keep);
    return true;
  }
  return false;
}

// --- the end ---

namespace {

/// After these a statement goes on, however many lines below.
bool awaits_more(Tok kind) {
  switch (kind) {
#define WF_BINARY(token, op, level) case Tok::token:
#include "lang/grammar/tokens.def"
    case Tok::Not:
    case Tok::Spawn:
    case Tok::Gather:
    case Tok::WaitAny:
    case Tok::Race:
    case Tok::Comma:
    case Tok::Assign:
    case Tok::PlusAssign:
    case Tok::MinusAssign:
    case Tok::StarAssign:
    case Tok::SlashAssign:
    case Tok::Arrow:
    case Tok::Dot:
    case Tok::OptionalDot:
      return true;
    default:
      return false;
  }
}

/// A line that starts with these goes on with the statement above.
bool goes_on(Tok kind, Tok next) {
  switch (kind) {
    case Tok::Dot:
    case Tok::OptionalDot:
      return is_word(next);
    case Tok::Coalesce:
    case Tok::As:
    case Tok::With:
    case Tok::And:
    case Tok::Or:
    case Tok::Else:
    case Tok::Catch:
    case Tok::Finally:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Lexer::mark_line_breaks() {
  auto& list = out_.list;
  for (size_t i = 0; i < list.size(); ++i) {
    Tok next = i + 1 < list.size() ? list[i + 1].kind : Tok::End;
    // A keyword behind a point is a name: `m.in` at the end of a line awaits nothing.
    bool member = i >= 2 && is_keyword(list[i - 1].kind) &&
                  (list[i - 2].kind == Tok::Dot || list[i - 2].kind == Tok::OptionalDot);
    bool awaited = i > 0 && !member && awaits_more(list[i - 1].kind);
    list[i].goes_on = goes_on(list[i].kind, next);
    list[i].line_break = list[i].newline_before && !awaited && !list[i].goes_on;
  }
}

Tokens Lexer::finish() {
  auto end = static_cast<uint32_t>(source_.size());
  if (!modes_.empty()) unterminated(end);
  newline_ = true;
  push(Tok::End, end, end);
  mark_line_breaks();
  return std::move(out_);
}

}  // namespace wakeful::grammar
