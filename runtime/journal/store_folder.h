// The folder of a store: what may be in it, its lock, its modes, and the syncs that make names
// durable.
//
//   <store>/lock            who writes at present (flock); its text names the holder
//   <store>/inbox/          messages of other processes (inbox.h)
//   <store>/journal/        the LMDB environment: data.mdb, lock.mdb
//   <store>/journal.new/    a creation that did not come to its end; the next writer removes it
#pragma once

#include <string>

#include "lang/base/error.h"

namespace wakeful {

/// A file descriptor that is closed with its owner, and never inherited by a program that we start.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int fd) : fd_(fd) {}
  FileHandle(FileHandle&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct StoreFolder {
  explicit StoreFolder(std::string directory);
  std::string path;         // as the user wrote it
  std::string environment;  // the folder of LMDB's files
  std::string creation;     // where they are made

  enum class State : uint8_t { Missing, Empty, Present };
  /// Fault::Store where the path is a file, may not be read, or holds what is not ours.
  Result<State> look() const;
  /// Makes the folder (0700) and makes its name durable.
  Result<void> make() const;
  /// Takes the lock, at once or not at all: Fault::Store names the holder. Held as long as the
  /// handle lives; a program that we start does not inherit it, a mere fork does.
  Result<FileHandle> lock() const;
  /// Whether somebody holds the lock. Only looks: it never takes it, so no engine finds it taken.
  bool in_use() const;
  /// Removes what a creation left behind that did not come to its end.
  Result<void> remove_leftovers() const;
  /// Gives the finished environment its name, durably.
  Result<void> publish() const;
};

/// fsync of a file or folder by name.
Result<void> sync_path(const std::string& path);

/// Fault::Store for a failed system call: names the path, says "disk full" where that is what it is
/// (LMDB reports a full disk as EIO), and what to do.
tl::unexpected<Error> system_error(int error, const std::string& doing, const std::string& path);

}  // namespace wakeful
