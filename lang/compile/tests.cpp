// Tests: what stands in their bodies, and the program in which their mocks are in force.
//
// A test is a workflow of its own. A mock's body is a handler of the test's run: it sees the test's
// variables. What it replaces becomes a step without a body, which whoever runs the test answers by
// that handler: an activity loses its body, a workflow gets one that is only that step, an effect
// is one already.
#include "lang/compile/tests.h"

#include <fmt/format.h>

#include "lang/compile/function_compiler.h"
#include "lang/compile/inspect.h"
#include "lang/compile/pool.h"

namespace wakeful {

using ast::BinaryOp;
using ast::ExprKind;

namespace {

constexpr uint32_t kUpdate = 2;  // what On registers: OnStmt::What::Update

/// The mocked name as it is written: `charge`, `pay.charge`, `http.get`.
std::string written(const ast::Expr& target) {
  if (target.kind == ExprKind::Name) return ast::as<ast::NameExpr>(target).name;
  if (target.kind != ExprKind::Member) return "";
  const auto& member = ast::as<ast::MemberExpr>(target);
  return written(*member.object) + "." + member.name.text;
}

}  // namespace

std::string mock_handler(const std::string& name) { return "mock " + name; }

// --- statements

std::string FunctionCompiler::source_text(Span span) const {
  return std::string(context_.sources.of(span).text().substr(span.begin, span.end - span.begin));
}

void FunctionCompiler::call_native(const char* name, Reg base, uint32_t count, Span span) {
  out_.emit_extra(span, Op::CallBuiltin, base, count, 0, find_global(name)->number);
}

void FunctionCompiler::mock(const ast::MockStmt& s) {
  const std::string name = mock_handler(written(*s.target));
  const std::optional<Global> target = known_callee(*s.target);
  if (target && target->builtin && target->builtin->kind != Builtin::Kind::Effect) {
    return mock_function(s, name);
  }
  const uint32_t top = out_.top();
  const Reg handler = out_.take();
  closure(name, s.fn, s.span, handler);
  out_.emit_extra(s.span, Op::On, handler, kUpdate, 0, member_word(name));
  out_.release_to(top);
}

/// Of a function that is no step: called in its place, in whichever run, so it sees nothing of the
/// test's.
void FunctionCompiler::mock_function(const ast::MockStmt& s, const std::string& name) {
  FunctionCompiler inner(context_, file_, function_.prelude, variables_, this);
  Function function = inner.compile(name, s.fn, s.span);
  if (!inner.upvalues_.empty()) {
    error(s.span,
          "this mock uses variables of the test; what it replaces is no step, and is called in "
          "every run",
          "keep to its parameters and top-level names, or mock the activity around it");
  }
  context_.mocks[&s] = static_cast<int32_t>(program_.functions.size());
  program_.functions.push_back(std::move(function));
}

/// A comparison keeps both sides, so that they can be shown where it is not true.
void FunctionCompiler::expect(const ast::ExpectStmt& s) {
  const uint32_t top = out_.top();
  const Reg base = out_.take();  // source, op, left, right
  const Reg args = out_.take(4);
  const Reg left = static_cast<Reg>(args + 2), right = static_cast<Reg>(args + 3);
  const auto* binary =
      s.condition->kind == ExprKind::Binary ? &ast::as<ast::BinaryExpr>(*s.condition) : nullptr;
  Label met;
  if (binary != nullptr && compares(binary->op)) {
    expr(*binary->left, left);
    expr(*binary->right, right);
    const Reg answer = out_.take();
    compare(binary->op, left, right, s.condition->span, answer);
    out_.jump(s.condition->span, Op::JumpIf, met, answer);
    load_constant(string_constant(source_text(binary->op_span)), static_cast<Reg>(args + 1),
                  s.span);
  } else {
    jump_if(*s.condition, true, met);
    for (int i = 1; i < 4; ++i) out_.emit(s.span, Op::LoadAbsent, args + i);
  }
  load_constant(string_constant(source_text(s.condition->span)), args, s.span);
  call_native("__expect_failed", base, 4, s.condition->span);
  out_.bind(met);
  out_.release_to(top);
}

/// The block is a scope as that of `try` is: what it did is undone before its error is looked at.
void FunctionCompiler::expect_throws(const ast::ExpectThrowsStmt& s) {
  const uint32_t top = out_.top();
  const Reg base = out_.take();
  const Reg kind = out_.take();
  const Reg error = out_.take();
  expr(*s.error_kind, kind);
  Label caught;
  out_.jump(s.span, Op::EnterTry, caught, error);
  regions_.push_back({Region::Kind::Try});
  block(s.body, std::nullopt);
  regions_.pop_back();
  out_.emit(s.span, Op::ExitTry);
  out_.emit(s.span, Op::LoadAbsent, error);
  out_.bind(caught);
  call_native("__expect_thrown", base, 2, s.span);
  out_.release_to(top);
}

// --- the tests of a file

std::vector<PlannedTest> plan_tests(const ast::File& file, const CompileContext& context) {
  Globals& globals = context.globals;
  std::vector<PlannedTest> tests;
  for (const ast::Declaration& decl : file.declarations) {
    if (decl.kind != ast::Declaration::Kind::Test) continue;
    PlannedTest test{decl.name.text, decl.span, {}};
    for (const auto& stmt : decl.fn.body.statements) {
      if (stmt->kind != ast::StmtKind::Mock) continue;
      const auto& mock = ast::as<ast::MockStmt>(*stmt);
      PlannedTest::Mock planned;
      planned.written = written(*mock.target);
      planned.span = stmt->span;
      for (const ast::Param& param : mock.fn.params)
        planned.params.push_back({param.name.text, !param.fallback});
      const size_t dot = planned.written.find('.');
      const Global global = dot == std::string::npos
                                ? globals.find(0, planned.written)
                                : globals.find_member(0, planned.written.substr(0, dot),
                                                      planned.written.substr(dot + 1));
      planned.builtin = global.builtin;
      if (auto body = context.mocks.find(&mock); body != context.mocks.end()) {
        planned.function = body->second;
      }
      if (global.constant != nullptr) planned.callee = *global.constant;
      test.mocks.push_back(std::move(planned));
    }
    tests.push_back(std::move(test));
  }
  return tests;
}

TestCase test_case(const PlannedTest& planned, const Program& program) {
  TestCase test{planned.title, test_workflow(planned.title), planned.span, {}};
  for (const PlannedTest::Mock& mock : planned.mocks) {
    TestCase::Mock made;
    made.handler = mock_handler(mock.written);
    made.params = mock.params;
    made.span = mock.span;
    const size_t index = static_cast<size_t>(mock.callee.integer);
    if (mock.builtin != nullptr) {
      made.kind = mock.function < 0 ? TestCase::Mock::Kind::Effect : TestCase::Mock::Kind::Function;
      made.name = mock.builtin->qualified();
      made.function = mock.function;
    } else if (mock.callee.callee == CalleeKind::Workflow) {
      made.kind = TestCase::Mock::Kind::Workflow;
      made.name = program.workflows[index].name;
    } else {
      made.kind = TestCase::Mock::Kind::Activity;
      made.name = program.activities[index].name;
    }
    test.mocks.push_back(std::move(made));
  }
  return test;
}

std::string test_workflow(const std::string& title) { return "test " + title; }

}  // namespace wakeful
