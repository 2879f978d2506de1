// The actions of grammar.h: each takes the pieces of its rule from the builder and pushes the node.
#pragma once

#include "lang/grammar/grammar.h"

namespace wakeful::grammar {

template <class R>
struct action {};

#define WF_ACTION(rule)             \
  template <>                       \
  struct action<rule> {             \
    static void apply0(Builder& b); \
  };                                \
  inline void action<rule>::apply0([[maybe_unused]] Builder& b)

// --- tokens ---
WF_ACTION(identifier) { b.names.push_back(b.ident(b.last())); }
WF_ACTION(any_word) { b.names.push_back(b.ident(b.last())); }
WF_ACTION(key_word) { b.names.push_back(b.ident(b.last())); }
WF_ACTION(mark) { b.marks.push_back(b.position - 1); }

inline ast::Ident string_ident(Builder& b, uint32_t first) {
  ast::Ident ident;
  ident.span = b.span_since(first);
  for (uint32_t i = first; i < b.position; ++i) {
    Tok kind = b.at(i).kind;
    if (kind == Tok::RawString || kind == Tok::StringText) ident.text = b.string_value(b.at(i));
  }
  return ident;
}
WF_ACTION(string_key) { b.names.push_back(string_ident(b, b.frame().token)); }

// --- types ---
WF_ACTION(type_field) {
  ast::Type field_type = b.pop(b.types);
  b.type_fields.push_back({b.pop(b.names), std::move(field_type)});
}
void make_type(Builder& b);
WF_ACTION(type) { make_type(b); }

// --- patterns, parameters ---
void make_pattern_field(Builder& b);
WF_ACTION(pattern_field) { make_pattern_field(b); }
void make_pattern(Builder& b);
WF_ACTION(pattern) { make_pattern(b); }
WF_ACTION(param) {
  ast::Param made;
  if (b.count(b.exprs) > 0) made.fallback = b.pop(b.exprs);
  made.type = b.pop_if_any(b.types);
  made.name = b.pop(b.names);
  b.params.push_back(std::move(made));
}
WF_ACTION(arrow_param) {
  ast::Param made;
  made.name = b.pop(b.names);
  b.params.push_back(std::move(made));
}
WF_ACTION(arrow_function) {
  auto node = b.make<ast::LambdaExpr>();
  node->arrow = true;
  auto body = std::make_unique<ast::ExprStmt>();
  body->value = b.pop(b.exprs);
  body->span = body->value->span;
  ast::Block block;
  block.span = body->span;
  block.statements.push_back(std::move(body));
  b.blocks.push_back(std::move(block));
  node->fn = b.callable(true);
  b.push(std::move(node));
}
WF_ACTION(fn_expression) {
  auto node = b.make<ast::LambdaExpr>();
  node->fn = b.callable(true);
  b.push(std::move(node));
}

// --- literals ---
WF_ACTION(plain_literal) { b.literal(); }
WF_ACTION(string_text) { b.parts.push_back({b.string_value(b.last()), nullptr}); }
WF_ACTION(interpolation) {
  auto value = b.pop(b.exprs);
  b.parts.push_back({"", std::move(value)});
}
WF_ACTION(string_literal) { b.string(); }
WF_ACTION(list_item) {
  ast::ListExpr::Item item;
  item.spread = !b.take(b.marks).empty();
  item.value = b.pop(b.exprs);
  b.items.push_back(std::move(item));
}
WF_ACTION(list_literal) {
  auto node = b.make<ast::ListExpr>();
  node->items = b.take(b.items);
  b.push(std::move(node));
}
WF_ACTION(spread_entry) {
  ast::MapExpr::Entry made;
  b.take(b.marks);
  made.spread = true;
  made.value = b.pop(b.exprs);
  b.entries.push_back(std::move(made));
}
WF_ACTION(computed_entry) {
  ast::MapExpr::Entry made;
  made.value = b.pop(b.exprs);
  made.computed = b.pop(b.exprs);
  b.entries.push_back(std::move(made));
}
WF_ACTION(keyed_entry) {
  ast::MapExpr::Entry made;
  made.value = b.pop(b.exprs);
  made.key = b.pop(b.names);
  b.entries.push_back(std::move(made));
}
WF_ACTION(bare_entry) {
  ast::MapExpr::Entry made;
  made.key = b.pop(b.names);
  auto value = std::make_unique<ast::NameExpr>();
  value->name = made.key.text;
  value->span = made.key.span;
  made.value = std::move(value);
  b.entries.push_back(std::move(made));
}
WF_ACTION(map_literal) {
  auto node = b.make<ast::MapExpr>();
  node->entries = b.take(b.entries);
  b.push(std::move(node));
}

// --- if, try, batch ---
WF_ACTION(condition) {
  if (b.count(b.exprs) > 1) b.pop(b.exprs);  // after the slip `if x = 3`
}
WF_ACTION(if_expression) { b.if_expr(); }
WF_ACTION(catch_clause) {
  ast::TryExpr::Catch made;
  made.span = b.node_span();
  made.body = b.pop(b.blocks);
  if (b.count(b.exprs) > 0) made.condition = b.pop(b.exprs);
  made.name = b.pop_if_any(b.names);
  b.catches.push_back(std::move(made));
}
WF_ACTION(try_expression) {
  auto node = b.make<ast::TryExpr>();
  auto blocks = b.take(b.blocks);
  node->body = std::move(blocks[0]);
  node->catches = b.take(b.catches);
  if (blocks.size() > 1) node->finally = std::make_unique<ast::Block>(std::move(blocks[1]));
  b.push(std::move(node));
}
WF_ACTION(batch_expression) { b.batch(); }

// --- terms ---
WF_ACTION(name) {
  auto node = std::make_unique<ast::NameExpr>();
  node->name = std::string(b.text(b.last()));
  node->span = b.span(b.last());
  b.push(std::move(node));
}
WF_ACTION(parentheses) {
  b.exprs.back()->parenthesised = true;
  b.exprs.back()->span = b.node_span();
}
WF_ACTION(argument) {
  ast::Argument made;
  made.value = b.pop(b.exprs);
  made.name = b.pop_if_any(b.names);
  b.args.push_back(std::move(made));
}
WF_ACTION(call_suffix) { b.call(); }
WF_ACTION(index_suffix) { b.index(); }
WF_ACTION(member_suffix) { b.member(); }

inline ast::CallExpr& call_before(Builder& b) {
  auto& call = static_cast<ast::CallExpr&>(*b.exprs.back());
  call.span.end = b.last().end;
  return call;
}
WF_ACTION(as_clause) {
  auto value = b.pop(b.exprs);
  call_before(b).as = std::move(value);
}
WF_ACTION(with_clause) {
  auto value = b.pop(b.exprs);
  call_before(b).with = std::move(value);
}
WF_ACTION(bound_compensate) {
  auto made = std::make_unique<ast::BoundCompensate>();
  made->span = b.node_span();
  made->body = b.pop(b.blocks);
  made->name = b.pop_if_any(b.names);
  call_before(b).compensate = std::move(made);
}
WF_ACTION(operand) { b.operand(); }
WF_ACTION(chain) { b.chain(); }

// --- statements ---
WF_ACTION(let_statement) {
  auto node = b.make<ast::LetStmt>();
  node->is_var = !b.take(b.marks).empty();
  node->value = b.pop(b.exprs);
  node->type = b.pop_if_any(b.types);
  node->target = b.pop(b.patterns);
  b.push_stmt(std::move(node));
}
WF_ACTION(for_statement) {
  auto node = b.make<ast::ForStmt>();
  auto patterns = b.take(b.patterns);
  node->first = std::move(patterns[0]);
  if (patterns.size() > 1) node->second = std::move(patterns[1]);
  node->iterable = b.pop(b.exprs);
  node->body = b.pop(b.blocks);
  b.push_stmt(std::move(node));
}
WF_ACTION(while_statement) {
  auto node = b.make<ast::WhileStmt>();
  node->condition = b.pop(b.exprs);
  node->body = b.pop(b.blocks);
  b.push_stmt(std::move(node));
}
WF_ACTION(break_statement) { b.push_stmt(b.make<ast::BreakStmt>()); }
WF_ACTION(continue_statement) { b.push_stmt(b.make<ast::ContinueStmt>()); }
WF_ACTION(return_statement) {
  auto node = b.make<ast::ReturnStmt>();
  if (b.count(b.exprs) > 0) node->value = b.pop(b.exprs);
  b.push_stmt(std::move(node));
}
WF_ACTION(throw_statement) {
  auto node = b.make<ast::ThrowStmt>();
  node->value = b.pop(b.exprs);
  b.push_stmt(std::move(node));
}
WF_ACTION(fn_statement) {
  auto node = b.make<ast::FnStmt>();
  node->fn = b.callable(true);
  node->name = b.pop(b.names);
  b.push_stmt(std::move(node));
}
WF_ACTION(compensate_statement) {
  auto node = b.make<ast::CompensateStmt>();
  node->body = b.pop(b.blocks);
  b.push_stmt(std::move(node));
}
WF_ACTION(on_statement) {
  auto node = b.make<ast::OnStmt>();
  std::string_view what = b.text(b.at(b.pop(b.marks)));
  node->what = what == "signal"  ? ast::OnStmt::What::Signal
               : what == "query" ? ast::OnStmt::What::Query
                                 : ast::OnStmt::What::Update;
  node->fn = b.callable(true);
  node->name = b.pop(b.names);
  b.push_stmt(std::move(node));
}
WF_ACTION(mock_statement) {
  auto node = b.make<ast::MockStmt>();
  node->target = b.pop(b.exprs);
  node->fn = b.callable(true);
  b.push_stmt(std::move(node));
}
WF_ACTION(expect_throws) {
  auto node = b.make<ast::ExpectThrowsStmt>();
  node->error_kind = b.pop(b.exprs);
  node->body = b.pop(b.blocks);
  b.push_stmt(std::move(node));
}
WF_ACTION(expect_statement) {
  auto node = b.make<ast::ExpectStmt>();
  node->condition = b.pop(b.exprs);
  b.push_stmt(std::move(node));
}
WF_ACTION(headed_expression) {
  auto node = b.make<ast::ExprStmt>();
  node->value = b.pop(b.exprs);
  b.push_stmt(std::move(node));
}
WF_ACTION(expression_statement) { b.assignment(); }
WF_ACTION(block) {
  ast::Block made;
  made.span = b.node_span();
  made.statements = b.take(b.stmts);
  b.grow(1);
  b.blocks.push_back(std::move(made));
}

// --- declarations ---
inline ast::Declaration& declare(Builder& b, ast::Declaration::Kind kind) {
  ast::Declaration& made = b.declarations.emplace_back();
  made.kind = kind;
  made.span = b.node_span();
  b.declaration_docs(made);
  return made;
}
inline void declare_callable(Builder& b, ast::Declaration::Kind kind) {
  ast::Declaration& made = declare(b, kind);
  made.fn = b.callable(b.count(b.blocks) > 0);
  if (b.count(b.exprs) > 0) made.with = b.pop(b.exprs);
  made.name = b.pop(b.names);
}
WF_ACTION(workflow) { declare_callable(b, ast::Declaration::Kind::Workflow); }
WF_ACTION(activity) { declare_callable(b, ast::Declaration::Kind::Activity); }
WF_ACTION(fn_declaration) { declare_callable(b, ast::Declaration::Kind::Fn); }
WF_ACTION(let_declaration) {
  ast::Declaration& made = declare(b, ast::Declaration::Kind::Let);
  b.take(b.marks);
  b.take(b.types);
  made.value = b.pop(b.exprs);
  made.target = b.pop(b.patterns);
  const ast::Pattern* first = &made.target;
  while (first->kind != ast::Pattern::Kind::Name) {
    const bool map = first->kind == ast::Pattern::Kind::Map;
    if (map ? first->fields.empty() : first->items.empty()) break;
    first = map ? first->fields[0].target.get() : &first->items[0];
  }
  made.name = first->name;
}
WF_ACTION(import_declaration) {
  ast::Declaration& made = declare(b, ast::Declaration::Kind::Import);
  const uint32_t path_end = b.pop(b.marks);
  const uint32_t position = std::exchange(b.position, path_end + 1);
  made.path = string_ident(b, b.frame().token + 1);
  b.position = position;
  if (auto alias = b.pop_if_any(b.names)) made.name = std::move(*alias);
}
WF_ACTION(test_declaration) {
  ast::Declaration& made = declare(b, ast::Declaration::Kind::Test);
  const uint32_t title_end = b.pop(b.marks);
  made.fn = b.callable(true);
  const uint32_t position = std::exchange(b.position, title_end + 1);
  made.name = string_ident(b, b.frame().token + 1);
  b.position = position;
}

#undef WF_ACTION

}  // namespace wakeful::grammar
