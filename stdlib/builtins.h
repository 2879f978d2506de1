// The table of the library (builtins.def) as data. Knows no values: lang/ and runtime/ both read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wakeful {

struct Builtin {
  enum class Place : uint8_t { Global, Module, Method };
  enum class Kind : uint8_t { Pure, Prelude, Host, Wait, Effect };
  enum class Receiver : uint8_t { None, String, List, Map, Range, Handle, Error, Duration, Time };
  struct Param {
    std::string name;
    bool required = true;
    bool rest = false;              // *rest
    bool fields = false;            // **fields
  };
  uint16_t number = 0;
  Place place{};
  Kind kind{};
  Receiver receiver{};
  const char* module = "";          // of a Module entry
  const char* name = "";
  const char* symbol = "";
  const char* signature = "";       // the params as written
  const char* doc = "";
  const char* example = "";         // `code  # result`; empty for the helpers of the prelude only
  std::vector<Param> params;        // parsed; a method's receiver not included
  /// `math.floor`, `list.map`, `len`: for messages and docs.
  std::string qualified() const;
};

/// `list`: the type whose method it is, as the language writes it; "" for None.
const char* receiver_name(Builtin::Receiver receiver);

struct ModuleMember {
  const char* module;
  const char* name;
  double value;
  const char* doc;
  const char* example;
};

/// All rows, in the order of the file. Built once.
const std::vector<Builtin>& builtins();
const std::vector<ModuleMember>& module_members();
const Builtin* builtin_by_number(uint16_t number);           // null where there is none
const Builtin* find_global(std::string_view name);
/// `len`, `http.get`: a global, or an entry of a module; null where there is none.
const Builtin* find_named(std::string_view qualified);
const Builtin* find_module_entry(std::string_view module, std::string_view name);
const Builtin* find_method(Builtin::Receiver receiver, std::string_view name);
bool is_module(std::string_view name);
/// Whether any type has a method of that name (for "did you mean" and for checks of arguments).
std::vector<const Builtin*> methods_named(std::string_view name);

/// Whether scripts can name it (and `wf doc`, completion show it): not the helpers of the prelude.
inline bool is_public(const Builtin& b) { return !(b.name[0] == '_' && b.name[1] == '_'); }

/// The numbers of the entries that are not Pure or Prelude, by their symbols: for a host's switch.
namespace builtin_number {
#define WF_NUMBER_Pure(symbol, number)
#define WF_NUMBER_Prelude(symbol, number)
#define WF_NUMBER_Host(symbol, number) inline constexpr uint16_t symbol = number;
#define WF_NUMBER_Wait(symbol, number) inline constexpr uint16_t symbol = number;
#define WF_NUMBER_Effect(symbol, number) inline constexpr uint16_t symbol = number;
#define WF_GLOBAL(number, name, kind, symbol, params, doc) WF_NUMBER_##kind(symbol, number)
#define WF_MODULE(number, module, name, kind, symbol, params, doc) WF_NUMBER_##kind(symbol, number)
#define WF_METHOD(number, type, name, kind, symbol, params, doc) WF_NUMBER_##kind(symbol, number)
#include "stdlib/builtins.def"
#undef WF_NUMBER_Pure
#undef WF_NUMBER_Prelude
#undef WF_NUMBER_Host
#undef WF_NUMBER_Wait
#undef WF_NUMBER_Effect
}  // namespace builtin_number

/// The prelude's source text: all stdlib/*/*.wf, embedded at build time.
std::string_view prelude_source();

}  // namespace wakeful
