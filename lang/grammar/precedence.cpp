// From flat rows of operands and operators to trees: the precedence table of language.md,
// section 4.
#include <algorithm>

#include "lang/grammar/builder.h"

namespace wakeful::grammar {

namespace {

struct BinaryRow {
  Tok token;
  ast::BinaryOp op;
  int level;
};
constexpr BinaryRow kBinary[] = {
#define WF_BINARY(token, op, level) {Tok::token, ast::BinaryOp::op, level},
#include "lang/grammar/tokens.def"
};
constexpr int kNotLevel = 3;
constexpr int kComparisonLevel = 4;
constexpr int kRangeLevel = 6;

const BinaryRow* row_of(Tok token) {
  for (const BinaryRow& row : kBinary) {
    if (row.token == token) return &row;
  }
  return nullptr;
}

}  // namespace

int binary_level(Tok kind) {
  const BinaryRow* row = row_of(kind);
  return row ? row->level : 0;
}

/// One operand and all operators from `least` up that follow it. Recurs once a level only.
ast::ExprPtr Builder::climb(std::vector<ast::ExprPtr>& operands, size_t& operand, size_t& op,
                            int least) {
  const size_t op_end = ops.size();
  ast::ExprPtr left;
  const size_t nots = op;
  while (op < op_end && ops[op].prefix) ++op;
  if (op > nots) {
    if (least > kNotLevel) {
      fail_at(ops[nots].index, "syntax", "`not` binds looser than the operator before it",
              "put `not …` in parentheses");
    }
    const size_t count_not = op - nots;
    left = climb(operands, operand, op, kNotLevel + 1);
    for (size_t i = count_not; i-- > 0;) {
      auto node = std::make_unique<ast::UnaryExpr>();
      node->op = ast::UnaryOp::Not;
      node->span = {file_, at(ops[nots + i].index).begin, left->span.end};
      node->operand = std::move(left);
      left = std::move(node);
    }
  } else {
    left = std::move(operands[operand++]);
  }
  int chained = 0;  // the level of the operator that made `left`, where it may not stand in a row
  while (op < op_end) {
    const Operator& sign = ops[op];
    const BinaryRow& row = *row_of(sign.token);
    if (row.level < least) break;
    if (row.level == chained) {
      bool range = chained == kRangeLevel;
      fail_at(sign.index, range ? "syntax" : "chained-comparison",
              range ? "ranges do not chain" : "comparisons do not chain: use and",
              range ? "use parentheses" : "use `and`: `a < b and b < c`");
    }
    ++op;
    auto node = std::make_unique<ast::BinaryExpr>();
    node->right = climb(operands, operand, op, row.level + 1);
    node->op = sign.negated ? ast::BinaryOp::NotIn : row.op;
    node->op_span = {file_, at(sign.index).begin,
                     at(sign.negated ? sign.index + 1 : sign.index).end};
    node->span = {file_, left->span.begin, node->right->span.end};
    node->left = std::move(left);
    left = std::move(node);
    chained = row.level == kComparisonLevel || row.level == kRangeLevel ? row.level : 0;
  }
  return left;
}

void Builder::chain() {
  size_t op = ops.size() - count(ops);
  if (op == ops.size()) return;
  grow(static_cast<uint32_t>(count(ops)));
  const size_t first_op = op;
  auto operands = take(exprs);
  size_t operand = 0;
  exprs.push_back(climb(operands, operand, op, 1));
  ops.resize(first_op);
}

namespace {

/// `-9223372036854775808` is one number; without its minus it is none.
bool is_smallest(const ast::Expr& expr) {
  return expr.kind == ast::ExprKind::Int && ast::as<ast::IntExpr>(expr).value == INT64_MIN &&
         !expr.parenthesised;
}

}  // namespace

/// Applies the prefix operators, the innermost first; each gather, wait_any or race from the inside
/// out takes the next `timeout` clause.
void Builder::operand() {
  auto prefixes = take(ops);
  if (prefixes.empty()) {
    if (is_smallest(*exprs.back())) {
      complain("bad-number", exprs.back()->span,
               "`" + std::string(text(last())) + "` does not fit an int (64 bits)",
               "write a float, as 1e20");
    }
    return;
  }
  auto modifiers = take(marks);
  auto all = take(exprs);
  std::unique_ptr<ast::Block> block;
  if (auto taken = pop_if_any(blocks)) block = std::make_unique<ast::Block>(std::move(*taken));
  size_t timeout = block ? 0 : 1;
  grow(static_cast<uint32_t>(prefixes.size()));
  ast::ExprPtr value = block ? nullptr : std::move(all[0]);
  const uint32_t end = value ? value->span.end : last().end;
  auto finish = [&](auto node, const Operator& sign) {
    const uint32_t stop = value ? std::max(value->span.end, end) : last().end;
    node->span = {file_, at(sign.index).begin, stop};
    return node;
  };
  auto modified = [&](const Operator& sign) {
    return std::find(modifiers.begin(), modifiers.end(), sign.index + 1) != modifiers.end();
  };
  auto take_timeout = [&](auto& node) {
    if (timeout >= all.size()) return;
    node->timeout = std::move(all[timeout++]);
    node->span.end = node->timeout->span.end;
  };
  for (size_t i = prefixes.size(); i-- > 0;) {
    const Operator& sign = prefixes[i];
    switch (sign.token) {
      case Tok::Minus: {
        if (value && i + 1 == prefixes.size() && is_smallest(*value)) {
          value->span.begin = at(sign.index).begin;
          break;
        }
        auto node = finish(std::make_unique<ast::UnaryExpr>(), sign);
        node->op = ast::UnaryOp::Negate;
        node->operand = std::move(value);
        value = std::move(node);
        break;
      }
      case Tok::Spawn: {
        auto node = finish(std::make_unique<ast::SpawnExpr>(), sign);
        if (!value && block) {
          node->block = std::move(block);
        } else if (value->kind != ast::ExprKind::Call) {
          fail_at(sign.index, "syntax", "`spawn` takes a call or a block",
                  "write `spawn f(…)` or `spawn { … }`");
        } else {
          node->call = std::move(value);
        }
        value = std::move(node);
        break;
      }
      case Tok::Gather: {
        auto node = finish(std::make_unique<ast::GatherExpr>(), sign);
        node->settled = modified(sign);
        node->operand = std::move(value);
        take_timeout(node);
        value = std::move(node);
        break;
      }
      case Tok::WaitAny: {
        auto node = finish(std::make_unique<ast::WaitAnyExpr>(), sign);
        node->operand = std::move(value);
        take_timeout(node);
        value = std::move(node);
        break;
      }
      default: {
        auto node = finish(std::make_unique<ast::RaceExpr>(), sign);
        node->success = modified(sign);
        node->operand = std::move(value);
        take_timeout(node);
        value = std::move(node);
        break;
      }
    }
  }
  if (timeout < all.size()) {
    complain("syntax", all[timeout]->span, "a `timeout` without its `gather`, `wait_any` or `race`",
             "leave it out");
  }
  exprs.push_back(std::move(value));
}

}  // namespace wakeful::grammar
