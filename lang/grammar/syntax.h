// The text of a file as the grammar read it: its tokens, its comments, and which tokens each rule
// took. For tools that must keep what a tree leaves out (lang/format); parse.h is the door for all
// others.
#pragma once

#include <vector>

#include "lang/ast/ast.h"
#include "lang/base/source.h"
#include "lang/diagnostics/diagnostics.h"
#include "lang/grammar/token.h"

namespace wakeful::grammar {

/// What a rule makes of its tokens, as far as it matters for how they are laid out.
enum class Shape : uint8_t {
  None,
  Declaration,
  Statement,
  Block,        // { … }
  Call,         // (…) behind what is called
  Index,        // […] behind what is indexed
  Member,       // .name
  List,         // […]
  Map,          // {…}
  Type,         // name, list<T>, {…}
  Pattern,      // name, {…}, […]
  Params,       // (…) of a function
  Parentheses,  // (…) around an expression
  Arrow,        // x => …
  Operand,      // of a Chain
  Chain,        // operands and binary operators in a row
  Postfix,      // a term, its suffixes and clauses
  As,
  With,
  Compensate,
  Branches,  // if … else …, try … catch …
  Batch,
  Bound,  // size, limit, pause, tolerate of a batch
};

/// The tokens [first, last] that a rule took.
struct Taken {
  Shape shape = Shape::None;
  uint32_t first = 0, last = 0;
};

struct Syntax {
  Tokens tokens;
  std::vector<Taken> taken;  // a rule stands behind those within it
  ast::File tree;
};

/// As parse(). Where there were errors, only the diagnostics mean anything.
Syntax read_syntax(uint32_t file_index, const Sources& sources, Diagnostics& diagnostics);

}  // namespace wakeful::grammar
