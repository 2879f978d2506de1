// The lexer within quotes: pieces of text, interpolations, the indentation of """ strings.
#include <algorithm>
#include <string>

#include "lang/grammar/lexer.h"
#include "lang/grammar/literals.h"

namespace wakeful::grammar {

void Lexer::open_string(uint32_t begin, uint32_t end) {
  push(Tok::StringBegin, begin, end);
  Mode mode;
  mode.triple = end - begin == 3;
  mode.opening = static_cast<uint32_t>(out_.list.size() - 1);
  mode.piece_begin = end;
  modes_.push_back(std::move(mode));
}

void Lexer::end_piece(uint32_t at) {
  Mode& mode = modes_.back();
  if (at == mode.piece_begin) return;
  newline_ = space_ = false;
  Token& piece = push(Tok::StringText, mode.piece_begin, at);
  out_.texts.emplace_back();
  piece.text = static_cast<uint32_t>(out_.texts.size() - 1);
  if (mode.triple) {
    mode.pieces.push_back(static_cast<uint32_t>(out_.list.size() - 1));
  } else {
    decode(piece, nullptr, false);
  }
}

void Lexer::decode(Token& piece, const std::string* indentation, bool last) {
  std::string_view text = source_.substr(piece.begin, piece.end - piece.begin);
  uint32_t begin = piece.begin;
  out_.texts[piece.text] =
      decode_text(text, indentation, last, [&](size_t at, size_t length, std::string what) {
        auto from = begin + static_cast<uint32_t>(at);
        error("bad-string", from, from + static_cast<uint32_t>(length), std::move(what));
      });
}

void Lexer::open_interpolation(uint32_t begin, uint32_t end) {
  end_piece(begin);
  push(Tok::InterpolationBegin, begin, end);
  brackets_.push_back(static_cast<uint32_t>(out_.list.size() - 1));
  modes_.back().in_text = false;
}

void Lexer::close_string(uint32_t begin, uint32_t end) {
  end_piece(begin);
  Mode mode = std::move(modes_.back());
  modes_.pop_back();
  newline_ = space_ = false;
  if (mode.triple) decode_triple(mode, begin);
  push(Tok::StringEnd, begin, end);
}

/// Takes the line breaks beside the quotes and the indentation off the texts of a `"""` string.
void Lexer::decode_triple(const Mode& mode, uint32_t closing) {
  uint32_t opening_end = out_.list[mode.opening].end;
  size_t line = source_.substr(0, closing).rfind('\n');
  bool one_line = line == std::string_view::npos || line < opening_end;
  size_t text =
      one_line ? closing : std::min<size_t>(source_.find_first_not_of(" \t", line + 1), closing);
  std::string indentation(one_line ? "" : source_.substr(line + 1, text - line - 1));
  for (uint32_t index : mode.pieces) {
    Token& piece = out_.list[index];
    bool first = piece.begin == opening_end, last = piece.end == closing;
    decode(piece, &indentation, last);
    std::string& value = out_.texts[piece.text];
    size_t break_at = source_.find_first_not_of(" \t\r", opening_end);
    if (first && !one_line && source_[break_at] == '\n') value.erase(0, value.find('\n') + 1);
    // The closing quotes' own line: its line break goes, and nothing is left of its indentation.
    if (last && !one_line && text == closing) {
      if (!value.empty() && value.back() == '\n') value.pop_back();
    }
  }
}

void Lexer::text_newline(uint32_t at) {
  if (!modes_.back().triple) return newline(at);
  ++line_;
  line_begin_ = at + 1;
}

size_t Lexer::outermost_line_string() const {
  auto found = std::find_if(modes_.begin(), modes_.end(), [](const Mode& m) { return !m.triple; });
  return static_cast<size_t>(found - modes_.begin());
}

/// The line, or the file, ends within a string: closes all that is open in it.
void Lexer::unterminated(uint32_t at) {
  const bool file_ends = at >= source_.size();
  const size_t keep = file_ends ? 0 : outermost_line_string();
  const Token opening = out_.list[modes_[keep].opening];
  bool triple = modes_[keep].triple;
  if (!triple && drop_slash_comment()) return;
  error("bad-string", opening.begin, opening.end,
        triple ? "this string is not closed" : "this string is not closed on its line",
        triple ? "end it with `\"\"\"`" : "end it with `\"`; `\"\"\"` goes over several lines");
  while (modes_.size() > keep) {
    if (!modes_.back().in_text) {
      while (out_.list[brackets_.back()].kind != Tok::InterpolationBegin) {
        Token& open = out_.list[brackets_.back()];
        push(open.kind == Tok::LeftParen     ? Tok::RightParen
             : open.kind == Tok::LeftBracket ? Tok::RightBracket
                                             : Tok::RightBrace,
             at, at);
        brackets_.pop_back();
      }
      brackets_.pop_back();
      push(Tok::InterpolationEnd, at, at);
      modes_.back().in_text = true;
      modes_.back().piece_begin = at;
    }
    close_string(at, at);
  }
}

}  // namespace wakeful::grammar
