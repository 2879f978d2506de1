// What the recorder writes and the simulator reads: one event after another, in the order of time.
#pragma once

#include <cstdint>

namespace wakeful::powercut {

enum class Event : uint32_t {
  CreateFile,   // path, inode
  MakeFolder,   // path, inode
  Rename,       // path, path2
  Remove,       // path
  Write,        // inode, offset, data
  WriteSynced,  // the same, on a descriptor with O_DSYNC: durable when it returns
  Truncate,     // inode, offset = the new length
  Sync,         // inode of a file or folder
  SyncAll,      // sync(2)
  Release,      // data: what left the process, on stdout or in a file outside of the store
};

struct EventHeader {
  static constexpr uint32_t kMagic = 0x50435431;
  uint32_t magic = kMagic;
  Event event{};
  uint64_t inode = 0;
  uint64_t offset = 0;
  uint32_t path_bytes = 0;
  uint32_t path2_bytes = 0;
  uint64_t data_bytes = 0;
};

}  // namespace wakeful::powercut
