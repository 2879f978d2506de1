// The lexer's state: what the actions of the lexical grammar (lex.cpp) call. Knows no PEGTL.
#pragma once

#include <string_view>
#include <vector>

#include "lang/grammar/token.h"

namespace wakeful::grammar {

/// Gathers tokens. Strings are modes: within "…${ … }…" the lexer goes from text to tokens and
/// back, on a stack of its own, so that nesting costs no C++ stack.
class Lexer {
 public:
  Lexer(uint32_t file, std::string_view source, Diagnostics& diagnostics)
      : file_(file), source_(source), diagnostics_(diagnostics) {}

  bool in_text() const { return !modes_.empty() && modes_.back().in_text; }
  bool in_triple_text() const { return in_text() && modes_.back().triple; }

  // Between strings.
  void newline(uint32_t at);
  void space() { space_ = true; }
  void comment(uint32_t begin, uint32_t end);
  void word(uint32_t begin, uint32_t end);
  void sign(Tok kind, uint32_t begin, uint32_t end);
  void slip(Tok read_as, uint32_t begin, uint32_t end, const char* help);
  void bang(uint32_t at);
  void integer(uint32_t begin, uint32_t end, int base);
  void real(uint32_t begin, uint32_t end);
  void duration(uint32_t begin, uint32_t end);
  void bad_number(uint32_t begin, uint32_t end);
  void raw_string(uint32_t begin, uint32_t end, bool closed);
  void block_comment(uint32_t begin, uint32_t end);
  void backticks(uint32_t begin, uint32_t end);
  void bad_character(uint32_t begin, uint32_t end);
  /// Whether a `//` at this place begins a comment of another language, not a division.
  bool is_slash_comment() const;
  void slash_comment(uint32_t begin, uint32_t end);

  // Strings.
  void open_string(uint32_t begin, uint32_t end);
  void open_interpolation(uint32_t begin, uint32_t end);
  void close_string(uint32_t begin, uint32_t end);
  void text_newline(uint32_t at);

  Tokens finish();

 private:
  struct Mode {
    bool triple = false;
    bool in_text = true;           // false: within its ${ }
    uint32_t opening = 0;          // its StringBegin token
    uint32_t piece_begin = 0;      // where the current text began
    std::vector<uint32_t> pieces;  // tokens of its texts, of a triple string
  };

  Token& push(Tok kind, uint32_t begin, uint32_t end);
  void error(const char* code, uint32_t begin, uint32_t end, std::string message,
             std::string help = "");
  void open_bracket(Tok kind, uint32_t begin, uint32_t end);
  void close_bracket(Tok kind, uint32_t begin, uint32_t end);
  bool drop_slash_comment();
  size_t outermost_line_string() const;  // of modes_; its size where there is none
  void end_piece(uint32_t at);
  void decode_triple(const Mode& mode, uint32_t closing);
  void decode(Token& piece, const std::string* indentation, bool last);
  void unterminated(uint32_t at);
  void mark_line_breaks();
  Span span(uint32_t begin, uint32_t end) const { return {file_, begin, end}; }

  uint32_t file_;
  std::string_view source_;
  Diagnostics& diagnostics_;
  Tokens out_;
  std::vector<Mode> modes_;
  std::vector<uint32_t> brackets_;  // open brackets and ${, as token indices
  bool newline_ = true;
  bool space_ = false;
  uint32_t line_ = 1;
  uint32_t line_begin_ = 0;
};

}  // namespace wakeful::grammar
