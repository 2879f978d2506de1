#include "runtime/journal/store_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>

namespace wakeful {
namespace {

constexpr int kWaitsForTheDead = 200;  // of 10 ms

// With less than this left, an I/O error is taken for a full disk: no commit is that big but a run
// table's.
constexpr uint64_t kNearlyFullBytes = 2 << 20;

/// What a folder may hold and still be a store, or become one.
const std::set<std::string> kOwnNames = {"lock",  "journal", "journal.new",
                                         "inbox", "socket",  ".gitignore"};

Result<std::set<std::string>> names_in(const std::string& path) {
  std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  if (!folder) return system_error(errno, "read", path);
  std::set<std::string> names;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.insert(name);
  }
  return names;
}

bool file_size_is_limited() {
  rlimit limit{};
  return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

std::string command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  while (!text.empty() && text.back() == '\0') text.pop_back();
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return text;
}

std::string read_text(int fd) {
  char text[4096];
  const ssize_t size = pread(fd, text, sizeof text, 0);
  return size > 0 ? std::string(text, static_cast<size_t>(size)) : std::string();
}

/// The value of a line `key value` of the lock file.
std::string line_of(const std::string& text, const std::string& key) {
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (text.compare(begin, key.size() + 1, key + " ") == 0)
      return text.substr(begin + key.size() + 1, end - begin - key.size() - 1);
    begin = end + 1;
  }
  return {};
}

/// In place of what the last holder wrote, and cut only where that was longer: cutting a file to
/// nothing can wait for the file system's own journal, milliseconds of every start.
bool write_holder(int fd, const std::string& text) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return false;
  if ((status.st_mode & 07777) != 0600 && fchmod(fd, 0600) != 0) return false;
  const auto size = static_cast<ssize_t>(text.size());
  if (pwrite(fd, text.data(), text.size(), 0) != size) return false;
  return status.st_size <= size || ftruncate(fd, size) == 0;
}

/// What the holder wrote. One that has just taken the lock may not have written yet, so the text is
/// looked at again for a moment until it names a process that lives.
std::string read_holder(int fd) {
  constexpr int kLooks = 10;
  std::string text;
  for (int look = 0; look < kLooks; ++look) {
    text = read_text(fd);
    const int pid = std::atoi(line_of(text, "pid").c_str());
    if (pid > 0 && (kill(pid, 0) == 0 || errno == EPERM)) return text;
    usleep(5'000);
  }
  return text;
}

tl::unexpected<Error> lock_is_held(const std::string& path, const std::string& holder) {
  const std::string pid = line_of(holder, "pid");
  if (pid.empty())
    return fail(Fault::Store,
                fmt::format("the store {} is in use by another process. Wait for it to end, or use "
                            "another store with --store",
                            path));
  return fail(
      Fault::Store,
      fmt::format(
          "the store {} is in use by process {} (`{}`, since {}). Wait for it to end, stop it with "
          "`kill {}` (its runs are kept), or use another store with --store",
          path, pid, line_of(holder, "command"), line_of(holder, "since"), pid));
}

}  // namespace

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileHandle::~FileHandle() {
  if (fd_ >= 0) close(fd_);
}

tl::unexpected<Error> system_error(int error, const std::string& doing, const std::string& path) {
  struct statvfs disk {};
  const bool known = statvfs(path.c_str(), &disk) == 0;
  const uint64_t left = known ? uint64_t{disk.f_bavail} * disk.f_frsize : 0;
  // LMDB makes EIO of a write that was only done in part, so EIO has to be asked why.
  const bool nearly_full = known && left < kNearlyFullBytes;
  const bool limited = error == EFBIG || (error == EIO && !nearly_full && file_size_is_limited());
  if (error == ENOSPC || error == EDQUOT || limited || (error == EIO && nearly_full)) {
    const char* what = error == EDQUOT ? "the disk quota is used up"
                       : limited       ? "the limit of a file's size (ulimit -f) is reached"
                                       : "the disk is full";
    return fail(
        Fault::Store,
        fmt::format("cannot {} {}: {} ({} KiB left). What was reported as done is safe. Make "
                    "room and go on with `wf resume`, or the same command again",
                    doing, path, what, left / 1024));
  }
  if (error == EACCES || error == EPERM || error == EROFS)
    return fail(Fault::Store,
                fmt::format("cannot {} {}: {}. Use a folder that you may write to, with --store",
                            doing, path, std::strerror(error)));
  return fail(Fault::Store, fmt::format("cannot {} {}: {}", doing, path, std::strerror(error)));
}

Result<void> sync_path(const std::string& path) {
  FileHandle file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error(errno, "open", path);
  int result = 0;
  do result = fsync(file.get());
  while (result != 0 && errno == EINTR);
  if (result != 0) return system_error(errno, "sync", path);
  return {};
}

StoreFolder::StoreFolder(std::string directory) : path(std::move(directory)) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  environment = path + "/journal";
  creation = path + "/journal.new";
}

Result<StoreFolder::State> StoreFolder::look() const {
  struct stat status {};
  if (path.empty())
    return fail(Fault::Store, "the store's name is empty: name a folder with --store");
  if (stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return State::Missing;
    return system_error(errno, "open the store", path);
  }
  if (!S_ISDIR(status.st_mode))
    return fail(
        Fault::Store,
        fmt::format("{} is a file, but a store is a folder. Name another one with --store", path));
  auto names = names_in(path);
  if (!names) return tl::unexpected(names.error());
  const bool present = names->count("journal") != 0;
  if (!present)
    for (const std::string& name : *names)
      if (!kOwnNames.count(name))
        return fail(
            Fault::Store,
            fmt::format("{} is not a store: it holds `{}`. Name an empty folder, or one that "
                        "does not exist yet, with --store",
                        path, name));
  return present ? State::Present : State::Empty;
}

Result<void> StoreFolder::make() const {
  std::error_code error;
  const std::filesystem::path folder(path);
  const std::filesystem::path parent = folder.has_parent_path() ? folder.parent_path() : ".";
  std::filesystem::create_directories(parent, error);
  if (error) return system_error(error.value(), "make the folder", parent.string());
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return system_error(errno, "make the store", path);
  if (chmod(path.c_str(), 0700) != 0) return system_error(errno, "protect the store", path);
  return sync_path(parent.string());
}

Result<FileHandle> StoreFolder::lock() const {
  const std::string name = path + "/lock";
  FileHandle file(open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return system_error(errno, "write to the store", path);
  int result = 0;
  for (int waits = 0;; ++waits) {
    do result = flock(file.get(), LOCK_EX | LOCK_NB);
    while (result != 0 && errno == EINTR);
    // A holder that was killed as it started a program: until that is executed, it has the file
    // too.
    if (result == 0 || errno != EWOULDBLOCK || waits == kWaitsForTheDead) break;
    const int pid = std::atoi(line_of(read_text(file.get()), "pid").c_str());
    const bool gone = pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
    errno = EWOULDBLOCK;
    if (!gone) break;
    usleep(10'000);
  }
  if (result != 0) {
    if (errno == EWOULDBLOCK) return lock_is_held(path, read_holder(file.get()));
    return system_error(errno, "lock the store", path);
  }
  const std::string text = fmt::format("pid {}\nsince {:%Y-%m-%dT%H:%M:%SZ}\ncommand {}\n",
                                       getpid(), fmt::gmtime(std::time(nullptr)), command_line());
  // Only a help for whoever finds the store in use: a full disk must not keep anybody from reading
  // their runs.
  if (!write_holder(file.get(), text)) (void)ftruncate(file.get(), 0);
  return file;
}

bool StoreFolder::in_use() const {
  struct stat status {};
  FileHandle file(open((path + "/lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file || fstat(file.get(), &status) != 0) return false;
  const int pid = std::atoi(line_of(read_text(file.get()), "pid").c_str());
  if (pid <= 0 || (kill(pid, 0) != 0 && errno != EPERM)) return false;
  std::ifstream locks("/proc/locks");  // `1: FLOCK ADVISORY WRITE 4711 08:01:123456 0 EOF`
  if (!locks) return true;
  const std::string inode = fmt::format(":{} ", status.st_ino);
  for (std::string line; std::getline(locks, line);)
    if (line.find(" FLOCK ") != std::string::npos && line.find(inode) != std::string::npos)
      return true;
  return false;
}

Result<void> StoreFolder::remove_leftovers() const {
  std::error_code error;
  std::filesystem::remove_all(creation, error);
  if (error) return system_error(error.value(), "remove", creation);
  return {};
}

Result<void> StoreFolder::publish() const {
  // The name comes last, so that whoever sees it sees a whole store.
  if (auto synced = sync_path(creation + "/data.mdb"); !synced) return synced;
  unlink((creation + "/lock.mdb").c_str());
  if (auto synced = sync_path(creation); !synced) return synced;
  if (rename(creation.c_str(), environment.c_str()) != 0)
    return system_error(errno, "finish", environment);
  return sync_path(path);
}

}  // namespace wakeful
