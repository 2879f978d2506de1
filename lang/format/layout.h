// Where lines may break: gaps between pieces, and groups of gaps that break together.
//
// Always true:
//  1. Groups nest; in `groups` an outer one stands before those within it.
//  2. A group that was broken in the source at one of its gaps is `forced`, so what the printer
//  broke stays broken
//     when it is formatted again: this is what makes formatting idempotent.
#pragma once

#include <cstdint>
#include <vector>

#include "lang/format/pieces.h"

namespace wakeful::format {

constexpr uint32_t kNone = UINT32_MAX;
constexpr uint32_t kColumns = 100;

enum class Kind : uint8_t {
  List,       // brackets with commas: one item a line
  Block,      // { … }: one statement a line
  Branches,   // if … else …, try … catch …: its blocks break together
  Operators,  // operands of one level
  Members,    // .a(…).b(…)
  Clauses,    // call as … with …
  Bounds,     // batch … size … pause …
  Arrow,      // x => …
  Assign,     // let x = …
};

struct Group {
  Kind kind{};
  uint32_t first = 0, last = 0;                // pieces, both within
  uint32_t indent_first = 0, indent_last = 0;  // gaps that stand deeper where it is broken
  uint32_t levels = 1;      // so much deeper: 2 in a header, to stand off its block
  bool forced = false;      // broken, whatever its width
  bool if_too_wide = true;  // broken where it does not fit on its line
  bool fill = false;        // as many items on a line as fit
  bool comma = false;       // where it is broken a comma stands behind the last item
  /// Where its last part may go over several lines with the rest on one: `f(a, {` … `})`. The piece
  /// before its first gap and, unless it is a string, its group.
  uint32_t hug = kNone, hug_group = kNone;
  uint32_t follows = kNone;  // of a block: the branches that it is one of
};

/// What stands before the piece of the same index.
struct Gap {
  bool space = true;       // where no line break does
  bool hard = false;       // between declarations: always a line break
  bool separates = false;  // between statements: `; ` on one line
  bool declares = false;   // the piece begins a declaration
  bool closes = false;     // the piece closes the bracket
  uint32_t group = kNone;  // breaks with it
};

struct Layout {
  std::vector<Gap> gaps;
  std::vector<Group> groups;
};

Layout lay_out(const Pieces& pieces);

}  // namespace wakeful::format
