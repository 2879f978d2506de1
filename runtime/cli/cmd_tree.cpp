// wf tree: a run and its children, theirs too. As text, long rows of like children are folded.
#include <fmt/format.h>
#include <unistd.h>

#include <map>

#include "runtime/cli/open_store.h"
#include "runtime/cli/report.h"

namespace wakeful::cli {
namespace {

/// So many children of one workflow and status are shown before the rest is a count.
constexpr size_t kShownOfAKind = 20;

const char* mark(RunStatus status) {
  switch (status) {
    case RunStatus::Running:
      return "●";
    case RunStatus::Completed:
      return "✓";
    case RunStatus::Failed:
    case RunStatus::Cancelled:
    case RunStatus::Terminated:
    case RunStatus::TimedOut:
      return "✗";
  }
  return "?";
}

Colour colour_of(RunStatus status) {
  if (status == RunStatus::Running) return Colour::Yellow;
  return status == RunStatus::Completed ? Colour::Green : Colour::Red;
}

// Recursion is bounded: children nest at most Run::kNestingMax deep.
void append_children(std::string& out, const Journal& journal, const RunInfo& info,
                     const std::string& indent, bool colour) {
  std::vector<const RunInfo*> shown;
  std::map<std::pair<std::string, RunStatus>, size_t> counts;
  for (const RunInfo* child : journal.children(info.number))
    if (++counts[{child->workflow, child->status}] <= kShownOfAKind) shown.push_back(child);
  std::vector<std::string> folded;
  for (const auto& [kind, count] : counts)
    if (count > kShownOfAKind)
      folded.push_back(fmt::format("{} {} more {} {}", mark(kind.second), count - kShownOfAKind,
                                   kind.first, status_name(kind.second)));
  for (size_t i = 0; i < shown.size(); ++i) {
    const RunInfo& child = *shown[i];
    const bool last = i + 1 == shown.size() && folded.empty();
    out += indent + (last ? "└─ " : "├─ ") +
           coloured(colour, colour_of(child.status), mark(child.status)) +
           fmt::format(" {}  {}  {}\n", printable(child.id), child.workflow, status_text(child));
    append_children(out, journal, child, indent + (last ? "   " : "│  "), colour);
  }
  for (size_t i = 0; i < folded.size(); ++i)
    out += indent + (i + 1 == folded.size() ? "└─ " : "├─ ") + folded[i] + "\n";
}

void write_tree(JsonWriter& json, const Journal& journal, const RunInfo& info) {
  begin_run(json, info);
  json.key("children").begin_list();
  for (const RunInfo* child : journal.children(info.number)) write_tree(json, journal, *child);
  json.end_list().end_object();
}

}  // namespace

int cmd_tree(const CommandLine& line) {
  auto journal = open_journal(line, Access::Read);
  if (!journal) return say_error(journal.error());
  auto found = find_run(**journal, line.one("ID"));
  if (!found) return say_error(found.error());
  const RunInfo& info = **found;
  Stdout out;
  if (line.json()) {
    JsonWriter json;
    write_tree(json, **journal, info);
    out.write(json.document());
    return out.finish(kExitDone);
  }
  const bool colour = wants_colour(line, STDOUT_FILENO);
  std::string text =
      coloured(colour, colour_of(info.status), mark(info.status)) +
      fmt::format(" {}  {}  {}\n", printable(info.id), info.workflow, status_text(info));
  append_children(text, **journal, info, "", colour);
  out.write(text);
  return out.finish(kExitDone);
}

}  // namespace wakeful::cli
