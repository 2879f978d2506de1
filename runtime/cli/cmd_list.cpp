// wf list: the runs of the store, newest first.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "lang/diagnostics/diagnostics.h"
#include "runtime/cli/open_store.h"
#include "runtime/cli/report.h"

namespace wakeful::cli {
namespace {

constexpr RunStatus kStatuses[] = {RunStatus::Running,    RunStatus::Completed,
                                   RunStatus::Failed,     RunStatus::Cancelled,
                                   RunStatus::Terminated, RunStatus::TimedOut};

int unknown_status(const CommandLine& line) {
  std::vector<std::string> names;
  std::string list;
  for (const RunStatus status : kStatuses) {
    names.push_back(status_name(status));
    list += (list.empty() ? "" : ", ") + names.back();
  }
  const std::string near = nearest_name(line.one("--status"), names);
  return usage_error(
      line.command(),
      fmt::format("unknown status `{}`{}: it is one of {}", printable(line.one("--status")),
                  near.empty() ? "" : " (did you mean `" + near + "`?)", list));
}

bool parse_limit(const std::string& text, size_t& limit) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  return error == std::errc() && end == text.data() + text.size();
}

void write_info(JsonWriter& json, const Journal& journal, const RunInfo& info) {
  begin_run(json, info);
  json.key("attempt").number(info.attempt).key("parent");
  const RunInfo* parent = info.parent ? journal.find(info.parent) : nullptr;
  parent ? json.text(parent->id) : json.null();
  json.key("started").text(time_text(info.started_ms)).key("ended");
  info.status == RunStatus::Running ? json.null() : json.text(time_text(info.ended_ms));
  json.end_object();
}

}  // namespace

int cmd_list(const CommandLine& line) {
  const std::string status = line.one("--status");
  bool known = !line.has("--status");
  for (const RunStatus s : kStatuses) known |= status == status_name(s);
  if (!known) return unknown_status(line);
  size_t limit = SIZE_MAX;
  if (line.has("--limit") && !parse_limit(line.one("--limit"), limit))
    return usage_error(line.command(),
                       "--limit takes a number, not `" + printable(line.one("--limit")) + "`");
  auto journal = open_journal(line, Access::Read);
  if (!journal) return say_error(journal.error());

  std::vector<const RunInfo*> chosen;
  const auto runs = (*journal)->runs();
  for (size_t i = runs.size(); i-- > 0 && chosen.size() < limit;)
    if ((status.empty() || status == status_name(runs[i]->status)) &&
        (!line.has("--workflow") || runs[i]->workflow == line.one("--workflow")))
      chosen.push_back(runs[i]);

  Stdout out;
  if (line.json()) {
    JsonWriter json;
    json.begin_list();
    for (const RunInfo* info : chosen) write_info(json, **journal, *info);
    out.write(json.end_list().document());
    return out.finish(kExitDone);
  }
  if (chosen.empty()) {
    say(runs.empty() ? "no runs yet" : "no run matches");
    return kExitDone;
  }
  Table table({"RUN", "ID", "WORKFLOW", "STATUS", "STARTED", "TOOK"});
  for (const RunInfo* info : chosen)
    table.row({fmt::format("#{}", info->number.value), printable(info->id), info->workflow,
               status_text(*info), time_text(info->started_ms),
               info->status == RunStatus::Running
                   ? ""
                   : duration_text(info->ended_ms - info->started_ms)});
  out.write(table.text(wants_colour(line, STDOUT_FILENO)));
  return out.finish(kExitDone);
}

}  // namespace wakeful::cli
