// Walks the bodies of one file. One class in several files: checker.cpp (names, declarations),
// statements.cpp, expressions.cpp, calls.cpp, options.cpp, foresee.cpp (mistakes of types),
// tests.cpp (mock, expect, calls).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lang/check/facts.h"
#include "lang/check/program.h"
#include "stdlib/builtins.h"

namespace wakeful::checking {

/// What a name means where it stands.
struct Symbol {
  enum class Kind : uint8_t {
    Unknown,
    Lost,
    Let,
    Var,
    Param,
    Loop,
    Catch,
    Compensate,
    Declaration,
    Alias,
    Builtin,
    Module,
    Self
  };
  Kind kind = Kind::Unknown;
  Span span;                          // where a local was declared
  const ast::Expr* value = nullptr;   // what a local `let` or `var` was bound to, of a plain name
  const ast::Callable* fn = nullptr;  // of a local `fn`, or a `let` bound to one
  const ast::Declaration* declaration = nullptr;
  const FileScope* alias = nullptr;  // of an Alias; null: it could not be read
  const Builtin* builtin = nullptr;
  Variable* variable = nullptr;  // of a local
};

/// What kind of value an expression certainly has.
enum class Sort : uint8_t { Unknown, Null, Bool, Int, Float, String, List, Map, Duration, Fn };

class Checker {
 public:
  Checker(const FileScope& scope, const Sources& sources, Diagnostics& diagnostics, Facts& facts)
      : file_(scope), sources_(sources), diagnostics_(diagnostics), facts_(facts) {}
  void declaration(const ast::Declaration& declaration);

 private:
  // --- where we are ---
  enum class Body : uint8_t { None, Workflow, Activity, Fn };
  struct Place {
    Body body = Body::None;
    uint32_t loops = 0;          // around this, within the same function or block of a strand
    bool test = false;           // in a `test`, also in what it nests
    const char* edge = nullptr;  // `spawn { }` and the like, which break and continue do not cross
    size_t compensate_scopes =
        0;  // locals of scopes below this are outside of the compensate block
  };
  struct Local {
    std::string name;
    Symbol symbol;
  };
  struct Scope {
    std::vector<Local> locals;
  };

  // --- names ---
  void declare(const ast::Ident& name, Symbol symbol);
  Variable& remember(const ast::Ident& name, const Symbol& symbol);
  void raw_string(const ast::StringExpr& e);
  void declare_pattern(const ast::Pattern& pattern, Symbol::Kind kind);
  Symbol resolve(const std::string& name, size_t* depth = nullptr) const;
  Symbol use(const std::string& name, Span span);
  void unknown_name(const std::string& name, Span span);
  std::vector<std::string> visible_names() const;
  bool declared_below(const std::string& name) const;

  // --- statements ---
  void block(const ast::Block& block);  // in a scope of its own
  void strand_block(const ast::Block& block, const char* edge);
  void compensate_block(const ast::Block& block, const std::optional<ast::Ident>& name);
  void statements(const ast::Block& block);
  void statement(const ast::Stmt& stmt);
  void assign(const ast::AssignStmt& stmt);
  void loop(const ast::ForStmt& stmt);
  void leave_loop(const ast::Stmt& stmt, const char* word);
  void mock(const ast::MockStmt& stmt);
  void expectation(const ast::Stmt& stmt);
  void calls_of(const ast::CallExpr& e);
  void callable(const ast::Callable& fn);
  void pattern_defaults(
      const ast::Pattern& pattern);  // of a top-level `let`, whose names are no locals

  // --- expressions ---
  void expr(const ast::ExprPtr& e) {
    if (e) expr(*e);
  }
  void expr(const ast::Expr& e);
  void member(const ast::MemberExpr& e, bool called);
  void try_expr(const ast::TryExpr& e);
  void batch(const ast::BatchExpr& e);
  void spawn(const ast::SpawnExpr& e);
  /// Complains where the word cannot stand in an activity's body; false then.
  bool durable(const char* word, Span span);

  // --- calls ---
  void call(const ast::CallExpr& e, bool spawned);
  Callee callee_of(const ast::Expr& e);
  void arguments(const ast::CallExpr& e, const Callee& callee);
  void clauses(const ast::CallExpr& e, const Callee& callee, bool spawned);
  void callee_in_activity(const ast::CallExpr& e, const Callee& callee);
  void method_slips(const ast::MemberExpr& e, bool called);

  // --- options ---
  enum Where : uint8_t { Child = 1, Step = 2 };
  void options(const ast::Expr& with, Where where);
  void option(const ast::MapExpr::Entry& entry, Where where);
  void retry_policy(const ast::Expr& value);

  // --- foreseen mistakes ---
  Sort sort_of(const ast::Expr& e) const;
  void foresee_condition(const ast::Expr& e, const char* where);
  void foresee_binary(const ast::BinaryExpr& e);
  void foresee_index(const ast::IndexExpr& e);
  void foresee_at_least_one(const ast::ExprPtr& e, const char* word);

  void error(const char* code, Span span, std::string message, std::string help = "") {
    diagnostics_.error(code, span, std::move(message), std::move(help));
  }
  void mistake(Span span, std::string message, std::string help = "") {
    diagnostics_.warning("type-mistake", span, std::move(message), std::move(help));
  }

  const FileScope& file_;
  const Sources& sources_;
  Diagnostics& diagnostics_;
  Facts& facts_;
  std::vector<Scope> scopes_;
  std::vector<const ast::Block*>
      blocks_;  // those around this, to say that a name is declared below
  Place place_;
};

const char* name_of(Sort sort);               // with its article: "an int"
std::string ticked(const std::string& name);  // `name`
std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace wakeful::checking
