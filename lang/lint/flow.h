// Where a value goes, and where a place is on the way up: what several lints ask.
#pragma once

#include <functional>
#include <initializer_list>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "lang/check/facts.h"
#include "lang/lint/tree.h"

namespace wakeful::linting {

using checking::Callee;
using checking::Facts;
using checking::Variable;

/// Where the value of an expression goes next.
struct Sink {
  enum class Kind : uint8_t { Dropped, Bound, Used };
  Kind kind = Kind::Used;
  const Variable* variable = nullptr;  // Bound: to this, or put into what this holds
  const Node* at = nullptr;            // Used: by this
};

/// What becomes of handles.
struct Taken {
  bool used = false;                 // something waits for one, cancels it, or hands it on
  bool escapes = false;              // it goes where this cannot follow
  std::vector<const Node*> gathers;  // the `gather`s that get it
};

/// Methods of lists and maps whose callback runs for each element.
bool runs_for_each(std::string_view method);
bool one_of(std::string_view name, std::initializer_list<std::string_view> names);

class Flow {
 public:
  Flow(const Tree& tree, const Facts& facts);

  Sink sink(const Node& value) const;
  Taken taken(const Node& handle) const;
  const Variable* variable_at(Span name) const;

  /// The call of a method that runs the lambda once for each element: `xs.map(x => …)`; or null.
  const Node* callback_of(const Node& lambda) const;
  /// The block is the body of a loop, of a `batch`, or of a callback that runs for each element.
  bool repeats(const Node& block) const;
  /// The innermost such block around the node, within the same function; or null.
  const Node* turn_around(const Node& node) const;

  /// Calls `step(state, node)` for each node on each way up from `from`, through the places where
  /// a function is called or named, until it says false; `end(state, declaration)` at the top.
  using Step = std::function<bool(unsigned& state, const Node& node)>;
  using End = std::function<void(unsigned state, const Node& declaration)>;
  void ways_up(const Node& from, unsigned state, const Step& step, const End& end) const;

  /// Where a declaration, a local `fn` or a lambda bound to a name is named.
  std::vector<const Node*> references(const Node& function) const;

  /// Whether the node itself is a place where a strand waits. `unknown`: what is said of a call of
  /// nobody knows what.
  bool waits(const Node& node, bool unknown) const;
  /// Whether running this waits; the strands, undo blocks and functions in it do not count.
  bool may_wait(const Node& node, bool unknown) const;

  /// `http.get(…)`, `Child(…)`: what is called, or Unknown.
  const Callee& callee(const Node& call) const;
  bool calls(const Node& node, Callee::Kind kind) const { return callee(node).kind == kind; }
  /// The method's name where the node is a call of one, not of a module's member; or "".
  std::string method(const Node& call) const;

  const Tree& tree;
  const Facts& facts;

 private:
  void follow(const Node& value, Taken& taken, std::set<const void*>& seen) const;
  void follow(const Variable* variable, Taken& taken, std::set<const void*>& seen) const;
  void follow_member(const Node& member, Taken& taken, std::set<const void*>& seen) const;
  Sink of_block(const Node& block) const;
  bool waits(const Node& node, bool unknown, std::set<const Node*>& seen) const;
  bool may_wait(const Node& node, bool unknown, std::set<const Node*>& seen) const;
  void climb(const Node* node, unsigned state, const Step& step, const End& end,
             std::set<const Node*>& seen) const;

  std::map<Span, const Variable*> variables_;
  std::unordered_map<const ast::Declaration*, std::vector<const ast::Expr*>> references_;
};

}  // namespace wakeful::linting
