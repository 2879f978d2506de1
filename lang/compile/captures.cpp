#include "lang/compile/captures.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

namespace wakeful {
namespace {

using ast::ExprKind;
using ast::StmtKind;

/// Walks code in the order and with the scopes of the generator (statements.cpp, closures.cpp).
class Finder {
 public:
  explicit Finder(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Variables run(const ast::Callable& callable) {
    function(callable, false);
    for (const ast::Ident* id : variables_.assigned) {
      if (captured_.contains(id)) variables_.cells.insert(id);
    }
    return std::move(variables_);
  }

 private:
  struct Binding {
    std::string_view name;
    const ast::Ident* id;
    size_t function;  // how many functions are around it
  };
  struct Scope {
    explicit Scope(Finder& f) : finder(f), bindings(f.bindings_.size()) {}
    ~Scope() { finder.bindings_.resize(bindings); }
    Finder& finder;
    size_t bindings;
  };

  void bind(const ast::Ident& id) { bindings_.push_back({id.text, &id, functions_.size()}); }

  const Binding* find(std::string_view name) const {
    for (size_t i = bindings_.size(); i-- > 0;) {
      if (bindings_[i].name == name) return &bindings_[i];
    }
    return nullptr;
  }

  void use(std::string_view name) {
    const Binding* binding = find(name);
    if (binding == nullptr || binding->function == functions_.size()) return;
    // functions_[n] is the function directly inside the one that declares it: a `compensate` block
    // there takes the value as it is at that moment.
    if (!functions_[binding->function]) captured_.insert(binding->id);
  }

  void assign(const ast::NameExpr& target) {
    const Binding* binding = find(target.name);
    if (binding == nullptr) return;
    use(target.name);
    variables_.assigned.insert(binding->id);
    for (size_t i = binding->function; i < functions_.size(); ++i) {
      if (!functions_[i]) continue;
      diagnostics_.error(
          "fixed-binding", target.span,
          fmt::format("`{}` belongs to the code around this `compensate` block, which "
                      "sees variables as they were when it was registered",
                      target.name),
          "use a variable of the block, or change a list or a map");
      return;
    }
  }

  void function(const ast::Callable& callable, bool compensate) {
    functions_.push_back(compensate);
    Scope scope(*this);
    for (const ast::Param& param : callable.params) {
      expr(param.fallback.get());
      bind(param.name);
    }
    block(callable.body);
    functions_.pop_back();
  }
  void closure_block(const ast::Block& body, bool compensate) {
    functions_.push_back(compensate);
    block(body);
    functions_.pop_back();
  }

  void block(const ast::Block& body) {
    Scope scope(*this);
    for (const auto& s : body.statements) statement(*s);
  }

  void pattern(const ast::Pattern& p) {
    if (p.kind == ast::Pattern::Kind::Name) bind(p.name);
    for (const auto& field : p.fields) {
      expr(field.fallback.get());
      pattern(*field.target);
    }
    for (const auto& item : p.items) pattern(item);
    if (p.rest) bind(*p.rest);
  }

  void statement(const ast::Stmt& s) {
    switch (s.kind) {
      case StmtKind::Expr:
        return expr(ast::as<ast::ExprStmt>(s).value.get());
      case StmtKind::Let: {
        const auto& let = ast::as<ast::LetStmt>(s);
        expr(let.value.get());
        return pattern(let.target);
      }
      case StmtKind::Assign:
        return assignment(ast::as<ast::AssignStmt>(s));
      case StmtKind::For:
        return for_loop(ast::as<ast::ForStmt>(s));
      case StmtKind::While:
        expr(ast::as<ast::WhileStmt>(s).condition.get());
        return block(ast::as<ast::WhileStmt>(s).body);
      case StmtKind::Break:
      case StmtKind::Continue:
        return;
      case StmtKind::Return:
        return expr(ast::as<ast::ReturnStmt>(s).value.get());
      case StmtKind::Throw:
        return expr(ast::as<ast::ThrowStmt>(s).value.get());
      case StmtKind::Fn:
        bind(ast::as<ast::FnStmt>(s).name);
        return function(ast::as<ast::FnStmt>(s).fn, false);
      case StmtKind::Compensate:
        return closure_block(ast::as<ast::CompensateStmt>(s).body, true);
      case StmtKind::On:
        return function(ast::as<ast::OnStmt>(s).fn, false);
      case StmtKind::Mock:
        return function(ast::as<ast::MockStmt>(s).fn, false);
      case StmtKind::Expect:
        return expr(ast::as<ast::ExpectStmt>(s).condition.get());
      case StmtKind::ExpectThrows:
        expr(ast::as<ast::ExpectThrowsStmt>(s).error_kind.get());
        return block(ast::as<ast::ExpectThrowsStmt>(s).body);
    }
  }

  void assignment(const ast::AssignStmt& s) {
    expr(s.value.get());
    if (s.target->kind == ExprKind::Name) return assign(ast::as<ast::NameExpr>(*s.target));
    expr(s.target.get());
  }

  void for_loop(const ast::ForStmt& s) {
    expr(s.iterable.get());
    Scope scope(*this);
    pattern(s.first);
    if (s.second) pattern(*s.second);
    block(s.body);
  }

  void expr(const ast::Expr* e) {
    if (e == nullptr) return;
    switch (e->kind) {
      case ExprKind::Name:
        return use(ast::as<ast::NameExpr>(*e).name);
      case ExprKind::Lambda:
        return function(ast::as<ast::LambdaExpr>(*e).fn, false);
      case ExprKind::Try:
        return try_catch(ast::as<ast::TryExpr>(*e));
      case ExprKind::Batch:
        return batch(ast::as<ast::BatchExpr>(*e));
      case ExprKind::Spawn:
        expr(ast::as<ast::SpawnExpr>(*e).call.get());
        if (const auto& body = ast::as<ast::SpawnExpr>(*e).block) closure_block(*body, false);
        return;
      case ExprKind::If: {
        const auto& branch = ast::as<ast::IfExpr>(*e);
        expr(branch.condition.get());
        block(branch.then);
        if (branch.otherwise) block(*branch.otherwise);
        return;
      }
      default:
        return operands(*e);
    }
  }

  void try_catch(const ast::TryExpr& e) {
    block(e.body);
    for (const auto& c : e.catches) {
      Scope scope(*this);
      if (c.name) bind(*c.name);
      expr(c.condition.get());
      block(c.body);
    }
    if (e.finally) block(*e.finally);
  }

  void batch(const ast::BatchExpr& e) {
    for (const auto* part : {&e.items, &e.size, &e.pause, &e.limit, &e.tolerate}) expr(part->get());
    functions_.push_back(false);
    Scope scope(*this);
    pattern(e.item);
    if (e.index) bind(*e.index);
    block(e.body);
    functions_.pop_back();
  }

  /// Expressions without names or blocks of their own.
  void operands(const ast::Expr& e) {
    switch (e.kind) {
      case ExprKind::Interpolation:
        for (const auto& part : ast::as<ast::InterpolationExpr>(e).parts) expr(part.value.get());
        return;
      case ExprKind::List:
        for (const auto& item : ast::as<ast::ListExpr>(e).items) expr(item.value.get());
        return;
      case ExprKind::Map:
        for (const auto& entry : ast::as<ast::MapExpr>(e).entries) {
          expr(entry.computed.get());
          expr(entry.value.get());
        }
        return;
      case ExprKind::Unary:
        return expr(ast::as<ast::UnaryExpr>(e).operand.get());
      case ExprKind::Binary:
        expr(ast::as<ast::BinaryExpr>(e).left.get());
        return expr(ast::as<ast::BinaryExpr>(e).right.get());
      case ExprKind::Member:
        return expr(ast::as<ast::MemberExpr>(e).object.get());
      case ExprKind::Index:
        expr(ast::as<ast::IndexExpr>(e).object.get());
        return expr(ast::as<ast::IndexExpr>(e).index.get());
      case ExprKind::Slice:
        expr(ast::as<ast::SliceExpr>(e).object.get());
        expr(ast::as<ast::SliceExpr>(e).begin.get());
        return expr(ast::as<ast::SliceExpr>(e).end.get());
      case ExprKind::Call:
        return call(ast::as<ast::CallExpr>(e));
      case ExprKind::Gather:
        expr(ast::as<ast::GatherExpr>(e).operand.get());
        return expr(ast::as<ast::GatherExpr>(e).timeout.get());
      case ExprKind::WaitAny:
        expr(ast::as<ast::WaitAnyExpr>(e).operand.get());
        return expr(ast::as<ast::WaitAnyExpr>(e).timeout.get());
      case ExprKind::Race:
        expr(ast::as<ast::RaceExpr>(e).operand.get());
        return expr(ast::as<ast::RaceExpr>(e).timeout.get());
      default:
        return;  // literals
    }
  }

  void call(const ast::CallExpr& e) {
    expr(e.callee.get());
    for (const auto& arg : e.args) expr(arg.value.get());
    expr(e.as.get());
    expr(e.with.get());
    if (!e.compensate) return;
    functions_.push_back(true);
    Scope scope(*this);
    if (e.compensate->name) bind(*e.compensate->name);
    block(e.compensate->body);
    functions_.pop_back();
  }

  Diagnostics& diagnostics_;
  Variables variables_;
  std::unordered_set<const ast::Ident*> captured_;
  std::vector<Binding> bindings_;
  std::vector<bool> functions_;  // around the present place: is it a `compensate` block?
};

}  // namespace

Variables find_variables(const ast::Callable& callable, Diagnostics& diagnostics) {
  return Finder(diagnostics).run(callable);
}

}  // namespace wakeful
