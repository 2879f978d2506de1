#include "lang/grammar/builder.h"

#include <algorithm>

namespace wakeful::grammar {

// --- frames ---

void Builder::open() {
  Frame frame;
  frame.token = position;
  size_t i = 0;
  std::apply(
      [&](const auto&... each) { ((frame.sizes[i++] = static_cast<uint32_t>(each.size())), ...); },
      stacks());
  frames_.push_back(frame);
}

void Builder::close() {
  uint32_t height = frames_.back().height;
  frames_.pop_back();
  if (!frames_.empty()) frames_.back().height = std::max(frames_.back().height, height);
}

void Builder::discard() {
  // An action that threw may have taken more than its frame holds (a suffix takes what stands
  // before it).
  size_t i = 0;
  auto cut = [&](auto& stack) {
    const uint32_t size = frames_.back().sizes[i++];
    if (stack.size() > size) stack.erase(stack.begin() + size, stack.end());
  };
  std::apply([&](auto&... each) { (cut(each), ...); }, stacks());
  frames_.pop_back();
}

void Builder::nest() {
  if (++nesting_ > kNestingMax) {
    fail_at(position, "too-deep", "blocks and expressions nest more than 200 deep here",
            "split it: a `let` or a `fn` for a part of it");
  }
}

void Builder::grow(uint32_t levels) {
  Frame& top = frames_.back();
  top.height += levels;
  if (top.height > kHeightMax) {
    fail_at(top.token, "too-deep", "this expression is more than 1000 operations deep",
            "split it: a `let` for a part of it, or a list and `.sum()` or `.join(\"\")`");
  }
}

void Builder::open_bracket(Bracket kind, uint32_t token) {
  nest();
  brackets_.push_back({kind, token});
}

void Builder::close_bracket() {
  brackets_.pop_back();
  unnest();
}

// --- nodes ---

void Builder::push(ast::ExprPtr expr) {
  grow(1);
  exprs.push_back(std::move(expr));
}

void Builder::push_suffix(ast::ExprPtr expr) {
  Frame& inner = frames_.back();
  inner.height = std::max(inner.height, frames_[frames_.size() - 2].height);
  push(std::move(expr));
}

void Builder::push_stmt(ast::StmtPtr stmt) {
  grow(1);
  stmts.push_back(std::move(stmt));
}

void Builder::literal() {
  const Token& token = last();
  auto add = [&](auto node) {
    node->span = span(token);
    push(std::move(node));
  };
  switch (token.kind) {
    case Tok::Int: {
      auto node = std::make_unique<ast::IntExpr>();
      node->value = token.integer;
      return add(std::move(node));
    }
    case Tok::Float: {
      auto node = std::make_unique<ast::FloatExpr>();
      node->value = token.real;
      return add(std::move(node));
    }
    case Tok::Duration: {
      auto node = std::make_unique<ast::DurationExpr>();
      node->ms = token.integer;
      return add(std::move(node));
    }
    case Tok::RawString: {
      auto node = std::make_unique<ast::StringExpr>();
      node->value = string_value(token);
      node->raw = true;
      return add(std::move(node));
    }
    case Tok::True:
    case Tok::False: {
      auto node = std::make_unique<ast::BoolExpr>();
      node->value = token.kind == Tok::True;
      return add(std::move(node));
    }
    default:
      return add(std::make_unique<ast::NullExpr>());
  }
}

void Builder::string() {
  auto all = take(parts);
  bool plain = all.empty() || (all.size() == 1 && !all[0].value);
  if (plain) {
    auto node = make<ast::StringExpr>();
    if (!all.empty()) node->value = std::move(all[0].text);
    return push(std::move(node));
  }
  auto node = make<ast::InterpolationExpr>();
  node->parts = std::move(all);
  push(std::move(node));
}

void Builder::call() {
  auto node = make<ast::CallExpr>();
  node->args = take(args);
  node->callee = pop(exprs);
  node->span.begin = node->callee->span.begin;
  bool named = false;
  for (const auto& arg : node->args) {
    if (named && !arg.name) {
      complain("syntax", arg.value->span, "a positional argument stands behind a named one",
               "put the named arguments last");
    }
    named |= arg.name.has_value();
  }
  push_suffix(std::move(node));
}

void Builder::index() {
  Span whole = node_span();
  auto inside = take(exprs);
  auto colons = take(marks);
  auto object = pop(exprs);
  whole.begin = object->span.begin;
  if (colons.empty()) {
    auto node = std::make_unique<ast::IndexExpr>();
    node->span = whole;
    node->object = std::move(object);
    node->index = std::move(inside[0]);
    return push_suffix(std::move(node));
  }
  auto node = std::make_unique<ast::SliceExpr>();
  node->span = whole;
  node->object = std::move(object);
  const uint32_t colon = at(colons[0]).begin;
  for (auto& side : inside) (side->span.begin < colon ? node->begin : node->end) = std::move(side);
  push_suffix(std::move(node));
}

void Builder::member() {
  auto node = make<ast::MemberExpr>();
  node->name = pop(names);
  node->optional = !take(marks).empty();
  node->object = pop(exprs);
  node->span.begin = node->object->span.begin;
  push_suffix(std::move(node));
}

ast::Callable Builder::callable(bool has_body) {
  ast::Callable fn;
  fn.params = take(params);
  fn.result = pop_if_any(types);
  fn.has_body = has_body;
  if (has_body) fn.body = pop(blocks);
  return fn;
}

void Builder::if_expr() {
  // Conditions c1 … cn and their blocks, and one block more where there is an else.
  auto conditions = take(exprs);
  auto bodies = take(blocks);
  grow(static_cast<uint32_t>(2 * conditions.size() - 1));
  std::unique_ptr<ast::Block> otherwise;
  if (bodies.size() > conditions.size()) {
    otherwise = std::make_unique<ast::Block>(std::move(bodies.back()));
    bodies.pop_back();
  }
  const Span whole = node_span();
  for (size_t i = conditions.size(); i-- > 0;) {
    auto node = std::make_unique<ast::IfExpr>();
    node->span = {whole.file, i == 0 ? whole.begin : conditions[i]->span.begin, whole.end};
    node->condition = std::move(conditions[i]);
    node->then = std::move(bodies[i]);
    node->otherwise = std::move(otherwise);
    if (i == 0) return push(std::move(node));
    auto statement = std::make_unique<ast::ExprStmt>();
    statement->span = node->span;
    statement->value = std::move(node);
    otherwise = std::make_unique<ast::Block>();
    otherwise->span = statement->span;
    otherwise->statements.push_back(std::move(statement));
  }
}

void Builder::batch() {
  auto node = make<ast::BatchExpr>();
  auto all = take(exprs);
  auto words = take(marks);
  node->body = pop(blocks);
  node->item = pop(patterns);
  node->index = pop_if_any(names);
  node->items = std::move(all[0]);
  size_t next = 1;
  for (uint32_t index : words) {
    const Token& token = at(index);
    std::string_view word = text(token);
    if (token.kind == Tok::Percent) {
      node->tolerate_percent = true;
    } else if (word == "settled") {
      node->settled = true;
    } else {
      ast::ExprPtr& slot = word == "size"    ? node->size
                           : word == "limit" ? node->limit
                           : word == "pause" ? node->pause
                                             : node->tolerate;
      if (slot)
        complain("syntax", span(token), "`" + std::string(word) + "` stands twice in this `batch`",
                 "leave one of them out");
      slot = std::move(all[next++]);
    }
  }
  if (!node->size && !node->limit) {
    complain("batch-bounds", node->items->span, "`batch` needs `size` or `limit`",
             "add `limit 10`, or `limit items.len()` for no limit");
  } else if (node->size && node->limit) {
    complain("batch-bounds", node->limit->span, "`batch` takes `size` or `limit`, not both",
             "leave one of them out");
  } else if (node->pause && !node->size) {
    complain("batch-bounds", node->pause->span, "`pause` goes with `size`, between two waves",
             "write `size n pause d`");
  }
  push(std::move(node));
}

void Builder::assignment() {
  auto value = pop(exprs);
  if (count(ops) == 0) {
    auto node = make<ast::ExprStmt>();
    node->value = std::move(value);
    return push_stmt(std::move(node));
  }
  Operator op = pop(ops);
  auto node = make<ast::AssignStmt>();
  node->target = pop(exprs);
  node->value = std::move(value);
  switch (op.token) {
    case Tok::PlusAssign:
      node->op = ast::BinaryOp::Add;
      break;
    case Tok::MinusAssign:
      node->op = ast::BinaryOp::Subtract;
      break;
    case Tok::StarAssign:
      node->op = ast::BinaryOp::Multiply;
      break;
    case Tok::SlashAssign:
      node->op = ast::BinaryOp::Divide;
      break;
    default:
      break;
  }
  const ast::Expr& target = *node->target;
  bool member = target.kind == ast::ExprKind::Member;
  bool place = target.kind == ast::ExprKind::Name || member || target.kind == ast::ExprKind::Index;
  if (!place || target.parenthesised) {
    bool destructuring = target.kind == ast::ExprKind::List || target.kind == ast::ExprKind::Map;
    fail_at(op.index, "syntax",
            "this cannot be assigned to: expected a variable, `xs[i]`, `m.key` or `m[\"key\"]`",
            destructuring ? "destructuring needs `let` or `var`" : "use `==` to compare");
  }
  if (member && ast::as<ast::MemberExpr>(target).optional) {
    fail_at(op.index, "syntax", "`?.` cannot be assigned through", "write `.`");
  }
  push_stmt(std::move(node));
}

// --- files ---

void Builder::declaration_docs(ast::Declaration& declaration) const {
  uint32_t line = at(frames_.back().token).line;
  auto after = std::lower_bound(tokens_.docs.begin(), tokens_.docs.end(), line,
                                [](const Tokens::Doc& doc, uint32_t l) { return doc.line < l; });
  auto first = after;
  while (first != tokens_.docs.begin() && std::prev(first)->line == line - 1) --line, --first;
  for (; first != after; ++first) {
    if (!declaration.doc.empty()) declaration.doc += '\n';
    declaration.doc += first->text;
  }
}

ast::File Builder::finish() {
  ast::File file;
  file.index = file_;
  file.declarations = std::move(declarations);
  file.allowed = std::move(tokens_.allowed);
  file.lost_names = std::move(lost_names);
  return file;
}

}  // namespace wakeful::grammar
