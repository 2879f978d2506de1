// The store over LMDB with what tests may set about it. Everybody else: open_lmdb_store (store.h).
#pragma once

#include <memory>
#include <string>

#include "runtime/journal/store.h"

namespace wakeful {

struct LmdbOptions {
  /// The size of the map, and so of the store at most before it must grow. Halved by steps where
  /// the address space is limited.
  size_t map_bytes = size_t{1} << 40;
  /// Trees of more pages than this are checked on the way to what is read, not as a whole at open:
  /// 2,048 pages take 2 ms.
  uint64_t checked_pages_max = 2048;
  /// MDB_NOSYNC: loses and corrupts what was acknowledged. Only to show that the power-cut test
  /// notices.
  bool unsafe_no_sync = false;
};

Result<std::unique_ptr<Store>> open_lmdb_store(const std::string& directory, bool writer,
                                               const LmdbOptions& options);

/// The store's header, for tests that write one of another version.
struct StoreHeader {
  static constexpr uint16_t kMajor = 1;
  static constexpr uint16_t kMinor = 0;
  static constexpr uint64_t kKnownIncompatible = 0;
  static constexpr uint64_t kKnownCompatible = 0;
  uint16_t major = kMajor;
  uint16_t minor = kMinor;
  uint32_t page_size = 0;
  int64_t created_ms = 0;
  uint64_t incompatible = 0;  // an unknown bit: not to be opened
  uint64_t compatible = 0;    // an unknown bit: not to be written
  std::string writer;         // the version of wf that made it

  std::string bytes() const;
  /// Fault::Store where it is not ours, damaged, or of a newer wf.
  static Result<StoreHeader> parse(std::string_view bytes, bool for_writing);
};

/// Keys beside the groups sort before all of them, because no record has position 0: MDB_APPEND
/// works, and one tree is enough.
std::string store_key(std::string_view name);
std::string group_key(Lsn first);

}  // namespace wakeful
