// One LMDB environment: opened, mapped, closed; its errors in words; its transactions as scopes.
#pragma once

#include <lmdb.h>

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "lang/base/error.h"
#include "runtime/journal/lmdb_pages.h"
#include "runtime/journal/lmdb_store.h"

namespace wakeful {

class LmdbEnv {
 public:
  /// Opens `folder`, which holds the files, or (create) is to hold them. `store` is the folder that
  /// messages name.
  static Result<std::unique_ptr<LmdbEnv>> open(const std::string& folder, const std::string& store,
                                               bool writer, bool create,
                                               const LmdbOptions& options);
  ~LmdbEnv();
  LmdbEnv(const LmdbEnv&) = delete;
  LmdbEnv& operator=(const LmdbEnv&) = delete;

  MDB_env* get() const { return env_; }
  MDB_dbi tree() const { return tree_; }
  int data_fd() const { return fd_; }
  const std::string& store() const { return store_; }

  /// A read transaction, ended with its scope. It keeps every page of its state from being reused,
  /// so it must be short: one that idles makes the file grow for good.
  class Reading {
   public:
    explicit Reading(const LmdbEnv& env);
    ~Reading();
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    int error() const { return error_; }
    MDB_txn* get() const { return txn_; }
    uint64_t transaction() const { return mdb_txn_id(txn_); }

   private:
    std::shared_lock<std::shared_mutex> no_growth_;
    MDB_txn* txn_ = nullptr;
    int error_ = 0;
  };

  /// Doubles the map. No transaction of this process may be open; waits for readers.
  int grow();
  /// What LMDB's error number means here, and what to do.
  tl::unexpected<Error> error(int rc, const std::string& doing) const;
  tl::unexpected<Error> damaged(const std::string& what) const;

 private:
  LmdbEnv(std::string store, bool writer) : store_(std::move(store)), writer_(writer) {}
  int open_mapped(const std::string& folder, size_t map_bytes, unsigned flags);
  Result<void> open_tree();

  std::string store_;
  bool writer_;
  MDB_env* env_ = nullptr;
  MDB_dbi tree_ = 0;
  int fd_ = -1;  // LMDB's own, of the data file
  mutable std::shared_mutex growth_;
};

}  // namespace wakeful
