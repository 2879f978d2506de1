// The tree with the way back: each node of a program knows its parent and what it is to it, so that
// a lint can ask from a place outwards. Built once for all lints.
#pragma once

#include <deque>
#include <map>
#include <unordered_map>
#include <vector>

#include "lang/ast/ast.h"

namespace wakeful::linting {

/// What a node is to its parent.
enum class Role : uint8_t {
  None,
  Callee,
  Argument,
  Id,       // behind `as`
  Options,  // behind `with`
  Object,   // of a member, an index or a slice
  Condition,
  Header,  // what a loop goes over, the numbers of a batch
  Body,    // a block that runs at most once: of `if`, `try`
  CatchBody,
  FinallyBody,
  LoopBody,
  BatchBody,
  StrandBody,  // of `spawn { }`
  UndoBody,    // of `compensate { }`
  FnBody,
};

/// One of the pointers is set: a declaration, an expression, a statement or a block.
struct Node {
  const Node* parent = nullptr;
  Role role = Role::None;
  const ast::Declaration* declaration = nullptr;
  const ast::Expr* expr = nullptr;
  const ast::Stmt* stmt = nullptr;
  const ast::Block* block = nullptr;
  std::vector<const Node*> children;

  Span span() const;
  bool is(ast::ExprKind kind) const { return expr && expr->kind == kind; }
  bool is(ast::StmtKind kind) const { return stmt && stmt->kind == kind; }
  /// Whether it stands within `other`, or is it.
  bool within(const Node& other) const;
};

/// The node's expression or statement, where it is a T.
template <class T>
const T* get(const Node* node) {
  if constexpr (std::is_base_of_v<ast::Expr, T>) {
    return node && node->expr && node->expr->kind == T::kKind ? static_cast<const T*>(node->expr)
                                                              : nullptr;
  } else {
    return node && node->stmt && node->stmt->kind == T::kKind ? static_cast<const T*>(node->stmt)
                                                              : nullptr;
  }
}

class Tree {
 public:
  explicit Tree(const std::vector<ast::File>& files);
  /// All nodes, each behind its parent, in the order of the text.
  const std::deque<Node>& nodes() const { return nodes_; }
  const Node* of(const ast::Expr& e) const { return find(&e); }
  const Node* of(const ast::Stmt& s) const { return find(&s); }
  const Node* of(const ast::Block& b) const { return find(&b); }
  /// What binds the name that stands there: a `let`, a loop, or what has it as a parameter.
  const Node* binder(Span name) const;

 private:
  friend class Builder;
  const Node* find(const void* at) const {
    auto found = by_address_.find(at);
    return found == by_address_.end() ? nullptr : found->second;
  }

  std::deque<Node> nodes_;
  std::unordered_map<const void*, const Node*> by_address_;
  std::map<Span, const Node*> binders_;
};

}  // namespace wakeful::linting
