// Where groups of records and programs are kept: LMDB on disk (lmdb_store), or memory (memory_store).
// Knows bytes, not records.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/base/error.h"
#include "lang/base/ids.h"

namespace wakeful {

/// What one transaction writes; all of it or nothing.
struct Commit {
  Lsn first;                        // position of the first byte of `group`
  std::string group;                // framed records, one value of at most about 1 MB; may be empty
  std::vector<std::pair<std::string, std::string>> programs;  // hash → bytes
  std::optional<std::string> run_table;  // a new snapshot of the run table, good for everything before `first`+group
};

class Store {
 public:
  virtual ~Store() = default;
  /// Durable when it returns. Called from the committer thread only. After a failure never called again.
  virtual Result<void> commit(const Commit& commit) = 0;

  // Readers: short read transactions, copied out. Any thread.
  /// The group that holds position `at`: its first position and bytes. None where `at` is at or beyond the end.
  virtual Result<std::optional<std::pair<Lsn, std::string>>> group_at(Lsn at) const = 0;
  /// Calls back for every group from the one holding `from` on, in order, without copying; stops on false.
  virtual Result<void> scan(Lsn from, const std::function<bool(Lsn first, std::string_view group)>& f) const = 0;
  virtual Result<std::optional<std::string>> program(const std::string& hash) const = 0;
  virtual Result<std::optional<std::string>> run_table() const = 0;
  virtual Lsn end() const = 0;      // the position that the next record will get
};

/// Opens or creates `directory` (safe creation, modes 0700/0600, FD_CLOEXEC, format check).
/// writer: takes the lock file; a store in use is Fault::Store, naming its holder's pid and command line.
/// A reader (wf list, show, history) needs no lock and never creates: a missing store is Fault::NotFound.
Result<std::unique_ptr<Store>> open_lmdb_store(const std::string& directory, bool writer);
std::unique_ptr<Store> open_memory_store();

}  // namespace wakeful
