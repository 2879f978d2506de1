// `for` over what is not a list or a range: maps and strings. Their state is one int:
//   map     low 32 bits: place of the next entry; high 32: shape_version when the loop began
//   string  low 32 bits: byte offset of the next character; high 32: its index
#include <fmt/format.h>

#include "runtime/vm/interpreter.h"
#include "runtime/vm/messages.h"

namespace wakeful {

namespace {

uint64_t pack(uint32_t low, uint32_t high) { return uint64_t{high} << 32 | low; }
uint32_t low(Value state) { return static_cast<uint32_t>(state.integer); }
uint32_t high(Value state) {
  return static_cast<uint32_t>(static_cast<uint64_t>(state.integer) >> 32);
}
Value state_of(uint64_t packed) { return Value::of(static_cast<int64_t>(packed)); }

}  // namespace

bool Interpreter::for_prepare(Value* registers) {
  switch (registers[0].tag) {
    case Tag::List:
    case Tag::Range:
    case Tag::String:
      registers[1] = Value::of(int64_t{0});
      return true;
    case Tag::Map:
      registers[1] = state_of(pack(0, registers[0].map()->shape_version));
      return true;
    default:
      break;
  }
  const char* remedy = registers[0].is_null()         ? "; use `?? []` where it may be null"
                       : registers[0].is(Tag::Int)    ? "; to count use `0..n`"
                       : registers[0].is(Tag::Handle) ? "; `gather h` gives its result"
                                                      : "";
  return cx.fail("TypeError", fmt::format("`for` goes over a list, range, map or string, got {}{}",
                                          a_value(registers[0]), remedy));
}

namespace {

Interpreter::Next next_entry(NativeContext& cx, Value* registers, bool with_key) {
  Map* map = registers[0].map();
  if (map->shape_version != high(registers[1])) {
    cx.fail("ArgumentError",
            "keys were added to or removed from the map while a `for` went over it; go over "
            "`m.keys()` instead");
    return Interpreter::Next::Failed;
  }
  uint32_t at = low(registers[1]);
  while (at < map->used && !map_entries(map)[at].key) ++at;
  if (at >= map->used) return Interpreter::Next::End;
  const Entry& entry = map_entries(map)[at];
  registers[2] = Value::of(entry.key);
  if (with_key) registers[3] = entry.value;
  registers[1] = state_of(pack(at + 1, map->shape_version));
  return Interpreter::Next::Element;
}

Interpreter::Next next_character(Heap& heap, Value* registers, bool with_key) {
  String* string = registers[0].string();
  const uint32_t at = low(registers[1]);
  if (at >= string->bytes) return Interpreter::Next::End;
  uint32_t end = at + 1;
  while (end < string->bytes && (static_cast<unsigned char>(string->data[end]) & 0xC0) == 0x80)
    ++end;
  const uint32_t index = high(registers[1]);
  const Value character = end - at == 1 ? Value::of(ascii_string(string->data[at]))
                                        : string_value(heap, string->view().substr(at, end - at));
  registers[with_key ? 3 : 2] = character;
  if (with_key) registers[2] = Value::of(int64_t{index});
  registers[1] = state_of(pack(end, index + 1));
  return Interpreter::Next::Element;
}

}  // namespace

Interpreter::Next Interpreter::for_next(Value* registers, bool with_key) {
  if (registers[0].is(Tag::Map)) return next_entry(cx, registers, with_key);
  WF_CHECK(registers[0].is(Tag::String));
  return next_character(heap, registers, with_key);
}

}  // namespace wakeful
