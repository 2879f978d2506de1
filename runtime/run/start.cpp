// What a call or spawn begins: a child, an activity, a library effect or a strand.
#include "runtime/run/core.h"
#include "runtime/run/options.h"
#include "runtime/values/codec.h"

namespace wakeful {

namespace {

/// What runs outside of the run's own code: only that has a point where it is dispatched.
bool is_step(Value callee) {
  if (!callee.is(Tag::Callee)) return false;
  if (callee.callee_kind != CalleeKind::Builtin) return callee.callee_kind != CalleeKind::Function;
  const Builtin* builtin = builtin_by_number(static_cast<uint16_t>(callee.integer));
  return builtin != nullptr && builtin->kind == Builtin::Kind::Effect;
}

}  // namespace

void Run::Core::trap_start(RunStrand& strand) {
  const Machine::Trap& trap = machine.trap();
  const Instruction at = trap.instruction;
  size_t behind = trap.first + at.b() + 1;
  Value id = strand.registers[behind];
  Value options = strand.registers[behind + 1];
  Value undo = (at.c() & 2) != 0 ? strand.registers[behind + 2] : Value::absent();
  start(strand, trap.callee, trap.args, id, options, undo, (at.c() & 1) != 0);
}

void Run::Core::trap_call(RunStrand& strand) {
  const Machine::Trap& trap = machine.trap();
  if (trap.callee.is(Tag::Callee) && trap.callee.callee_kind == CalleeKind::Builtin) {
    const Builtin* builtin = builtin_by_number(static_cast<uint16_t>(trap.callee.integer));
    WF_CHECK(builtin != nullptr);
    if (builtin->kind != Builtin::Kind::Effect) {
      std::vector<Value> args = trap.args;
      return trap_builtin(strand, *builtin, args);
    }
  }
  start(strand, trap.callee, trap.args, Value::absent(), Value::absent(), Value::absent(), true);
}

void Run::Core::start(RunStrand& strand, Value callee, std::vector<Value> args, Value id,
                      Value options, Value undo, bool direct) {
  const Program& program = setup.image->program();
  Work* work = nullptr;
  if (direct && cancelled_instead(strand)) return;
  if (!undo.is_absent() && !is_step(callee)) {
    return raise(strand, "TypeError",
                 std::string("`compensate` is bound to a call of a workflow, an activity or a "
                             "library effect, got ") +
                     type_name(callee) + "; put it on a line of its own");
  }
  if (callee.is(Tag::Callee)) {
    size_t index = static_cast<size_t>(callee.integer);
    switch (callee.callee_kind) {
      case CalleeKind::Workflow:
        work = start_child(strand, program.workflows[index], args, id, options);
        break;
      case CalleeKind::Activity:
        work = start_activity(strand, program.activities[index], args, options);
        break;
      case CalleeKind::Builtin: {
        const Builtin& builtin = *builtin_by_number(static_cast<uint16_t>(index));
        if (builtin.kind == Builtin::Kind::Effect) {
          work = start_effect(strand, builtin, args, options);
          break;
        }
        if (builtin.kind == Builtin::Kind::Prelude) {
          Value function =
              Value::callee(CalleeKind::Function, setup.image->prelude_function(builtin.number));
          work = start_strand(strand, function, args);
          break;
        }
        return raise(
            strand, "TypeError",
            "`" + builtin.qualified() +
                "` cannot be spawned: spawn a workflow, an activity, a function or a block");
      }
      case CalleeKind::Function:
        work = start_strand(strand, callee, args);
        break;
    }
  } else if (callee.is(Tag::Closure)) {
    work = start_strand(strand, callee, args);
  } else {
    return raise(
        strand, "TypeError",
        std::string("spawn needs a workflow, an activity or a function, got ") + type_name(callee));
  }
  if (work == nullptr) return;  // refused; the error is on its way
  work->strand = strand.number;
  if (!undo.is_absent()) bind_block(strand, *work, undo);
  if (direct) {
    wait_for(strand, *work);
  } else {
    answer(strand, work->handle);
  }
}

Work* Run::Core::start_child(RunStrand& strand, const CallableDecl& decl, std::vector<Value>& args,
                             Value id, Value options) {
  Record record;
  record.type = RecordType::ChildStarted;
  record.name = decl.name;
  record.where = place_of(strand);
  if (!encode_arguments(strand, decl.name, &decl.params, args, record.value)) return nullptr;
  Options parsed;
  if (!encode_options(strand, decl.options, options, OptionsOf::Child, parsed, record.options))
    return nullptr;
  if (setup.depth + 1 > Run::kNestingMax) {
    raise(strand, "ResourceExhausted",
          "children nest at most " + std::to_string(Run::kNestingMax) + " deep; start `" +
              decl.name + "` from a workflow further up, or use a loop");
    return nullptr;
  }
  if (id.is_absent()) {
    uint64_t count = ++child_counts[decl.name];
    record.id = setup.id + "/" + decl.name + "-" + std::to_string(count);
  } else {
    std::string problem = id_problem(id);
    if (!problem.empty()) {
      raise(strand, id.is(Tag::String) ? "ArgumentError" : "TypeError", problem);
      return nullptr;
    }
    ++child_counts[decl.name];
    record.id = std::string(id.string()->view());
  }
  Work& work = add_work(RecordType::ChildStarted, Handle::Kind::Child, decl.name, record.where);
  work.policy = parsed.parent_close_policy;
  work.hands_over = parsed.hands_over;
  work.handle.as<Handle>()->id = string_value(heap, record.id);
  record.step = work.number;
  if (!command(record)) return nullptr;
  if (record.kind != static_cast<uint64_t>(ChildRefusal::None)) {
    forget_work(work.number);
    Value message;
    std::string unreadable;
    std::string text = "refused";
    if (from_cbor(heap, record.value, message, unreadable) && message.is(Tag::String)) {
      text = message.string()->view();
    }
    ChildRefusal why = static_cast<ChildRefusal>(record.kind);
    raise(strand,
          why == ChildRefusal::AlreadyExists ? "AlreadyExists"
          : why == ChildRefusal::NotFound    ? "NotFound"
                                             : "ResourceExhausted",
          text);
    return nullptr;
  }
  if (work.policy != ClosePolicy::Abandon) hold(strand.scopes.back(), work);
  return &work;
}

Work* Run::Core::start_activity(RunStrand& strand, const CallableDecl& decl,
                                std::vector<Value>& args, Value options) {
  Record record;
  record.type = RecordType::StepScheduled;
  record.kind = static_cast<uint64_t>(StepKind::Activity);
  record.name = decl.name;
  record.where = place_of(strand);
  if (!encode_arguments(strand, decl.name, &decl.params, args, record.value)) return nullptr;
  Options parsed;
  if (!encode_options(strand, decl.options, options, OptionsOf::Step, parsed, record.options)) {
    return nullptr;
  }
  Work& work = add_work(RecordType::StepScheduled, Handle::Kind::Activity, decl.name, record.where);
  record.step = work.number;
  if (!command(record)) return nullptr;
  hold(strand.scopes.back(), work);
  return &work;
}

Work* Run::Core::start_effect(RunStrand& strand, const Builtin& builtin, std::vector<Value>& args,
                              Value options) {
  Record record;
  record.type = RecordType::StepScheduled;
  record.kind = static_cast<uint64_t>(StepKind::Effect);
  record.name = builtin.qualified();
  record.where = place_of(strand);
  if (!encode_arguments(strand, record.name, nullptr, args, record.value)) return nullptr;
  Options parsed;
  if (!encode_options(strand, Constant{}, options, OptionsOf::Step, parsed, record.options))
    return nullptr;
  Work& work = add_work(RecordType::StepScheduled, Handle::Kind::Effect, record.name, record.where);
  work.effect = true;
  record.step = work.number;
  if (!command(record)) return nullptr;
  hold(strand.scopes.back(), work);
  return &work;
}

Work* Run::Core::start_strand(RunStrand& strand, Value callee, std::vector<Value>& args) {
  uint64_t where = place_of(strand);
  RunStrand& started =
      new_strand(Role::Spawned, callee, args.data(), static_cast<uint32_t>(args.size()), 0);
  Work& work = add_work(RecordType::RunStarted, Handle::Kind::Strand, "strand", where);
  WF_CHECK(work.number == started.number);
  hold(strand.scopes.back(), work);
  return &work;
}

/// Arguments as one CBOR list by position; `undefined` where not given. Types are checked here, at
/// the boundary; `params` null: a library effect, which checks its own.
bool Run::Core::encode_arguments(RunStrand& strand, const std::string& callee,
                                 const std::vector<Parameter>* params, std::vector<Value>& args,
                                 std::string& out) {
  List* list = make_list(heap, static_cast<uint32_t>(args.size()));
  for (size_t i = 0; i < args.size(); ++i) {
    if (params != nullptr && i < params->size() && !args[i].is_absent()) {
      const Parameter& param = (*params)[i];
      if (auto wrong = check_type(heap, args[i], param.type, false)) {
        raise(strand, "TypeError",
              callee + ": " + param.name + wrong->path + ": " + wrong->message);
        return false;
      }
    }
    list_push(heap, list, args[i]);
  }
  if (!to_cbor(Value::of(list), out)) return true;
  for (size_t i = 0; i < args.size(); ++i) {  // again, one by one: which one was it?
    std::string scratch;
    if (auto wrong = to_cbor(args[i], scratch)) {
      std::string name = params != nullptr && i < params->size()
                             ? (*params)[i].name
                             : "argument " + std::to_string(i + 1);
      raise(strand, "TypeError", callee + ": " + name + wrong->path + ": " + wrong->message);
      return false;
    }
  }
  raise(strand, "TypeError", callee + ": the arguments are too large together");
  return false;
}

bool Run::Core::encode_options(RunStrand& strand, const Constant& declared, Value given,
                               OptionsOf what, Options& parsed, std::string& out) {
  Value merged = Value::null();
  if (declared.kind == Constant::Kind::Map) merged = setup.image->materialise(declared);
  if (!given.is_absent()) {
    if (!given.is(Tag::Map)) {
      raise(strand, "ArgumentError",
            std::string("`with` needs a map of options, got ") + type_name(given));
      return false;
    }
    Map* both = make_map(heap, given.map()->count);
    for (Value source : {merged, given}) {
      if (!source.is(Tag::Map)) continue;
      for (uint32_t i = 0; i < source.map()->used; ++i) {
        const Entry& entry = map_entries(source.map())[i];
        if (entry.key != nullptr) map_set(heap, both, entry.key, entry.value);
      }
    }
    merged = Value::of(both);
  }
  if (merged.is_null()) return true;
  std::string problem;
  if (!parse_options(merged.map(), what, parsed, problem)) {
    raise(strand, "ArgumentError", problem);
    return false;
  }
  if (merged.map()->count == 0) return true;
  if (auto wrong = to_cbor(merged, out)) {
    raise(strand, "TypeError", "options" + wrong->path + ": " + wrong->message);
    return false;
  }
  return true;
}

}  // namespace wakeful
