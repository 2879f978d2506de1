// What stands in tests only: `mock`, `expect`, `calls`.
#include <algorithm>
#include <utility>

#include "lang/check/checker.h"

namespace wakeful::checking {

namespace {

bool is_step(const Callee& callee) {
  const bool effect = callee.builtin && callee.builtin->kind == Builtin::Kind::Effect;
  return callee.kind == Callee::Kind::Workflow || callee.kind == Callee::Kind::Activity || effect;
}

std::vector<std::string> parameters_of(const Callee& callee) {
  std::vector<std::string> names;
  if (callee.fn) {
    for (const ast::Param& param : callee.fn->params) names.push_back(param.name.text);
  } else if (callee.builtin) {
    for (const Builtin::Param& param : callee.builtin->params) names.push_back(param.name);
  }
  return names;
}

}  // namespace

void Checker::mock(const ast::MockStmt& s) {
  if (!place_.test || scopes_.size() != 2) {
    return error("misplaced", s.span, "`mock` stands at the top level of a `test` only",
                 place_.test ? "move it out of the block: it holds for the whole test"
                             : "write `test \"…\" { mock … }`");
  }
  expr(s.target);
  const Callee callee = callee_of(*s.target);
  if (callee.kind == Callee::Kind::Unknown) {
    if (sort_of(*s.target) != Sort::Unknown)
      error("misplaced", s.target->span, "a mock stands for a workflow, an activity or an effect");
  } else if (!is_step(callee) && !callee.builtin) {
    error("misplaced", s.target->span,
          ticked(callee.name) +
              " is a function of the script; workflows, activities and the library can be mocked",
          "mock the activity that it is used in");
  } else {
    const std::vector<std::string> names = parameters_of(callee);
    for (const ast::Param& param : s.fn.params) {
      if (std::find(names.begin(), names.end(), param.name.text) != names.end()) continue;
      error("wrong-arguments", param.name.span,
            ticked(callee.name) + " has no parameter " + ticked(param.name.text) +
                "; those of a mock are the original's, as many as it needs",
            did_you_mean(param.name.text, names));
    }
  }
  const Place before = place_;
  place_.loops = 0;
  place_.edge = "`mock`";
  callable(s.fn);
  place_ = before;
}

void Checker::expectation(const ast::Stmt& s) {
  if (!place_.test) {
    return error("misplaced", s.span, "`expect` stands in a `test` only",
                 "write `assert(condition)` here");
  }
  if (s.kind == ast::StmtKind::Expect) {
    const auto& condition = ast::as<ast::ExpectStmt>(s).condition;
    expr(condition);
    return foresee_condition(*condition, "the condition of `expect`");
  }
  const auto& throws = ast::as<ast::ExpectThrowsStmt>(s);
  expr(throws.error_kind);
  const bool before = std::exchange(place_.throws, true);
  block(throws.body);
  place_.throws = before;
}

/// `calls(Child)`.
void Checker::calls_of(const ast::CallExpr& e) {
  if (!place_.test) {
    return error("misplaced", e.span, "`calls` stands in a `test` only",
                 "`wf history` shows what a run did");
  }
  if (e.args.size() == 1 && !is_step(callee_of(*e.args.front().value))) {
    error("wrong-arguments", e.args.front().value->span,
          "`calls` takes the name of a workflow, an activity or a function of http, exec or file",
          "write `calls(Child)`");
  }
}

}  // namespace wakeful::checking
