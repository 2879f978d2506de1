// Each lint: one function that looks at the whole program. A new one is a row here, one in
// diagnostics.def, a page in lang/explain/ and two scripts in tests/scripts/lints/.
#pragma once

#include <string>

#include "lang/diagnostics/diagnostics.h"
#include "lang/lint/flow.h"

namespace wakeful::linting {

struct Context {
  const std::vector<ast::File>& files;
  const Tree& tree;
  const Facts& facts;
  const Flow& flow;
  Diagnostics& out;

  Diagnostic& warn(const char* name, Span span, std::string reason, std::string remedy) const {
    return out.warning(name, span, std::move(reason), std::move(remedy));
  }
};

/// `name`, as messages show it.
inline std::string ticked(const std::string& name) { return "`" + name + "`"; }

// values.cpp
void raw_interpolation(const Context& context);
void ignored_value(const Context& context);
// usual.cpp
void unused_variable(const Context& context);
void unreachable_code(const Context& context);
void shadowed_name(const Context& context);
// handles.cpp
void unused_handle(const Context& context);
void lost_gather(const Context& context);
// children.cpp
void unhandled_child_failure(const Context& context);
void constant_child_id(const Context& context);
// fan_out.cpp
void unbounded_fan_out(const Context& context);
void spawn_in_endless_loop(const Context& context);
// nesting.cpp
void deep_nesting(const Context& context);
// strands.cpp
void shared_state(const Context& context);
// effects.cpp
void missing_timeout(const Context& context);
void effect_without_undo(const Context& context);
// allow.cpp
void unknown_allow(const Context& context);

}  // namespace wakeful::linting
