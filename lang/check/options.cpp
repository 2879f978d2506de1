// The options of `with {…}`, from options.def.
#include <algorithm>

#include "lang/check/checker.h"

namespace wakeful::checking {

namespace {

enum class OptionType : uint8_t { String, Int, Number, Duration, Bool, Map, List };

struct OptionRow {
  const char* name;
  uint8_t where;
  OptionType type;
  std::string_view values;
};
struct RetryRow {
  const char* name;
  OptionType type;
};

constexpr uint8_t Child = 1;
constexpr uint8_t Step = 2;
constexpr OptionRow kOptions[] = {
#define WF_OPTION(name, where, type, values, doc) {name, where, OptionType::type, values},
#include "lang/check/options.def"
};
constexpr RetryRow kRetry[] = {
#define WF_RETRY(name, type, doc) {name, OptionType::type},
#include "lang/check/options.def"
};

bool fits(Sort sort, OptionType type) {
  switch (type) {
    case OptionType::String:
      return sort == Sort::String;
    case OptionType::Int:
      return sort == Sort::Int;
    case OptionType::Number:
      return sort == Sort::Int || sort == Sort::Float;
    case OptionType::Duration:
      return sort == Sort::Duration;
    case OptionType::Bool:
      return sort == Sort::Bool;
    case OptionType::Map:
      return sort == Sort::Map;
    case OptionType::List:
      return sort == Sort::List;
  }
  return false;
}

const char* wanted_text(OptionType type) {
  switch (type) {
    case OptionType::String:
      return "a string";
    case OptionType::Int:
      return "an int";
    case OptionType::Number:
      return "a number";
    case OptionType::Duration:
      return "a duration, as `30s`";
    case OptionType::Bool:
      return "`true` or `false`";
    case OptionType::Map:
      return "a map";
    case OptionType::List:
      return "a list";
  }
  return "";
}

std::vector<std::string> split(std::string_view words) {
  std::vector<std::string> out;
  while (!words.empty()) {
    const size_t space = std::min(words.find(' '), words.size());
    out.emplace_back(words.substr(0, space));
    words.remove_prefix(std::min(space + 1, words.size()));
  }
  return out;
}

std::string joined(const std::vector<std::string>& words, const std::string& quote = "\"") {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + (quote + word + quote);
  return out;
}

}  // namespace

void Checker::options(const ast::Expr& with, Where where) {
  const ast::Expr* map = &with;
  if (with.kind == ast::ExprKind::Name) {
    const Symbol symbol = resolve(ast::as<ast::NameExpr>(with).name);
    const bool constant = symbol.declaration &&
                          symbol.declaration->kind == ast::Declaration::Kind::Let &&
                          symbol.declaration->target.kind == ast::Pattern::Kind::Name;
    if (constant) map = symbol.declaration->value.get();
    if (symbol.kind == Symbol::Kind::Let && symbol.value) map = symbol.value;
  }
  if (map->kind != ast::ExprKind::Map) {
    const Sort sort = sort_of(*map);
    if (sort != Sort::Unknown)
      error("wrong-option", with.span, std::string("options are a map, this is ") + name_of(sort),
            "write `with {name: value}`");
    return;
  }
  for (const auto& entry : ast::as<ast::MapExpr>(*map).entries) option(entry, where);
}

void Checker::option(const ast::MapExpr::Entry& entry, Where where) {
  if (entry.spread || entry.computed) return;
  const OptionRow* row = nullptr;
  std::vector<std::string> here;
  for (const OptionRow& each : kOptions) {
    if (entry.key.text == each.name) row = &each;
    if (each.where & where) here.emplace_back(each.name);
  }
  const std::string name = ticked(entry.key.text);
  const std::string whose = where == Child  ? "a child workflow"
                            : where == Step ? "an activity or effect"
                                            : "a call";
  if (!row || !(row->where & where)) {
    std::string help = did_you_mean(entry.key.text, here);
    if (help.empty()) help = "the options of " + whose + " are " + joined(here, "`");
    return error("wrong-option", entry.key.span,
                 row ? name + " is no option of " + whose : "unknown option " + name, help);
  }
  const Sort sort = sort_of(*entry.value);
  if (sort != Sort::Unknown && !fits(sort, row->type)) {
    return error("wrong-option", entry.value->span,
                 name + " takes " + wanted_text(row->type) + ", this is " + name_of(sort));
  }
  if (!row->values.empty() && entry.value->kind == ast::ExprKind::String) {
    const auto values = split(row->values);
    const std::string& value = ast::as<ast::StringExpr>(*entry.value).value;
    if (std::find(values.begin(), values.end(), value) == values.end()) {
      error("wrong-option", entry.value->span, name + " takes one of " + joined(values),
            did_you_mean(value, values));
    }
  }
  if (entry.key.text == "retry_policy") retry_policy(*entry.value);
}

void Checker::retry_policy(const ast::Expr& value) {
  if (value.kind != ast::ExprKind::Map) return;
  for (const auto& entry : ast::as<ast::MapExpr>(value).entries) {
    if (entry.spread || entry.computed) continue;
    const RetryRow* row = nullptr;
    std::vector<std::string> names;
    for (const RetryRow& each : kRetry) {
      if (entry.key.text == each.name) row = &each;
      names.emplace_back(each.name);
    }
    const std::string name = ticked(entry.key.text);
    if (!row) {
      error("wrong-option", entry.key.span, "`retry_policy` has no " + name,
            did_you_mean(entry.key.text, names));
      continue;
    }
    const Sort sort = sort_of(*entry.value);
    if (sort != Sort::Unknown && !fits(sort, row->type)) {
      error("wrong-option", entry.value->span,
            name + " takes " + wanted_text(row->type) + ", this is " + name_of(sort));
    }
  }
}

}  // namespace wakeful::checking
