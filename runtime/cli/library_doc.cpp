#include "runtime/cli/library_doc.h"

#include <fmt/format.h>

#include <algorithm>

#include "lang/diagnostics/diagnostics.h"
#include "stdlib/builtins.h"

namespace wakeful::cli {
namespace {

constexpr std::string_view kGlobal = "global";

const char* kind_name(Builtin::Kind kind) {
  switch (kind) {
    case Builtin::Kind::Pure:
      return "pure";
    case Builtin::Kind::Prelude:
      return "prelude";
    case Builtin::Kind::Host:
      return "host";
    case Builtin::Kind::Wait:
      return "wait";
    case Builtin::Kind::Effect:
      return "effect";
  }
  return "";
}

std::string group_of(const Builtin& b) {
  switch (b.place) {
    case Builtin::Place::Global:
      return std::string(kGlobal);
    case Builtin::Place::Module:
      return b.module;
    case Builtin::Place::Method:
      return receiver_name(b.receiver);
  }
  return "";
}

LibraryEntry entry_of(const Builtin& b) {
  return {
      group_of(b),       b.name, b.qualified(), fmt::format("{}({})", b.qualified(), b.signature),
      kind_name(b.kind), b.doc,  b.example};
}

LibraryEntry entry_of(const ModuleMember& m) {
  const std::string qualified = fmt::format("{}.{}", m.module, m.name);
  return {m.module, m.name, qualified, qualified, "constant", m.doc, m.example};
}

/// In the order of the table, but each group in one piece.
std::vector<LibraryEntry> make_entries() {
  std::vector<LibraryEntry> all;
  for (const Builtin& b : builtins())
    if (is_public(b)) all.push_back(entry_of(b));
  for (const ModuleMember& m : module_members()) all.push_back(entry_of(m));
  std::vector<std::string> order;
  for (const LibraryEntry& e : all)
    if (std::find(order.begin(), order.end(), e.group) == order.end()) order.push_back(e.group);
  auto rank = [&](const LibraryEntry& e) {
    return std::find(order.begin(), order.end(), e.group) - order.begin();
  };
  std::stable_sort(all.begin(), all.end(),
                   [&](const LibraryEntry& a, const LibraryEntry& b) { return rank(a) < rank(b); });
  return all;
}

/// A group's head in a chapter.
std::string group_title(const std::string& group) {
  if (group == kGlobal) return "Global functions";
  if (is_module(group)) return fmt::format("Module `{}`", group);
  if (group == "list") return "Methods of `list` and `range`";
  return fmt::format("Methods of `{}`", group);
}

std::string escaped_cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != text.npos; at += 2) text.insert(at, 1, '\\');
  return text;
}

/// A code span; one that holds a backtick is fenced by two.
std::string code_cell(const std::string& text) {
  const char* fence = text.find('`') == text.npos ? "`" : "``";
  return fence + escaped_cell(text) + fence;
}

}  // namespace

std::string LibraryEntry::note() const {
  if (kind == "effect")
    return "In a workflow a step of its own, which takes the options of an activity: `… with "
           "{retry_policy: …}`. In an "
           "activity it acts at once.";
  if (kind == "wait") return "The strand waits here; other strands of the run go on.";
  return "";
}

const std::vector<LibraryEntry>& library_entries() {
  static const std::vector<LibraryEntry> entries = make_entries();
  return entries;
}

bool is_library_group(const std::string& name) {
  const auto& all = library_entries();
  return std::any_of(all.begin(), all.end(),
                     [&](const LibraryEntry& e) { return e.group == name; });
}

namespace {

/// `xs` of `xs.sort`: somebody's variable, neither a group nor a slip of one.
bool names_a_variable(const std::string& prefix) {
  std::vector<std::string> groups;
  for (const LibraryEntry& e : library_entries()) groups.push_back(e.group);
  return !is_library_group(prefix) && nearest_name(prefix, groups).empty();
}

}  // namespace

std::vector<const LibraryEntry*> find_library_entries(const std::string& name) {
  const size_t dot = name.find('.');
  const std::string last = dot == name.npos ? "" : name.substr(dot + 1);
  const bool of_variable = dot != name.npos && names_a_variable(name.substr(0, dot));
  std::vector<const LibraryEntry*> found;
  for (const LibraryEntry& e : library_entries()) {
    const bool method = e.group != kGlobal && !is_module(e.group);
    if (e.qualified == name || e.group == name || e.name == name ||
        (of_variable && method && e.name == last))
      found.push_back(&e);
  }
  return found;
}

std::string library_list(const std::vector<const LibraryEntry*>& entries) {
  size_t width = 0;
  for (const LibraryEntry* e : entries) width = std::max(width, e->qualified.size());
  std::string text, group;
  for (const LibraryEntry* e : entries) {
    if (e->group != group) text += (text.empty() ? "" : "\n") + (group = e->group) + "\n";
    text += fmt::format("  {:<{}}  {}\n", e->qualified, width, e->doc);
  }
  return text;
}

std::string library_page(const LibraryEntry& entry) {
  std::string text = fmt::format("{}\n  {}\n", entry.signature, entry.doc);
  if (!entry.note().empty()) text += fmt::format("  {}\n", entry.note());
  return text + fmt::format("\n  example: {}\n", entry.example);
}

std::string library_markdown(const std::vector<const LibraryEntry*>& entries) {
  std::string text, group;
  for (const LibraryEntry* e : entries) {
    if (e->group != group) {
      group = e->group;
      text += fmt::format("\n## {}\n\n", group_title(group));
      if (e->kind == "effect") text += e->note() + "\n\n";
      text += "| entry | does | example |\n| --- | --- | --- |\n";
    }
    text += fmt::format("| {} | {} | {} |\n", code_cell(e->signature), escaped_cell(e->doc),
                        code_cell(e->example));
  }
  return text;
}

void write_library_json(JsonWriter& json, const std::vector<const LibraryEntry*>& entries) {
  json.begin_object().key("entries").begin_list();
  for (const LibraryEntry* e : entries) {
    json.begin_object().key("name").text(e->qualified).key("group").text(e->group);
    json.key("signature").text(e->signature).key("kind").text(e->kind);
    json.key("doc").text(e->doc).key("example").text(e->example).end_object();
  }
  json.end_list().end_object();
}

}  // namespace wakeful::cli
