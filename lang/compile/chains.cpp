// Members, indexes and slices, and the chains that a `?.` cuts short.
#include "lang/compile/function_compiler.h"
#include "lang/compile/inspect.h"

namespace wakeful {

using ast::ExprKind;

/// The last expression of a chain: everything that a `?.` in it skips ends here.
void FunctionCompiler::chain(const ast::Expr& e, Reg to) {
  if (!has_optional(e)) return link(e, to, nullptr);
  Chain chain;
  Label end;
  link(e, to, &chain);
  if (chain.skip.jumps.empty()) return;
  bool last = e.kind == ExprKind::Member && ast::as<ast::MemberExpr>(e).optional;
  out_.jump(e.span, last ? Op::JumpIfPresent : Op::Jump, end, to);
  out_.bind(chain.skip);
  out_.emit(e.span, Op::LoadNull, to);
  out_.bind(end);
}

void FunctionCompiler::link(const ast::Expr& e, Reg to, Chain* chain) {
  switch (e.kind) {
    case ExprKind::Member:
      return member(ast::as<ast::MemberExpr>(e), to, chain);
    case ExprKind::Index:
      return index(ast::as<ast::IndexExpr>(e), to, chain);
    case ExprKind::Slice:
      return slice(ast::as<ast::SliceExpr>(e), to, chain);
    default:
      return call(ast::as<ast::CallExpr>(e), to, chain);
  }
}

/// What a link is applied to: a link of the same chain, or a value of its own.
Reg FunctionCompiler::object(const ast::Expr& e, Chain* chain, const ast::Expr* later) {
  if (chain == nullptr || e.parenthesised || link_object(e) == nullptr) return operand(e, later);
  Reg to = out_.take();
  object_to(e, to, chain);
  return to;
}

void FunctionCompiler::object_to(const ast::Expr& e, Reg to, Chain* chain) {
  if (chain == nullptr || e.parenthesised || link_object(e) == nullptr) return expr(e, to);
  link(e, to, chain);
  bool optional = e.kind == ExprKind::Member && ast::as<ast::MemberExpr>(e).optional;
  if (optional) {  // the key was missing: the rest is skipped
    Label present;
    out_.jump(e.span, Op::JumpIfPresent, present, to);
    out_.jump(e.span, Op::Jump, chain->skip);
    out_.bind(present);
  }
}

/// With `?.` the result may be absent; whoever asked for the link deals with that.
void FunctionCompiler::member(const ast::MemberExpr& e, Reg to, Chain* chain) {
  if (auto global = known_callee(e)) return global_value(*global, e.name.text, to, e.span);
  uint32_t top = out_.top();
  Reg from = object(*e.object, chain, nullptr);
  out_.release_to(top);
  if (e.optional) out_.jump(e.span, Op::JumpIfNull, chain->skip, from);
  out_.emit_extra(e.name.span, e.optional ? Op::GetMemberAbsent : Op::GetMember, to, from, 0,
                  member_word(e.name.text));
}

void FunctionCompiler::index(const ast::IndexExpr& e, Reg to, Chain* chain) {
  uint32_t top = out_.top();
  Reg from = object(*e.object, chain, e.index.get());
  if (e.index->kind == ExprKind::String) {
    const std::string& key = ast::as<ast::StringExpr>(*e.index).value;
    out_.emit_extra(e.index->span, Op::GetMember, to, from, 0, member_word(key));
  } else {
    Reg at = any(*e.index);
    out_.emit(e.span, Op::GetIndex, to, from, at);
  }
  out_.release_to(top);
}

void FunctionCompiler::slice(const ast::SliceExpr& e, Reg to, Chain* chain) {
  uint32_t top = out_.top();
  Reg from = object(*e.object, chain, e.begin ? e.begin.get() : e.end.get());
  Reg begin = out_.take();
  expr_or_absent(e.begin.get(), begin, e.span);
  Reg end = out_.take();
  expr_or_absent(e.end.get(), end, e.span);
  out_.release_to(top);
  out_.emit(e.span, Op::Slice, to, from, begin);
}

}  // namespace wakeful
