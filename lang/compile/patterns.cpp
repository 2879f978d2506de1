// Destructuring: `{id, qty: count, note = ""}`, `[first, ...rest]`.
#include "lang/compile/function_compiler.h"

namespace wakeful {

void FunctionCompiler::bind_pattern(const ast::Pattern& p, Reg reg) {
  if (p.kind == ast::Pattern::Kind::Name) return declare(p.name, reg);
  destructure(p, reg);
}

void FunctionCompiler::destructure(const ast::Pattern& p, Reg from) {
  if (p.kind == ast::Pattern::Kind::Map) return map_pattern(p, from);
  list_pattern(p, from);
}

void FunctionCompiler::map_pattern(const ast::Pattern& p, Reg from) {
  out_.emit(p.span, Op::CheckMap, from);
  for (const auto& field : p.fields) {
    Reg reg = out_.take();
    uint32_t word = member_word(field.key.text);
    if (field.fallback) {
      Label present;
      out_.emit_extra(field.key.span, Op::GetMemberAbsent, reg, from, 0, word);
      out_.jump(field.key.span, Op::JumpIfPresent, present, reg);
      expr(*field.fallback, reg);
      out_.bind(present);
    } else {
      out_.emit_extra(field.key.span, Op::GetMember, reg, from, 0, word);
    }
    bind_pattern(*field.target, reg);
  }
  if (!p.rest) return;
  Reg rest = out_.take();
  for (const auto& field : p.fields) {
    load_constant(string_constant(field.key.text), out_.take(), p.rest->span);
  }
  out_.emit(p.rest->span, Op::MapRest, rest, from, static_cast<uint32_t>(p.fields.size()));
  out_.release_to(rest + 1u);
  declare(*p.rest, rest);
}

void FunctionCompiler::list_pattern(const ast::Pattern& p, Reg from) {
  uint32_t count = static_cast<uint32_t>(p.items.size());
  if (count > kRegistersMax) out_.fail("this pattern has too many elements");
  out_.emit(p.span, Op::CheckList, from, count, p.rest ? 1 : 0);
  for (uint32_t i = 0; i < count; ++i) {
    Reg reg = out_.take();
    Reg at = out_.take();
    load_int(i, at, p.items[i].span);
    out_.emit(p.items[i].span, Op::GetIndex, reg, from, at);
    out_.release_to(reg + 1u);
    bind_pattern(p.items[i], reg);
  }
  if (!p.rest) return;
  Reg rest = out_.take();
  Reg begin = out_.take();
  load_int(count, begin, p.rest->span);
  out_.emit(p.rest->span, Op::LoadAbsent, out_.take());
  out_.emit(p.rest->span, Op::Slice, rest, from, begin);
  out_.release_to(rest + 1u);
  declare(*p.rest, rest);
}

}  // namespace wakeful
