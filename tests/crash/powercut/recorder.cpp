// LD_PRELOAD library: logs what a process, and what it starts, does to the files of a store, and
// what leaves it.
//
//   WF_RECORD_STORE   absolute path of the store's folder (files under it are recorded)
//   WF_RECORD_OUTSIDE absolute path of a folder whose files stand for the outside world: writes are
//   releases WF_RECORD_STDOUT  the inode of the stdout whose writes are releases (what is started
//   may have another one) WF_RECORD_TRACE   the file that gets the events (trace.h)
//
// Only what is called through the C library's symbols is seen. lock.mdb, which LMDB writes through
// a mapping, is no part of what must survive. One event is one write to a descriptor with O_APPEND,
// made while a lock is held around the call itself, so the order of the trace is the order of the
// calls of each process.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

#include "trace.h"

using wakeful::powercut::Event;
using wakeful::powercut::EventHeader;

namespace {

constexpr int kFdMax = 4096;
enum class Watch : uint8_t { No, Store, Outside };
struct Fd {
  Watch watch = Watch::No;
  bool synced = false;
  uint64_t inode = 0;
};

std::recursive_mutex lock;
Fd fds[kFdMax];
std::string store, outside;
uint64_t stdout_inode = 0;
int trace_fd = -1;

template <class F>
F real(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}
#define REAL(name) static const auto next = real<decltype(&name)>(#name)

void set_up() {
  static bool done = false;
  if (done) return;
  done = true;
  if (const char* value = getenv("WF_RECORD_STORE")) store = value;
  if (const char* value = getenv("WF_RECORD_OUTSIDE")) outside = value;
  if (const char* value = getenv("WF_RECORD_STDOUT")) stdout_inode = strtoull(value, nullptr, 10);
  if (const char* value = getenv("WF_RECORD_TRACE")) {
    const int fd = static_cast<int>(
        syscall(SYS_openat, AT_FDCWD, value, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    trace_fd = static_cast<int>(syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 900));
    syscall(SYS_close, fd);
  }
}

void log(Event event, uint64_t inode, uint64_t offset, const std::string& path,
         const std::string& path2, const void* data, size_t size) {
  if (trace_fd < 0) return;
  EventHeader header;
  header.event = event;
  header.inode = inode;
  header.offset = offset;
  header.path_bytes = static_cast<uint32_t>(path.size());
  header.path2_bytes = static_cast<uint32_t>(path2.size());
  header.data_bytes = size;
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes += path;
  bytes += path2;
  bytes.append(static_cast<const char*>(data), size);
  if (syscall(SYS_write, trace_fd, bytes.data(), bytes.size()) != static_cast<long>(bytes.size()))
    abort();
}

std::string absolute(int folder, const char* path) {
  std::string full;
  if (path[0] == '/') {
    full = path;
  } else {
    char base[PATH_MAX];
    ssize_t size = -1;
    if (folder == AT_FDCWD) {
      size = getcwd(base, sizeof base) ? static_cast<ssize_t>(strlen(base)) : -1;
    } else {
      const std::string link = "/proc/self/fd/" + std::to_string(folder);
      size = readlink(link.c_str(), base, sizeof base);
    }
    full = std::string(base, size > 0 ? static_cast<size_t>(size) : 0) + "/" + path;
  }
  for (size_t at; (at = full.find("//")) != std::string::npos;) full.erase(at, 1);
  for (size_t at; (at = full.find("/./")) != std::string::npos;) full.erase(at, 2);
  while (full.size() > 1 && full.back() == '/') full.pop_back();
  return full;
}

bool under(const std::string& path, const std::string& folder) {
  return !folder.empty() && path.compare(0, folder.size(), folder) == 0 &&
         (path.size() == folder.size() || path[folder.size()] == '/');
}

Watch watch_of(const std::string& path) {
  return under(path, store) ? Watch::Store : under(path, outside) ? Watch::Outside : Watch::No;
}

uint64_t inode_of(const std::string& path) {
  struct stat status {};
  return syscall(SYS_newfstatat, AT_FDCWD, path.c_str(), &status, 0) == 0 ? status.st_ino : 0;
}

uint64_t inode_of(int fd) {
  struct stat status {};
  return syscall(SYS_fstat, fd, &status) == 0 ? status.st_ino : 0;
}

Fd* watched(int fd) {
  return fd >= 0 && fd < kFdMax && fds[fd].watch != Watch::No ? &fds[fd] : nullptr;
}

template <class Call>
int opened(int folder, const char* path, int flags, Call call) {
  std::lock_guard guard(lock);
  set_up();
  const std::string full = absolute(folder, path);
  const Watch watch = watch_of(full);
  const bool existed = watch == Watch::No || inode_of(full) != 0;
  const int fd = call();
  if (fd >= 0 && fd < kFdMax) fds[fd] = {};
  if (fd < 0 || fd >= kFdMax || watch == Watch::No) return fd;
  fds[fd] = {watch, (flags & O_DSYNC) != 0, inode_of(fd)};
  if (watch == Watch::Store && !existed)
    log(Event::CreateFile, fds[fd].inode, 0, full, "", nullptr, 0);
  if (watch == Watch::Store && existed && (flags & O_TRUNC))
    log(Event::Truncate, fds[fd].inode, 0, "", "", nullptr, 0);
  return fd;
}

void wrote(int fd, uint64_t offset, const struct iovec* parts, int count, ssize_t size) {
  Fd* file = watched(fd);
  const bool release =
      file ? file->watch == Watch::Outside : fd == 1 && inode_of(fd) == stdout_inode;
  if (size <= 0 || (!file && !release)) return;
  std::string data;
  for (int i = 0; i < count; ++i)
    data.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  data.resize(static_cast<size_t>(size));
  if (release)
    log(Event::Release, 0, 0, "", "", data.data(), data.size());
  else
    log(file->synced ? Event::WriteSynced : Event::Write, file->inode, offset, "", "", data.data(),
        data.size());
}

uint64_t place(int fd) {
  Fd* file = watched(fd);
  if (!file || file->watch != Watch::Store) return 0;
  const int flags = static_cast<int>(syscall(SYS_fcntl, fd, F_GETFL));
  return static_cast<uint64_t>(syscall(SYS_lseek, fd, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR));
}

template <class Call>
int removed(int folder, const char* path, Call call) {
  std::lock_guard guard(lock);
  set_up();
  const std::string full = absolute(folder, path);
  const int result = call();
  if (result == 0 && watch_of(full) == Watch::Store) log(Event::Remove, 0, 0, full, "", nullptr, 0);
  return result;
}

template <class Call>
int synced(int fd, Call call) {
  std::lock_guard guard(lock);
  const int result = call();
  if (Fd* file = watched(fd); file && file->watch == Watch::Store && result == 0)
    log(Event::Sync, file->inode, 0, "", "", nullptr, 0);
  return result;
}

mode_t mode_argument(int flags, va_list arguments) {
  return flags & (O_CREAT | O_TMPFILE) ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace

extern "C" {

#define DEFINE_OPEN(name)                                                          \
  int name(const char* path, int flags, ...) {                                     \
    REAL(name);                                                                    \
    va_list arguments;                                                             \
    va_start(arguments, flags);                                                    \
    const mode_t mode = mode_argument(flags, arguments);                           \
    va_end(arguments);                                                             \
    return opened(AT_FDCWD, path, flags, [&] { return next(path, flags, mode); }); \
  }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

#define DEFINE_OPENAT(name)                                                              \
  int name(int folder, const char* path, int flags, ...) {                               \
    REAL(name);                                                                          \
    va_list arguments;                                                                   \
    va_start(arguments, flags);                                                          \
    const mode_t mode = mode_argument(flags, arguments);                                 \
    va_end(arguments);                                                                   \
    return opened(folder, path, flags, [&] { return next(folder, path, flags, mode); }); \
  }
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

int __open_2(const char* path, int flags) { return open(path, flags); }
int __open64_2(const char* path, int flags) { return open64(path, flags); }
int __openat_2(int folder, const char* path, int flags) { return openat(folder, path, flags); }
int creat(const char* path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char* path, mode_t mode) {
  return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int close(int fd) {
  REAL(close);
  std::lock_guard guard(lock);
  if (fd == trace_fd && fd >= 0) return 0;
  if (fd >= 0 && fd < kFdMax) fds[fd] = {};
  return next(fd);
}

int dup2(int from, int to) {
  REAL(dup2);
  std::lock_guard guard(lock);
  const int fd = next(from, to);
  if (fd >= 0 && fd < kFdMax && from < kFdMax) fds[fd] = fds[from];
  return fd;
}

int fcntl(int fd, int command, ...) {
  REAL(fcntl);
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  std::lock_guard guard(lock);
  const int result = next(fd, command, argument);
  // dash keeps the old stdout and moves the file of a redirection with F_DUPFD.
  if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC) && result >= 0 && result < kFdMax &&
      fd < kFdMax)
    fds[result] = fds[fd];
  return result;
}
int fcntl64(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  return fcntl(fd, command, argument);
}

ssize_t write(int fd, const void* data, size_t size) {
  REAL(write);
  if (fd != 1 && !watched(fd)) return next(fd, data, size);
  std::lock_guard guard(lock);
  set_up();
  const uint64_t at = place(fd);
  const ssize_t done = next(fd, data, size);
  const struct iovec part = {const_cast<void*>(data), size};
  wrote(fd, at, &part, 1, done);
  return done;
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  REAL(writev);
  if (fd != 1 && !watched(fd)) return next(fd, parts, count);
  std::lock_guard guard(lock);
  set_up();
  const uint64_t at = place(fd);
  const ssize_t done = next(fd, parts, count);
  wrote(fd, at, parts, count, done);
  return done;
}

#define DEFINE_PWRITE(name)                                           \
  ssize_t name(int fd, const void* data, size_t size, off_t offset) { \
    REAL(name);                                                       \
    if (!watched(fd)) return next(fd, data, size, offset);            \
    std::lock_guard guard(lock);                                      \
    const ssize_t done = next(fd, data, size, offset);                \
    const struct iovec part = {const_cast<void*>(data), size};        \
    wrote(fd, static_cast<uint64_t>(offset), &part, 1, done);         \
    return done;                                                      \
  }
DEFINE_PWRITE(pwrite)
DEFINE_PWRITE(pwrite64)

#define DEFINE_PWRITEV(name)                                                 \
  ssize_t name(int fd, const struct iovec* parts, int count, off_t offset) { \
    REAL(name);                                                              \
    if (!watched(fd)) return next(fd, parts, count, offset);                 \
    std::lock_guard guard(lock);                                             \
    const ssize_t done = next(fd, parts, count, offset);                     \
    wrote(fd, static_cast<uint64_t>(offset), parts, count, done);            \
    return done;                                                             \
  }
DEFINE_PWRITEV(pwritev)
DEFINE_PWRITEV(pwritev64)

#define DEFINE_FTRUNCATE(name)                                                            \
  int name(int fd, off_t size) noexcept {                                                 \
    REAL(name);                                                                           \
    std::lock_guard guard(lock);                                                          \
    const int result = next(fd, size);                                                    \
    if (Fd* file = watched(fd); file && file->watch == Watch::Store && result == 0)       \
      log(Event::Truncate, file->inode, static_cast<uint64_t>(size), "", "", nullptr, 0); \
    return result;                                                                        \
  }
DEFINE_FTRUNCATE(ftruncate)
DEFINE_FTRUNCATE(ftruncate64)

int fsync(int fd) {
  REAL(fsync);
  return synced(fd, [&] { return next(fd); });
}
int fdatasync(int fd) {
  REAL(fdatasync);
  return synced(fd, [&] { return next(fd); });
}
void sync() noexcept {
  REAL(sync);
  std::lock_guard guard(lock);
  next();
  log(Event::SyncAll, 0, 0, "", "", nullptr, 0);
}

int mkdirat(int folder, const char* path, mode_t mode) noexcept {
  REAL(mkdirat);
  std::lock_guard guard(lock);
  set_up();
  const std::string full = absolute(folder, path);
  const int result = next(folder, path, mode);
  if (result == 0 && watch_of(full) == Watch::Store)
    log(Event::MakeFolder, inode_of(full), 0, full, "", nullptr, 0);
  return result;
}
int mkdir(const char* path, mode_t mode) noexcept { return mkdirat(AT_FDCWD, path, mode); }

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  REAL(renameat);
  std::lock_guard guard(lock);
  set_up();
  const std::string a = absolute(from_folder, from), b = absolute(to_folder, to);
  const int result = next(from_folder, from, to_folder, to);
  if (result == 0 && watch_of(b) == Watch::Store) log(Event::Rename, 0, 0, a, b, nullptr, 0);
  return result;
}
int rename(const char* from, const char* to) noexcept {
  return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlink(const char* path) noexcept {
  REAL(unlink);
  return removed(AT_FDCWD, path, [&] { return next(path); });
}
int rmdir(const char* path) noexcept {
  REAL(rmdir);
  return removed(AT_FDCWD, path, [&] { return next(path); });
}
int unlinkat(int folder, const char* path, int flags) noexcept {
  REAL(unlinkat);
  return removed(folder, path, [&] { return next(folder, path, flags); });
}
int remove(const char* path) noexcept {
  REAL(remove);
  return removed(AT_FDCWD, path, [&] { return next(path); });
}

}  // extern "C"
