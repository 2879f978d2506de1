// wf run: starts a run, or goes on with the one that has the id already.
#include <fmt/format.h>

#include "lang/diagnostics/diagnostics.h"
#include "runtime/cli/arguments.h"
#include "runtime/cli/open_program.h"
#include "runtime/cli/open_store.h"
#include "runtime/cli/report.h"
#include "runtime/cli/session.h"

namespace wakeful::cli {
namespace {

constexpr size_t kIdBytesMax = 512;
constexpr int kRandomLetters = 8;

Result<void> check_id(const std::string& id) {
  if (id.empty() || id.size() > kIdBytesMax)
    return fail(Fault::Usage, fmt::format("--id must have 1 to {} bytes, this one has {}",
                                          kIdBytesMax, id.size()));
  if (id.front() == '#')
    return fail(Fault::Usage, "--id must not begin with `#`: #N is a run's number");
  if (!valid_utf8(id)) return fail(Fault::Usage, "--id must be UTF-8");
  if (printable(id) != id || id.find_first_of("\n\t") != std::string::npos)
    return fail(Fault::Usage, "--id must not contain control characters");
  return {};
}

std::string random_id(const Journal& journal, const std::string& workflow) {
  for (;;) {
    std::string id = workflow + "-";
    uint64_t bits = system_random().next();
    for (int i = 0; i < kRandomLetters; ++i, bits /= 26) id += static_cast<char>('a' + bits % 26);
    if (!journal.find(id)) return id;
  }
}

/// What the command line asks for, before it is known whether the run exists.
struct Request {
  std::string file;
  Program program;
  int workflow = 0;
  GivenInput input;
  std::string id;  // "": none given
  const std::string& workflow_name() const {
    return program.workflows[static_cast<size_t>(workflow)].name;
  }
};

/// The input, if one is given, must be that of the run: compared as its own program reads it.
Result<void> check_same(const Journal& journal, const RunInfo& info, const Request& request) {
  if (info.workflow != request.workflow_name())
    return fail(
        Fault::Usage,
        fmt::format("the id `{}` belongs to a run of `{}`, not of `{}`: give another --id, or name "
                    "that workflow",
                    info.id, info.workflow, request.workflow_name()));
  if (!request.input.given()) return {};
  auto program = stored_program(journal, info);
  if (!program) return tl::unexpected(program.error());
  const int index = program->find_workflow(info.workflow);
  if (index < 0)
    return fail(Fault::Store,
                fmt::format("the stored program has no workflow `{}`", info.workflow));
  const CallableDecl& workflow = program->workflows[static_cast<size_t>(index)];
  auto given = fit_arguments(request.input, workflow);
  if (!given) return tl::unexpected(given.error());
  auto stored = arguments_of(journal, info);
  if (!stored) return tl::unexpected(stored.error());
  if (same_arguments(*given, *stored)) return {};
  return fail(
      Fault::Usage,
      fmt::format("the run `{}` has another input\n  its input: {}\n  given:     {}\n"
                  "leave --input out to go on with it, or give another --id",
                  info.id, arguments_json(*stored, &workflow), arguments_json(*given, &workflow)));
}

int work_and_report(const CommandLine& line, Journal& journal, Session& session,
                    std::vector<RunId> runs, Stdout& out) {
  auto worked = session.work(runs);
  if (!worked) return say_error(worked.error());
  runs = newest_attempts(journal, runs);
  const int code = report_runs(line, journal, runs, false, out);
  session.say_what_is_open(runs);
  return code;
}

int go_on(const CommandLine& line, Journal& journal, const RunInfo& info, const Request& request) {
  if (auto same = check_same(journal, info, request); !same) return say_error(same.error());
  Stdout out(Stdout::ClosedPipe::Say);
  if (is_settled(journal, info)) return report_runs(line, journal, {info.number}, false, out);
  if (info.program != request.program.hash)
    say(fmt::format("{} has changed since {} began; going on with the program that it began with",
                    printable(request.file), printable(info.id)));
  Session session(line, journal, out);
  const RunId run = info.number;
  if (auto resumed = session.engine().resume({open_root(journal, &info)->number}); !resumed)
    return say_error(resumed.error());
  return work_and_report(line, journal, session, {run}, out);
}

int start(const CommandLine& line, Journal& journal, const Request& request,
          const std::string& arguments) {
  Stdout out(Stdout::ClosedPipe::Say);
  Session session(line, journal, out);
  const std::string id =
      request.id.empty() ? random_id(journal, request.workflow_name()) : request.id;
  auto run = session.engine().start(request.program, request.workflow_name(), id, arguments);
  if (!run) return say_error(run.error());
  return work_and_report(line, journal, session, {*run}, out);
}

Result<std::unique_ptr<Journal>> open_for_run(const CommandLine& line) {
  if (line.has("--ephemeral")) return Journal::open(open_memory_store(), true);
  return open_journal(line, Access::Write);
}

/// A store in use by another engine still answers for a run that is closed.
int answer_from_store_in_use(const CommandLine& line, const Request& request, const Error& in_use) {
  auto journal = open_journal(line, Access::Read);
  const RunInfo* info = journal && !request.id.empty() ? (*journal)->find(request.id) : nullptr;
  if (!info || !is_settled(**journal, *info)) return say_error(in_use);
  return go_on(line, **journal, *info, request);
}

/// FILE cannot be used; an open run of that id does not need it.
void say_how_to_go_on(const CommandLine& line, const std::string& id) {
  if (id.empty() || line.has("--ephemeral")) return;
  auto journal = open_journal(line, Access::Read);
  const RunInfo* info = journal ? (*journal)->find(id) : nullptr;
  if (info == nullptr) return;
  say(fmt::format("{} has a program of its own in the store. {}:  wf {} {}{}", printable(id),
                  info->status == RunStatus::Running ? "To go on with it" : "Its result",
                  info->status == RunStatus::Running ? "resume" : "show", shell_word(id),
                  store_words(line)));
}

}  // namespace

int cmd_run(const CommandLine& line) {
  if (line.has("--ephemeral") && line.has("--store"))
    return usage_error(line.command(),
                       "--ephemeral keeps nothing, --store names where to keep it: give one");
  if (auto queues = queues_of(line); !queues) return say_error(queues.error());
  Request request{line.one("FILE"), {}, 0, {}, line.one("--id")};
  if (line.has("--id"))
    if (auto checked = check_id(request.id); !checked) return say_error(checked.error());
  int code = kExitDone;
  auto program = open_program(line, request.file, code);
  if (!program) {
    say_how_to_go_on(line, request.id);
    return code;
  }
  request.program = std::move(*program);
  const auto workflow = choose_workflow(request.program, line.one("WORKFLOW"), request.file);
  if (!workflow) return say_error(workflow.error());
  request.workflow = *workflow;
  auto input = read_input(line);
  if (!input) return say_error(input.error());
  request.input = std::move(*input);
  const auto arguments = fit_arguments(
      request.input, request.program.workflows[static_cast<size_t>(request.workflow)]);
  // With an --id the run may exist, and then its own program says what its input is.
  if (!arguments && request.id.empty()) return say_error(arguments.error());
  if (!arguments && !line.has("--ephemeral"))
    if (auto existing = open_journal(line, Access::Read);
        !existing || !(*existing)->find(request.id))
      return say_error(arguments.error());

  auto journal = open_for_run(line);
  if (!journal)
    return journal.error().fault == Fault::Store
               ? answer_from_store_in_use(line, request, journal.error())
               : say_error(journal.error());
  if (const RunInfo* info = request.id.empty() ? nullptr : (*journal)->find(request.id))
    return go_on(line, **journal, *info, request);
  if (!arguments) return say_error(arguments.error());
  return start(line, **journal, request, *arguments);
}

}  // namespace wakeful::cli
