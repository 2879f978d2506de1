// wf signal: sends a signal to a run; done when it is durable in the inbox of the store.
#include <fmt/format.h>

#include "runtime/cli/messages.h"
#include "runtime/cli/report.h"

namespace wakeful::cli {

int cmd_signal(const CommandLine& line) {
  if (line.one("NAME").empty()) return usage_error(line.command(), "NAME is empty");
  auto payload = read_json("JSON", line.has("JSON") ? line.one("JSON") : "null");
  if (!payload) return say_error(payload.error());
  auto target = find_open_run(line);
  if (!target) return say_error(target.error());
  Record record;
  record.type = RecordType::SignalReceived;
  record.name = line.one("NAME");
  record.value = std::move(*payload);
  auto sent = send(line, target->info, std::move(record));
  if (!sent) return say_error(sent.error());
  if (sent->kept) say_kept(line, target->info);
  Stdout out;
  if (line.json()) {
    JsonWriter json;
    begin_run(json, target->info)
        .key("signal")
        .text(line.one("NAME"))
        .key("message")
        .text(sent->id);
    out.write(json.key("kept").boolean(sent->kept).end_object().document());
  } else {
    out.write(
        fmt::format("{} sent to {}\n", printable(line.one("NAME")), printable(target->info.id)));
  }
  return out.finish(kExitDone);
}

}  // namespace wakeful::cli
