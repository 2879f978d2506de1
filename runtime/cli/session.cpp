#include "runtime/cli/session.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>

#include "runtime/cli/open_store.h"
#include "runtime/cli/progress.h"

namespace wakeful::cli {
namespace {

/// The engine that a signal stops; there is one at a time.
std::atomic<Engine*> working_engine{nullptr};
std::atomic<int> signals_seen{0};

void on_signal(int) {
  if (signals_seen.fetch_add(1) > 0) _exit(kExitInterrupted);
  if (Engine* engine = working_engine.load()) engine->request_stop();
}

void install_handler(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

Session::Session(const CommandLine& line, Journal& journal, Stdout& out)
    : line_(line),
      journal_(journal),
      out_(out),
      engine_(std::make_unique<Engine>(journal, *this, Engine::Services{}, Engine::Limits{})),
      progress_(Progress::wanted() ? std::make_unique<Progress>(line, journal, *engine_)
                                   : nullptr) {
  working_engine = engine_.get();
  install_handler(on_signal);
}

/// Effects in flight are asked to end and waited for, up to some seconds: a signal ends that at
/// once.
Session::~Session() {
  working_engine = nullptr;
  engine_.reset();
  install_handler(SIG_DFL);
}

Result<void> Session::work(const std::vector<RunId>& runs) {
  if (progress_) progress_->watch(runs);
  auto worked = engine_->work_until_ended(runs);
  if (progress_) progress_->erase();
  return worked;
}

void Session::print(const std::string& text) {
  if (progress_) progress_->erase();
  if (line_.json())
    write_stderr(text + "\n");
  else
    out_.write(text + "\n");
}

void Session::log(RunId, const char* level, const std::string& message,
                  const std::string& fields_json) {
  if (progress_) progress_->erase();
  const bool fields = !fields_json.empty() && fields_json != "{}" && fields_json != "null";
  write_stderr(fmt::format("{}: {}{}{}\n", level, printable(message), fields ? " " : "",
                           fields ? fields_json : ""));
}

void Session::run_ended(const RunInfo&) {}

void Session::warn(const std::string& message) {
  if (progress_) progress_->erase();
  say("warning: " + printable(message));
}

void Session::say_what_is_open(const std::vector<RunId>& runs) {
  const bool kept = line_.command().name != "run" || !line_.has("--ephemeral");
  for (const RunId run : runs) {
    const RunInfo& info = *journal_.find(run);
    if (info.status == RunStatus::Running) {
      say(kept ? fmt::format("interrupted; {} is kept. To go on:  wf resume {}{}",
                             printable(info.id), shell_word(info.id), store_words(line_))
               : "interrupted; an ephemeral run is not kept");
      continue;
    }
    for (const RunInfo* child : open_descendants(journal_, run))
      say(fmt::format("still open: {} ({}, #{}), started by {}.{}", printable(child->id),
                      child->workflow, child->number.value, printable(info.id),
                      kept ? fmt::format(" To go on:  wf resume {}{}", shell_word(child->id),
                                         store_words(line_))
                           : ""));
  }
}

std::vector<RunId> newest_attempts(const Journal& journal, const std::vector<RunId>& runs) {
  std::vector<RunId> newest;
  for (const RunId run : runs) {
    const RunInfo* info = journal.find(run);
    const RunInfo* last = journal.find(info->id);
    // The id may have been taken by a later run of its own; an attempt counts on from the one
    // before.
    const bool attempt = last && last->number > run && last->attempt > info->attempt;
    newest.push_back(attempt ? last->number : run);
  }
  return newest;
}

}  // namespace wakeful::cli
