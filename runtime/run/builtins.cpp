// Library functions that the run answers itself (Kind Host and Wait of stdlib/builtins.def): time,
// randomness, output, timers. None is a step of its own but env.get, whose answer is recorded.
#include <unordered_map>

#include "runtime/run/core.h"
#include "runtime/run/draws.h"
#include "runtime/values/codec.h"

namespace wakeful {

namespace {

using Core = Run::Core;
using Args = std::vector<Value>;

/// What a row's symbol does: answers, raises or parks the strand.
using Handler = void (*)(Core& core, RunStrand& strand, Args& args);

void do_print(Core& core, RunStrand& strand, Args& args) {
  core.printed = true;
  core.host->print(printed_text(args[0]));
  core.answer(strand, Value::null());
}

template <int level>
void do_log(Core& core, RunStrand& strand, Args& args) {
  static constexpr const char* kLevels[] = {"debug", "info", "warn", "error"};
  std::string message, fields;
  append_text(message, args[0]);
  if (args[1].is(Tag::Map)) to_json(args[1], fields, {.pretty = false, .lossy = true});
  core.host->log(kLevels[level], std::move(message), std::move(fields));
  core.answer(strand, Value::null());
}

bool want_duration(Core& core, RunStrand& strand, const char* callee, Value v) {
  if (v.is(Tag::Duration)) return true;
  core.raise(strand, "TypeError",
             std::string(callee) + " needs a duration such as 5s, got " + type_name(v));
  return false;
}

void do_sleep(Core& core, RunStrand& strand, Args& args) {
  if (!want_duration(core, strand, "sleep", args[0])) return;
  if (core.cancelled_instead(strand)) return;
  uint8_t reg = core.machine.trap().result;
  uint64_t timer = core.start_timer(args[0].integer, TimerKind::Sleep, core.place_of(strand));
  core.park(strand, Waiting::Sleep, reg);
  strand.wait.work = timer;
  core.works.at(timer).waiters.push_back({strand.number, strand.wait.serial, Value::null()});
}

void do_timer(Core& core, RunStrand& strand, Args& args) {
  if (!want_duration(core, strand, "timer", args[0])) return;
  uint64_t timer = core.start_timer(args[0].integer, TimerKind::Timer, core.place_of(strand));
  core.answer(strand, core.works.at(timer).handle);
}

void do_now(Core& core, RunStrand& strand, Args&) { core.answer(strand, Value::time(core.now_ms)); }

void do_env_get(Core& core, RunStrand& strand, Args& args) {
  if (!args[0].is(Tag::String)) {
    return core.raise(strand, "TypeError",
                      std::string("env.get needs a name, got ") + type_name(args[0]));
  }
  Record record;
  record.type = RecordType::ValueRecorded;
  record.name = args[0].string()->view();
  record.where = core.place_of(strand);
  if (!core.command(record)) return;
  Value value = Value::absent();
  std::string unreadable;
  if (!record.value.empty()) from_cbor(core.heap, record.value, value, unreadable);
  if (value.is_absent()) value = args[1];
  if (value.is_absent()) {
    return core.raise(strand, "KeyError",
                      "the environment variable " + record.name +
                          " is not set; set it, or give a default: env.get(\"" + record.name +
                          "\", …)");
  }
  core.answer(strand, value);
}

/// Recorded like env.get, but not its value: the host answers with a placeholder, which effects
/// understand.
void do_secret(Core& core, RunStrand& strand, Args& args) {
  if (!args[0].is(Tag::String))
    return core.raise(strand, "TypeError",
                      std::string("secret needs a name, got ") + type_name(args[0]));
  Record record;
  record.type = RecordType::SecretRead;
  record.name = args[0].string()->view();
  record.where = core.place_of(strand);
  if (!core.command(record)) return;
  Value placeholder;
  std::string unreadable;
  if (record.value.empty() || !from_cbor(core.heap, record.value, placeholder, unreadable)) {
    return core.raise(
        strand, "KeyError",
        "the secret " + record.name + " is not there: set the environment variable of that name");
  }
  core.answer(strand, placeholder);
}

/// In a test: the host looks into its journal.
void do_calls(Core& core, RunStrand& strand, Args& args) {
  const Program& program = core.setup.image->program();
  std::string name;
  if (args[0].is(Tag::Callee)) {
    const auto index = static_cast<size_t>(args[0].integer);
    switch (args[0].callee_kind) {
      case CalleeKind::Workflow:
        name = "workflow " + program.workflows[index].name;
        break;
      case CalleeKind::Activity:
        name = "activity " + program.activities[index].name;
        break;
      case CalleeKind::Builtin:
        name = "effect " + builtin_by_number(static_cast<uint16_t>(index))->qualified();
        break;
      case CalleeKind::Function:
        break;
    }
  }
  if (name.empty()) {
    return core.raise(strand, "TypeError", "calls() needs a workflow, an activity or an effect");
  }
  Record record;
  record.type = RecordType::ValueRecorded;
  record.name = kCallsOf + name;
  record.where = core.place_of(strand);
  if (!core.command(record)) return;
  Value value = Value::null();
  std::string unreadable;
  from_cbor(core.heap, record.value, value, unreadable);
  core.answer(strand, value);
}

void do_cancel(Core& core, RunStrand& strand, Args& args) {
  Value reason = args.size() > 1 ? args[1] : Value::absent();
  if (!reason.is(Tag::String) && !reason.is_absent() && !reason.is_null()) {
    return core.raise(strand, "TypeError",
                      std::string("the reason of cancel() is a string, got ") + type_name(reason));
  }
  core.cancel_handle(strand, args[0].as<wakeful::Handle>(), reason);
}

void do_receive(Core& core, RunStrand& strand, Args& args) {
  Value timeout = args[1].is_null() ? Value::absent() : args[1];
  core.receive(strand, args[0], timeout);
}

void do_signal(Core& core, RunStrand& strand, Args& args) {
  if (!args[0].is(Tag::String)) {
    return core.raise(strand, "TypeError",
                      std::string("signal needs a name, got ") + type_name(args[0]));
  }
  core.answer(strand, core.signal_handle(args[0].string()->view()));
}

void do_send_signal(Core& core, RunStrand& strand, Args& args) {
  Value payload = args[2].is_absent() ? Value::null() : args[2];
  core.send_signal(strand, args[0].as<wakeful::Handle>(), args[1], payload);
}

const std::unordered_map<std::string_view, Handler>& handlers() {
  static const std::unordered_map<std::string_view, Handler> table = {
      {"print", do_print},          {"log_debug", do_log<0>}, {"log_info", do_log<1>},
      {"log_warn", do_log<2>},      {"log_error", do_log<3>}, {"sleep", do_sleep},
      {"timer", do_timer},          {"time_now", do_now},     {"env_get", do_env_get},
      {"handle_cancel", do_cancel}, {"receive", do_receive},  {"signal", do_signal},
      {"handle_signal", do_send_signal}, {"secret", do_secret}, {"calls", do_calls},
  };
  return table;
}

}  // namespace

void Run::Core::trap_builtin(RunStrand& strand, const Builtin& builtin, std::vector<Value>& args) {
  if (Draw draw = find_draw(builtin.symbol)) {
    NativeContext cx{heap, {}};
    Value drawn;
    return draw(cx, random, args, drawn) ? answer(strand, drawn) : raise(strand, cx.error);
  }
  auto found = handlers().find(builtin.symbol);
  if (found == handlers().end()) {
    return raise(strand, "TypeError",
                 "`" + builtin.qualified() + "` cannot be used in a workflow" +
                     (builtin.qualified() == "heartbeat" ? ", only in an activity's body" : ""));
  }
  found->second(*this, strand, args);
}

/// h.cancel(): asks and returns; takes the failure, also of one that has ended.
void Run::Core::cancel_handle(RunStrand& strand, Handle* handle, Value reason) {
  handle->taken = true;
  const uint64_t step = handle->step;
  const bool open = handle->state == Handle::State::Open;
  answer(strand, Value::null());
  if (!open) return;
  if (handle->kind == Handle::Kind::Signal) work_of(handle);
  auto work = works.find(step);
  if (work != works.end()) cancel_work(work->second, CancelMode::Cancel, reason, true);
}

}  // namespace wakeful
