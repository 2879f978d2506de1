// What is printed, in order: tokens with what stands before them. Commas and semicolons are no
// pieces of their own, since where they stand is the formatter's to say; a string literal is one
// piece, whatever is in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lang/grammar/syntax.h"

namespace wakeful::format {

struct Comment {
  std::string_view text;
  bool trailing = false;  // stands behind code
  bool blank = false;     // a blank line stands before it
  uint32_t column = 0;    // in the source
};

struct Piece {
  grammar::Tok kind = grammar::Tok::End;
  std::string_view text;
  uint32_t width = 0;      // columns, up to the first line break
  uint32_t pair = 0;       // of a bracket: its partner
  bool multiline = false;  // a string over several lines
  bool comma = false;      // a comma stands behind it, which is not the last of its list
  bool newline = false;    // in the source, a line break stands before it
  bool blank = false;      // and a blank line directly before it
  uint32_t first_comment = 0, comments = 0;  // those before it
};

struct Pieces {
  std::vector<Piece> list;  // ends with that of the file's end
  std::vector<Comment> comments;
  std::vector<grammar::Taken> taken;  // in pieces instead of tokens
};

/// `source` must outlive the pieces.
Pieces cut_into_pieces(std::string_view source, const grammar::Syntax& syntax);

/// Columns of a text in UTF-8, a code point each.
uint32_t columns_of(std::string_view text);

}  // namespace wakeful::format
