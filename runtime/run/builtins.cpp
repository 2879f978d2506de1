// Library functions that the run answers itself (Kind Host and Wait of stdlib/builtins.def): time,
// randomness, output, timers. None is a step of its own but env.get, whose answer is recorded.
#include <unordered_map>

#include "runtime/run/core.h"
#include "runtime/values/codec.h"

namespace wakeful {

namespace {

using Core = Run::Core;
using Args = std::vector<Value>;

/// What a row's symbol does: answers, raises or parks the strand.
using Handler = void (*)(Core& core, RunStrand& strand, Args& args);

std::string joined_text(Value values) {
  std::string text;
  if (!values.is(Tag::List)) return text;
  for (uint32_t i = 0; i < values.list()->count; ++i) {
    if (i > 0) text += ' ';
    append_text(text, values.list()->begin()[i]);
  }
  return text;
}

void do_print(Core& core, RunStrand& strand, Args& args) {
  core.printed = true;
  core.host->print(joined_text(args[0]));
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

void do_uuid(Core& core, RunStrand& strand, Args&) {
  static constexpr char kHex[] = "0123456789abcdef";
  uint64_t words[2] = {core.random.next(), core.random.next()};
  words[0] = (words[0] & ~uint64_t{0xF000}) | 0x4000;                  // version 4
  words[1] = (words[1] & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62);  // variant 1
  std::string text;
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) text += '-';
    text += kHex[(words[i / 16] >> (60 - i % 16 * 4)) & 15];
  }
  core.answer(strand, string_value(core.heap, text));
}

void do_random_int(Core& core, RunStrand& strand, Args& args) {
  if (!args[0].is(Tag::Int) || !args[1].is(Tag::Int)) {
    return core.raise(strand, "TypeError",
                      std::string("random.int needs two ints, got ") + type_name(args[0]) +
                          " and " + type_name(args[1]));
  }
  int64_t a = args[0].integer, b = args[1].integer;
  if (a > b) return core.raise(strand, "ArgumentError", "random.int(a, b) needs a <= b");
  uint64_t span = static_cast<uint64_t>(b) - static_cast<uint64_t>(a) + 1;
  uint64_t drawn = span == 0 ? core.random.next() : core.random.below(span);
  core.answer(strand, Value::of(static_cast<int64_t>(static_cast<uint64_t>(a) + drawn)));
}

void do_random_float(Core& core, RunStrand& strand, Args&) {
  core.answer(strand, Value::of(core.random.real()));
}

/// The elements of a list or range as a fresh list, or null with an error raised.
List* want_elements(Core& core, RunStrand& strand, const char* callee, Value v) {
  List* list = make_list(core.heap);
  if (v.is(Tag::List)) {
    for (uint32_t i = 0; i < v.list()->count; ++i) list_push(core.heap, list, v.list()->begin()[i]);
    return list;
  }
  if (v.is(Tag::Range)) {
    Range* range = v.as<Range>();
    if (range->count() > 100'000'000) {
      core.raise(strand, "ResourceExhausted", std::string(callee) + ": the range is too long");
      return nullptr;
    }
    for (int64_t i = 0; i < range->count(); ++i) {
      list_push(core.heap, list, Value::of(range->begin + i * range->step));
    }
    return list;
  }
  core.raise(strand, "TypeError", std::string(callee) + " needs a list, got " + type_name(v));
  return nullptr;
}

void do_random_choice(Core& core, RunStrand& strand, Args& args) {
  List* list = want_elements(core, strand, "random.choice", args[0]);
  if (list == nullptr) return;
  if (list->count == 0) {
    return core.raise(strand, "ArgumentError", "random.choice needs a list that is not empty");
  }
  core.answer(strand, list->begin()[core.random.below(list->count)]);
}

void do_random_shuffle(Core& core, RunStrand& strand, Args& args) {
  List* list = want_elements(core, strand, "random.shuffle", args[0]);
  if (list == nullptr) return;
  for (uint32_t i = list->count; i > 1; --i) {
    std::swap(list->begin()[i - 1], list->begin()[core.random.below(i)]);
  }
  core.answer(strand, Value::of(list));
}

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

void do_cancel(Core& core, RunStrand& strand, Args& args) {
  Value reason = args.size() > 1 ? args[1] : Value::absent();
  if (!reason.is(Tag::String) && !reason.is_absent() && !reason.is_null()) {
    return core.raise(strand, "TypeError",
                      std::string("the reason of cancel() is a string, got ") + type_name(reason));
  }
  core.cancel_handle(strand, args[0].as<wakeful::Handle>(), reason);
}

const std::unordered_map<std::string_view, Handler>& handlers() {
  static const std::unordered_map<std::string_view, Handler> table = {
      {"print", do_print},
      {"log_debug", do_log<0>},
      {"log_info", do_log<1>},
      {"log_warn", do_log<2>},
      {"log_error", do_log<3>},
      {"sleep", do_sleep},
      {"timer", do_timer},
      {"time_now", do_now},
      {"uuid", do_uuid},
      {"random_int", do_random_int},
      {"random_float", do_random_float},
      {"random_choice", do_random_choice},
      {"random_shuffle", do_random_shuffle},
      {"env_get", do_env_get},
      {"handle_cancel", do_cancel},
  };
  return table;
}

}  // namespace

void Run::Core::trap_builtin(RunStrand& strand, const Builtin& builtin, std::vector<Value>& args) {
  auto found = handlers().find(builtin.symbol);
  if (found == handlers().end()) {
    return raise(strand, "TypeError",
                 "`" + builtin.qualified() + "` is not supported yet in a workflow");
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
  auto work = works.find(step);
  if (work != works.end()) cancel_work(work->second, CancelMode::Cancel, reason);
}

}  // namespace wakeful
