// Which variables of a function live on in its closures: decided before code is generated.
#pragma once

#include <unordered_set>

#include "lang/ast/ast.h"
#include "lang/diagnostics/diagnostics.h"

namespace wakeful {

/// A binding is known by the Ident that declares it (of a parameter, pattern, catch, fn …).
struct Variables {
  /// Assigned after their declaration.
  std::unordered_set<const ast::Ident*> assigned;
  /// Assigned, and captured by a closure other than a `compensate` block: they live in a cell,
  /// which the function and its closures share. All others are captured by value.
  std::unordered_set<const ast::Ident*> cells;
};

/// Looks at one top-level declaration, the closures inside it included. Assigning to an outer
/// variable in a `compensate` block is a diagnostic.
Variables find_variables(const ast::Callable& callable, Diagnostics& diagnostics);

}  // namespace wakeful
