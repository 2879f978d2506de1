#include "runtime/cli/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/values/codec.h"

namespace wakeful::cli {
namespace {

std::string text_of(Value value) {
  std::string text;
  if (!value.is_null() && !value.is_absent()) append_text(text, value);
  return text;
}

ErrorView view_of(const ErrorObject& error) {
  ErrorView view{
      text_of(error.kind), text_of(error.message), text_of(error.workflow_id), "null", {}, {}};
  std::string data;
  if (!to_json(error.data, data, {.pretty = false, .lossy = true})) view.data = data;
  if (error.stack.is(Tag::List))
    for (uint32_t i = 0; i < error.stack.list()->count; ++i)
      view.stack.push_back(text_of(error.stack.list()->storage->items[i]));
  return view;
}

void append_one(std::string& out, const ErrorView& error, bool colour, bool cause) {
  out += cause ? "caused by " : "";
  out += coloured(colour, Colour::Red, printable(error.kind)) + ": " + printable(error.message);
  if (!error.workflow_id.empty())
    out += fmt::format("   (workflow {})", printable(error.workflow_id));
  out += "\n";
  for (size_t i = 0; i < error.stack.size();) {  // a recursion is one line
    size_t same = 1;
    while (i + same < error.stack.size() && error.stack[i + same] == error.stack[i]) ++same;
    out += "    in " + printable(error.stack[i]) +
           (same > 1 ? fmt::format("   ({} times)", same) : "") + "\n";
    i += same;
  }
}

void write_fields(JsonWriter& json, const ErrorView& error) {
  json.key("kind").text(error.kind).key("message").text(error.message).key("workflow_id");
  error.workflow_id.empty() ? json.null() : json.text(error.workflow_id);
  json.key("data").raw(error.data);
}

void write_stack(JsonWriter& json, const ErrorView& error) {
  json.key("stack").begin_list();
  for (const std::string& frame : error.stack) json.text(frame);
  json.end_list();
}

}  // namespace

ErrorView read_error(const std::string& cbor) {
  Heap heap;
  Value value;
  std::string fault;
  if (!from_cbor(heap, cbor, value, fault))
    return {"Error", "unreadable error: " + fault, "", "null", {}, {}};
  if (!value.is(Tag::Error)) return {"Error", text_of(value), "", "null", {}, {}};
  ErrorView view = view_of(*value.as<ErrorObject>());
  Value cause = value.as<ErrorObject>()->cause;
  for (; cause.is(Tag::Error); cause = cause.as<ErrorObject>()->cause)
    view.causes.push_back(view_of(*cause.as<ErrorObject>()));
  return view;
}

Result<std::string> arguments_of(const Journal& journal, const RunInfo& info) {
  auto started = journal.record_at(info.first);
  if (started && info.parent && started->ref) started = journal.record_at(Lsn{started->ref});
  if (!started) return tl::unexpected(started.error());
  return std::move(started->value);
}

Result<Outcome> read_outcome(const Journal& journal, const RunInfo& info) {
  auto record = journal.record_at(info.last);
  if (!record) return tl::unexpected(record.error());
  // Notes may stand behind the end (Released).
  while (record->type != RecordType::RunEnded && record->type != RecordType::Terminated) {
    if (!record->previous)
      return fail(Fault::Store,
                  fmt::format("run {} is said to be closed, but its history has no end", info.id));
    record = journal.record_at(record->previous);
    if (!record) return tl::unexpected(record.error());
  }
  Outcome outcome{info.status, "", std::nullopt};
  if (record->type == RecordType::Terminated) {
    ErrorView reason = read_error(record->value);
    if (reason.kind == "Error") reason.kind = "Terminated";
    if (reason.message.empty()) reason.message = "terminated";
    outcome.error = reason;
  } else if (info.status == RunStatus::Completed) {
    outcome.value = record->value;
  } else {
    outcome.error = read_error(record->value);
  }
  return outcome;
}

int exit_code_of(RunStatus status) {
  if (status == RunStatus::Running) return kExitInterrupted;
  return status == RunStatus::Completed ? kExitDone : kExitFailed;
}

std::string error_text(const ErrorView& error, bool colour) {
  std::string out;
  append_one(out, error, colour, false);
  return out + causes_text(error, colour);
}

std::string causes_text(const ErrorView& error, bool colour) {
  std::string out;
  for (const ErrorView& cause : error.causes) append_one(out, cause, colour, true);
  return out;
}

void write_error(JsonWriter& json, const ErrorView& error) {
  json.begin_object();
  write_fields(json, error);
  json.key("cause");
  for (const ErrorView& cause : error.causes) {
    json.begin_object();
    write_fields(json, cause);
    json.key("cause");
  }
  json.null();
  for (size_t i = error.causes.size(); i-- > 0;) {
    write_stack(json, error.causes[i]);
    json.end_object();
  }
  write_stack(json, error);
  json.end_object();
}

std::string status_text(const RunInfo& info) {
  return std::string(status_name(info.status)) + (info.undone    ? ", undone"
                                                  : info.undoing ? ", being undone"
                                                                 : "");
}

Result<std::optional<ErrorView>> failed_undoing(const Journal& journal, const RunInfo& info) {
  if (!info.undone) return std::nullopt;
  auto history = journal.history(info.number);
  if (!history) return tl::unexpected(history.error());
  for (const auto& [at, record] : *history) {
    if (record.type == RecordType::UndoEnded &&
        static_cast<StepStatus>(record.kind) == StepStatus::Failed)
      return read_error(record.value);
  }
  return std::nullopt;
}

JsonWriter& begin_run(JsonWriter& json, const RunInfo& info) {
  json.begin_object().key("id").text(info.id).key("run");
  json.number(static_cast<int64_t>(info.number.value)).key("workflow").text(info.workflow);
  json.key("status").text(status_name(info.status));
  if (info.undone) json.key("undone").boolean(true);
  if (info.undoing) json.key("undoing").boolean(true);
  return json;
}

Result<void> write_run(JsonWriter& json, const Journal& journal, const RunInfo& info) {
  begin_run(json, info);
  if (info.status != RunStatus::Running) {
    auto outcome = read_outcome(journal, info);
    if (!outcome) return tl::unexpected(outcome.error());
    if (outcome->error)
      write_error(json.key("error"), *outcome->error);
    else
      json.key("result").raw(cbor_to_json(outcome->value));
  }
  auto failed = failed_undoing(journal, info);
  if (!failed) return tl::unexpected(failed.error());
  if (*failed) write_error(json.key("undo_error"), **failed);
  json.end_object();
  return {};
}

namespace {

Result<void> report_text(const CommandLine& line, const Journal& journal, const RunInfo& info,
                         Stdout& out) {
  if (info.status == RunStatus::Running) return {};
  auto outcome = read_outcome(journal, info);
  if (!outcome) return tl::unexpected(outcome.error());
  if (outcome->error) {
    say(fmt::format("{} {} {}", info.workflow, printable(info.id), status_name(info.status)));
    write_stderr(error_text(*outcome->error, wants_colour(line, STDERR_FILENO)));
  } else {
    out.write(cbor_to_json(outcome->value) + "\n");
  }
  return {};
}

}  // namespace

int say_undone(const CommandLine& line, const Journal& journal, const RunInfo& info) {
  auto failed = failed_undoing(journal, info);
  if (!failed) return say_error(failed.error());
  if (!*failed) return kExitDone;
  say("undoing " + printable(info.id) + " failed; what could be undone is undone");
  write_stderr(error_text(**failed, wants_colour(line, STDERR_FILENO)));
  return kExitFailed;
}

int report_runs(const CommandLine& line, const Journal& journal, const std::vector<RunId>& runs,
                bool as_list, Stdout& out) {
  int code = kExitDone;
  JsonWriter json;
  if (as_list) json.begin_list();
  for (const RunId run : runs) {
    const RunInfo& info = *journal.find(run);
    const auto written =
        line.json() ? write_run(json, journal, info) : report_text(line, journal, info, out);
    if (!written) return say_error(written.error());
    code = std::max(code, exit_code_of(info.status));
  }
  if (as_list) json.end_list();
  if (line.json()) out.write(json.document());
  return out.finish(code);
}

std::string time_text(int64_t ms) {
  std::string text;
  append_time(text, ms / 1000 * 1000);
  return text;
}

std::string duration_text(int64_t ms) {
  std::string text;
  append_duration(text, ms);
  return text;
}

}  // namespace wakeful::cli
