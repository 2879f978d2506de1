// What all effects share: their arguments as values, and the ways to end.
#pragma once

#include <string>
#include <string_view>

#include "runtime/effects/effect.h"
#include "runtime/values/heap.h"

namespace wakeful::effects {

/// Stdout, stderr, a body, a file: what is read may not be larger (a value takes at most 64 MB).
inline constexpr size_t kReadBytesMax = size_t{60} << 20;

/// What an effect throws at the script: caught in one place, the dispatcher in effects.cpp.
struct Thrown {
  std::string kind;
  std::string message;
  Value data;
};
/// The token was cancelled.
struct CancelledCall {};

/// One call in progress, with a heap of its own for arguments and result.
class Call {
 public:
  /// `name`: "http.get()", for messages.
  Call(const EffectCall& call, std::string name, CancelToken& token)
      : token(token), key(call.key), name(std::move(name)) {}

  /// Reads the arguments; throws Thrown where the bytes are not what a caller may send.
  void read(const std::string& args);
  Value argument(size_t i) const { return i < count_ ? args_[i] : Value::absent(); }

  // an argument as what it must be; throw a TypeError or ArgumentError that names it
  std::string text(size_t i, const char* param) const;  // without NUL
  bool given(size_t i) const { return !argument(i).is_absent() && !argument(i).is_null(); }
  bool flag(size_t i, const char* param, bool otherwise) const;
  /// Milliseconds, or -1 where none was given.
  int64_t timeout_ms(size_t i) const;
  Map* map(size_t i, const char* param) const;  // null where none was given
  /// A string, number, bool as text; TypeError for others. `where`: "headers.accept".
  std::string plain_text(Value v, const std::string& where) const;
  /// Any value as JSON.
  std::string json(size_t i, const char* param) const;

  [[noreturn]] void fail(std::string_view kind, std::string_view message, Value data = {}) const;
  [[noreturn]] void wrong_type(const std::string& param, const char* wanted, Value got) const;
  void check_cancelled() const {
    if (token.cancelled()) throw CancelledCall{};
  }
  Value string(std::string_view utf8) { return string_value(heap, utf8); }

  Heap heap{Heap::kDefaultLimit};
  CancelToken& token;
  const std::string& key;
  const std::string name;
  bool unanswered = false;  // what fails now was asked of the outside, which has not answered

 private:
  Value* args_ = nullptr;
  size_t count_ = 0;
};

/// The text as a string value: what is not UTF-8 is replaced by U+FFFD.
Value repaired_string(Heap& heap, std::string_view bytes);

// One function a row of kind Effect in builtins.def.
#define WF_EFFECT_Pure(symbol)
#define WF_EFFECT_Prelude(symbol)
#define WF_EFFECT_Host(symbol)
#define WF_EFFECT_Wait(symbol)
#define WF_EFFECT_Effect(symbol) Value symbol(Call& call);
#define WF_MODULE(number, module, name, kind, symbol, params, doc) WF_EFFECT_##kind(symbol)
#include "stdlib/builtins.def"
#undef WF_EFFECT_Effect

}  // namespace wakeful::effects
