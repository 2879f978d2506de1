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
enum class Sort : uint8_t {
  Unknown,
  Null,
  Bool,
  Int,
  Float,
  Number,  // an int or a float: what is annotated `float` may be either; only operators are told
  String,
  List,
  Map,
  Duration,
  Time,
  Fn,
  Error
};

class Checker {
 public:
  Checker(const FileScope& scope, const Sources& sources, Diagnostics& diagnostics, Facts& facts)
      : file_(scope), sources_(sources), diagnostics_(diagnostics), facts_(facts) {}
  void declaration(const ast::Declaration& declaration);
  /// Says what is certain only once the whole file has been seen.
  void finish();

 private:
  // --- where we are ---
  enum class Body : uint8_t { None, Workflow, Activity, Fn };
  struct Place {
    Body body = Body::None;
    uint32_t loops = 0;          // around this, within the same function or block of a strand
    bool test = false;           // in a `test`, also in what it nests
    bool throws = false;         // in `expect throws`, where mistakes are on purpose
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
  void declare_pattern(const ast::Pattern& pattern, Symbol::Kind kind,
                       const ast::Type& type = ast::Type());
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
  void remember_key(const ast::Expr& target);
  void loop(const ast::ForStmt& stmt);
  void leave_loop(const ast::Stmt& stmt, const char* word);
  void mock(const ast::MockStmt& stmt);
  void expectation(const ast::Stmt& stmt);
  void calls_of(const ast::CallExpr& e);
  void callable(const ast::Callable& fn, const std::string& name = "fn");
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
  Callee callee_of(const ast::Expr& e) const;
  void arguments(const ast::CallExpr& e, const Callee& callee);
  void clauses(const ast::CallExpr& e, const Callee& callee, bool spawned);
  void callee_in_activity(const ast::CallExpr& e, const Callee& callee);
  void method_slips(const ast::MemberExpr& e, bool called);

  // --- options ---
  enum Where : uint8_t { Child = 1, Step = 2 };
  void options(const ast::Expr& with, Where where);
  void option(const ast::MapExpr::Entry& entry, Where where);
  void retry_policy(const ast::Expr& value);

  // --- types ---
  /// What an expression that was walked certainly is, in the scope where it stands; else Any. What
  /// is annotated has the span of its annotation.
  ast::Type type_of(const ast::Expr& e) const;
  ast::Type type_of_binary(const ast::BinaryExpr& e) const;
  ast::Type type_of_call(const ast::CallExpr& e) const;
  ast::Type type_of_name(const ast::Expr& e) const;
  ast::Type type_of_member(const ast::MemberExpr& e) const;
  /// Of what `for` goes over: the key or index, and the element.
  ast::Type key_of(const ast::Expr& iterable) const;
  ast::Type element_of(const ast::Expr& iterable) const;
  std::vector<ast::Type> callback_params(const ast::CallExpr& call) const;
  Sort sort_of(const ast::Expr& e) const;
  Sort operand_sort(const ast::Expr& e) const;  // Number too
  void foresee_fit(const ast::Expr& e, const ast::Type& wanted, const std::string& path);
  void foresee_literal(const ast::Expr& e, const ast::Type& wanted, const std::string& path);
  void foresee_duration(const ast::ExprPtr& e, const std::string& path);
  void foresee_durations(const ast::CallExpr& e, const Builtin& builtin);
  void foresee_arguments(const ast::CallExpr& e, const Callee& callee);
  void foresee_tail(const ast::Expr& e);
  void foresee_result(const ast::Expr* value, Span span);
  void foresee_member(const ast::MemberExpr& e, bool called);
  void missing_field(const ast::Type& record, const ast::Ident& name, const ast::Expr* object);

  // --- foreseen mistakes ---
  void foresee_condition(const ast::Expr& e, const char* where);
  void foresee_binary(const ast::BinaryExpr& e);
  void foresee_index(const ast::IndexExpr& e);
  void foresee_at_least_one(const ast::ExprPtr& e, const char* word);

  void error(const char* code, Span span, std::string message, std::string help = "") {
    diagnostics_.error(code, span, std::move(message), std::move(help));
  }
  void mistake(Span span, std::string message, std::string help = "");
  void harmless(const ast::Expr& read);  // the name is read where nothing can change its value

  /// The function around this that has a declared result.
  struct Result {
    ast::Type type;
    std::string name;
    std::vector<const ast::Expr*> tails;  // the expressions whose value is that of the body
    bool returns = false;                 // a `return` with a value was seen
  };

  const FileScope& file_;
  const Sources& sources_;
  Diagnostics& diagnostics_;
  Facts& facts_;
  std::vector<Scope> scopes_;
  std::vector<const ast::Block*>
      blocks_;  // those around this, to say that a name is declared below
  Place place_;
  Result result_;
  std::vector<ast::Type> hints_;  // of the parameters of the callback that comes next
  struct Pending {
    Diagnostic diagnostic;
    std::string member;
    const Variable* variable;
  };
  std::vector<Pending> unknown_members_;
  std::vector<Pending> of_literals_;     // certain if nothing changes the literal of `variable`
  const Variable* literal_of_ = nullptr; // whose literal is looked at, in the place where it is used
  std::vector<std::string> assigned_members_;       // names that some `x.name = …` adds
  std::vector<const Variable*> opened_;             // got keys that cannot be seen: `x[k] = …`
};

const char* name_of(Sort sort);               // with its article: "an int"
/// A number that is an int or a float: also what is annotated `float`.
bool may_be_int(const ast::Type& type);
const ast::Type* field_of(const ast::Type& record, const std::string& name);  // null: none
std::string text_of(const ast::Type& type);                                   // as it is written
/// The expressions that are the value of a block: the last one, or those of its branches.
void collect_tails(const ast::Block& block, std::vector<const ast::Expr*>& tails);
/// The block comes to its end, and its value is then certainly null.
bool ends_with_null(const ast::Block& block);
std::string ticked(const std::string& name);  // `name`
std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace wakeful::checking
