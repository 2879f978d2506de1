// From the number of a Pure row to its function; checks of arguments that all natives share.
#include "stdlib/native/natives.h"

#include <array>
#include <cstring>

#include "lang/base/numbers.h"

namespace wakeful {

namespace {

constexpr size_t kNumbers = 512;  // builtins.def; grows with it (checked below)

constexpr std::array<Native, kNumbers> make_natives() {
  std::array<Native, kNumbers> table{};
#define WF_ENTRY_Pure(number, symbol) table[number] = native::symbol;
#define WF_ENTRY_Prelude(number, symbol)
#define WF_ENTRY_Host(number, symbol)
#define WF_ENTRY_Wait(number, symbol)
#define WF_ENTRY_Effect(number, symbol)
#define WF_GLOBAL(number, name, kind, symbol, params, doc) WF_ENTRY_##kind(number, symbol)
#define WF_MODULE(number, module, name, kind, symbol, params, doc) WF_ENTRY_##kind(number, symbol)
#define WF_METHOD(number, type, name, kind, symbol, params, doc) WF_ENTRY_##kind(number, symbol)
#include "stdlib/builtins.def"
  return table;
}
constexpr std::array<Native, kNumbers> kNatives = make_natives();

}  // namespace

Native native_of(uint16_t builtin_number) {
  WF_CHECK(builtin_number < kNumbers && kNatives[builtin_number]);
  return kNatives[builtin_number];
}

namespace native {

Sequence sequence_of(Value v) {
  if (v.is(Tag::List)) return {v.list(), 0, 1, v.list()->count};
  const auto* range = v.as<Range>();
  return {nullptr, range->begin, range->step, range->count()};
}

namespace {

bool wrong_type(NativeContext& cx, const char* call, const char* param, const char* wanted,
                Value got) {
  return cx.fail("TypeError",
                 fmt::format("{} takes {} as {}, got {}", call, wanted, param, type_name(got)));
}

}  // namespace

bool want_sequence(NativeContext& cx, Value v, const char* call, const char* param, Sequence& out) {
  if (!is_sequence(v)) return wrong_type(cx, call, param, "a list", v);
  out = sequence_of(v);
  return true;
}

bool want_string(NativeContext& cx, Value v, const char* call, const char* param, String*& out) {
  if (!v.is(Tag::String)) return wrong_type(cx, call, param, "a string", v);
  out = v.string();
  return true;
}

bool want_int(NativeContext& cx, Value v, const char* call, const char* param, int64_t& out) {
  if (!v.is(Tag::Int)) return wrong_type(cx, call, param, "an int", v);
  out = v.integer;
  return true;
}

bool want_number(NativeContext& cx, Value v, const char* call, const char* param, double& out) {
  if (!v.is_number()) return wrong_type(cx, call, param, "a number", v);
  out = v.number();
  return true;
}

bool want_count(NativeContext& cx, Value v, const char* call, const char* param, int64_t least,
                int64_t& out) {
  if (!want_int(cx, v, call, param, out)) return false;
  if (out >= least) return true;
  return cx.fail("ArgumentError", fmt::format("{} takes an int of at least {} as {}, got {}", call,
                                              least, param, out));
}

bool want_map(NativeContext& cx, Value v, const char* call, const char* param, Map*& out) {
  if (!v.is(Tag::Map)) return wrong_type(cx, call, param, "a map", v);
  out = v.map();
  return true;
}

bool want_changeable_list(NativeContext& cx, Value v, const char* call, List*& out) {
  if (!v.is(Tag::List)) {
    return cx.fail(
        "TypeError",
        fmt::format("{} changes a list, got a {}; copy() makes a list of it", call, type_name(v)));
  }
  if (v.list()->frozen()) {
    return cx.fail("TypeError",
                   fmt::format("{} cannot change a constant list; copy() gives a fresh one", call));
  }
  out = v.list();
  return true;
}

bool check_fits(NativeContext& cx, const char* call, uint64_t bytes) {
  if (cx.heap.fits(bytes)) return true;
  return cx.fail("ResourceExhausted",
                 fmt::format("the result of {} would take {} MB; the heap of a run holds {} MB",
                             call, bytes >> 20, cx.heap.limit_bytes() >> 20));
}

bool new_list(NativeContext& cx, const char* call, uint64_t count, List*& out) {
  if (count > UINT32_MAX) return check_fits(cx, call, UINT64_MAX);
  if (!check_fits(cx, call, count * sizeof(Value) + sizeof(List))) return false;
  out = make_list(cx.heap, static_cast<uint32_t>(count));
  return true;
}

bool push_one(NativeContext& cx, const char* call, List* list, Value v) {
  if (list->count == list->capacity &&
      !check_fits(cx, call, (uint64_t{list->count} * 2 + 4) * sizeof(Value))) {
    return false;
  }
  list_push(cx.heap, list, v);
  return true;
}

bool new_string(NativeContext& cx, const char* call, std::string_view text, Value& result) {
  if (!check_fits(cx, call, text.size() + sizeof(String))) return false;
  result = string_value(cx.heap, text);
  return true;
}

OrderClass order_class(Value v) {
  switch (v.tag) {
    case Tag::Int:
    case Tag::Float:
      return OrderClass::Number;
    case Tag::String:
      return OrderClass::String;
    case Tag::Duration:
      return OrderClass::Duration;
    case Tag::Time:
      return OrderClass::Time;
    default:
      return OrderClass::None;
  }
}

namespace {

int compare_floats(double a, double b) {
  if (a < b) return -1;
  if (a > b) return 1;
  return (a != a) - (b != b);
}

int compare_numbers(Value a, Value b) {
  if (a.is(Tag::Float)) {
    if (b.is(Tag::Float)) return compare_floats(a.real, b.real);
    return -compare_numbers(b, a);
  }
  if (b.is(Tag::Int)) return (a.integer > b.integer) - (a.integer < b.integer);
  const int order = compare_int_float(a.integer, b.real);
  return order == 2 ? -1 : order;  // NaN stands last
}

int compare_strings(const String* a, const String* b) {
  const uint32_t common = a->bytes < b->bytes ? a->bytes : b->bytes;
  const int order = std::memcmp(a->data, b->data, common);
  return order ? order : (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

}  // namespace

int compare(Value a, Value b) {
  switch (a.tag) {
    case Tag::Int:
    case Tag::Float:
      return compare_numbers(a, b);
    case Tag::String:
      return compare_strings(a.string(), b.string());
    default:
      return (a.integer > b.integer) - (a.integer < b.integer);
  }
}

}  // namespace native
}  // namespace wakeful
