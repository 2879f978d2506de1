#include "lang/lint/tree.h"

namespace wakeful::linting {

Span Node::span() const {
  if (expr) return expr->span;
  if (stmt) return stmt->span;
  return block ? block->span : declaration->span;
}

bool Node::within(const Node& other) const {
  for (const Node* node = this; node; node = node->parent)
    if (node == &other) return true;
  return false;
}

class Builder {
 public:
  explicit Builder(Tree& tree) : tree_(tree) {}

  void declaration(const ast::Declaration& d) {
    Node& node = add(nullptr, Role::None, &d);
    node.declaration = &d;
    expr(node, Role::Options, d.with);
    callable(node, d.fn);
    expr(node, Role::None, d.value);
  }

 private:
  Node& add(Node* parent, Role role, const void* address) {
    Node& node = tree_.nodes_.emplace_back();
    node.parent = parent;
    node.role = role;
    if (parent) parent->children.push_back(&node);
    tree_.by_address_[address] = &node;
    return node;
  }
  void bind(const Node& binder, const ast::Ident& name) { tree_.binders_[name.span] = &binder; }

  void pattern(Node& binder, const ast::Pattern& p) {
    if (p.kind == ast::Pattern::Kind::Name) bind(binder, p.name);
    for (const auto& field : p.fields) {
      expr(binder, Role::None, field.fallback);
      pattern(binder, *field.target);
    }
    for (const auto& item : p.items) pattern(binder, item);
    if (p.rest) bind(binder, *p.rest);
  }
  void callable(Node& owner, const ast::Callable& fn) {
    for (const auto& param : fn.params) {
      expr(owner, Role::None, param.fallback);
      bind(owner, param.name);
    }
    if (fn.has_body) block(owner, Role::FnBody, fn.body);
  }
  void block(Node& parent, Role role, const ast::Block& b) {
    Node& node = add(&parent, role, &b);
    node.block = &b;
    for (const auto& each : b.statements) stmt(node, *each);
  }
  void expr(Node& parent, Role role, const ast::ExprPtr& e) {
    if (!e) return;
    Node& node = add(&parent, role, e.get());
    node.expr = e.get();
    inside(node, *e);
  }
  void stmt(Node& parent, const ast::Stmt& s) {
    Node& node = add(&parent, Role::None, &s);
    node.stmt = &s;
    inside(node, s);
  }
  void inside(Node& node, const ast::Expr& e);
  void inside(Node& node, const ast::Stmt& s);
  void call(Node& node, const ast::CallExpr& e);
  void batch(Node& node, const ast::BatchExpr& e);

  Tree& tree_;
};

void Builder::call(Node& node, const ast::CallExpr& e) {
  expr(node, Role::Callee, e.callee);
  for (const auto& arg : e.args) expr(node, Role::Argument, arg.value);
  expr(node, Role::Id, e.as);
  expr(node, Role::Options, e.with);
  if (e.compensate) {
    if (e.compensate->name) bind(node, *e.compensate->name);
    block(node, Role::UndoBody, e.compensate->body);
  }
}

void Builder::batch(Node& node, const ast::BatchExpr& e) {
  for (const auto* each : {&e.items, &e.size, &e.pause, &e.limit, &e.tolerate})
    expr(node, Role::Header, *each);
  pattern(node, e.item);
  if (e.index) bind(node, *e.index);
  block(node, Role::BatchBody, e.body);
}

void Builder::inside(Node& node, const ast::Expr& e) {
  using Kind = ast::ExprKind;
  switch (e.kind) {
    case Kind::Null:
    case Kind::Bool:
    case Kind::Int:
    case Kind::Float:
    case Kind::Duration:
    case Kind::String:
    case Kind::Name:
      return;
    case Kind::Interpolation:
      for (const auto& part : ast::as<ast::InterpolationExpr>(e).parts)
        expr(node, Role::None, part.value);
      return;
    case Kind::List:
      for (const auto& item : ast::as<ast::ListExpr>(e).items) expr(node, Role::None, item.value);
      return;
    case Kind::Map:
      for (const auto& entry : ast::as<ast::MapExpr>(e).entries) {
        expr(node, Role::None, entry.computed);
        expr(node, Role::None, entry.value);
      }
      return;
    case Kind::Unary:
      return expr(node, Role::None, ast::as<ast::UnaryExpr>(e).operand);
    case Kind::Binary:
      expr(node, Role::None, ast::as<ast::BinaryExpr>(e).left);
      return expr(node, Role::None, ast::as<ast::BinaryExpr>(e).right);
    case Kind::Member:
      return expr(node, Role::Object, ast::as<ast::MemberExpr>(e).object);
    case Kind::Index:
      expr(node, Role::Object, ast::as<ast::IndexExpr>(e).object);
      return expr(node, Role::None, ast::as<ast::IndexExpr>(e).index);
    case Kind::Slice:
      expr(node, Role::Object, ast::as<ast::SliceExpr>(e).object);
      expr(node, Role::None, ast::as<ast::SliceExpr>(e).begin);
      return expr(node, Role::None, ast::as<ast::SliceExpr>(e).end);
    case Kind::Call:
      return call(node, ast::as<ast::CallExpr>(e));
    case Kind::Lambda:
      return callable(node, ast::as<ast::LambdaExpr>(e).fn);
    case Kind::If: {
      const auto& branch = ast::as<ast::IfExpr>(e);
      expr(node, Role::Condition, branch.condition);
      block(node, Role::Body, branch.then);
      if (branch.otherwise) block(node, Role::Body, *branch.otherwise);
      return;
    }
    case Kind::Try: {
      const auto& attempt = ast::as<ast::TryExpr>(e);
      block(node, Role::Body, attempt.body);
      for (const auto& each : attempt.catches) {
        if (each.name) bind(node, *each.name);
        expr(node, Role::Condition, each.condition);
        block(node, Role::CatchBody, each.body);
      }
      if (attempt.finally) block(node, Role::FinallyBody, *attempt.finally);
      return;
    }
    case Kind::Batch:
      return batch(node, ast::as<ast::BatchExpr>(e));
    case Kind::Spawn: {
      const auto& spawn = ast::as<ast::SpawnExpr>(e);
      expr(node, Role::None, spawn.call);
      if (spawn.block) block(node, Role::StrandBody, *spawn.block);
      return;
    }
    case Kind::Gather:
      expr(node, Role::None, ast::as<ast::GatherExpr>(e).operand);
      return expr(node, Role::Header, ast::as<ast::GatherExpr>(e).timeout);
    case Kind::WaitAny:
      expr(node, Role::None, ast::as<ast::WaitAnyExpr>(e).operand);
      return expr(node, Role::Header, ast::as<ast::WaitAnyExpr>(e).timeout);
    case Kind::Race:
      expr(node, Role::None, ast::as<ast::RaceExpr>(e).operand);
      return expr(node, Role::Header, ast::as<ast::RaceExpr>(e).timeout);
  }
}

void Builder::inside(Node& node, const ast::Stmt& s) {
  using Kind = ast::StmtKind;
  switch (s.kind) {
    case Kind::Expr:
      return expr(node, Role::None, ast::as<ast::ExprStmt>(s).value);
    case Kind::Let:
      expr(node, Role::None, ast::as<ast::LetStmt>(s).value);
      return pattern(node, ast::as<ast::LetStmt>(s).target);
    case Kind::Assign:
      expr(node, Role::Object, ast::as<ast::AssignStmt>(s).target);
      return expr(node, Role::None, ast::as<ast::AssignStmt>(s).value);
    case Kind::For: {
      const auto& loop = ast::as<ast::ForStmt>(s);
      expr(node, Role::Header, loop.iterable);
      pattern(node, loop.first);
      if (loop.second) pattern(node, *loop.second);
      return block(node, Role::LoopBody, loop.body);
    }
    case Kind::While:
      expr(node, Role::Condition, ast::as<ast::WhileStmt>(s).condition);
      return block(node, Role::LoopBody, ast::as<ast::WhileStmt>(s).body);
    case Kind::Break:
    case Kind::Continue:
      return;
    case Kind::Return:
      return expr(node, Role::None, ast::as<ast::ReturnStmt>(s).value);
    case Kind::Throw:
      return expr(node, Role::None, ast::as<ast::ThrowStmt>(s).value);
    case Kind::Fn:
      return callable(node, ast::as<ast::FnStmt>(s).fn);
    case Kind::Compensate:
      return block(node, Role::UndoBody, ast::as<ast::CompensateStmt>(s).body);
    case Kind::On:
      return callable(node, ast::as<ast::OnStmt>(s).fn);
    case Kind::Mock:
      return callable(node, ast::as<ast::MockStmt>(s).fn);
    case Kind::Expect:
      return expr(node, Role::None, ast::as<ast::ExpectStmt>(s).condition);
    case Kind::ExpectThrows:
      expr(node, Role::None, ast::as<ast::ExpectThrowsStmt>(s).error_kind);
      return block(node, Role::Body, ast::as<ast::ExpectThrowsStmt>(s).body);
  }
}

Tree::Tree(const std::vector<ast::File>& files) {
  Builder builder(*this);
  for (const ast::File& file : files)
    for (const ast::Declaration& d : file.declarations) {
      // The tests of an imported file were not checked.
      if (d.kind != ast::Declaration::Kind::Test || file.index == 0) builder.declaration(d);
    }
}

const Node* Tree::binder(Span name) const {
  auto found = binders_.find(name);
  return found == binders_.end() ? nullptr : found->second;
}

}  // namespace wakeful::linting
