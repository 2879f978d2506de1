#include "runtime/cli/session.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <charconv>

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

bool has_queues(const CommandLine& line) {
  const std::string_view name = line.command().name;
  return name == "run" || name == "resume" || name == "cancel" || name == "undo";
}

Engine::Limits limits_of(const CommandLine& line) {
  Engine::Limits limits;
  if (auto queues = queues_of(line)) limits.queues = std::move(*queues);
  return limits;
}

/// Where messages of other processes come in; a store in memory has no such place.
std::unique_ptr<Inbox> inbox_of(const CommandLine& line) {
  if (line.command().name == "run" && line.has("--ephemeral")) return nullptr;
  auto inbox = open_inbox(store_directory(line));
  if (inbox) return std::move(*inbox);
  say("warning: no messages can come in: " + printable(inbox.error().message));
  return nullptr;
}

}  // namespace

Result<std::map<std::string, size_t>> queues_of(const CommandLine& line) {
  std::map<std::string, size_t> queues;
  if (!has_queues(line)) return queues;
  for (const std::string& word : line.all("--queue")) {
    const size_t at = word.rfind('=');
    const std::string name = word.substr(0, at);
    size_t slots = 0;
    const char* end = word.data() + word.size();
    const auto parsed = at == word.npos ? std::from_chars(end, end, slots)
                                        : std::from_chars(word.data() + at + 1, end, slots);
    if (name.empty() || parsed.ec != std::errc() || parsed.ptr != end || slots == 0 ||
        slots > 1'000'000) {
      return fail(
          Fault::Usage,
          fmt::format(
              "--queue takes NAME=N, the name of a queue and how many of its steps may be in "
              "progress at once, as --queue heavy=2; got {}",
              printable(word)));
    }
    if (!queues.emplace(name, slots).second)
      return fail(Fault::Usage, fmt::format("--queue {} is given twice", printable(name)));
  }
  return queues;
}

Session::Session(const CommandLine& line, Journal& journal, Stdout& out)
    : line_(line),
      journal_(journal),
      out_(out),
      inbox_(inbox_of(line)),
      engine_(std::make_unique<Engine>(journal, *this, Engine::Services{.inbox = inbox_.get()},
                                       limits_of(line))),
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
      say(kept ? fmt::format("interrupted; {} is kept. To go on:  wf resume {}{}{}",
                             printable(info.id), shell_word(info.id), store_words(line_),
                             queue_words())
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

std::string Session::queue_words() const {
  std::string words;
  if (!has_queues(line_)) return words;
  for (const std::string& word : line_.all("--queue")) words += " --queue " + shell_word(word);
  return words;
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
