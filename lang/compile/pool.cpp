#include "lang/compile/pool.h"

#include <bit>

namespace wakeful {
namespace {

void append_bits(std::string& key, uint64_t bits) {
  key.append(reinterpret_cast<const char*>(&bits), sizeof bits);
}

/// Distinct constants have distinct keys; floats are told apart by their bits (0.0 and -0.0
/// differ).
void append_key(std::string& key, const Constant& c) {
  key.push_back(static_cast<char>('a' + static_cast<int>(c.kind)));
  append_bits(key, static_cast<uint64_t>(c.integer));
  switch (c.kind) {
    case Constant::Kind::Null:
    case Constant::Kind::Bool:
    case Constant::Kind::Int:
    case Constant::Kind::Duration:
      return;
    case Constant::Kind::Float:
      return append_bits(key, std::bit_cast<uint64_t>(c.real));
    case Constant::Kind::Range:
      return append_bits(key, static_cast<uint64_t>(c.end));
    case Constant::Kind::Callee:
      key.push_back(static_cast<char>(c.callee));
      return;
    case Constant::Kind::String:
      append_bits(key, c.text.size());
      key += c.text;
      return;
    case Constant::Kind::List:
    case Constant::Kind::Map:
      break;
  }
  append_bits(key, c.items.size());
  for (size_t i = 0; i < c.items.size(); ++i) {
    if (c.kind == Constant::Kind::Map) append_key(key, string_constant(c.keys[i]));
    append_key(key, c.items[i]);
  }
}

}  // namespace

uint32_t Pool::constant(const Constant& constant) {
  std::string key;
  append_key(key, constant);
  auto [it, fresh] = constants_.try_emplace(std::move(key), program_.constants.size());
  if (fresh) program_.constants.push_back(constant);
  return it->second;
}

uint32_t Pool::string(std::string_view text) {
  return constant(string_constant(std::string(text)));
}

uint32_t Pool::shape(const std::vector<std::string>& names) {
  auto [it, fresh] = shapes_.try_emplace(names, program_.shapes.size());
  if (fresh) program_.shapes.push_back(names);
  return it->second;
}

uint32_t Pool::cache() {
  uint32_t slot = caches_++ % UINT16_MAX;
  program_.caches = static_cast<uint16_t>(std::min<uint32_t>(caches_, UINT16_MAX));
  return slot;
}

Constant null_constant() { return {}; }
Constant bool_constant(bool value) { return {Constant::Kind::Bool, value ? 1 : 0}; }
Constant int_constant(int64_t value) { return {Constant::Kind::Int, value}; }
Constant float_constant(double value) { return {Constant::Kind::Float, 0, 0, value}; }
Constant duration_constant(int64_t ms) { return {Constant::Kind::Duration, ms}; }
Constant string_constant(std::string text) {
  Constant c;
  c.kind = Constant::Kind::String;
  c.text = std::move(text);
  return c;
}
Constant callee_constant(CalleeKind kind, int64_t index) {
  Constant c;
  c.kind = Constant::Kind::Callee;
  c.callee = kind;
  c.integer = index;
  return c;
}

}  // namespace wakeful
