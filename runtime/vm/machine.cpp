// What surrounds the loop: starting strands, binding arguments, errors on their way out, stacks,
// roots.
#include "runtime/vm/machine.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/vm/messages.h"

namespace wakeful {

Machine::Machine(Heap& heap, Image& image, Value self_value)
    : self(self_value), heap_(heap), image_(image) {}

void Machine::start(Strand& strand, Value callee, const Value* args, uint32_t count) {
  WF_CHECK(callee.is(Tag::Closure) ||
           (callee.is(Tag::Callee) && callee.callee_kind == CalleeKind::Function));
  Closure* closure = callee.is(Tag::Closure) ? callee.as<Closure>() : nullptr;
  const int64_t number = closure ? closure->function : callee.integer;
  const CallTarget& target = image_.functions()[number];
  WF_CHECK(count <= target.registers);
  strand.registers.assign(target.registers + kArgumentSlack, Value::null());
  for (uint32_t i = 0; i < target.params; ++i) {
    strand.registers[i] = i < count ? args[i] : Value::absent();
  }
  strand.frames.clear();
  strand.handlers.clear();
  strand.frames.push_back(Frame{target.function, target.code, 0, 0, closure});
}

// --- arguments
// ---------------------------------------------------------------------------------------

namespace {

std::string name_list(const std::vector<Parameter>& params) {
  std::string out;
  for (const Parameter& param : params) {
    if (!out.empty()) out += ", ";
    out += param.name;
  }
  return out;
}

/// Arguments on their way to parameters; reports with the callee's name.
struct Binding {
  Heap& heap;
  const char* callee;
  std::vector<Value>& out;
  Value& error;

  bool fail(std::string_view message) {
    error = Value::of(make_error(heap, "ArgumentError", message));
    return false;
  }
  bool twice(std::string_view name) {
    return fail(fmt::format("{} got its argument `{}` twice", callee, name));
  }
  bool unknown(std::string_view name, const std::vector<std::string_view>& names) {
    const std::string nearest = nearest_of(name, names);
    if (!nearest.empty()) {
      return fail(
          fmt::format("{} has no parameter `{}`; did you mean `{}`?", callee, name, nearest));
    }
    if (names.empty()) return fail(fmt::format("{} takes no arguments, got `{}`", callee, name));
    return fail(
        fmt::format("{} has no parameter `{}`; it has {}", callee, name, fmt::join(names, ", ")));
  }
};

}  // namespace

bool Machine::bind(const std::vector<Parameter>& params, const char* callee_name, const Value* args,
                   uint32_t count, const std::vector<std::string>* names, std::vector<Value>& out,
                   Value& error) {
  Binding binding{heap_, callee_name, out, error};
  const uint32_t named = names ? static_cast<uint32_t>(names->size()) : 0;
  const uint32_t positional = count - named;
  out.assign(params.size(), Value::absent());
  if (positional > params.size()) {
    return binding.fail(fmt::format("{} takes {}{}{}{}, got {}", callee_name,
                                    counted(static_cast<int64_t>(params.size()), "argument"),
                                    params.empty() ? "" : " (", name_list(params),
                                    params.empty() ? "" : ")", count));
  }
  for (uint32_t i = 0; i < positional; ++i) out[i] = args[i];
  for (uint32_t n = 0; n < named; ++n) {
    const std::string& name = (*names)[n];
    uint32_t place = 0;
    while (place < params.size() && params[place].name != name) ++place;
    if (place == params.size()) {
      std::vector<std::string_view> known;
      for (const Parameter& param : params) known.push_back(param.name);
      return binding.unknown(name, known);
    }
    if (!out[place].is_absent()) return binding.twice(name);
    out[place] = args[positional + n];
  }
  for (uint32_t i = 0; i < params.size(); ++i) {
    if (!out[i].is_absent() || !params[i].required) continue;
    if (named == 0) {
      return binding.fail(fmt::format("{} takes {} ({}), got {}", callee_name,
                                      counted(static_cast<int64_t>(params.size()), "argument"),
                                      name_list(params), count));
    }
    return binding.fail(fmt::format("{} needs the argument `{}`", callee_name, params[i].name));
  }
  return true;
}

namespace {

/// A builtin's parameters; `receiver` is 1 where args begin with a method's receiver.
struct BuiltinBinding : Binding {
  const Builtin& builtin;
  uint32_t receiver;

  std::vector<std::string_view> names() const {
    std::vector<std::string_view> names;
    for (const Builtin::Param& param : builtin.params) {
      if (!param.rest && !param.fields) names.push_back(param.name);
    }
    return names;
  }

  bool wrong_count(uint32_t got) {
    return fail(fmt::format("{}({}) got {}", callee, builtin.signature, counted(got, "argument")));
  }

  bool positional(const Value* args, uint32_t count) {
    for (uint32_t i = 0; i < receiver; ++i) out[i] = args[i];
    uint32_t place = receiver;
    for (uint32_t i = receiver; i < count; ++i) {
      const uint32_t param = place - receiver;
      if (param >= builtin.params.size() || builtin.params[param].fields) {
        return wrong_count(count - receiver);
      }
      if (!builtin.params[param].rest) {
        out[place++] = args[i];
        continue;
      }
      if (out[place].is_absent()) out[place] = Value::of(make_list(heap, count - i));
      list_push(heap, out[place].list(), args[i]);
    }
    return true;
  }

  bool named(const std::string& name, Value value) {
    for (uint32_t p = 0; p < builtin.params.size(); ++p) {
      const Builtin::Param& param = builtin.params[p];
      if (param.rest) continue;
      Value& place = out[p + receiver];
      if (param.fields) {
        if (place.is_absent()) place = Value::of(make_map(heap));
        map_set(heap, place.map(), name, value);
        return true;
      }
      if (param.name != name) continue;
      if (!place.is_absent()) return twice(name);
      place = value;
      return true;
    }
    return unknown(name, names());
  }

  bool complete(uint32_t got) {
    for (uint32_t p = 0; p < builtin.params.size(); ++p) {
      const Builtin::Param& param = builtin.params[p];
      if (!param.required || param.rest || param.fields || !out[p + receiver].is_absent()) continue;
      if (got == 0) return wrong_count(0);
      return fail(
          fmt::format("{}({}) needs the argument `{}`", callee, builtin.signature, param.name));
    }
    return true;
  }
};

bool bind_builtin(Heap& heap, const Builtin& builtin, const Value* args, uint32_t count,
                  const std::vector<std::string>* names, std::vector<Value>& out, Value& error) {
  const std::string callee = builtin.qualified();
  const uint32_t receiver = builtin.place == Builtin::Place::Method ? 1 : 0;
  BuiltinBinding binding{{heap, callee.c_str(), out, error}, builtin, receiver};
  const uint32_t named = names ? static_cast<uint32_t>(names->size()) : 0;
  out.assign(builtin.params.size() + receiver, Value::absent());
  if (!binding.positional(args, count - named)) return false;
  for (uint32_t n = 0; n < named; ++n) {
    if (!binding.named((*names)[n], args[count - named + n])) return false;
  }
  return binding.complete(count - receiver);
}

}  // namespace

bool Machine::bind(Value callee, const Value* args, uint32_t count,
                   const std::vector<std::string>* names, std::vector<Value>& out, Value& error) {
  const Program& program = image_.program();
  if (callee.is(Tag::Closure)) {
    const Function& function = program.functions[callee.as<Closure>()->function];
    return bind(function.params, function.name.c_str(), args, count, names, out, error);
  }
  if (!callee.is(Tag::Callee)) {
    error = Value::of(make_error(
        heap_, "TypeError", fmt::format("only functions can be called, got {}", a_value(callee))));
    return false;
  }
  const auto index = static_cast<size_t>(callee.integer);
  switch (callee.callee_kind) {
    case CalleeKind::Function: {
      const Function& function = program.functions[index];
      return bind(function.params, function.name.c_str(), args, count, names, out, error);
    }
    case CalleeKind::Workflow: {
      const CallableDecl& decl = program.workflows[index];
      return bind(decl.params, decl.name.c_str(), args, count, names, out, error);
    }
    case CalleeKind::Activity: {
      const CallableDecl& decl = program.activities[index];
      return bind(decl.params, decl.name.c_str(), args, count, names, out, error);
    }
    case CalleeKind::Builtin: {
      const Builtin* builtin = image_.builtin(static_cast<uint32_t>(index)).builtin;
      WF_CHECK(builtin != nullptr);
      return bind_builtin(heap_, *builtin, args, count, names, out, error);
    }
  }
  return false;
}

// --- after a trap
// ------------------------------------------------------------------------------------

void Machine::resume_with(Strand& strand, uint8_t reg, Value answer) {
  WF_CHECK(!strand.frames.empty());
  strand.registers[strand.frames.back().base + reg] = answer;
}

// --- errors
// ------------------------------------------------------------------------------------------

namespace {

/// Where a frame is. Its pc is the next instruction, so the word before it belongs to the present
/// one.
Span place_of(const Frame& frame) {
  const auto next = static_cast<uint32_t>(frame.pc - frame.function->code.data());
  return frame.function->place_of(next > 0 ? next - 1 : 0);
}

}  // namespace

std::vector<Span> Machine::places(const Strand& strand) const {
  std::vector<Span> places;
  for (size_t i = strand.frames.size(); i-- > 0;) {
    if (!strand.frames[i].function->prelude) places.push_back(place_of(strand.frames[i]));
  }
  return places;
}

void Machine::add_stack(Strand& strand, Value error) {
  auto* object = error.as<ErrorObject>();
  if (!object->stack.is_null()) return;
  List* stack = make_list(heap_);
  uint32_t left_out = 0;
  for (size_t i = strand.frames.size(); i-- > 0;) {
    const Frame& frame = strand.frames[i];
    if (frame.function->prelude) continue;
    // Of a very deep stack: the innermost places and the outermost one.
    if (stack->count + 1 >= kStackPlacesMax && i > 0) {
      ++left_out;
      continue;
    }
    if (left_out) list_push(heap_, stack, string_value(heap_, fmt::format("… {} more", left_out)));
    left_out = 0;
    list_push(heap_, stack,
              string_value(heap_, fmt::format("{} at {}", frame.function->name,
                                              image_.program().sources.place(place_of(frame)))));
  }
  object->stack = Value::of(stack);
}

Value Machine::make_thrown(Strand& strand, std::string_view kind, std::string_view message) {
  const Value error = Value::of(make_error(heap_, kind, message));
  add_stack(strand, error);
  return error;
}

namespace {

constexpr int kCauseDepthMax = 1000;

}  // namespace

bool leads_to(Value from, const Object* error) {
  for (int i = 0; i < kCauseDepthMax && from.is(Tag::Error); ++i) {
    if (from.object == error) return true;
    from = from.as<ErrorObject>()->cause;
  }
  return false;
}

namespace {

/// The caught error becomes the cause of one thrown while it was handled, unless there is one, or a
/// circle would be.
void attach_cause(Value error, Value caught) {
  auto* object = error.as<ErrorObject>();
  if (!object->cause.is_null() || !caught.is(Tag::Error) || leads_to(caught, object)) return;
  object->cause = caught;
}

}  // namespace

bool Machine::unwind(Strand& strand, Value& error, Handler& handler) {
  while (!strand.handlers.empty()) {
    const Handler top = strand.handlers.back();
    strand.handlers.pop_back();
    if (top.kind == Handler::Kind::Catch) {
      attach_cause(error, strand.registers[strand.frames[top.frame].base + top.reg]);
      continue;
    }
    strand.frames.resize(top.frame + 1);
    handler = top;
    return true;
  }
  strand.frames.clear();
  return false;
}

void Machine::enter_handler(Strand& strand, const Handler& handler, Value error) {
  WF_CHECK(strand.frames.size() == size_t{handler.frame} + 1);
  strand.registers[strand.frames.back().base + handler.reg] = error;
  strand.frames.back().pc = handler.target;
}

// --- roots
// -------------------------------------------------------------------------------------------

void Strand::visit_roots(RootVisitor& visitor) {
  size_t live = 0;
  if (!frames.empty()) live = frames.back().base + size_t{frames.back().function->registers};
  live = std::min(live, registers.size());
  visitor.visit(registers.data(), live);
  std::fill(registers.begin() + static_cast<std::ptrdiff_t>(live), registers.end(), Value::null());
  for (Frame& frame : frames) {
    if (!frame.closure) continue;
    Value closure = Value::of(frame.closure);
    visitor.visit(closure);
    frame.closure = closure.as<Closure>();
  }
  visitor.visit(result);
  visitor.visit(error);
  visitor.visit(cancellation);
}

void Machine::visit_roots(RootVisitor& visitor) {
  visitor.visit(self);
  visitor.visit(trap_.callee);
  visitor.visit(trap_.args.data(), trap_.args.size());
}

}  // namespace wakeful
