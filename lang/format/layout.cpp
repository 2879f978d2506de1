#include "lang/format/layout.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "lang/format/spaces.h"
#include "lang/format/syntax_tree.h"

namespace wakeful::format {

using grammar::Shape;
using grammar::Tok;

namespace {

/// How tight a binary operator binds; 0: it is none.
int level_of(Tok kind) {
  switch (kind) {
#define WF_BINARY(token, op, level) \
  case Tok::token:                  \
    return level;
#include "lang/grammar/tokens.def"
    default:
      return 0;
  }
}

bool is_list(Shape shape) {
  return shape == Shape::Call || shape == Shape::List || shape == Shape::Map ||
         shape == Shape::Params || shape == Shape::Pattern || shape == Shape::Type;
}

class Planner {
 public:
  explicit Planner(const Pieces& pieces)
      : pieces_(pieces.list), tree_(pieces), lines_(pieces_.size() + 1) {
    out_.gaps.resize(pieces_.size());
    for (size_t i = 0; i < pieces_.size(); ++i) {
      lines_[i + 1] = lines_[i] + (pieces_[i].newline || pieces_[i].multiline ? 1 : 0);
    }
  }

  Layout run() {
    mark_spaces(tree_, pieces_, out_.gaps);
    // From the outermost inwards: of two groups over the same pieces the outer one comes first.
    for (size_t i = tree_.nodes().size(); i-- > 0;) plan(tree_.nodes()[i]);
    Gap& end = out_.gaps.back();
    end.hard = true;
    sort();
    index_ends();
    force();
    return std::move(out_);
  }

 private:
  const Piece& at(uint32_t i) const { return pieces_[i]; }
  /// Line breaks of the source before the pieces first + 1 … last, or in them.
  bool broken(uint32_t first, uint32_t last) const { return lines_[last + 1] > lines_[first + 1]; }

  /// Good until the next group is added.
  Group& add(Kind kind, uint32_t first, uint32_t last) {
    Group group;
    group.kind = kind;
    group.first = first;
    group.last = last;
    group.indent_first = first + 1;
    group.indent_last = last;
    out_.groups.push_back(group);
    return out_.groups.back();
  }
  void soften(uint32_t gap, const Group& group) {
    out_.gaps[gap].group = static_cast<uint32_t>(&group - out_.groups.data());
  }

  void plan(const Node& node) {
    switch (node.shape) {
      case Shape::Declaration:
        out_.gaps[node.first].hard = true;
        out_.gaps[node.first].declares = true;
        return assign(node);
      case Shape::Statement:
        return assign(node);
      case Shape::Block:
        return block(node);
      case Shape::Branches:
        return branches(node);
      case Shape::Chain:
        return operators(node);
      case Shape::Postfix:
        clauses(node);
        return members(node);
      case Shape::Arrow:
        return arrow(node);
      case Shape::Batch:
        return bounds(node);
      default:
        if (is_list(node.shape)) list(node);
    }
  }

  void list(const Node& node) {
    const Tok open = at(node.first).kind;
    const bool bracket =
        open == Tok::LeftParen || open == Tok::LeftBracket || open == Tok::LeftBrace;
    // `[A]` of a computed key and `list<T>?` end elsewhere: only what is between a bracket and its
    // partner.
    const uint32_t close = at(node.first).pair;
    if (!bracket || close == node.first + 1) return;
    Group& group = add(Kind::List, node.first, close);
    group.indent_last = close - 1;
    group.comma = true;
    group.forced = at(node.first + 1).newline;
    group.fill = node.shape == Shape::List && only_short_literals(node.first, close);
    soften(node.first + 1, group);
    soften(close, group);
    out_.gaps[close].closes = true;
    for (uint32_t i = node.first + 1; i < close; i = std::max(i + 1, partner(i))) {
      if (at(i).comma && i + 1 < close) soften(i + 1, group);
    }
  }
  uint32_t partner(uint32_t i) const { return at(i).pair > i ? at(i).pair : 0; }

  bool only_short_literals(uint32_t open, uint32_t close) const {
    constexpr uint32_t kShort = 10;
    uint32_t items = 0;
    for (uint32_t i = open + 1; i < close; ++i) {
      const Piece& piece = at(i);
      const bool sign = piece.kind == Tok::Minus && !piece.comma;
      const bool literal = piece.kind == Tok::Int || piece.kind == Tok::Float ||
                           piece.kind == Tok::Duration || piece.kind == Tok::RawString ||
                           piece.kind == Tok::StringBegin;
      if ((!sign && !literal) || piece.width > kShort || piece.multiline) return false;
      items += !sign;
      if (literal && !piece.comma && i + 1 < close) return false;
    }
    return items > 1;
  }

  void block(const Node& node) {
    Group& group = add(Kind::Block, node.first, node.last);
    group.indent_last = node.last - 1;
    if (node.parent && node.parent->shape == Shape::Branches)
      group.follows = branches_[node.parent];
    out_.gaps[node.last].closes = true;
    if (node.last == node.first + 1 && at(node.last).comments == 0) return;
    group.forced = broken(node.first, node.last);
    soften(node.last, group);
    bool first = true;
    for (const Node* statement : node.children) {
      if (statement->shape != Shape::Statement) continue;
      soften(statement->first, group);
      out_.gaps[statement->first].separates = !first;
      first = false;
    }
  }

  void branches(const Node& node) {
    add(Kind::Branches, node.first, node.last);
    branches_[&node] = static_cast<uint32_t>(out_.groups.size() - 1);
  }

  void operators(const Node& node) {
    std::vector<uint32_t> operators;  // first pieces
    uint32_t behind = kNone;
    const Node* last = nullptr;
    for (const Node* operand : node.children) {
      if (operand->shape != Shape::Operand) continue;
      if (last) operators.push_back(behind);
      behind = operand->last + 1;
      last = operand;
    }
    if (!operators.empty()) split(node.first, node.last, operators);
  }

  /// One group for the loosest operators, and then for what stands between them.
  void split(uint32_t first, uint32_t last, const std::vector<uint32_t>& operators) {
    auto level = [&](uint32_t i) {
      return at(i).kind == Tok::Not ? level_of(Tok::In) : level_of(at(i).kind);
    };
    int loosest = 99;
    for (uint32_t op : operators) loosest = std::min(loosest, level(op));
    Group* group = nullptr;
    if (loosest != level_of(Tok::DotDot)) {
      group = &add(Kind::Operators, first, last);
      group->indent_first = kNone;
    }
    std::vector<uint32_t> inner;
    uint32_t begin = first;
    const size_t index = out_.groups.size() - 1;
    for (uint32_t op : operators) {
      if (level(op) != loosest) {
        inner.push_back(op);
        continue;
      }
      if (!inner.empty()) split(begin, op - 1, inner);
      inner.clear();
      begin = op + (at(op).kind == Tok::Not ? 2 : 1);
      if (!group) continue;
      Group& outer = out_.groups[index];
      const Tok kind = at(op).kind;
      const bool before = kind == Tok::And || kind == Tok::Or || kind == Tok::Coalesce;
      const uint32_t gap = before ? op : begin;
      outer.indent_first = std::min(outer.indent_first, gap);
      for (uint32_t i = op; i <= begin; ++i) outer.forced |= at(i).newline;
      soften(gap, outer);
    }
    if (!inner.empty()) split(begin, last, inner);
  }

  void members(const Node& node) {
    std::vector<uint32_t> dots;  // of calls
    bool written = false;
    const auto children = node.children;
    for (size_t i = 0; i + 1 < children.size(); ++i) {
      if (children[i]->shape != Shape::Member || children[i + 1]->shape != Shape::Call) continue;
      dots.push_back(children[i]->first);
      written |= starts_line(dots.back());
    }
    if (dots.empty()) return;
    // A short name or a module's keeps its first call beside it.
    constexpr uint32_t kShortName = 4;
    const bool named = dots[0] == node.first + 1 && at(node.first).kind == Tok::Identifier;
    if (named && !starts_line(dots[0]) && (written || at(node.first).width <= kShortName)) {
      dots.erase(dots.begin());
    }
    if (dots.empty() || (dots.size() == 1 && !written && !named)) return;
    Group& group = add(Kind::Members, node.first, suffix_end(node));
    group.indent_first = dots[0];
    group.forced = written;
    group.if_too_wide = dots.size() > 1;
    for (uint32_t dot : dots) soften(dot, group);
  }
  bool starts_line(uint32_t dot) const { return at(dot).newline || at(dot + 1).newline; }
  uint32_t suffix_end(const Node& node) const {
    uint32_t end = node.last;
    for (const Node* child : node.children) {
      const Shape shape = child->shape;
      if (shape == Shape::As || shape == Shape::With || shape == Shape::Compensate)
        return std::min(end, child->first - 1);
    }
    return end;
  }

  void clauses(const Node& node) {
    Group* group = nullptr;
    for (const Node* child : node.children) {
      if (child->shape != Shape::As && child->shape != Shape::With) continue;
      if (!group) {
        group = &add(Kind::Clauses, node.first, node.last);
        group->indent_first = child->first;
      }
      group->forced |= at(child->first).newline;
      soften(child->first, *group);
    }
  }

  void bounds(const Node& node) {
    Group* group = nullptr;
    for (const Node* child : node.children) {
      if (child->shape == Shape::Block && group)
        group->last = group->indent_last = child->first - 1;
      if (child->shape != Shape::Bound) continue;
      if (!group) {
        group = &add(Kind::Bounds, node.first, node.last);
        group->indent_first = child->first;
      }
      group->forced |= at(child->first).newline;
      soften(child->first, *group);
    }
  }

  void arrow(const Node& node) {
    uint32_t sign =
        at(node.first).kind == Tok::LeftParen ? at(node.first).pair + 1 : node.first + 1;
    Group& group = add(Kind::Arrow, node.first, node.last);
    group.indent_first = sign + 1;
    group.forced = at(sign + 1).newline;
    soften(sign + 1, group);
  }

  /// `let x = …`: breaks behind `=` only where the value cannot break by itself.
  void assign(const Node& node) {
    for (const Node* child : node.children) {
      if (child->first == node.first || at(child->first - 1).kind != Tok::Assign) continue;
      if (child->last != node.last) continue;
      Group& group = add(Kind::Assign, node.first, node.last);
      group.indent_first = child->first;
      soften(child->first, group);
      return;
    }
  }

  // --- when all groups are known ---

  void sort() {
    const std::vector<Group> made = std::move(out_.groups);
    std::vector<uint32_t> order(made.size()), number(made.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return made[a].first != made[b].first ? made[a].first < made[b].first
                                            : made[a].last > made[b].last;
    });
    out_.groups.clear();
    for (uint32_t from : order) {
      number[from] = static_cast<uint32_t>(out_.groups.size());
      out_.groups.push_back(made[from]);
    }
    for (Gap& gap : out_.gaps) {
      if (gap.group != kNone) gap.group = number[gap.group];
    }
    for (Group& group : out_.groups) {
      const bool brackets = group.kind == Kind::List || group.kind == Kind::Block;
      if (!brackets && at(group.last + 1).kind == Tok::LeftBrace &&
          out_.gaps[group.last + 1].group == kNone)
        group.levels = 2;
      if (group.follows != kNone) group.follows = number[group.follows];
    }
  }

  /// For each piece the groups that end with it, outer ones first; for each group the one around
  /// it.
  void index_ends() {
    ends_.resize(pieces_.size());
    around_.resize(out_.groups.size(), kNone);
    std::vector<uint32_t> open;
    for (uint32_t i = 0; i < out_.groups.size(); ++i) {
      const Group& group = out_.groups[i];
      while (!open.empty() && out_.groups[open.back()].last < group.first) open.pop_back();
      if (!open.empty()) around_[i] = open.back();
      open.push_back(i);
      ends_[group.last].push_back(i);
    }
  }

  /// Line breaks go outwards: a list with one in it is broken itself, unless it is in the part that
  /// it hugs.
  void force() {
    auto& groups = out_.groups;
    auto& gaps = out_.gaps;
    std::vector<uint32_t> breaks(groups.size());
    soft_.resize(groups.size());
    first_soft_.resize(groups.size(), kNone);
    std::vector<uint32_t> open;
    size_t next = 0;
    auto innermost = [&](uint32_t i, bool gap) {
      for (size_t k = open.size(); k-- > 0;) {
        const Group& group = groups[open[k]];
        if (group.last >= i && (!gap || group.first < i)) return open[k];
      }
      return kNone;
    };
    for (uint32_t i = 0; i < pieces_.size(); ++i) {
      while (!open.empty() && groups[open.back()].last < i) open.pop_back();
      for (; next < groups.size() && groups[next].first == i; ++next)
        open.push_back(static_cast<uint32_t>(next));
      if (gaps[i].group != kNone) {
        ++soft_[gaps[i].group];
        first_soft_[gaps[i].group] = std::min(first_soft_[gaps[i].group], i);
      }
      const bool commented = at(i).comments > 0;
      if (commented && gaps[i].group != kNone) groups[gaps[i].group].forced = true;
      if (commented && gaps[i].group == kNone) count(breaks, innermost(i, true));
      if (at(i).multiline) count(breaks, innermost(i, false));
    }
    for (size_t g = groups.size(); g-- > 0;) {
      Group& group = groups[g];
      find_hug(static_cast<uint32_t>(g));
      const bool strict =
          group.kind == Kind::List || group.kind == Kind::Block || group.kind == Kind::Branches;
      uint32_t inside = breaks[g];
      if (group.hug_group != kNone) inside -= breaks[group.hug_group];
      if (group.hug != kNone && group.hug_group == kNone) --inside;
      if (strict && inside > 0) group.forced = true;
      if (group.forced) breaks[g] += soft_[g] + (group.kind == Kind::Branches);
      if (group.follows != kNone) {
        groups[group.follows].forced |= group.forced;
        soft_[group.follows] += soft_[g];
        first_soft_[group.follows] = std::min(first_soft_[group.follows], first_soft_[g]);
      }
      if (around_[g] != kNone) breaks[around_[g]] += breaks[g];
      if (group.kind == Kind::Assign) group.if_too_wide = plain_value(static_cast<uint32_t>(g));
    }
    for (Group& group : groups) {
      if (group.follows != kNone) group.forced = groups[group.follows].forced;
    }
  }
  static void count(std::vector<uint32_t>& breaks, uint32_t group) {
    if (group != kNone) ++breaks[group];
  }

  bool plain_value(uint32_t g) const {
    const Group& group = out_.groups[g];
    return g + 1 >= out_.groups.size() || out_.groups[g + 1].first > group.last;
  }

  /// The outermost bracket that ends with that piece; nothing where it stands in something else
  /// that can break.
  uint32_t bracket_ending(uint32_t last, uint32_t behind) const {
    for (uint32_t g : ends_[last]) {
      const Group& group = out_.groups[g];
      if (group.first < behind || group.kind == Kind::Arrow) continue;
      const bool bracket =
          group.kind == Kind::List || group.kind == Kind::Block || group.kind == Kind::Branches;
      return bracket && soft_[g] > 0 ? g : kNone;
    }
    return kNone;
  }

  void find_hug(uint32_t g) {
    Group& group = out_.groups[g];
    uint32_t found = kNone;
    switch (group.kind) {
      case Kind::List:
        return hug_last_item(group);
      case Kind::Operators:
        found = bracket_ending(group.last, group.first + 1);
        if (found != kNone && !stands_alone(out_.groups[found].first)) found = kNone;
        break;
      case Kind::Clauses:
        found = bracket_ending(group.last, group.indent_first);
        if (found != kNone && at(out_.groups[found].first).kind != Tok::LeftBrace) found = kNone;
        break;
      case Kind::Arrow:
        found = bracket_ending(group.last, group.indent_first);
        break;
      case Kind::Members:
        for (uint32_t inner : ends_[group.last]) {
          const Group& call = out_.groups[inner];
          if (call.kind != Kind::List || call.first <= group.first) continue;
          group.hug = call.hug;
          return;
        }
        return;
      default:
        return;
    }
    if (found != kNone) group.hug = first_soft_[found] - 1;
    // Only a list takes what it hugs out of its own breaks; elsewhere it is just a place to break.
  }

  /// A literal in brackets behind an operator.
  bool stands_alone(uint32_t first) const {
    return at(first).kind != Tok::LeftParen && out_.gaps[first].space;
  }

  void hug_last_item(Group& group) {
    const Tok open = at(group.first).kind;
    const uint32_t last = group.last - 1;
    uint32_t begin = group.first + 1;
    bool single = true;
    for (uint32_t i = group.first + 1; i < group.last; i = std::max(i + 1, partner(i))) {
      if (at(i).comma && i < last) begin = i + 1, single = false;
    }
    if (open == Tok::LeftBrace || (open == Tok::LeftBracket && !single)) return;
    if (begin + 1 < last && at(begin + 1).kind == Tok::Colon) begin += 2;
    if (at(last).multiline && begin == last) {
      group.hug = last;
      return;
    }
    const uint32_t found = bracket_ending(last, begin);
    if (found == kNone) return;
    const Group& inner = out_.groups[found];
    const bool arrow = std::any_of(ends_[last].begin(), ends_[last].end(), [&](uint32_t g) {
      return out_.groups[g].kind == Kind::Arrow && out_.groups[g].first == begin;
    });
    const Tok lead = at(begin).kind;
    const bool led = lead == Tok::Fn || lead == Tok::Spawn || lead == Tok::Gather;
    if (!single && !arrow && !led && inner.first != begin) return;
    group.hug = first_soft_[found] - 1;
    group.hug_group = found;
  }

  const std::vector<Piece>& pieces_;
  SyntaxTree tree_;
  std::vector<uint32_t> lines_;                         // sums
  std::unordered_map<const Node*, uint32_t> branches_;  // their groups
  Layout out_;
  std::vector<std::vector<uint32_t>> ends_;
  std::vector<uint32_t> around_;
  std::vector<uint32_t> soft_, first_soft_;  // how many gaps a group has, and the first
};

}  // namespace

Layout lay_out(const Pieces& pieces) { return Planner(pieces).run(); }

}  // namespace wakeful::format
