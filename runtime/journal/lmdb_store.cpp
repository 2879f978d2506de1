#include "runtime/journal/lmdb_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>

#include "lang/base/check.h"
#include "runtime/journal/lmdb_env.h"
#include "runtime/journal/lmdb_pages.h"
#include "runtime/journal/store_folder.h"
#include "runtime/journal/wire.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace wakeful {
namespace {

using namespace std::chrono;

constexpr size_t kStampBytes = 8;     // the transaction that wrote a value, behind it
constexpr size_t kChecksumBytes = 8;  // XXH3-64, behind programs and the run table
constexpr minutes kReaderCheckEvery{1};
constexpr int kSnapshotTries = 20;
constexpr const char* kWriterVersion = "0.1.0";

const std::string kHeaderKey = store_key("header");
const std::string kStampKey = store_key("stamp");
const std::string kRunTableKey = store_key("runs");
std::string program_key(const std::string& hash) { return store_key("program/" + hash); }

MDB_val val(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
std::string_view view(const MDB_val& val) {
  return {static_cast<const char*>(val.mv_data), val.mv_size};
}

bool is_group_key(std::string_view key) {
  return key.size() == 8 && key != std::string_view("\0\0\0\0\0\0\0\0", 8);
}

Lsn position_of(std::string_view key) {
  uint64_t position = 0;
  for (char c : key) position = position << 8 | static_cast<unsigned char>(c);
  return Lsn{position};
}

std::string with_checksum(std::string bytes) {
  wire::put_fixed64(bytes, XXH3_64bits(bytes.data(), bytes.size()));
  return bytes;
}

/// Nothing where the bytes do not match the checksum behind them.
std::optional<std::string> without_checksum(std::string_view bytes) {
  if (bytes.size() < kChecksumBytes) return std::nullopt;
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (XXH3_64bits(body.data(), body.size()) != wire::get_fixed64(body.data() + body.size()))
    return std::nullopt;
  return std::string(body);
}

/// A write past RLIMIT_FSIZE kills the process unless the signal is caught; caught, it is EFBIG
/// like any error. A handler, not SIG_IGN: programs that we start begin with the default again.
void survive_file_size_limit() {
  struct sigaction action {};
  if (sigaction(SIGXFSZ, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) return;
  action.sa_handler = [](int) {};
  action.sa_flags = SA_RESTART;
  sigaction(SIGXFSZ, &action, nullptr);
}

class LmdbStore final : public Store {
 public:
  LmdbStore(std::unique_ptr<LmdbEnv> env, FileHandle lock, bool writer, const LmdbOptions& options)
      : lock_(std::move(lock)), env_(std::move(env)), writer_(writer), options_(options) {}

  /// Checks the pages, the header and the stamps; finds the end.
  Result<void> load();
  /// The first transaction of a store.
  Result<void> write_header();

  Result<void> commit(const Commit& commit) override;
  Result<std::optional<std::pair<Lsn, std::string>>> group_at(Lsn at) const override;
  Result<void> scan(Lsn from, const std::function<bool(Lsn, std::string_view)>& f) const override;
  Result<std::optional<std::string>> program(const std::string& hash) const override;
  Result<std::optional<std::string>> run_table() const override;
  Lsn end() const override { return Lsn{end_.load(std::memory_order_acquire)}; }

 private:
  /// Calls `f` with the meta page of a reading's state, whose pages nobody reuses meanwhile.
  template <class F>
  Result<void> with_pages(F&& f) const;
  /// Before LMDB may follow `key` down a tree that was not checked as a whole.
  Result<void> check_path(const LmdbEnv::Reading& reading, std::string_view key) const;
  PageFault check_stamp(LmdbPages& pages, const LmdbMeta& meta) const;
  Result<void> check_older();
  Result<void> check_header();
  int write(MDB_txn* txn, const Commit& commit);
  int put(MDB_txn* txn, const std::string& key, std::string_view value, unsigned flags);
  Result<std::optional<std::string>> value(const std::string& key, const std::string& what) const;

  FileHandle lock_;  // released after the environment is closed
  std::unique_ptr<LmdbEnv> env_;
  bool writer_;
  LmdbOptions options_;
  bool check_paths_ = false;  // the tree was too big to be checked as a whole
  std::atomic<uint64_t> end_{1};
  steady_clock::time_point readers_checked_ = steady_clock::now();
};

// --- opening
// -----------------------------------------------------------------------------------------

template <class F>
Result<void> LmdbStore::with_pages(F&& f) const {
  for (int i = 0; i < kSnapshotTries; ++i) {
    LmdbEnv::Reading reading(*env_);
    if (reading.error()) return env_->error(reading.error(), "read");
    LmdbMetas metas;
    bool newer_format = false;
    const PageFault torn = read_metas(env_->data_fd(), metas, newer_format);
    const LmdbMeta& meta = metas.slot[reading.transaction() % 2];
    // A writer may be at the meta page, or have gone on by two commits: take a newer state.
    if (torn || meta.transaction != reading.transaction()) continue;
    LmdbPages pages(env_->data_fd(), meta);
    if (PageFault fault = f(pages, meta)) return env_->damaged(*fault);
    return {};
  }
  return env_->damaged("has meta pages that do not come to rest");
}

PageFault LmdbStore::check_stamp(LmdbPages& pages, const LmdbMeta& meta) const {
  if (meta.transaction == 0) {
    if (meta.main.root != LmdbMeta::kNoPage) return "has records before its first transaction";
    return {};
  }
  uint64_t stamp = 0;
  std::optional<std::string> empty_stamp;
  std::string key, value_end;
  if (auto fault = pages.find(kStampKey, empty_stamp)) return fault;
  if (empty_stamp && empty_stamp->size() == kStampBytes)
    stamp = wire::get_fixed64(empty_stamp->data());
  if (auto fault = pages.last(key, value_end)) return fault;
  if (is_group_key(key) && value_end.size() == kStampBytes)
    stamp = std::max(stamp, wire::get_fixed64(value_end.data()));
  if (stamp != meta.transaction)
    return fmt::format("is at transaction {} by its meta page, but at {} by its records",
                       meta.transaction, stamp);
  return {};
}

Result<void> LmdbStore::load() {
  auto checked = with_pages([this](LmdbPages& pages, const LmdbMeta& meta) -> PageFault {
    const uint64_t tree_pages =
        meta.main.branch_pages + meta.main.leaf_pages + meta.free_pages.leaf_pages;
    check_paths_ = tree_pages > options_.checked_pages_max;
    if (auto fault = check_paths_ ? pages.check_edges() : pages.check_all()) return fault;
    return check_stamp(pages, meta);
  });
  if (!checked) return checked;
  if (auto older = check_older(); !older) return older;
  if (auto header = check_header(); !header) return header;

  LmdbEnv::Reading reading(*env_);
  if (reading.error()) return env_->error(reading.error(), "read");
  MDB_cursor* cursor = nullptr;
  MDB_val key, data;
  int rc = mdb_cursor_open(reading.get(), env_->tree(), &cursor);
  if (rc == 0) {
    rc = mdb_cursor_get(cursor, &key, &data, MDB_LAST);
    if (rc == 0 && is_group_key(view(key)) && data.mv_size >= kStampBytes)
      end_ = position_of(view(key)).value + data.mv_size - kStampBytes;
    mdb_cursor_close(cursor);
  }
  if (rc != 0) return env_->error(rc, "read");
  return {};
}

/// The meta page that LMDB does not use must be of the transaction before: a bit flipped in the
/// number of the newest one makes it look older, and the last commit would be gone without a trace.
/// Its pages are still there, because a transaction reuses only what was freed two before it;
/// unless a writer is at work just now.
Result<void> LmdbStore::check_older() {
  LmdbMetas before, after;
  bool newer_format = false;
  for (int i = 0; i < kSnapshotTries; ++i) {
    PageFault fault = read_metas(env_->data_fd(), before, newer_format);
    if (!fault) {
      LmdbPages pages(env_->data_fd(), before.older());
      fault = check_stamp(pages, before.older());
    }
    if (!fault) return {};
    const PageFault torn = read_metas(env_->data_fd(), after, newer_format);
    if (writer_ || (!torn && before == after)) return env_->damaged(*fault);
  }
  return {};  // a reader beside a writer that commits all the time: the writer has checked it
}

Result<void> LmdbStore::check_header() {
  LmdbEnv::Reading reading(*env_);
  if (reading.error()) return env_->error(reading.error(), "read");
  MDB_val key = val(kHeaderKey), data;
  const int rc = mdb_get(reading.get(), env_->tree(), &key, &data);
  if (rc == MDB_NOTFOUND)
    return fail(
        Fault::Store,
        fmt::format("{} holds an LMDB database that is not a store of wf. Name another folder with "
                    "--store",
                    env_->store()));
  if (rc != 0) return env_->error(rc, "read");
  auto header = StoreHeader::parse(view(data), writer_);
  if (!header)
    return fail(header.error().fault,
                fmt::format("cannot open the store {}: {}", env_->store(), header.error().message));
  return {};
}

Result<void> LmdbStore::write_header() {
  StoreHeader header;
  MDB_stat stat;
  mdb_env_stat(env_->get(), &stat);
  header.page_size = stat.ms_psize;
  header.created_ms = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  header.writer = kWriterVersion;
  MDB_txn* txn = nullptr;
  int rc = mdb_txn_begin(env_->get(), nullptr, 0, &txn);
  if (rc != 0) return env_->error(rc, "create the store");
  rc = put(txn, kHeaderKey, header.bytes(), 0);
  std::string stamp;
  wire::put_fixed64(stamp, mdb_txn_id(txn));
  if (rc == 0) rc = put(txn, kStampKey, stamp, 0);
  if (rc == 0) {
    rc = mdb_txn_commit(txn);
  } else {
    mdb_txn_abort(txn);
  }
  if (rc != 0) return env_->error(rc, "create the store");
  return {};
}

// --- writing
// -----------------------------------------------------------------------------------------

int LmdbStore::put(MDB_txn* txn, const std::string& key, std::string_view value, unsigned flags) {
  MDB_val k = val(key), v = val(value);
  return mdb_put(txn, env_->tree(), &k, &v, flags);
}

int LmdbStore::write(MDB_txn* txn, const Commit& commit) {
  std::string stamp;
  wire::put_fixed64(stamp, mdb_txn_id(txn));
  for (const auto& [hash, bytes] : commit.programs)
    if (int rc = put(txn, program_key(hash), with_checksum(bytes), 0)) return rc;
  if (commit.run_table)
    if (int rc = put(txn, kRunTableKey, with_checksum(*commit.run_table), 0)) return rc;
  if (commit.group.empty()) return put(txn, kStampKey, stamp, 0);
  const std::string key = group_key(commit.first);
  MDB_val k = val(key), v{commit.group.size() + kStampBytes, nullptr};
  if (int rc = mdb_put(txn, env_->tree(), &k, &v, MDB_APPEND | MDB_RESERVE)) return rc;
  std::memcpy(v.mv_data, commit.group.data(), commit.group.size());
  std::memcpy(static_cast<char*>(v.mv_data) + commit.group.size(), stamp.data(), kStampBytes);
  return 0;
}

Result<void> LmdbStore::commit(const Commit& commit) {
  WF_CHECK(writer_);
  WF_CHECK(commit.group.empty() || commit.first == end());
  if (steady_clock::now() - readers_checked_ > kReaderCheckEvery) {
    int dead = 0;
    mdb_reader_check(env_->get(), &dead);
    readers_checked_ = steady_clock::now();
  }
  int rc = 0;
  do {
    MDB_txn* txn = nullptr;
    rc = mdb_txn_begin(env_->get(), nullptr, 0, &txn);
    if (rc != 0) break;
    rc = write(txn, commit);
    if (rc == 0) {
      rc = mdb_txn_commit(txn);
    } else {
      mdb_txn_abort(txn);
    }
  } while (rc == MDB_MAP_FULL && env_->grow() == 0);
  if (rc != 0) return env_->error(rc, "write to");
  end_.fetch_add(commit.group.size(), std::memory_order_release);
  return {};
}

// --- reading
// -----------------------------------------------------------------------------------------

Result<void> LmdbStore::check_path(const LmdbEnv::Reading& reading, std::string_view key) const {
  if (!check_paths_) return {};
  LmdbMetas metas;
  bool newer_format = false;
  if (read_metas(env_->data_fd(), metas, newer_format)) return {};  // a writer is at them
  const LmdbMeta& meta = metas.slot[reading.transaction() % 2];
  if (meta.transaction != reading.transaction()) return {};  // a writer is two commits ahead
  LmdbPages pages(env_->data_fd(), meta);
  if (PageFault fault = pages.check_path(key)) return env_->damaged(*fault);
  return {};
}

Result<std::optional<std::pair<Lsn, std::string>>> LmdbStore::group_at(Lsn at) const {
  std::optional<std::pair<Lsn, std::string>> found;
  auto scanned = scan(at, [&](Lsn first, std::string_view group) {
    found.emplace(first, group);
    return false;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  return found;
}

Result<void> LmdbStore::scan(Lsn from, const std::function<bool(Lsn, std::string_view)>& f) const {
  LmdbEnv::Reading reading(*env_);
  if (reading.error()) return env_->error(reading.error(), "read");
  MDB_cursor* raw = nullptr;
  if (int rc = mdb_cursor_open(reading.get(), env_->tree(), &raw)) return env_->error(rc, "read");
  const std::unique_ptr<MDB_cursor, void (*)(MDB_cursor*)> cursor(raw, mdb_cursor_close);

  // The group that holds `from`: the first at or after it, else the one before that.
  const std::string wanted = group_key(from);
  if (auto path = check_path(reading, wanted); !path) return path;
  MDB_val key = val(wanted), data;
  int rc = mdb_cursor_get(raw, &key, &data, MDB_SET_RANGE);
  if (rc == MDB_NOTFOUND)
    rc = mdb_cursor_get(raw, &key, &data, MDB_LAST);
  else if (rc == 0 && view(key) != wanted)
    rc = mdb_cursor_get(raw, &key, &data, MDB_PREV);

  for (uint64_t next = 0; rc == 0; rc = mdb_cursor_get(raw, &key, &data, MDB_NEXT)) {
    const bool is_group = is_group_key(view(key)) && data.mv_size >= kStampBytes;
    const Lsn first = is_group ? position_of(view(key)) : Lsn{};
    const std::string_view group = view(data).substr(0, is_group ? data.mv_size - kStampBytes : 0);
    if (next == 0 && from.value >= first.value + group.size()) {
      if (from >= end()) return {};
      return env_->damaged(fmt::format("misses the record at position {}", from.value));
    }
    if (!is_group || (next != 0 && first.value != next))
      return env_->damaged(
          fmt::format("misses the records from position {} to {}", next, first.value));
    next = first.value + group.size();
    if (!f(first, group)) return {};
    if (auto path = check_path(reading, group_key(Lsn{next})); !path) return path;
  }
  if (rc != MDB_NOTFOUND) return env_->error(rc, "read");
  return {};
}

Result<std::optional<std::string>> LmdbStore::value(const std::string& key,
                                                    const std::string& what) const {
  LmdbEnv::Reading reading(*env_);
  if (reading.error()) return env_->error(reading.error(), "read");
  if (auto path = check_path(reading, key); !path) return tl::unexpected(path.error());
  MDB_val k = val(key), v;
  const int rc = mdb_get(reading.get(), env_->tree(), &k, &v);
  if (rc == MDB_NOTFOUND) return std::nullopt;
  if (rc != 0) return env_->error(rc, "read");
  auto bytes = without_checksum(view(v));
  if (!bytes) return env_->damaged(fmt::format("holds {} that does not match its checksum", what));
  return bytes;
}

Result<std::optional<std::string>> LmdbStore::program(const std::string& hash) const {
  return value(program_key(hash), "a program");
}

Result<std::optional<std::string>> LmdbStore::run_table() const {
  return value(kRunTableKey, "a table of runs");
}

/// What mdb_env_open would trust, before it does.
Result<void> check_before_open(const StoreFolder& folder) {
  const std::string name = folder.environment + "/data.mdb";
  FileHandle file(open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error(errno, "read", name);
  PageFault fault;
  bool newer_format = false;
  for (int i = 0; i < kSnapshotTries; ++i) {
    LmdbMetas metas;
    fault = read_metas(file.get(), metas, newer_format);
    if (!fault) return {};
  }
  if (newer_format)
    return fail(
        Fault::Store,
        fmt::format("cannot open the store {}: it was written by another version of LMDB, or is "
                    "damaged. Upgrade wf, or restore the store from a backup",
                    folder.path));
  return fail(
      Fault::Store,
      fmt::format("the store {} is damaged: data.mdb {}. Restore it from a backup, or start a new "
                  "store with --store",
                  folder.path, *fault));
}

Result<void> create(const StoreFolder& folder, const LmdbOptions& options) {
  if (auto removed = folder.remove_leftovers(); !removed) return removed;
  if (mkdir(folder.creation.c_str(), 0700) != 0 || chmod(folder.creation.c_str(), 0700) != 0)
    return system_error(errno, "create the store", folder.path);
  auto env = LmdbEnv::open(folder.creation, folder.path, true, true, options);
  if (!env) return tl::unexpected(env.error());
  {
    LmdbStore store(std::move(*env), FileHandle(), true, options);
    if (auto written = store.write_header(); !written) return written;
  }
  return folder.publish();
}

}  // namespace

namespace {

/// LMDB's lock file names a transaction older than both meta pages: whoever was setting it up was
/// killed in the middle of it, while others waited for it. It is set up anew when nobody has it
/// open.
bool lock_is_unfinished(const LmdbEnv& env) {
  LmdbEnv::Reading reading(env);
  LmdbMetas metas;
  bool newer_format = false;
  if (reading.error() || read_metas(env.data_fd(), metas, newer_format)) return false;
  return reading.transaction() < metas.older().transaction;
}

Result<std::unique_ptr<LmdbEnv>> open_environment(const StoreFolder& folder, bool writer,
                                                  const LmdbOptions& options) {
  constexpr int kTries = 100;
  for (int i = 0;; ++i) {
    auto env = LmdbEnv::open(folder.environment, folder.path, writer, writer, options);
    if (!env || i == kTries || !lock_is_unfinished(**env)) return env;
    env->reset();  // apart from the others, who do the same
    usleep(static_cast<useconds_t>(1'000 + (getpid() * 7'919 + i * 104'729) % 20'000));
  }
}

}  // namespace

Result<std::unique_ptr<Store>> open_lmdb_store(const std::string& directory, bool writer,
                                               const LmdbOptions& options) {
  const StoreFolder folder(directory);
  auto state = folder.look();
  if (!state) return tl::unexpected(state.error());
  FileHandle lock;
  if (!writer) {
    if (*state != StoreFolder::State::Present)
      return fail(
          Fault::NotFound,
          fmt::format("there is no store {} yet: `wf run` makes one. Another one is named with "
                      "--store",
                      folder.path));
  } else {
    survive_file_size_limit();
    if (*state != StoreFolder::State::Present)
      if (auto made = folder.make(); !made) return tl::unexpected(made.error());
    auto locked = folder.lock();
    if (!locked) return tl::unexpected(locked.error());
    lock = std::move(*locked);
    state = folder.look();  // another one may have made it before we had the lock
    if (!state) return tl::unexpected(state.error());
    if (*state != StoreFolder::State::Present)
      if (auto created = create(folder, options); !created) return tl::unexpected(created.error());
  }
  if (auto checked = check_before_open(folder); !checked) return tl::unexpected(checked.error());
  auto env = open_environment(folder, writer, options);
  if (!env) return tl::unexpected(env.error());
  if (writer) {
    int dead = 0;
    mdb_reader_check((*env)->get(), &dead);
  }
  auto store = std::make_unique<LmdbStore>(std::move(*env), std::move(lock), writer, options);
  if (auto loaded = store->load(); !loaded) return tl::unexpected(loaded.error());
  return store;
}

Result<std::unique_ptr<Store>> open_lmdb_store(const std::string& directory, bool writer) {
  return open_lmdb_store(directory, writer, LmdbOptions{});
}

}  // namespace wakeful
