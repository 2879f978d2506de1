#include "runtime/journal/lmdb_env.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/journal/store_folder.h"

namespace wakeful {
namespace {

constexpr size_t kGiB = size_t{1} << 30;
constexpr mode_t kFileMode = 0600;

}  // namespace

LmdbEnv::Reading::Reading(const LmdbEnv& env) : no_growth_(env.growth_) {
  error_ = mdb_txn_begin(env.env_, nullptr, MDB_RDONLY, &txn_);
  if (error_ == MDB_MAP_RESIZED) {  // a writer in another process has grown it
    no_growth_.unlock();
    {
      std::unique_lock alone(env.growth_);
      error_ = mdb_env_set_mapsize(env.env_, 0);
    }
    no_growth_.lock();
    if (error_ == 0) error_ = mdb_txn_begin(env.env_, nullptr, MDB_RDONLY, &txn_);
  }
  if (error_ != 0) txn_ = nullptr;
}

LmdbEnv::Reading::~Reading() {
  if (txn_) mdb_txn_abort(txn_);
}

LmdbEnv::~LmdbEnv() {
  if (env_) mdb_env_close(env_);
}

int LmdbEnv::open_mapped(const std::string& folder, size_t map_bytes, unsigned flags) {
  if (int rc = mdb_env_create(&env_)) return rc;
  int rc = mdb_env_set_mapsize(env_, map_bytes);
  if (rc == 0) rc = mdb_env_open(env_, folder.c_str(), flags, kFileMode);
  if (rc != 0) {
    mdb_env_close(env_);
    env_ = nullptr;
  }
  return rc;
}

Result<std::unique_ptr<LmdbEnv>> LmdbEnv::open(const std::string& folder, const std::string& store,
                                               bool writer, bool create,
                                               const LmdbOptions& options) {
  std::unique_ptr<LmdbEnv> env(new LmdbEnv(store, writer));
  // Never MDB_WRITEMAP (a full disk is a SIGBUS), never MDB_NOSYNC (a power cut corrupts).
  // MDB_NOTLS: readers are not bound to threads.
  unsigned flags = MDB_NOTLS;
  if (!writer) flags |= MDB_RDONLY;
  if (options.unsafe_no_sync) flags |= MDB_NOSYNC /* for the power-cut test alone */;
  int rc = env->open_mapped(folder, options.map_bytes, flags);
  // A limited address space (ulimit -v, containers) refuses a big map.
  for (size_t map_bytes : {64 * kGiB, 4 * kGiB, kGiB})
    if (rc == ENOMEM && map_bytes < options.map_bytes)
      rc = env->open_mapped(folder, map_bytes, flags);
  if (rc != 0) return env->error(rc, "open the store");
  if (writer) {
    // Whatever the umask is: it can only take away from the mode that LMDB asks for.
    for (const char* name : {"/data.mdb", "/lock.mdb"})
      if (create && chmod((folder + name).c_str(), kFileMode) != 0)
        return env->error(errno, "protect the store");
  }
  mdb_env_get_fd(env->env_, &env->fd_);
  // LMDB 0.9 opens its data file without O_CLOEXEC: every program that a workflow starts could
  // write to it.
  if (fcntl(env->fd_, F_SETFD, FD_CLOEXEC) != 0) return env->error(errno, "protect the store");
  if (auto opened = env->open_tree(); !opened) return tl::unexpected(opened.error());
  return env;
}

Result<void> LmdbEnv::open_tree() {
  MDB_txn* txn = nullptr;
  if (int rc = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn)) return error(rc, "open the store");
  int rc = mdb_dbi_open(txn, nullptr, 0, &tree_);
  mdb_txn_abort(txn);
  if (rc != 0) return error(rc, "open the store");
  return {};
}

int LmdbEnv::grow() {
  std::unique_lock alone(growth_);
  MDB_envinfo info;
  mdb_env_info(env_, &info);
  return mdb_env_set_mapsize(env_, info.me_mapsize * 2);
}

tl::unexpected<Error> LmdbEnv::damaged(const std::string& what) const {
  return fail(
      Fault::Store,
      fmt::format("the store {} is damaged: data.mdb {}. Restore it from a backup, or start a new "
                  "store with --store",
                  store_, what));
}

tl::unexpected<Error> LmdbEnv::error(int rc, const std::string& doing) const {
  if (rc > 0) return system_error(rc, doing, store_);
  switch (rc) {
    case MDB_READERS_FULL:
      return fail(
          Fault::Store,
          fmt::format("cannot {} {}: too many programs read it at this moment. Try again later",
                      doing, store_));
    case MDB_MAP_FULL:
      return fail(
          Fault::Store,
          fmt::format("cannot {} {}: the address space that this process may use is too small for "
                      "it. Raise the limit (ulimit -v) and go on",
                      doing, store_));
    case MDB_VERSION_MISMATCH:
      return fail(
          Fault::Store,
          fmt::format("cannot {} {}: it was written by a newer LMDB. Upgrade wf", doing, store_));
    default:
      return damaged(fmt::format("cannot be used ({})", mdb_strerror(rc)));
  }
}

}  // namespace wakeful
