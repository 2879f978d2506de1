// Calls. Where the callee is known its arguments are put into its parameters at compile time.
#include <fmt/format.h>

#include <algorithm>

#include "lang/compile/function_compiler.h"
#include "lang/compile/inspect.h"
#include "lang/compile/signature.h"

namespace wakeful {

using ast::ExprKind;

/// What a name or `module.name` stands for; nothing for locals and for members of values.
std::optional<Global> FunctionCompiler::known_callee(const ast::Expr& callee) {
  if (callee.kind == ExprKind::Name) {
    const std::string& name = ast::as<ast::NameExpr>(callee).name;
    if (is_local(name)) return std::nullopt;
    return context_.globals.find(file_, name);
  }
  if (callee.kind != ExprKind::Member) return std::nullopt;
  const auto& member = ast::as<ast::MemberExpr>(callee);
  if (member.object->kind != ExprKind::Name) return std::nullopt;
  const std::string& object = ast::as<ast::NameExpr>(*member.object).name;
  if (is_local(object)) return std::nullopt;
  Global::Kind kind = context_.globals.find(file_, object).kind;
  if (kind != Global::Kind::Module && kind != Global::Kind::Alias) return std::nullopt;
  return context_.globals.find_member(file_, object, member.name.text);
}

/// The place of a call is the whole of it; of a method in a chain over several lines, its own part.
Span FunctionCompiler::call_span(const ast::CallExpr& e) const {
  Span span = e.span;
  if (e.callee->kind == ExprKind::Member) {
    const auto& member = ast::as<ast::MemberExpr>(*e.callee);
    if (member.object->kind != ExprKind::Name) span.begin = member.name.span.begin;
  }
  return span;
}

/// The first register of a call: `to` itself where it is the last one taken, so that no Move is
/// needed.
Reg FunctionCompiler::window(Reg to) {
  return static_cast<uint32_t>(to) + 1 == out_.top() ? to : out_.take();
}

void FunctionCompiler::close_window(Reg base, Reg to, uint32_t top, Span span) {
  out_.release_to(top);
  if (base != to) out_.emit(span, Op::Move, to, base);
}

void FunctionCompiler::call(const ast::CallExpr& e, Reg to, Chain* chain) {
  if (e.as || e.with || e.compensate) return start(e, true, to);
  uint32_t top = out_.top();
  Reg base = window(to);
  std::optional<Global> known = known_callee(*e.callee);
  bool callee = known && known->kind == Global::Kind::Callee;
  if (callee && known->constant->callee == CalleeKind::Function) {
    uint32_t function = static_cast<uint32_t>(known->constant->integer);
    call_function(e, function,
                  known->builtin ? known->builtin->params : params_of(*known->callable), base);
  } else if (callee && known->constant->callee == CalleeKind::Builtin) {
    call_builtin(e, *known->builtin, base);
  } else if (!known && e.callee->kind == ExprKind::Member) {
    call_method(e, base, chain);
  } else {
    call_value(e, base);
  }
  close_window(base, to, top, e.span);
}

void FunctionCompiler::call_function(const ast::CallExpr& e, uint32_t function,
                                     const std::vector<Builtin::Param>& params, Reg base) {
  uint32_t count = bind_arguments(e, params, "this function", false);
  out_.emit_extra(call_span(e), Op::CallFunction, base, count, 0, function);
}

void FunctionCompiler::call_builtin(const ast::CallExpr& e, const Builtin& builtin, Reg base) {
  bool pure = builtin.kind == Builtin::Kind::Pure;
  uint32_t count = bind_arguments(e, builtin.params, builtin.name, pure);
  out_.emit_extra(call_span(e), Op::CallBuiltin, base, count, 0, builtin.number);
}

void FunctionCompiler::call_value(const ast::CallExpr& e, Reg base) {
  expr(*e.callee, base);
  uint32_t shape = pass_arguments(e);
  uint32_t count = static_cast<uint32_t>(e.args.size());
  if (shape == kNoShape) {
    out_.emit(call_span(e), Op::Call, base, count);
  } else {
    out_.emit_extra(call_span(e), Op::CallNamed, base, count, 0, shape);
  }
}

void FunctionCompiler::call_method(const ast::CallExpr& e, Reg base, Chain* chain) {
  const auto& member = ast::as<ast::MemberExpr>(*e.callee);
  Reg receiver = out_.take();
  object_to(*member.object, receiver, chain);
  if (member.optional) out_.jump(e.span, Op::JumpIfNull, chain->skip, receiver);
  uint32_t shape = pass_arguments(e);
  uint32_t count = static_cast<uint32_t>(e.args.size()) + 1;
  uint32_t word = member_word(member.name.text);
  if (shape == kNoShape) {
    out_.emit_extra(call_span(e), Op::CallMethod, base, count, 0, word);
    return;
  }
  if (shape > UINT8_MAX) {
    error(e.span, "the program has too many different combinations of named arguments for methods",
          "pass some of them by position");
  }
  out_.emit_extra(call_span(e), Op::CallMethodNamed, base, count, shape, word);
}

uint32_t FunctionCompiler::pass_arguments(const ast::CallExpr& e) {
  std::vector<std::string> names;
  for (const ast::Argument& arg : e.args) {
    Reg reg = out_.take();
    expr(*arg.value, reg);
    if (arg.name) names.push_back(arg.name->text);
  }
  return names.empty() ? kNoShape : pool_.shape(names);
}

uint32_t FunctionCompiler::bind_arguments(const ast::CallExpr& e,
                                          const std::vector<Builtin::Param>& params,
                                          const char* callee, bool absent_rest) {
  Binding binding = bind_call(e.args, params);
  if (!binding.fault.empty()) {
    error(binding.place.value_or(e.span), fmt::format("{}: {}", callee, binding.fault));
    return static_cast<uint32_t>(params.size());
  }
  // Arguments are evaluated as written. Where that is also the order of the parameters, each gets
  // its register just before, so that a call in it ends where it is wanted.
  if (!binding.in_order) out_.take(static_cast<uint32_t>(params.size()));
  uint32_t first = out_.top() - (binding.in_order ? 0 : static_cast<uint32_t>(params.size()));
  for (uint32_t slot : binding.order) {
    Reg reg = binding.in_order ? out_.take() : static_cast<Reg>(first + slot);
    const auto& args = binding.slots[slot];
    const Builtin::Param& param = params[slot];
    if (param.rest && (!args.empty() || !absent_rest)) {
      out_.emit_wide(e.span, Op::NewList, reg, std::min<size_t>(args.size(), UINT16_MAX));
    } else if (param.fields && (!args.empty() || !absent_rest)) {
      out_.emit_wide(e.span, Op::NewMap, reg, std::min<size_t>(args.size(), UINT16_MAX));
    } else if (args.empty()) {
      out_.emit(e.span, Op::LoadAbsent, reg);
    } else {
      expr(*args[0]->value, reg);
      continue;
    }
    collect_arguments(args, param, reg);
  }
  return static_cast<uint32_t>(params.size());
}

void FunctionCompiler::collect_arguments(const std::vector<const ast::Argument*>& args,
                                         const Builtin::Param& param, Reg reg) {
  for (const ast::Argument* arg : args) {
    uint32_t top = out_.top();
    Reg value = any(*arg->value);
    if (param.rest) {
      out_.emit(arg->value->span, Op::ListAppend, reg, value);
    } else {
      out_.emit_extra(arg->value->span, Op::MapPut, reg, value, 0, member_word(arg->name->text));
    }
    out_.release_to(top);
  }
}

}  // namespace wakeful
