#include "runtime/cli/messages.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/cli/open_store.h"
#include "runtime/journal/store_folder.h"
#include "runtime/values/codec.h"

namespace wakeful::cli {
namespace {

/// Wakes whoever waits for something in a store: when its data or its inbox changes, and now and
/// then.
class StoreWatch {
 public:
  explicit StoreWatch(const std::string& store) : events_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (!events_) return;
    inotify_add_watch(events_.get(), (StoreFolder(store).environment + "/data.mdb").c_str(),
                      IN_MODIFY);
    inotify_add_watch(events_.get(), (StoreFolder(store).path + "/inbox").c_str(),
                      IN_MOVED_TO | IN_DELETE);
  }
  void sleep() {
    pollfd ready{events_.get(), POLLIN, 0};
    const int changed = poll(&ready, 1, wait_ms_);
    wait_ms_ = changed > 0 ? kLeastMs : std::min(2 * wait_ms_, kMostMs);
    char text[4096];
    while (events_ && read(events_.get(), text, sizeof text) > 0) {
    }
  }

 private:
  static constexpr int kLeastMs = 20, kMostMs = 500;
  FileHandle events_;
  int wait_ms_ = kLeastMs;
};

/// A child whose parent was not told of its end has another attempt to come, or its end is on the
/// way.
bool may_be_tried_again(const Journal& journal, const RunInfo& info) {
  const RunInfo* parent = info.parent ? journal.find(info.parent) : nullptr;
  const bool failed = info.status == RunStatus::Failed || info.status == RunStatus::TimedOut;
  if (!failed || parent == nullptr || parent->status != RunStatus::Running) return false;
  auto history = journal.history(parent->number);
  if (!history) return false;
  return std::none_of(history->begin(), history->end(), [&](const auto& entry) {
    return entry.second.type == RecordType::ChildEnded &&
           entry.second.step == info.parent_step.value;
  });
}

}  // namespace

Result<std::string> read_json(const std::string& argument, const std::string& json) {
  Heap heap;
  Value value;
  std::string error, bytes;
  if (!from_json(heap, json, value, error))
    return fail(Fault::Usage,
                fmt::format("{} cannot be read: {}; a text needs its quotes, as in '\"yes\"'",
                            argument, error));
  if (auto wrong = to_cbor(value, bytes))
    return fail(Fault::Usage, fmt::format("{}{}: {}", argument, wrong->path, wrong->message));
  return bytes;
}

Result<Target> find_open_run(const CommandLine& line) {
  auto journal = open_journal(line, Access::Read);
  if (!journal) return tl::unexpected(journal.error());
  auto found = find_run(**journal, line.one("ID"));
  if (!found) return tl::unexpected(found.error());
  const RunInfo info = **found;
  if (info.status != RunStatus::Running && !may_be_tried_again(**journal, info))
    return fail(Fault::NotFound,
                fmt::format("{} is closed already: {}", info.id, status_name(info.status)));
  return Target{std::move(*journal), info};
}

Result<Sent> send(const CommandLine& line, const RunInfo& run, Record record) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  record.run = run.number;
  record.time = static_cast<int64_t>(now.tv_sec) * 1'000 + now.tv_nsec / 1'000'000;
  auto id = send_message(store_directory(line), std::move(record));
  if (!id) return tl::unexpected(id.error());
  const bool engine = StoreFolder(store_directory(line)).in_use();
  return Sent{*id, !engine && fate_of(store_directory(line), *id) != MessageFate::Taken};
}

void say_kept(const CommandLine& line, const RunInfo& run) {
  const bool engine = StoreFolder(store_directory(line)).in_use();
  say(fmt::format("{} is not at work{}: the message is kept until it is. To go on:  wf resume {}{}",
                  printable(run.id), engine ? " in the engine that holds the store" : "",
                  shell_word(run.id), store_words(line)));
}

std::optional<int> wait_in_store(const CommandLine& line, const RunInfo& run,
                                 const std::string& message, WhenAlone when_alone,
                                 const std::function<std::optional<int>(const Journal&)>& look) {
  const std::string store = store_directory(line);
  StoreWatch watch(store);
  bool said = false;
  for (;;) {
    const bool alone = !StoreFolder(store).in_use();  // before the look: what was written is seen
    const MessageFate fate = fate_of(store, message);
    if (fate == MessageFate::Kept) return std::nullopt;
    if (fate == MessageFate::Taken) {
      auto journal = open_journal(line, Access::Read);
      if (!journal) return say_error(journal.error());
      if (auto code = look(**journal)) return code;
    }
    if (alone && when_alone == WhenAlone::Return) return std::nullopt;
    if (alone && !said) {
      said = true;
      say(fmt::format("the engine has stopped; waits for another one. To go on:  wf resume {}{}",
                      shell_word(run.id), store_words(line)));
    }
    watch.sleep();
  }
}

}  // namespace wakeful::cli
