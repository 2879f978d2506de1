#include "lang/lint/lint.h"

#include "lang/lint/lints.h"

namespace wakeful {

void lint(const std::vector<ast::File>& files, const checking::Facts& facts, const Sources&,
          Diagnostics& diagnostics) {
  using namespace linting;
  const Tree tree(files);
  const Flow flow(tree, facts);
  const Context context{files, tree, facts, flow, diagnostics};
  for (auto each : {raw_interpolation, ignored_value, unused_variable, unreachable_code,
                    shadowed_name, unused_handle, lost_gather, unhandled_child_failure,
                    constant_child_id, unbounded_fan_out, spawn_in_endless_loop, deep_nesting,
                    shared_state, missing_timeout, effect_without_undo, unknown_allow})
    each(context);
}

}  // namespace wakeful
