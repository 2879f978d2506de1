#include "runtime/run/options.h"

#include <array>
#include <string_view>

#include "runtime/values/codec.h"
#include "runtime/vm/messages.h"

namespace wakeful {

namespace {

constexpr int Child = static_cast<int>(OptionsOf::Child);
constexpr int Step = static_cast<int>(OptionsOf::Step);

enum class Type : uint8_t { String, Int, Number, Duration, Bool, Map, List };

struct Row {
  std::string_view name;
  int where;
  Type type;
  std::string_view values;  // what a String may be, separated by spaces; "" for anything
};

constexpr auto kOptions = std::to_array<Row>({
#define WF_OPTION(name, where, type, values, doc) {name, where, Type::type, values},
#include "lang/check/options.def"
});

constexpr auto kRetryFields = std::to_array<Row>({
#define WF_RETRY(name, type, doc) {name, Child | Step, Type::type, ""},
#include "lang/check/options.def"
});

struct Check {
  std::string& problem;

  bool fail(std::string message) {
    problem = std::move(message);
    return false;
  }

  bool wrong_type(const std::string& path, const char* wanted, Value got) {
    return fail(path + " needs " + wanted + ", got " + type_name(got));
  }

  template <size_t n>
  const Row* row(const std::array<Row, n>& rows, std::string_view name, int where) {
    for (const Row& r : rows) {
      if (r.name == name && (r.where & where) != 0) return &r;
    }
    return nullptr;
  }

  template <size_t n>
  std::string names(const std::array<Row, n>& rows, int where) {
    std::string all;
    for (const Row& r : rows) {
      if ((r.where & where) == 0) continue;
      if (!all.empty()) all += ", ";
      all += r.name;
    }
    return all;
  }

  template <size_t n>
  bool all_of(const ::wakeful::Map* map, const std::array<Row, n>& rows, int where,
              const std::string& prefix) {
    for (uint32_t i = 0; i < map->used; ++i) {
      const Entry& entry = map->entries->items[i];
      if (entry.key == nullptr) continue;
      std::string name(entry.key->view());
      const Row* found = row(rows, name, where);
      if (found == nullptr) {
        std::vector<std::string_view> known;
        for (const Row& r : rows) {
          if ((r.where & where) != 0) known.push_back(r.name);
        }
        const std::string near = nearest_of(name, known);
        return fail(
            "unknown option `" + prefix + name + "`; " +
            (near.empty() ? "there are " + names(rows, where) : "did you mean `" + near + "`?"));
      }
      if (!one(*found, prefix + name, entry.value)) return false;
    }
    return true;
  }

  bool one(const Row& row, const std::string& path, Value v) {
    switch (row.type) {
      case Type::Duration:
        if (!v.is(Tag::Duration)) return wrong_type(path, "a duration such as 30s", v);
        if (v.integer < 0) return fail(path + " cannot be negative");
        return true;
      case Type::Number:
        if (!v.is_number()) return wrong_type(path, "a number", v);
        if (v.number() < 1) return fail(path + " must be at least 1");
        return true;
      case Type::Int:
        if (!v.is(Tag::Int)) return wrong_type(path, "an int", v);
        if (v.integer < 0) return fail(path + " must be at least 0");
        return true;
      case Type::Bool:
        return v.is(Tag::Bool) || wrong_type(path, "a bool", v);
      case Type::String:
        return word(row.values, path, v);
      case Type::Map:
        if (!v.is(Tag::Map)) return wrong_type(path, "a map", v);
        return row.name != "retry_policy" ||
               all_of(v.map(), kRetryFields, Child | Step, path + ".");
      case Type::List:
        if (!v.is(Tag::List)) return wrong_type(path, "a list of error kinds", v);
        for (uint32_t i = 0; i < v.list()->count; ++i) {
          Value kind = v.list()->begin()[i];
          if (!kind.is(Tag::String))
            return wrong_type(path + "[" + std::to_string(i) + "]", "a string", kind);
        }
        return true;
    }
    return true;
  }

  bool word(std::string_view values, const std::string& path, Value v) {
    if (!v.is(Tag::String)) return wrong_type(path, "a string", v);
    std::string_view given = v.string()->view();
    if (values.empty()) return !given.empty() || fail(path + " cannot be empty");
    for (size_t at = 0; at <= values.size();) {
      size_t end = std::min(values.find(' ', at), values.size());
      if (values.substr(at, end - at) == given) return true;
      at = end + 1;
    }
    return fail(path + " is one of " + std::string(values) + "; got \"" + std::string(given) +
                "\"");
  }
};

}  // namespace

bool parse_options(const Map* options, OptionsOf what, Options& out, std::string& problem) {
  Check check{problem};
  if (!check.all_of(options, kOptions, static_cast<int>(what), "")) return false;
  if (Value* policy = map_find(const_cast<Map*>(options), "parent_close_policy")) {
    std::string_view word = policy->string()->view();
    if (word == "cancel") out.parent_close_policy = ClosePolicy::Cancel;
    if (word == "terminate") out.parent_close_policy = ClosePolicy::Terminate;
    if (word == "abandon") out.parent_close_policy = ClosePolicy::Abandon;
  }
  if (Value* policy = map_find(const_cast<Map*>(options), "undo_policy")) {
    out.hands_over = policy->string()->view() == "parent";
  }
  return true;
}

std::string id_problem(Value id) {
  if (!id.is(Tag::String)) return std::string("a workflow id is a string, got ") + type_name(id);
  std::string_view text = id.string()->view();
  if (text.empty()) return "a workflow id cannot be empty";
  if (text.size() > 512)
    return "a workflow id has at most 512 bytes, got " + std::to_string(text.size());
  if (text.front() == '#') return "a workflow id cannot begin with #: that names runs by number";
  for (unsigned char c : text) {
    if (c < 0x20 || c == 0x7F) return "a workflow id cannot contain control characters";
  }
  return "";
}

}  // namespace wakeful
