#include "runtime/cli/arguments.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "lang/diagnostics/diagnostics.h"
#include "runtime/cli/output.h"
#include "runtime/values/codec.h"

namespace wakeful::cli {
namespace {

Result<std::string> read_input_text(const std::string& word) {
  std::ostringstream text;
  if (word == "-") {
    if (std::cin.peek() != EOF) text << std::cin.rdbuf();
    return text.str();
  }
  if (!word.starts_with('@')) return word;
  errno = 0;
  std::ifstream in(word.substr(1), std::ios::binary);
  if (in && in.peek() != EOF) text << in.rdbuf();
  if (!in.is_open() || in.bad())
    return fail(Fault::Usage, fmt::format("--input: cannot read `{}`: {}", word.substr(1),
                                          std::strerror(errno ? errno : EIO)));
  return text.str();
}

std::string signature(const CallableDecl& workflow) {
  std::string text;
  for (const Parameter& p : workflow.params) {
    if (!text.empty()) text += ", ";
    text += p.name;
    if (p.type.kind != TypeDesc::Kind::Any) text += ": " + type_text(p.type);
    if (!p.required) text += " = …";
  }
  return workflow.name + "(" + text + ")";
}

/// One call's arguments while they are collected: absent until given.
class Fitting {
 public:
  Fitting(Heap& heap, const CallableDecl& workflow)
      : heap_(heap), workflow_(workflow), values_(workflow.params.size(), Value::absent()) {}

  Result<void> take_json(const std::string& text) {
    Value value;
    std::string error;
    if (!from_json(heap_, text, value, error)) return wrong("--input is not JSON: " + error);
    if (value.is(Tag::List)) return take_list(*value.list());
    if (value.is(Tag::Map)) return take_map(value.map());
    return wrong(fmt::format(
        "--input must be an object of parameters by name or an array by position, not {}",
        value.is_null() ? "null" : std::string("a ") + type_name(value)));
  }

  Result<void> take_named(const std::string& name, const std::string& text) {
    auto index = find(name);
    if (!index) return tl::unexpected(index.error());
    if (!values_[*index].is_absent())
      return wrong(fmt::format("the parameter `{}` is given twice", name));
    Value value;
    std::string error;
    const bool is_string = workflow_.params[*index].type.kind == TypeDesc::Kind::String;
    if (is_string || !from_json(heap_, text, value, error)) value = string_value(heap_, text);
    values_[*index] = value;
    return {};
  }

  Result<std::string> finish() {
    List* list = make_list(heap_, static_cast<uint32_t>(values_.size()));
    for (size_t i = 0; i < values_.size(); ++i) {
      const Parameter& parameter = workflow_.params[i];
      if (values_[i].is_absent()) {
        if (parameter.required) return missing();
      } else if (auto error = check_type(heap_, values_[i], parameter.type, true)) {
        return wrong(fmt::format("the parameter `{0}` does not fit: {0}{1}: {2}", parameter.name,
                                 error->path, error->message));
      }
      list_push(heap_, list, values_[i]);
    }
    std::string bytes;
    if (auto error = to_cbor(Value::of(list), bytes))
      return wrong("the input is refused: " + error->message);
    return bytes;
  }

 private:
  tl::unexpected<Error> wrong(const std::string& message) const {
    return fail(Fault::Usage, message + "\nexpected: " + signature(workflow_));
  }

  tl::unexpected<Error> missing() const {
    std::string names;
    size_t count = 0;
    for (size_t i = 0; i < values_.size(); ++i)
      if (values_[i].is_absent() && workflow_.params[i].required) {
        names += (count++ ? ", `" : "`") + workflow_.params[i].name + "`";
      }
    return wrong(fmt::format("missing parameter{} {}; give {} with --input or --arg NAME=VALUE",
                             count == 1 ? "" : "s", names, count == 1 ? "it" : "them"));
  }

  Result<size_t> find(std::string_view name) const {
    std::vector<std::string> names;
    for (size_t i = 0; i < workflow_.params.size(); ++i) {
      if (workflow_.params[i].name == name) return i;
      names.push_back(workflow_.params[i].name);
    }
    const std::string near = nearest_name(name, names);
    return wrong(fmt::format("unknown parameter `{}`{}", name,
                             near.empty() ? "" : ": did you mean `" + near + "`?"));
  }

  Result<void> take_list(const List& list) {
    if (list.count > values_.size())
      return wrong(fmt::format("--input has {} values; `{}` takes {}", list.count, workflow_.name,
                               values_.size()));
    for (uint32_t i = 0; i < list.count; ++i) values_[i] = list.storage->items[i];
    return {};
  }

  Result<void> take_map(Map* map) {
    for (uint32_t i = 0; i < map->used; ++i) {
      const Entry& entry = map_entries(map)[i];
      if (!entry.key) continue;
      auto index = find(entry.key->view());
      if (!index) return tl::unexpected(index.error());
      values_[*index] = entry.value;
    }
    return {};
  }

  Heap& heap_;
  const CallableDecl& workflow_;
  std::vector<Value> values_;
};

}  // namespace

Result<GivenInput> read_input(const CommandLine& line) {
  GivenInput input;
  if (line.has("--input")) {
    auto text = read_input_text(line.one("--input"));
    if (!text) return tl::unexpected(text.error());
    input.json = std::move(*text);
    input.has_json = true;
  }
  for (const std::string& word : line.all("--arg")) {
    const size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos)
      return fail(Fault::Usage, fmt::format("--arg takes NAME=VALUE, not `{}`", word));
    if (!valid_utf8(word)) return fail(Fault::Usage, fmt::format("--arg `{}` is not UTF-8", word));
    input.named.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return input;
}

Result<std::string> fit_arguments(const GivenInput& input, const CallableDecl& workflow) {
  Heap heap;
  Fitting fitting(heap, workflow);
  if (input.has_json)
    if (auto taken = fitting.take_json(input.json); !taken) return tl::unexpected(taken.error());
  for (const auto& [name, value] : input.named)
    if (auto taken = fitting.take_named(name, value); !taken) return tl::unexpected(taken.error());
  return fitting.finish();
}

bool same_arguments(const std::string& a, const std::string& b) {
  Heap heap;
  Value left, right;
  std::string error;
  return a == b || (from_cbor(heap, a, left, error) && from_cbor(heap, b, right, error) &&
                    equals(left, right));
}

std::string arguments_json(const std::string& cbor, const CallableDecl* workflow) {
  Heap heap;
  Value value;
  std::string error;
  if (!from_cbor(heap, cbor, value, error) || !value.is(Tag::List)) return "null";
  if (!workflow) return cbor_to_json(cbor);
  Map* map = make_map(heap);
  for (uint32_t i = 0; i < value.list()->count && i < workflow->params.size(); ++i)
    if (!value.list()->storage->items[i].is_absent())
      map_set(heap, map, std::string_view(workflow->params[i].name),
              value.list()->storage->items[i]);
  std::string json;
  to_json(Value::of(map), json, {.pretty = false, .lossy = true});
  return json;
}

Result<int> choose_workflow(const Program& program, const std::string& name,
                            const std::string& file) {
  std::vector<std::string> names;
  for (const CallableDecl& w : program.workflows) names.push_back(w.name);
  if (!name.empty()) {
    if (const int index = program.find_workflow(name); index >= 0) return index;
    const std::string near = nearest_name(name, names);
    return fail(Fault::Usage, fmt::format("`{}` has no workflow `{}`{}", file, name,
                                          near.empty() ? "" : ": did you mean `" + near + "`?"));
  }
  names.resize(program.own_workflows);
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == "main" || names.size() == 1) return static_cast<int>(i);
  if (names.empty())
    return fail(Fault::Usage,
                fmt::format("`{}` declares no workflow: write `workflow main() {{ … }}`", file));
  return fail(Fault::Usage,
              fmt::format("`{}` declares several workflows and none is `main`: name one of {}",
                          file, fmt::join(names, ", ")));
}

}  // namespace wakeful::cli
