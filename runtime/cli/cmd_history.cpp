// wf history: the records of one run.
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/cli/describe.h"
#include "runtime/cli/open_store.h"
#include "runtime/cli/report.h"

namespace wakeful::cli {

int cmd_history(const CommandLine& line) {
  auto journal = open_journal(line, Access::Read);
  if (!journal) return say_error(journal.error());
  auto info = find_run(**journal, line.one("ID"));
  if (!info) return say_error(info.error());
  auto history = (*journal)->history((*info)->number);
  if (!history) return say_error(history.error());
  const auto program = stored_program(**journal, **info);
  // What can be read is worth showing, but the exit code says that not all could.
  if (!program) say("places are left out: " + program.error().message);
  const int code = program ? kExitDone : kExitStore;

  Stdout out;
  Describer describer(**journal, **info, program ? &*program : nullptr);
  if (line.json()) {
    JsonWriter json;
    json.begin_list();
    for (const auto& [at, record] : *history) describer.write(json, at, record);
    out.write(json.end_list().document());
    return out.finish(code);
  }
  const bool colour = wants_colour(line, STDOUT_FILENO);
  std::string text;
  int64_t now = 0;
  for (const auto& [at, record] : *history) {
    // Commands carry no time of their own: they happened in the burst of the event before.
    const bool event =
        class_of(record.type) == RecordClass::Event && record.type != RecordType::Interrupted;
    if (event) now = record.time;
    text += coloured(colour, Colour::Dim,
                     fmt::format("{}  ", event ? time_text(now) : std::string(20, ' ')));
    text += printable(describer.words(record));
    const std::string place =
        record.where && program ? place_text(&*program, unpack_place(record.where)) : "";
    if (!place.empty()) text += coloured(colour, Colour::Dim, "   " + place);
    text += "\n";
  }
  out.write(text);
  return out.finish(code);
}

}  // namespace wakeful::cli
