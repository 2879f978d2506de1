// Functions and the variables that they share: locals, upvalues, cells.
#include <fmt/format.h>

#include "lang/compile/function_compiler.h"

namespace wakeful {

namespace {

constexpr size_t kUpvaluesMax = 255;

TypeDesc desc_of(const ast::Type& type) {
  TypeDesc desc;
  // The kinds are the same rows in the same order.
  static_assert(static_cast<int>(ast::Type::Kind::Record) ==
                static_cast<int>(TypeDesc::Kind::Record));
  desc.kind = static_cast<TypeDesc::Kind>(type.kind);
  desc.optional = type.optional;
  for (const ast::Type& arg : type.args) desc.args.push_back(desc_of(arg));
  for (const ast::Type::Field& field : type.fields) {
    desc.names.push_back(field.name.text);
    desc.args.push_back(desc_of(field.type));
  }
  return desc;
}

}  // namespace

TypeDesc type_of(const std::optional<ast::Type>& type) {
  return type ? desc_of(*type) : TypeDesc{};
}

std::vector<Parameter> parameters_of(const ast::Callable& callable) {
  std::vector<Parameter> params;
  for (const ast::Param& p : callable.params) {
    params.push_back({p.name.text, p.fallback == nullptr, type_of(p.type)});
  }
  return params;
}

FunctionCompiler::FunctionCompiler(CompileContext& context, uint32_t file, bool prelude,
                                   const Variables& variables, FunctionCompiler* outer)
    : context_(context),
      program_(context.program),
      pool_(context.pool),
      file_(file),
      variables_(variables),
      outer_(outer),
      out_(function_) {
  function_.prelude = prelude;
}

Function FunctionCompiler::compile(const std::string& name, const ast::Callable& callable,
                                   Span span) {
  function_.name = name;
  parameters(callable);
  block_to_return(callable.body);
  return finish(span);
}

void FunctionCompiler::parameters(const ast::Callable& callable) {
  function_.params = parameters_of(callable);
  if (callable.params.empty()) return;
  Reg first = out_.take(static_cast<uint32_t>(callable.params.size()));
  for (size_t i = 0; i < callable.params.size(); ++i) {
    const ast::Param& param = callable.params[i];
    Reg reg = static_cast<Reg>(first + i);
    if (param.fallback) {
      Label given;
      out_.jump(param.name.span, Op::JumpIfPresent, given, reg);
      expr(*param.fallback, reg);
      out_.bind(given);
    }
    declare(param.name, reg);
  }
}

Function FunctionCompiler::finish(Span span) {
  function_.span = span;
  Span end{span.file, span.end > span.begin ? span.end - 1 : span.begin, span.end};
  out_.emit(end, Op::ReturnNull);
  if (!out_.fault().empty()) {
    context_.diagnostics.error("too-large", span, out_.fault(), "split it into smaller functions");
  }
  return std::move(function_);
}

// --- variables

void FunctionCompiler::declare(const ast::Ident& id, Reg reg) {
  bool cell = variables_.cells.contains(&id);
  if (cell) out_.emit(id.span, Op::NewCell, reg, reg);
  locals_.push_back({id.text, &id, reg, cell});
}

FunctionCompiler::Variable FunctionCompiler::find_variable(std::string_view name) {
  for (size_t i = locals_.size(); i-- > 0;) {
    const Local& local = locals_[i];
    if (local.name == name) return {Variable::Where::Local, local.reg, local.cell, local.id};
  }
  if (self_ != nullptr && self_->text == name) return {Variable::Where::Callee, 0, false, self_};
  if (outer_ == nullptr) return {};
  Variable outer = outer_->find_variable(name);
  return outer.where == Variable::Where::None ? outer : capture(outer);
}

FunctionCompiler::Variable FunctionCompiler::capture(const Variable& outer) {
  for (size_t i = 0; i < upvalues_.size(); ++i) {
    if (upvalues_[i].id == outer.id) {
      return {Variable::Where::Upvalue, static_cast<uint8_t>(i), upvalues_[i].cell, outer.id};
    }
  }
  if (upvalues_.size() >= kUpvaluesMax) {
    out_.fail(fmt::format("this closure uses more than {} variables from around it", kUpvaluesMax));
    return {Variable::Where::Upvalue, 0, false, outer.id};
  }
  Capture c;
  c.from =
      outer.where == Variable::Where::Upvalue ? Capture::From::Upvalue : Capture::From::Register;
  c.index = outer.index;
  c.unbox = outer.cell && compensate_;
  function_.captures.push_back(c);
  upvalues_.push_back(
      {outer.id, outer.cell && !compensate_, outer.where == Variable::Where::Callee});
  return {Variable::Where::Upvalue, static_cast<uint8_t>(upvalues_.size() - 1),
          upvalues_.back().cell, outer.id};
}

void FunctionCompiler::load_variable(const Variable& v, Reg to, Span span) {
  switch (v.where) {
    case Variable::Where::Local:
      if (v.cell) {
        out_.emit(span, Op::CellGet, to, v.index);
      } else if (to != v.index) {
        out_.emit(span, Op::Move, to, v.index);
      }
      return;
    case Variable::Where::Upvalue:
      out_.emit(span, v.cell ? Op::UpCellGet : Op::UpGet, to, v.index);
      return;
    case Variable::Where::Callee:
      out_.emit(span, Op::LoadCallee, to);
      return;
    case Variable::Where::None:
      return;
  }
}

void FunctionCompiler::store_variable(const Variable& v, Reg from, Span span) {
  if (v.where == Variable::Where::Local && v.cell) {
    out_.emit(span, Op::CellSet, v.index, from);
  } else if (v.where == Variable::Where::Local) {
    if (from != v.index) out_.emit(span, Op::Move, v.index, from);
  } else if (v.where == Variable::Where::Upvalue && v.cell) {
    out_.emit(span, Op::UpCellSet, v.index, from);
  } else {
    error(span, "this variable cannot be assigned here");
  }
}

// --- closures

void FunctionCompiler::closure(const std::string& name, const ast::Callable& callable, Span span,
                               Reg to, const ast::Ident* self) {
  FunctionCompiler inner(context_, file_, function_.prelude, variables_, this);
  inner.self_ = self;
  Function function = inner.compile(name, callable, span);
  emit_closure(inner, std::move(function), span, to);
}

void FunctionCompiler::block_closure(BlockKind kind, const ast::Block& body, Span span, Reg to,
                                     const ast::Ident* parameter) {
  FunctionCompiler inner(context_, file_, function_.prelude, variables_, this);
  inner.compensate_ = kind == BlockKind::Compensate;
  inner.function_.name = inner.compensate_ ? "compensate" : "spawn";
  if (parameter != nullptr) {
    inner.function_.params.push_back({parameter->text, true, {}});
    inner.declare(*parameter, inner.out_.take());
  }
  inner.block_to_return(body);
  emit_closure(inner, inner.finish(span), span, to);
}

void FunctionCompiler::batch_closure(const ast::BatchExpr& e, Reg to) {
  FunctionCompiler inner(context_, file_, function_.prelude, variables_, this);
  inner.function_.name = "batch";
  bool plain = e.item.kind == ast::Pattern::Kind::Name;
  inner.function_.params.push_back({plain ? e.item.name.text : "item", true, {}});
  inner.function_.params.push_back({e.index ? e.index->text : "index", true, {}});
  Reg item = inner.out_.take(2);
  inner.bind_pattern(e.item, item);
  if (e.index) inner.declare(*e.index, static_cast<Reg>(item + 1));
  inner.block_to_return(e.body);
  emit_closure(inner, inner.finish(e.span), e.span, to);
}

void FunctionCompiler::emit_closure(FunctionCompiler& inner, Function function, Span span, Reg to) {
  uint32_t top = out_.top();
  for (size_t i = 0; i < inner.upvalues_.size(); ++i) {
    if (!inner.upvalues_[i].callee) continue;
    Reg self = out_.take();
    out_.emit(span, Op::LoadCallee, self);
    function.captures[i].index = self;
  }
  size_t index = program_.functions.size();
  if (index >= kFunctionsMax) out_.fail("the program has too many functions");
  program_.functions.push_back(std::move(function));
  out_.emit_wide(span, Op::Closure, to, static_cast<int64_t>(index));
  out_.release_to(top);
}

}  // namespace wakeful
