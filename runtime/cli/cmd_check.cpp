// wf check: the diagnostics of scripts.
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/cli/open_program.h"
#include "runtime/cli/output.h"

namespace wakeful::cli {
namespace {

void write_place(JsonWriter& json, const Sources& sources, Span span) {
  const SourceFile& file = sources.of(span);
  const LineColumn begin = file.locate(span.begin);
  const LineColumn end = file.locate(span.end);
  json.key("file")
      .text(file.name())
      .key("line")
      .number(begin.line)
      .key("column")
      .number(begin.column);
  json.key("end_line").number(end.line).key("end_column").number(end.column);
}

void write_diagnostic(JsonWriter& json, const Diagnostic& d, const Sources& sources) {
  json.begin_object().key("severity").text(d.severity == Severity::Error ? "error" : "warning");
  json.key("code").text(d.code).key("message").text(d.message).key("help");
  d.help.empty() ? json.null() : json.text(d.help);
  write_place(json, sources, d.span);
  json.key("notes").begin_list();
  for (const Diagnostic::Note& note : d.notes) {
    json.begin_object().key("message").text(note.message);
    write_place(json, sources, note.span);
    json.end_object();
  }
  json.end_list().end_object();
}

/// `, unknown-name, syntax`: each code once, in the order of their findings.
void add_code(std::string& codes, std::string_view code) {
  const std::string entry = fmt::format(", {},", code);
  if ((codes + ",").find(entry) == codes.npos) codes += fmt::format(", {}", code);
}

}  // namespace

int cmd_check(const CommandLine& line) {
  size_t errors = 0, warnings = 0;
  std::string codes;
  int code = kExitDone;
  JsonWriter json;
  json.begin_object().key("diagnostics").begin_list();
  for (const std::string& file : line.all("FILE")) {
    const auto compiled = compile_file(file, Purpose::Check);
    if (!compiled) {
      code = say_error(compiled.error());
      continue;
    }
    for (const Diagnostic& d : compiled->diagnostics.sorted()) {
      ++(d.severity == Severity::Error ? errors : warnings);
      add_code(codes, d.code);
      if (line.json()) write_diagnostic(json, d, compiled->sources);
    }
    if (!line.json()) write_stderr(render_all(*compiled, wants_colour(line, STDERR_FILENO)));
  }
  json.end_list().key("errors").number(static_cast<int64_t>(errors));
  json.key("warnings").number(static_cast<int64_t>(warnings)).end_object();
  if (code == kExitDone && errors > 0) code = kExitScript;
  Stdout out;
  // What cannot be read is wrong usage: no document then (2).
  if (line.json() && code != kExitUsage) out.write(json.document());
  if (!line.json() && errors + warnings > 0)
    say(fmt::format("{} error{}, {} warning{}; more with `wf explain NAME`: {}", errors,
                    errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s", codes.substr(2)));
  return out.finish(code);
}

}  // namespace wakeful::cli
