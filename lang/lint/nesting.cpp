// Which workflows start which.
#include <algorithm>

#include "lang/lint/lints.h"

namespace wakeful::linting {

namespace {

constexpr int kLevelsMax = 3;
constexpr size_t kChainMax = 500;  // each workflow of a chain is a level of recursion

/// One workflow starts another: at this place, and whether something there ends a recursion.
struct Edge {
  const ast::Declaration* to = nullptr;
  const Node* at = nullptr;
  bool bounded = false;
};

bool leaves_somewhere(const Node& node) {
  if (node.is(ast::StmtKind::Return) || node.is(ast::StmtKind::Throw)) return true;
  return std::any_of(node.children.begin(), node.children.end(), [](const Node* child) {
    return child->role != Role::FnBody && child->role != Role::StrandBody &&
           leaves_somewhere(*child);
  });
}

/// A condition, or the size of some data, decides whether this place is reached.
bool conditional(const Context& context, const Node& node) {
  if (node.role == Role::CatchBody || context.flow.repeats(node)) return true;
  if (node.role == Role::Body && node.parent->is(ast::ExprKind::If)) return true;
  if (const auto* binary = get<ast::BinaryExpr>(node.parent)) {
    using Op = ast::BinaryOp;
    return binary->right.get() == node.expr &&
           (binary->op == Op::And || binary->op == Op::Or || binary->op == Op::Coalesce);
  }
  if (!node.stmt || !node.parent->block) return false;
  const auto& siblings = node.parent->children;
  return std::any_of(siblings.begin(), std::find(siblings.begin(), siblings.end(), &node),
                     [](const Node* before) { return leaves_somewhere(*before); });
}

class Graph {
 public:
  explicit Graph(const Context& context) : context_(context) {
    for (const Node& node : context.tree.nodes()) {
      const ast::Declaration* to = node.expr ? context.facts.declaration(*node.expr) : nullptr;
      if (!to || to->kind != ast::Declaration::Kind::Workflow) continue;
      const bool mapped =
          node.role == Role::Argument && runs_for_each(context.flow.method(*node.parent));
      if (node.role != Role::Callee && !mapped) continue;  // named only: `type(main)`
      context.flow.ways_up(
          node, 0,
          [&](unsigned& state, const Node& at) {
            state |= conditional(context, at) ? 1u : 0u;
            return at.role != Role::UndoBody;
          },
          [&](unsigned state, const Node& top) {
            edges_[top.declaration].push_back({to, &node, state != 0});
          });
    }
  }

  void look() {
    for (const Node& node : context_.tree.nodes()) {
      const ast::Declaration* d = node.declaration;
      if (d && d->kind == ast::Declaration::Kind::Workflow && state_[d] == State::New) visit(d);
    }
    for (const Node& node : context_.tree.nodes()) {
      const ast::Declaration* d = node.declaration;
      if (d && d->kind == ast::Declaration::Kind::Workflow) say_depth(d);
    }
  }

 private:
  enum class State : uint8_t { New, Open, Done };
  struct Level {
    int levels = 1;  // workflows above it and itself, on the longest way
    const ast::Declaration* above = nullptr;
  };

  /// Depth first: an edge to one that is open closes a cycle. What is done stands in the order in
  /// which all that it starts stand before it.
  void visit(const ast::Declaration* d) {
    if (path_.size() > kChainMax) return;
    state_[d] = State::Open;
    path_.push_back(d);
    for (const Edge& edge : edges_[d]) {
      if (state_[edge.to] == State::New) {
        bounded_.push_back(edge.bounded);
        visit(edge.to);
        bounded_.pop_back();
      } else if (state_[edge.to] == State::Open) {
        say_cycle(edge);
      }
    }
    path_.pop_back();
    state_[d] = State::Done;
    done_.push_back(d);
  }

  void say_cycle(const Edge& edge) {
    const size_t first =
        static_cast<size_t>(std::find(path_.begin(), path_.end(), edge.to) - path_.begin());
    bool bounded = edge.bounded;
    for (size_t i = first; i + 1 < path_.size(); ++i) bounded |= bounded_[i];
    cycles_.insert(edge.at);
    if (bounded) return;
    const bool itself = first + 1 == path_.size();
    context_.warn("deep-nesting", edge.at->span(),
                  ticked(edge.to->name.text) + " starts itself" +
                      (itself ? "" : " by way of " + ticked(path_.back()->name.text)) +
                      ", and nothing ends that: at 100 levels the run fails",
                  "put it under a condition, or loop instead");
  }

  void say_depth(const ast::Declaration* d) {
    if (levels_.empty()) measure();
    if (levels_[d].levels != kLevelsMax) return;
    for (const Edge& edge : edges_[d]) {
      if (cycles_.count(edge.at) || levels_[edge.to].levels != kLevelsMax + 1) continue;
      std::string chain = ticked(edge.to->name.text);
      for (const ast::Declaration* up = d; up; up = levels_[up].above)
        chain = ticked(up->name.text) + " → " + chain;
      context_.warn("deep-nesting", edge.at->span(),
                    "workflows start workflows more than 3 levels deep here: " + chain,
                    "a `fn` or an activity is often enough for a step");
    }
  }

  void measure() {
    for (auto d = done_.rbegin(); d != done_.rend(); ++d) {
      const int below = levels_[*d].levels + 1;
      for (const Edge& edge : edges_[*d])
        if (!cycles_.count(edge.at) && levels_[edge.to].levels < below)
          levels_[edge.to] = {below, *d};
    }
  }

  const Context& context_;
  std::unordered_map<const ast::Declaration*, std::vector<Edge>> edges_;
  std::unordered_map<const ast::Declaration*, State> state_;
  std::unordered_map<const ast::Declaration*, Level> levels_;
  std::vector<const ast::Declaration*> path_, done_;
  std::vector<bool> bounded_;  // of the edges between those of the path
  std::set<const Node*> cycles_;
};

}  // namespace

void deep_nesting(const Context& context) { Graph(context).look(); }

}  // namespace wakeful::linting
