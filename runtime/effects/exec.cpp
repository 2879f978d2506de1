// exec.run: arguments in, {code, stdout, stderr} out. The running itself: process.h.
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/effects/process.h"
#include "runtime/values/codec.h"

extern char** environ;

namespace wakeful::effects {
namespace {

enum Param : size_t { kCommand, kStdin, kJson, kTimeout, kCwd, kEnv, kCheck };

std::vector<std::string> command_of(Call& call) {
  const Value v = call.argument(kCommand);
  if (v.is(Tag::String)) {
    call.fail(
        "TypeError",
        "command must be a list, [\"program\", \"argument\" …], since no shell takes a text apart; "
        "for a shell write [\"sh\", \"-c\", …]");
  }
  if (!v.is(Tag::List)) call.wrong_type("command", "a list, [\"program\", \"argument\" …]", v);
  std::vector<std::string> command;
  for (uint32_t i = 0; i < v.list()->count; ++i) {
    command.push_back(call.plain_text(v.list()->begin()[i], fmt::format("command[{}]", i)));
  }
  if (command.empty() || command[0].empty())
    call.fail("ArgumentError", "command must begin with the name of a program");
  return command;
}

/// Ours, with the `env` of the call put over it (null removes a variable) and the idempotency key.
std::vector<std::string> environment_of(Call& call) {
  std::vector<std::string> out;
  Map* changes = call.map(kEnv, "env");
  const auto replaced = [&](std::string_view name) {
    return name == "WF_IDEMPOTENCY_KEY" || (changes && map_find(changes, name));
  };
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view line = *entry;
    if (!replaced(line.substr(0, line.find('=')))) out.emplace_back(line);
  }
  if (!call.key.empty()) out.push_back("WF_IDEMPOTENCY_KEY=" + call.key);
  for (uint32_t i = 0; changes && i < changes->used; ++i) {
    const Entry& entry = map_entries(changes)[i];
    if (!entry.key || entry.value.is_null()) continue;
    const std::string name(entry.key->view());
    if (name.empty() || name.find('=') != name.npos || name.find('\0') != name.npos) {
      call.fail("ArgumentError", "a name in env must not be empty nor contain `=`");
    }
    out.push_back(name + "=" + call.plain_text(entry.value, "env." + name));
  }
  return out;
}

ProgramRequest request_of(Call& call) {
  ProgramRequest r;
  r.command = command_of(call);
  r.json = !call.argument(kJson).is_absent();
  r.has_input = r.json || call.given(kStdin);
  if (r.json && call.given(kStdin)) call.fail("ArgumentError", "takes stdin: or json:, not both");
  if (r.json) {
    r.input = call.json(kJson, "json");
  } else if (call.given(kStdin)) {
    const Value text = call.argument(kStdin);
    if (!text.is(Tag::String)) call.wrong_type("stdin", "a string", text);
    r.input = text.string()->view();
  }
  r.timeout_ms = call.timeout_ms(kTimeout);
  if (call.given(kCwd)) r.cwd = call.text(kCwd, "cwd");
  r.environment = environment_of(call);
  r.check = call.flag(kCheck, "check", true);
  return r;
}

Map* result_of(Call& call, const ProgramEnd& end) {
  Map* map = make_map(call.heap, 3);
  map_set(call.heap, map, "code", Value::of(int64_t{end.code}));
  map_set(call.heap, map, "stdout", repaired_string(call.heap, end.out));
  map_set(call.heap, map, "stderr", repaired_string(call.heap, end.err));
  return map;
}

/// The last line that says something: where programs put their complaint.
std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.remove_suffix(1);
  if (const size_t at = text.rfind('\n'); at != text.npos) text.remove_prefix(at + 1);
  return std::string(text.substr(0, 300));
}

void parse_output(Call& call, const ProgramRequest& r, Map* result) {
  Value parsed;
  std::string error;
  const String* text = map_find(result, "stdout")->string();
  if (!from_json(call.heap, text->view(), parsed, error)) {
    call.fail("JsonError", fmt::format("the stdout of \"{}\" is not JSON: {}", r.command[0], error),
              Value::of(result));
  }
  map_set(call.heap, result, "stdout", parsed);
}

}  // namespace

Value exec_run(Call& call) {
  ProgramRequest r = request_of(call);
  call.check_cancelled();
  const ProgramEnd end = run_program(call, r);
  const std::string& program = r.command[0];
  if (end.why == ProgramEnd::Why::Cancelled) throw CancelledCall{};
  call.unanswered = end.why != ProgramEnd::Why::Exited;  // it was stopped on its way
  if (end.why == ProgramEnd::Why::TooMuch) {
    call.fail("ExecError",
              fmt::format("\"{}\" wrote more than 60 MB; let it write to a file", program));
  }
  Map* result = result_of(call, end);
  if (end.why == ProgramEnd::Why::TimedOut) {
    std::string limit;
    append_duration(limit, r.timeout_ms);
    call.fail("Timeout", fmt::format("\"{}\" took longer than {} (timeout)", program, limit),
              Value::of(result));
  }
  if (end.code != 0 && r.check) {
    const std::string why = last_line(map_find(result, "stderr")->string()->view());
    call.fail("ExecError",
              fmt::format("\"{}\" {}{}{}", program, end.ending, why.empty() ? "" : ": ", why),
              Value::of(result));
  }
  if (r.json && end.code == 0) parse_output(call, r, result);
  return Value::of(result);
}

}  // namespace wakeful::effects
