// The library as `wf doc` shows it: entries found by what a user would type, as text, JSON or
// Markdown.
#pragma once

#include <string>
#include <vector>

#include "runtime/cli/output.h"

namespace wakeful::cli {

/// One row of builtins.def in words.
struct LibraryEntry {
  std::string group;      // `global`, a type (`list`) or a module (`http`)
  std::string name;       // within its group
  std::string qualified;  // `list.map`, `http.get`, `len`
  std::string signature;  // `list.map(f)`
  std::string kind;       // pure, prelude, host, wait, effect, constant
  std::string doc;
  std::string example;
  /// What holds for its kind, or "".
  std::string note() const;
};

/// All that scripts can name, group by group.
const std::vector<LibraryEntry>& library_entries();

/// What `name` may mean: `http.get`, `list.map`, a bare `map`, `xs.map` (any method of that name),
/// or a whole group.
std::vector<const LibraryEntry*> find_library_entries(const std::string& name);
bool is_library_group(const std::string& name);

/// One line an entry, under the names of their groups.
std::string library_list(const std::vector<const LibraryEntry*>& entries);
/// Signature, doc, note, example.
std::string library_page(const LibraryEntry& entry);
/// A chapter with a table a group.
std::string library_markdown(const std::vector<const LibraryEntry*>& entries);
void write_library_json(JsonWriter& json, const std::vector<const LibraryEntry*>& entries);

}  // namespace wakeful::cli
