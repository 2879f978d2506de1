// Which argument of a call goes to which parameter.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lang/ast/ast.h"
#include "stdlib/builtins.h"

namespace wakeful {

/// The parameters of a declared function, as those of the library are described.
std::vector<Builtin::Param> params_of(const ast::Callable& callable);

struct Binding {
  /// The arguments of each parameter: none, one, or several for `*rest` and `**fields`.
  std::vector<std::vector<const ast::Argument*>> slots;
  /// All parameters, in the order in which their arguments are evaluated.
  std::vector<uint32_t> order;
  bool in_order = true;  // `order` is 0, 1, 2 …
  std::string fault;     // what does not fit (lang/check says it first, and better)
  std::optional<Span> place;
};

Binding bind_call(const std::vector<ast::Argument>& args,
                  const std::vector<Builtin::Param>& params);

}  // namespace wakeful
