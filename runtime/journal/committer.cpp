#include "runtime/journal/committer.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "runtime/journal/journal.h"

namespace wakeful {
namespace {

uint64_t number_from_environment(const char* name) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : 0;
}

// As a power cut does it: no destructor, no atexit, no flush.
[[noreturn]] void crash() {
  kill(getpid(), SIGKILL);
  while (true) pause();
}

}  // namespace

Committer::Committer(Store& store)
    : store_(store),
      durable_(store.end().value),
      appended_(store.end().value),
      crash_before_(number_from_environment("WF_CRASH_BEFORE_COMMIT")),
      crash_after_(number_from_environment("WF_CRASH_AFTER_COMMIT")),
      thread_([this] { work(); }) {}

Committer::~Committer() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  work_there_.notify_one();
  thread_.join();
}

Committer::Group& Committer::gathering() {
  if (groups_.empty() || groups_.back()->closed) {
    groups_.push_back(std::make_unique<Group>());
    groups_.back()->commit.first = appended();
  }
  return *groups_.back();
}

// A thread that is not waiting finds the work by itself; waking costs a system call.
void Committer::wake() {
  if (idle_ && (!held_ || flushing_)) work_there_.notify_one();
}

Lsn Committer::append(const Record& record) {
  std::lock_guard lock(mutex_);
  Group& group = gathering();
  for (auto& program : programs_) group.commit.programs.push_back(std::move(program));
  programs_.clear();
  const Lsn at = appended();
  encode_record(record, at, group.commit.group);
  appended_.store(group.commit.first.value + group.commit.group.size(), std::memory_order_release);
  if (group.commit.group.size() >= kGroupBytes) group.closed = true;
  wake();
  return at;
}

void Committer::attach_program(const std::string& hash, const std::string& bytes) {
  std::lock_guard lock(mutex_);
  programs_.emplace_back(hash, bytes);
}

void Committer::attach_run_table(std::string table) {
  std::lock_guard lock(mutex_);
  // The group before may be closed or taken: then this is a commit of its own, without records.
  Group& group = gathering();
  group.commit.run_table = std::move(table);
  group.closed = true;
  wake();
}

void Committer::on_durable(std::function<void()> callback) {
  std::lock_guard lock(mutex_);
  on_durable_ = std::move(callback);
}

Result<void> Committer::flush() {
  std::unique_lock lock(mutex_);
  ++flushing_;
  work_there_.notify_one();
  progress_.wait(lock, [this] { return groups_.empty() || failure_; });
  --flushing_;
  if (failure_) return tl::unexpected(*failure_);
  return {};
}

std::optional<Error> Committer::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

void Committer::hold() {
  std::lock_guard lock(mutex_);
  held_ = true;
}

void Committer::let_go() {
  std::lock_guard lock(mutex_);
  held_ = false;
  if (!groups_.empty()) wake();
}

bool Committer::read_pending(Lsn at, const std::function<void(Lsn, std::string_view)>& f) const {
  std::lock_guard lock(mutex_);
  for (auto group = groups_.rbegin(); group != groups_.rend(); ++group) {
    const Commit& commit = (*group)->commit;
    if (at < commit.first) continue;
    if (at.value >= commit.first.value + commit.group.size()) return false;
    f(commit.first, commit.group);
    return true;
  }
  return false;
}

void Committer::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    idle_ = true;
    work_there_.wait(lock, [this] {
      return closing_ || (!groups_.empty() && !failure_ && (!held_ || flushing_));
    });
    idle_ = false;
    if (failure_ || groups_.empty()) return;  // closing
    Group& group = *groups_.front();
    group.closed = true;
    lock.unlock();
    Result<void> done = commit(group.commit);
    lock.lock();
    if (done) {
      durable_.store(group.commit.first.value + group.commit.group.size(),
                     std::memory_order_release);
      groups_.pop_front();
    } else {
      failure_ = done.error();
    }
    progress_.notify_all();
    const auto callback = on_durable_;
    lock.unlock();
    if (callback) callback();
    lock.lock();
  }
}

Result<void> Committer::commit(const Commit& commit) {
  ++commits_;
  if (commits_ == crash_before_) crash();
  Result<void> done = store_.commit(commit);
  if (done && commits_ == crash_after_) crash();
  return done;
}

}  // namespace wakeful
