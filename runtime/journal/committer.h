// Turns gathered records into durable ones, one transaction of the store at a time.
//
// Always true:
//  1. Records become durable in log order; durable() never goes back.
//  2. Nothing is published before its transaction has committed.
//  3. After a failed commit nothing is committed any more: nobody knows what the disk holds.
//  4. Records that are not durable yet can be read (read_pending).
//
// Threads: append, attach_… from one thread; the rest from any. Owns its thread; the store must
// outlive it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "lang/base/error.h"
#include "runtime/journal/store.h"
#include "runtime/run/record.h"

namespace wakeful {

class Committer {
 public:
  /// A group is closed once it is this big: a group of 28 MB would hold up everybody for 77 ms.
  static constexpr size_t kGroupBytes = 1 << 20;

  explicit Committer(Store& store);
  /// Commits what is left, unless the store has failed.
  ~Committer();

  /// Encodes the record at its position. Never blocks on the disk.
  Lsn append(const Record& record);
  /// Goes with the next record: alone it would cost two flushes for itself.
  void attach_program(const std::string& hash, const std::string& bytes);
  /// Goes with the group that is gathering, and closes it: the table is good for exactly what is
  /// before its end.
  void attach_run_table(std::string table);

  Lsn durable() const { return Lsn{durable_.load(std::memory_order_acquire)}; }
  Lsn appended() const { return Lsn{appended_.load(std::memory_order_acquire)}; }
  void on_durable(std::function<void()> callback);
  Result<void> flush();
  std::optional<Error> failure() const;

  /// While held, what is appended gathers; the commits that are under way go on.
  void hold();
  void let_go();

  /// Calls `f` with the group that holds `at` if that is not durable yet. False: it is, or is
  /// beyond the end.
  bool read_pending(Lsn at, const std::function<void(Lsn first, std::string_view group)>& f) const;

 private:
  struct Group {
    Commit commit;
    bool closed = false;  // taken by the committer, full, or followed by a run table
  };

  Group& gathering();
  void wake();
  void work();
  Result<void> commit(const Commit& commit);

  Store& store_;
  mutable std::mutex mutex_;
  std::condition_variable work_there_;
  std::condition_variable progress_;
  std::deque<std::unique_ptr<Group>> groups_;  // in log order; the first is the one being committed
  std::vector<std::pair<std::string, std::string>> programs_;  // wait for the next record
  std::function<void()> on_durable_;
  std::optional<Error> failure_;
  std::atomic<uint64_t> durable_;
  std::atomic<uint64_t> appended_;
  bool idle_ = false;  // the thread waits: it must be woken
  bool held_ = false;
  bool closing_ = false;
  size_t flushing_ = 0;  // callers of flush(): they override a hold
  uint64_t commits_ = 0;
  uint64_t crash_before_ =
      0;  // WF_CRASH_BEFORE_COMMIT, WF_CRASH_AFTER_COMMIT: tests/crash/README.md
  uint64_t crash_after_ = 0;
  std::thread thread_;
};

}  // namespace wakeful
