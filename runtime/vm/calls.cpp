// Calls that are not simple: other counts of arguments, names, builtins, what the host must do.
#include <fmt/format.h>

#include <algorithm>

#include "runtime/vm/interpreter.h"
#include "runtime/vm/messages.h"

namespace wakeful {

bool Interpreter::make_room(size_t base, uint32_t count) {
  const size_t needed = base + count + kArgumentSlack;
  if (needed > kRegistersMax || strand.frames.size() >= kCallDepthMax) {
    return cx.fail(
        "ResourceExhausted",
        fmt::format("call depth: more than {} calls inside each other, in `{}`; is there a "
                    "recursion without an end?",
                    kCallDepthMax, frame().function->name));
  }
  if (needed > strand.registers.size()) {
    strand.registers.resize(std::max(needed, std::min<size_t>(needed * 2, kRegistersMax)));
  }
  if (strand.frames.size() == strand.frames.capacity()) {
    strand.frames.reserve(std::min<size_t>(strand.frames.size() * 2 + 2, kCallDepthMax));
  }
  return true;
}

Interpreter::Called Interpreter::enter(const CallTarget& target, Closure* closure,
                                       const Call& call) {
  const size_t base = frame().base + size_t{call.first};
  if (!make_room(base, target.registers)) return Called::Failed;
  const auto result = Instruction{call.word}.a();
  strand.frames.push_back(
      Frame{target.function, target.code, static_cast<uint32_t>(base), result, closure});
  return Called::Pushed;
}

/// Puts the arguments in their places: absents behind those by position, everything else by bind().
Interpreter::Called Interpreter::bind_and_enter(const CallTarget& target, Closure* closure,
                                                const Call& call) {
  const std::vector<Parameter>& params = target.function->params;
  const bool simple = !call.names && call.count <= target.params &&
                      std::none_of(params.begin() + call.count, params.end(),
                                   [](const Parameter& p) { return p.required; });
  std::vector<Value> bound;
  if (!simple && !machine.bind(params, target.function->name.c_str(), registers() + call.first,
                               call.count, call.names, bound, cx.error)) {
    return Called::Failed;
  }
  const Called entered = enter(target, closure, call);
  if (entered != Called::Pushed) return entered;
  Value* places = registers();
  if (simple) {
    std::fill(places + call.count, places + target.params, Value::absent());
  } else {
    std::copy(bound.begin(), bound.end(), places);
  }
  return Called::Pushed;
}

Interpreter::Called Interpreter::call(const Call& call) {
  if (call.callee.is(Tag::Closure)) {
    auto* closure = call.callee.as<Closure>();
    return bind_and_enter(image.functions()[closure->function], closure, call);
  }
  if (!call.callee.is(Tag::Callee)) {
    cx.fail("TypeError", fmt::format("only functions can be called, got {}", a_value(call.callee)));
    return Called::Failed;
  }
  if (call.callee.callee_kind == CalleeKind::Function) {
    return bind_and_enter(image.functions()[call.callee.integer], nullptr, call);
  }
  std::vector<Value> bound;
  if (!machine.bind(call.callee, registers() + call.first, call.count, call.names, bound,
                    cx.error)) {
    return Called::Failed;
  }
  if (call.callee.callee_kind != CalleeKind::Builtin) return trap_call(call, std::move(bound));
  const BuiltinTarget& target = image.builtin(static_cast<uint32_t>(call.callee.integer));
  if (target.native) {
    Value result;
    if (!target.native(cx, bound.data(), result)) return Called::Failed;
    registers()[Instruction{call.word}.a()] = result;
    return Called::Done;
  }
  if (target.function < 0) return trap_call(call, std::move(bound));
  const Called entered = enter(image.functions()[target.function], nullptr, call);
  if (entered == Called::Pushed) std::copy(bound.begin(), bound.end(), registers());
  return entered;
}

/// Arguments are in place already, absent where not given.
Interpreter::Called Interpreter::call_builtin(const BuiltinTarget& target, const Call& call) {
  WF_CHECK(target.builtin != nullptr);
  if (call.count != target.count || target.native) return this->call(call);
  if (target.function >= 0) return enter(image.functions()[target.function], nullptr, call);
  Value* first = registers() + call.first;
  return trap_call(call, std::vector<Value>(first, first + call.count));
}

namespace {

/// Why there is nothing to call under that name, with the nearest method.
std::string no_method(Value receiver, std::string_view name) {
  if (receiver.is_null()) {
    return fmt::format("null has no method `{}`; use `?.{}(…)` where it may be null", name, name);
  }
  std::vector<std::string_view> names;
  const std::string type = type_name(receiver);
  for (const Builtin& builtin : builtins()) {
    if (builtin.place != Builtin::Place::Method) continue;
    const bool fits = (builtin.receiver == Builtin::Receiver::String && receiver.is(Tag::String)) ||
                      (builtin.receiver == Builtin::Receiver::List &&
                       (receiver.is(Tag::List) || receiver.is(Tag::Range))) ||
                      (builtin.receiver == Builtin::Receiver::Range && receiver.is(Tag::Range)) ||
                      (builtin.receiver == Builtin::Receiver::Map && receiver.is(Tag::Map)) ||
                      (builtin.receiver == Builtin::Receiver::Handle && receiver.is(Tag::Handle));
    if (fits) names.push_back(builtin.name);
  }
  std::string message = fmt::format("{} has no method `{}`", a_value(receiver), name);
  const std::string nearest = nearest_of(name, names);
  if (!nearest.empty()) return message + fmt::format("; did you mean `{}`?", nearest);
  if (receiver.is(Tag::Handle)) message += "; `gather h` gives its result";
  return message;
}

}  // namespace

Interpreter::Called Interpreter::call_method(uint32_t constant, const Call& call) {
  const Value receiver = registers()[call.first];
  const BuiltinTarget& target = image.method(constant, receiver.tag);
  if (target.builtin) {
    Call method = call;
    method.callee = Value::callee(CalleeKind::Builtin, target.builtin->number);
    return this->call(method);
  }
  String* name = image.constant(constant).string();
  if (!receiver.is(Tag::Map)) {
    cx.fail("TypeError", no_method(receiver, name->view()));
    return Called::Failed;
  }
  // No method of maps: the function stored under the key, without the receiver.
  const Value* stored = map_find(receiver.map(), name);
  if (!stored) {
    op_get_member(cx, receiver, name, nullptr, false, cx.error);
    return Called::Failed;
  }
  if (!stored->is_function()) {
    cx.fail("TypeError",
            fmt::format("`.{}(…)` calls what is stored under the key, and that is {}, not a fn",
                        name->view(), a_value(*stored)));
    return Called::Failed;
  }
  Call function = call;
  function.callee = *stored;
  function.first = call.first + 1;
  function.count = call.count - 1;
  return this->call(function);
}

Interpreter::Called Interpreter::trap_call(const Call& call, std::vector<Value> args) {
  trap(call.word, call.extra, nullptr);
  machine.trap_.callee = call.callee;
  machine.trap_.args = std::move(args);
  return Called::Trapped;
}

void Interpreter::trap(uint32_t word, uint32_t extra, const uint32_t* jump) {
  const Instruction instruction{word};
  Machine::Trap& trap = machine.trap_;
  trap.instruction = instruction;
  trap.extra = extra;
  trap.result = instruction.op() == Op::StreamNext ? static_cast<uint8_t>(instruction.a() + 1)
                                                   : instruction.a();
  trap.first = frame().base + uint64_t{instruction.a()};
  trap.callee = Value::null();
  trap.args.clear();
  trap.jump = jump;
}

Interpreter::Called Interpreter::start(uint32_t word, uint32_t extra) {
  const Instruction instruction{word};
  const auto* names = extra == UINT32_MAX ? nullptr : &image.program().shapes[extra];
  const uint32_t first = instruction.a() + 1u;
  Call call{registers()[instruction.a()], first, instruction.b(), names, word, extra};
  std::vector<Value> bound;
  if (!machine.bind(call.callee, registers() + first, call.count, names, bound, cx.error)) {
    return Called::Failed;
  }
  return trap_call(call, std::move(bound));
}

}  // namespace wakeful
