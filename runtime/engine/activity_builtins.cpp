// Library functions in an activity's body: all of them live, effects run at once.
#include <fmt/format.h>

#include <unordered_map>

#include "runtime/engine/activity_host.h"
#include "runtime/engine/step_options.h"
#include "runtime/run/draws.h"
#include "runtime/values/codec.h"

namespace wakeful {

namespace {

using Args = std::vector<Value>;
using BuiltinHandler = void (*)(ActivityHost& host, Args& args);

void do_print(ActivityHost& host, Args& args) {
  host.world().print(printed_text(args[0]));
  host.answer(Value::null());
}

template <int level>
void do_log(ActivityHost& host, Args& args) {
  static constexpr const char* kLevels[] = {"debug", "info", "warn", "error"};
  std::string message, fields;
  append_text(message, args[0]);
  if (args[1].is(Tag::Map)) to_json(args[1], fields, {.pretty = false, .lossy = true});
  host.world().log(kLevels[level], message, fields);
  host.answer(Value::null());
}

void do_sleep(ActivityHost& host, Args& args) {
  if (!args[0].is(Tag::Duration)) {
    return host.raise("TypeError",
                      fmt::format("sleep needs a duration such as 5s, got {}", type_name(args[0])));
  }
  if (!host.world().sleep(args[0].integer)) return host.raise_cancelled();
  host.answer(Value::null());
}

void do_secret(ActivityHost& host, Args& args) {
  if (!args[0].is(Tag::String))
    return host.raise("TypeError", fmt::format("secret needs a name, got {}", type_name(args[0])));
  const std::string name(args[0].string()->view());
  auto placeholder = host.world().secret(name);
  if (!placeholder) {
    return host.raise(
        "KeyError",
        fmt::format("the secret {} is not there: set the environment variable of that name", name));
  }
  host.answer(string_value(host.heap(), *placeholder));
}

void do_heartbeat(ActivityHost& host, Args& args) {
  std::optional<std::string> progress;
  if (!args[0].is_absent()) {
    progress.emplace();
    if (auto wrong = to_cbor(args[0], *progress))
      return host.raise("TypeError",
                        fmt::format("heartbeat: progress{}: {}", wrong->path, wrong->message));
  }
  if (!host.world().heartbeat(std::move(progress))) return host.raise_cancelled();
  host.answer(Value::null());
}

void do_now(ActivityHost& host, Args&) { host.answer(Value::time(host.world().now_ms())); }

void do_env_get(ActivityHost& host, Args& args) {
  if (!args[0].is(Tag::String)) {
    return host.raise("TypeError", fmt::format("env.get needs a name, got {}", type_name(args[0])));
  }
  const std::string name(args[0].string()->view());
  auto found = host.world().environment(name);
  Value value = args[1];
  if (found && !host.decode(text_cbor(*found), value)) return;
  if (!value.is_absent()) return host.answer(value);
  host.raise("KeyError",
             fmt::format("the environment variable {0} is not set; set it, or give a default: "
                         "env.get(\"{0}\", …)",
                         name));
}

const std::unordered_map<std::string_view, BuiltinHandler>& handlers() {
  static const std::unordered_map<std::string_view, BuiltinHandler> table = {
      {"print", do_print},     {"log_debug", do_log<0>}, {"log_info", do_log<1>},
      {"log_warn", do_log<2>}, {"log_error", do_log<3>}, {"sleep", do_sleep},
      {"time_now", do_now},    {"env_get", do_env_get},  {"heartbeat", do_heartbeat},
      {"secret", do_secret},
  };
  return table;
}

/// Calls that carry an idempotency key.
bool is_keyed(const Builtin& builtin) {
  std::string_view module = builtin.module;
  return module == "http" || module == "exec";
}

}  // namespace

void ActivityHost::call_builtin(const Builtin& builtin, std::vector<Value> args) {
  if (builtin.kind == Builtin::Kind::Effect) return call_effect(builtin, args);
  if (Draw draw = find_draw(builtin.symbol)) {
    NativeContext cx{heap_, {}};
    Value drawn;
    return draw(cx, random_, args, drawn) ? answer(drawn) : raise(cx.error);
  }
  auto found = handlers().find(builtin.symbol);
  if (found == handlers().end()) {
    return raise("TypeError",
                 fmt::format("`{}` cannot be used in an activity's body", builtin.qualified()));
  }
  found->second(*this, args);
}

/// The first http or exec call carries the step's key, the n-th later one the key and `-n`.
void ActivityHost::call_effect(const Builtin& builtin, const std::vector<Value>& args) {
  if (world_.cancelled()) return raise_cancelled();
  EffectCall call;
  call.builtin = builtin.number;
  List* list = make_list(heap_, static_cast<uint32_t>(args.size()));
  for (Value arg : args) list_push(heap_, list, arg);
  if (auto wrong = to_cbor(Value::of(list), call.args)) {
    return raise("TypeError", fmt::format("{}: arguments{}: {}", builtin.qualified(), wrong->path,
                                          wrong->message));
  }
  call.key = call_.key;
  if (is_keyed(builtin)) {
    if (keyed_calls_ > 0) call.key += fmt::format("-{}", keyed_calls_);
    ++keyed_calls_;
  }
  EffectOutcome outcome = world_.effect(call);
  if (outcome.status == StepStatus::Cancelled) return raise_cancelled();
  Value value;
  if (!decode(outcome.value, value)) return;
  if (outcome.status == StepStatus::Completed) return answer(value);
  if (!value.is(Tag::Error)) return raise("Error", "the effect failed without an error");
  if (outcome.unknown) unanswered_ = value;
  raise(value);
}

}  // namespace wakeful
