// What the lexer hands to the parser: tokens that know where they stand and which bracket is
// theirs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lang/ast/ast.h"
#include "lang/diagnostics/diagnostics.h"

namespace wakeful::grammar {

enum class Tok : uint8_t {
  End,
  Identifier,
  Int,
  Float,
  Duration,
  RawString,           // '…'
  StringBegin,         // the opening quotes of "…" and """…"""
  StringText,          // a piece of text, escapes resolved
  InterpolationBegin,  // ${
  InterpolationEnd,    // its }
  StringEnd,
#define WF_KEYWORD(name, text, class, doc) name,
#define WF_OPERATOR(name, text, class, doc) name,
#include "lang/grammar/tokens.def"
};

struct Token {
  Tok kind = Tok::End;
  bool newline_before = false;  // stands first on its line
  bool line_break = false;      // and that newline can end a statement (language.md, section 2)
  bool goes_on = false;         // a line that starts with it goes on with the statement above
  bool space_before = false;
  uint32_t begin = 0, end = 0;  // bytes of the source
  uint32_t line = 1;            // from 1
  uint32_t column = 0;          // in bytes, from 0
  uint32_t pair = 0;            // of a bracket: the index of its partner; 0 where it has none
  uint32_t text = 0;            // of a string or its pieces: index into Tokens::texts
  int64_t integer = 0;  // of an Int: its value (INT64_MIN: 2^63); of a Duration: milliseconds
  double real = 0;      // of a Float
};

struct Tokens {
  std::vector<Token> list;         // ends with an End token
  std::vector<std::string> texts;  // values of strings
  struct Doc {
    uint32_t line;
    std::string text;
  };
  std::vector<Doc> docs;  // the `##` comments, in order
  struct Comment {
    uint32_t begin, end;  // from its `#` to the end of its line
    bool stands_alone;    // nothing else on its line
  };
  std::vector<Comment> comments;  // all of them, in order
  std::vector<ast::File::Allow> allowed;
};

/// Cuts a file into tokens. Faults are reported and patched over, so that the parser sees a
/// plausible token in their place.
Tokens lex(uint32_t file_index, std::string_view source, Diagnostics& diagnostics);

/// `,` or `workflow`; for classes of tokens what a reader calls them: "a name", "a number".
std::string_view token_name(Tok kind);
bool is_keyword(Tok kind);
bool is_word(Tok kind);       // an identifier or a keyword
bool ends_operand(Tok kind);  // a value can end with it

}  // namespace wakeful::grammar
