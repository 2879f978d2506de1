// Rows of builtins.def as objects, and their look-ups.
#include "stdlib/builtins.h"

#include <cmath>
#include <string_view>
#include <unordered_map>

#include "lang/base/check.h"

namespace wakeful {
namespace {

using Place = Builtin::Place;
using Kind = Builtin::Kind;
using Receiver = Builtin::Receiver;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// One of "x", "sep = ' '", "*rest", "**fields".
Builtin::Param parse_param(std::string_view text) {
  Builtin::Param param;
  if (text.starts_with("**")) {
    param.fields = true;
    text.remove_prefix(2);
  } else if (text.starts_with("*")) {
    param.rest = true;
    text.remove_prefix(1);
  }
  size_t equals = text.find('=');
  param.required = equals == text.npos && !param.fields && !param.rest;
  param.name = trimmed(text.substr(0, equals));
  return param;
}

std::vector<Builtin::Param> parse_params(std::string_view text) {
  std::vector<Builtin::Param> params;
  while (!trimmed(text).empty()) {
    size_t comma = text.find(',');
    params.push_back(parse_param(trimmed(text.substr(0, comma))));
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
  }
  return params;
}

/// The example of a row, by its number.
template <int number>
struct Example {
  static constexpr const char* kText = "";
};
#define WF_EXAMPLE(number, text)               \
  template <>                                  \
  struct Example<number> {                     \
    static constexpr const char* kText = text; \
  };
#include "stdlib/examples.def"

// Every row that scripts can name has an example.
#define WF_NEEDS_EXAMPLE(number, name)                                               \
  static_assert(*Example<number>::kText || std::string_view(name).starts_with("__"), \
                "a row of builtins.def without an example in examples.def: " #number " " name);
#define WF_GLOBAL(number, name, kind, symbol, params, doc) WF_NEEDS_EXAMPLE(number, name)
#define WF_MODULE(number, module, name, kind, symbol, params, doc) WF_NEEDS_EXAMPLE(number, name)
#define WF_METHOD(number, type, name, kind, symbol, params, doc) WF_NEEDS_EXAMPLE(number, name)
#define WF_MEMBER(number, module, name, value, doc) WF_NEEDS_EXAMPLE(number, name)
#include "stdlib/builtins.def"

Builtin row(uint16_t number, Place place, Kind kind, Receiver receiver, const char* module,
            const char* name, const char* symbol, const char* signature, const char* doc,
            const char* example) {
  return {number,
          place,
          kind,
          receiver,
          module,
          name,
          symbol,
          signature,
          doc,
          example,
          parse_params(signature)};
}

std::vector<Builtin> make_table() {
  return {
#define WF_GLOBAL(number, name, kind, symbol, params, doc)                               \
  row(number, Place::Global, Kind::kind, Receiver::None, "", name, #symbol, params, doc, \
      Example<number>::kText),
#define WF_MODULE(number, module, name, kind, symbol, params, doc)                           \
  row(number, Place::Module, Kind::kind, Receiver::None, module, name, #symbol, params, doc, \
      Example<number>::kText),
#define WF_METHOD(number, type, name, kind, symbol, params, doc)                         \
  row(number, Place::Method, Kind::kind, Receiver::type, "", name, #symbol, params, doc, \
      Example<number>::kText),
#include "stdlib/builtins.def"
  };
}

/// Keys are "name", "module.name", "3:name" (receiver number).
struct Lookup {
  std::vector<Builtin> rows = make_table();
  std::vector<const Builtin*> by_number;
  std::unordered_map<std::string, const Builtin*> by_key;
  std::unordered_map<std::string, std::vector<const Builtin*>> methods;
  std::unordered_map<std::string, bool> modules;

  Lookup() {
    for (const Builtin& b : rows) {
      if (by_number.size() <= b.number) by_number.resize(b.number + 1, nullptr);
      WF_CHECK(!by_number[b.number]);
      by_number[b.number] = &b;
      WF_CHECK(by_key.emplace(key_of(b), &b).second);
      if (b.place == Place::Method) methods[b.name].push_back(&b);
      if (b.place == Place::Module) modules[b.module] = true;
    }
    for (const ModuleMember& m : module_members()) modules[m.module] = true;
  }

  static std::string method_key(Receiver receiver, std::string_view name) {
    return std::to_string(static_cast<int>(receiver)) + ":" + std::string(name);
  }
  static std::string key_of(const Builtin& b) {
    switch (b.place) {
      case Place::Global:
        return b.name;
      case Place::Module:
        return std::string(b.module) + "." + b.name;
      case Place::Method:
        return method_key(b.receiver, b.name);
    }
    return "";
  }
  const Builtin* find(const std::string& key) const {
    auto it = by_key.find(key);
    return it == by_key.end() ? nullptr : it->second;
  }
};

const Lookup& lookup() {
  static const Lookup instance;
  return instance;
}

}  // namespace

const char* receiver_name(Builtin::Receiver receiver) {
  switch (receiver) {
    case Receiver::None:
      return "";
    case Receiver::String:
      return "string";
    case Receiver::List:
      return "list";
    case Receiver::Map:
      return "map";
    case Receiver::Range:
      return "range";
    case Receiver::Handle:
      return "handle";
    case Receiver::Error:
      return "error";
    case Receiver::Duration:
      return "duration";
    case Receiver::Time:
      return "time";
  }
  return "";
}

std::string Builtin::qualified() const {
  switch (place) {
    case Place::Global:
      return name;
    case Place::Module:
      return std::string(module) + "." + name;
    case Place::Method:
      return std::string(receiver_name(receiver)) + "." + name;
  }
  return name;
}

const std::vector<Builtin>& builtins() { return lookup().rows; }

const std::vector<ModuleMember>& module_members() {
  static const std::vector<ModuleMember> members = {
#define WF_MEMBER(number, module, name, value, doc) \
  {module, name, value, doc, Example<number>::kText},
#include "stdlib/builtins.def"
  };
  return members;
}

const Builtin* builtin_by_number(uint16_t number) {
  const Lookup& table = lookup();
  return number < table.by_number.size() ? table.by_number[number] : nullptr;
}

const Builtin* find_global(std::string_view name) { return lookup().find(std::string(name)); }

const Builtin* find_named(std::string_view qualified) {
  const size_t dot = qualified.find('.');
  if (dot == std::string_view::npos) return find_global(qualified);
  return find_module_entry(qualified.substr(0, dot), qualified.substr(dot + 1));
}

const Builtin* find_module_entry(std::string_view module, std::string_view name) {
  return lookup().find(std::string(module) + "." + std::string(name));
}

const Builtin* find_method(Builtin::Receiver receiver, std::string_view name) {
  const Builtin* found = lookup().find(Lookup::method_key(receiver, name));
  if (!found && receiver == Receiver::Range) {
    found = lookup().find(Lookup::method_key(Receiver::List, name));
  }
  return found;
}

bool is_module(std::string_view name) { return lookup().modules.contains(std::string(name)); }

std::vector<const Builtin*> methods_named(std::string_view name) {
  auto it = lookup().methods.find(std::string(name));
  return it == lookup().methods.end() ? std::vector<const Builtin*>() : it->second;
}

}  // namespace wakeful
