// The real effects: from the number of a builtin to the function that does it.
#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "runtime/effects/call.h"
#include "runtime/values/codec.h"
#include "runtime/values/utf8.h"
#include "stdlib/builtins.h"

namespace wakeful {
namespace effects {

void Call::read(const std::string& bytes) {
  Value list;
  std::string error;
  if (!from_cbor(heap, bytes, list, error) || !list.is(Tag::List)) {
    fail("ArgumentError",
         "its arguments cannot be read: " + (error.empty() ? "not a list" : error));
  }
  args_ = list.list()->count ? list.list()->begin() : nullptr;
  count_ = list.list()->count;
}

void Call::fail(std::string_view kind, std::string_view message, Value data) const {
  throw Thrown{std::string(kind), fmt::format("{}: {}", name, message), data};
}

void Call::wrong_type(const std::string& param, const char* wanted, Value got) const {
  fail("TypeError", fmt::format("{} must be {}, got {}", param, wanted,
                                got.is_absent() ? "nothing" : type_name(got)));
}

std::string Call::text(size_t i, const char* param) const {
  const Value v = argument(i);
  if (!v.is(Tag::String)) wrong_type(param, "a string", v);
  const std::string_view text = v.string()->view();
  if (text.find('\0') != text.npos)
    fail("ArgumentError", fmt::format("{} must not contain a NUL character", param));
  return std::string(text);
}

bool Call::flag(size_t i, const char* param, bool otherwise) const {
  if (!given(i)) return otherwise;
  if (!argument(i).is(Tag::Bool)) wrong_type(param, "true or false", argument(i));
  return argument(i).boolean;
}

int64_t Call::timeout_ms(size_t i) const {
  if (!given(i)) return -1;
  const Value v = argument(i);
  if (!v.is(Tag::Duration)) wrong_type("timeout", "a duration like 30s", v);
  if (v.integer <= 0) fail("ArgumentError", "timeout must be longer than 0s");
  return v.integer;
}

Map* Call::map(size_t i, const char* param) const {
  if (!given(i)) return nullptr;
  if (!argument(i).is(Tag::Map)) wrong_type(param, "a map", argument(i));
  return argument(i).map();
}

std::string Call::plain_text(Value v, const std::string& where) const {
  if (!v.is(Tag::String) && !v.is_number() && !v.is(Tag::Bool))
    wrong_type(where, "a string, a number or a bool", v);
  std::string text;
  append_text(text, v);
  if (text.find('\0') != text.npos)
    fail("ArgumentError", fmt::format("{} must not contain a NUL character", where));
  return text;
}

std::string Call::json(size_t i, const char* param) const {
  std::string out;
  if (auto error = to_json(argument(i), out))
    fail("TypeError", fmt::format("{}{}: {}", param, error->path, error->message));
  return out;
}

Value repaired_string(Heap& heap, std::string_view bytes) {
  if (is_valid_utf8(bytes)) return string_value(heap, bytes);
  return string_value(heap, repair_utf8(bytes));
}

namespace {

using Function = Value (*)(Call& call);
struct Row {
  uint16_t number;
  Function function;
};
#define WF_ROW_Pure(number, symbol)
#define WF_ROW_Prelude(number, symbol)
#define WF_ROW_Host(number, symbol)
#define WF_ROW_Wait(number, symbol)
#define WF_ROW_Effect(number, symbol) Row{number, symbol},
#define WF_MODULE(number, module, name, kind, symbol, params, doc) WF_ROW_##kind(number, symbol)
constexpr Row kRows[] = {
#include "stdlib/builtins.def"
};

Function function_of(uint16_t number) {
  for (const Row& row : kRows) {
    if (row.number == number) return row.function;
  }
  return nullptr;
}

EffectOutcome outcome_of_error(Call& call, StepStatus status, const Thrown& thrown) {
  ErrorObject* error = make_error(call.heap, thrown.kind, thrown.message);
  error->data = thrown.data;
  EffectOutcome outcome{status, {}, call.unanswered};
  if (to_cbor(Value::of(error), outcome.value)) {  // too large: without its data
    error->data = Value::null();
    outcome.value.clear();
    to_cbor(Value::of(error), outcome.value);
  }
  return outcome;
}

class SystemEffects final : public Effects {
 public:
  EffectOutcome run(const EffectCall& effect, CancelToken& token) override {
    const Builtin* builtin = builtin_by_number(effect.builtin);
    const Function function = function_of(effect.builtin);
    WF_CHECK(builtin && function);
    Call call(effect, builtin->qualified() + "()", token);
    try {
      call.check_cancelled();
      call.read(effect.args);
      const Value result = function(call);
      EffectOutcome outcome{StepStatus::Completed, {}};
      if (auto error = to_cbor(result, outcome.value))
        call.fail("ResourceExhausted", "its result " + error->message);
      return outcome;
    } catch (const Thrown& thrown) {
      return outcome_of_error(call, StepStatus::Failed, thrown);
    } catch (const CancelledCall&) {
      return outcome_of_error(call, StepStatus::Cancelled,
                              {"Cancelled", call.name + " was cancelled", {}});
    }
  }

  std::optional<std::string> environment(const std::string& name) override {
    const char* value = name.find('\0') == name.npos ? std::getenv(name.c_str()) : nullptr;
    if (!value) return std::nullopt;
    return is_valid_utf8(value) ? std::string(value) : repair_utf8(value);
  }
};

}  // namespace
}  // namespace effects

Effects& system_effects() {
  static effects::SystemEffects instance;
  return instance;
}

}  // namespace wakeful
