#include "runtime/cli/open_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "lang/diagnostics/diagnostics.h"
#include "runtime/cli/output.h"
#include "runtime/run/run.h"

namespace wakeful::cli {
namespace {

/// Edit distance over more ids than this takes longer than a person waits.
constexpr size_t kNearestMax = 20'000;

std::string nearest_id(const Journal& journal, const std::string& id) {
  const auto runs = journal.runs();
  std::vector<std::string> ids;
  for (size_t i = runs.size(); i-- > 0 && ids.size() < kNearestMax;) ids.push_back(runs[i]->id);
  return nearest_name(id, ids);
}

}  // namespace

std::string store_directory(const CommandLine& line) {
  if (line.has("--store")) return line.one("--store");
  const char* variable = std::getenv("WF_STORE");
  return variable && *variable ? variable : ".wakeful";
}

std::string store_words(const CommandLine& line) {
  return line.has("--store") ? " --store " + shell_word(line.one("--store")) : "";
}

Result<std::unique_ptr<Journal>> open_journal(const CommandLine& line, Access access) {
  const std::string directory = store_directory(line);
  if (directory.empty())
    return fail(Fault::Usage, "--store needs the name of a folder, not an empty word");
  auto store = open_lmdb_store(directory, access == Access::Write);
  if (!store) {
    if (store.error().fault == Fault::NotFound)
      return fail(
          Fault::NotFound,
          fmt::format(
              "there is no store at `{}`: `wf run` makes one, --store DIR or $WF_STORE name "
              "another",
              directory));
    return tl::unexpected(store.error());
  }
  return Journal::open(std::move(*store), access == Access::Write);
}

Result<const RunInfo*> find_run(const Journal& journal, const std::string& id) {
  if (id.starts_with('#')) {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(id.data() + 1, id.data() + id.size(), number);
    if (error != std::errc() || end != id.data() + id.size() || number == 0)
      return fail(Fault::Usage,
                  fmt::format("`{}` is no run: expected an id, or # and a run's number", id));
    if (const RunInfo* info = journal.find(RunId{number})) return info;
    return fail(Fault::NotFound,
                fmt::format("no run {}: the store has {} runs; `wf list` shows them", id,
                            journal.runs().size()));
  }
  if (const RunInfo* info = journal.find(id)) return info;
  const std::string near = nearest_id(journal, id);
  return fail(Fault::NotFound,
              fmt::format("no run with the id `{}`{}; `wf list` shows the runs of the store", id,
                          near.empty() ? "" : ": did you mean `" + near + "`?"));
}

Result<Program> stored_program(const Journal& journal, const RunInfo& info) {
  auto bytes = journal.program(std::string(info.program));
  if (!bytes) return tl::unexpected(bytes.error());
  auto program = deserialise(*bytes);
  if (!program) return tl::unexpected(program.error());
  if (auto verified = verify(*program); !verified) return tl::unexpected(verified.error());
  return program;
}

const RunInfo* open_root(const Journal& journal, const RunInfo* info) {
  for (int depth = 0; depth <= static_cast<int>(Run::kNestingMax); ++depth) {
    const RunInfo* parent = info->parent ? journal.find(info->parent) : nullptr;
    const bool above =
        parent && (parent->status == RunStatus::Running || (parent->undoing && info->undoing));
    if (!above) return info;
    info = parent;
  }
  return info;
}

bool is_settled(const Journal& journal, const RunInfo& info) {
  if (info.status == RunStatus::Running) return false;
  std::vector<const RunInfo*> look = {&info};
  while (!look.empty()) {
    const RunInfo* next = look.back();
    look.pop_back();
    if (!next->released) return false;
    for (const RunInfo* child : journal.children(next->number)) look.push_back(child);
  }
  return true;
}

std::vector<const RunInfo*> open_descendants(const Journal& journal, RunId run) {
  std::vector<const RunInfo*> open;
  std::vector<RunId> look = {run};
  while (!look.empty()) {
    const RunId next = look.back();
    look.pop_back();
    for (const RunInfo* child : journal.children(next)) {
      if (child->status == RunStatus::Running) open.push_back(child);
      look.push_back(child->number);
    }
  }
  std::sort(open.begin(), open.end(), [](auto* a, auto* b) { return a->number < b->number; });
  return open;
}

}  // namespace wakeful::cli
