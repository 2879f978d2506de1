// file.read, write, append, exists, list, remove.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "runtime/effects/call.h"
#include "runtime/effects/descriptor.h"
#include "runtime/values/utf8.h"

namespace wakeful::effects {
namespace {

[[noreturn]] void io_error(Call& call, const std::string& path, const std::string& reason) {
  Map* data = make_map(call.heap, 2);
  map_set(call.heap, data, "path", repaired_string(call.heap, path));
  map_set(call.heap, data, "reason", repaired_string(call.heap, reason));
  throw Thrown{"IoError", repair_utf8(fmt::format("{}: {}: {}", call.name, path, reason)),
               Value::of(data)};
}

std::string reason_of(int error) {
  std::string reason =
      strerrordesc_np(error) ? strerrordesc_np(error) : "error " + std::to_string(error);
  return reason;
}

[[noreturn]] void io_error(Call& call, const std::string& path, int error) {
  io_error(call, path, reason_of(error));
}

std::string path_of(Call& call) {
  std::string path = call.text(0, "path");
  if (path.empty()) call.fail("ArgumentError", "path must not be empty");
  return path;
}

std::string text_of(Call& call) {
  const Value v = call.argument(1);
  if (!v.is(Tag::String))
    call.wrong_type("text", "a string (json.stringify(x) and str(x) make one)", v);
  return std::string(v.string()->view());
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string read_all(Call& call, const std::string& path, int fd) {
  std::string text;
  std::vector<char> buffer(1 << 16);
  for (;;) {
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n == 0) return text;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) io_error(call, path, errno);
    text.append(buffer.data(), static_cast<size_t>(n));
    if (text.size() > kReadBytesMax)
      io_error(call, path, "larger than 60 MB; let a program read it: exec.run([…])");
  }
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

void sync_folder(const std::string& folder) {
  Descriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) (void)fsync(fd.get());
}

[[noreturn]] void open_failed(Call& call, const std::string& path, int error) {
  struct stat info {};
  if (error == ENOENT && stat(folder_of(path).c_str(), &info) != 0) {
    io_error(
        call, path,
        fmt::format("its folder does not exist; exec.run([\"mkdir\", \"-p\", \"{}\"]) makes it",
                    folder_of(path)));
  }
  io_error(call, path, error);
}

/// The file that a symbolic link leads to, so that a write changes that one, not the link.
std::string resolved(const std::string& path) {
  char* real = realpath(path.c_str(), nullptr);
  std::string out = real ? real : path;
  std::free(real);
  return out;
}

/// Beside the file. The same for each repetition of a step, so that a crash leaves at most this
/// one, and the repetition uses it up.
std::string temporary_name(const Call& call, const std::string& path) {
  static std::atomic<uint64_t> counter{0};
  const std::string tag = call.key.empty() ? fmt::format("{}-{}", getpid(), ++counter)
                                           : fmt::format("{:08x}", hash_text(call.key));
  const size_t slash = path.rfind('/');
  const std::string name = slash == path.npos ? path : path.substr(slash + 1);
  return fmt::format("{}/.{}.{}.tmp", folder_of(path), name.substr(0, 200), tag);
}

}  // namespace

Value file_read(Call& call) {
  const std::string path = path_of(call);
  Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // not to hang on a pipe
  if (!fd) io_error(call, path, errno);
  struct stat info {};
  if (fstat(fd.get(), &info) == 0 && S_ISDIR(info.st_mode))
    io_error(call, path, "is a folder; file.list() gives its names");
  if (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode))
    io_error(call, path, "is a pipe or socket, not a file");
  const std::string text = read_all(call, path, fd.get());
  const size_t good = valid_utf8_prefix(text);
  if (good != text.size()) {
    io_error(
        call, path,
        fmt::format("is not UTF-8 text (byte {}); let a program read it: exec.run([…])", good));
  }
  return call.string(text);
}

Value file_write(Call& call) {
  const std::string text = text_of(call);
  const std::string given = path_of(call);
  const std::string path = resolved(given);
  struct stat info {};
  const bool exists = stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) io_error(call, given, "is a folder");
  if (exists && !S_ISREG(info.st_mode)) {  // a device: nothing to replace
    Descriptor fd(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd || !write_all(fd.get(), text)) io_error(call, given, errno);
    return Value::null();
  }
  const std::string temporary = temporary_name(call, path);
  Descriptor fd(
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!fd) open_failed(call, given, errno);
  const bool ok = (!exists || fchmod(fd.get(), info.st_mode & 07777) == 0) &&
                  write_all(fd.get(), text) && fsync(fd.get()) == 0 &&
                  rename(temporary.c_str(), path.c_str()) == 0;
  if (!ok) {
    const int error = errno;
    unlink(temporary.c_str());
    io_error(call, given, error);
  }
  sync_folder(folder_of(path));
  return Value::null();
}

Value file_append(Call& call) {
  const std::string text = text_of(call);
  const std::string path = path_of(call);
  Descriptor fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
  if (!fd) open_failed(call, path, errno);
  const off_t before = lseek(fd.get(), 0, SEEK_END);
  if (!write_all(fd.get(), text) || (fsync(fd.get()) != 0 && errno != EINVAL)) {
    const int error = errno;
    if (before >= 0) (void)!ftruncate(fd.get(), before);  // a full disk: no half of a text
    io_error(call, path, error);
  }
  if (before == 0) sync_folder(folder_of(path));
  return Value::null();
}

Value file_exists(Call& call) {
  const std::string path = path_of(call);
  struct stat info {};
  if (stat(path.c_str(), &info) == 0) return Value::of(true);
  if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return Value::of(false);
  io_error(call, path, errno);
}

Value file_list(Call& call) {
  const std::string path = path_of(call);
  DIR* folder = opendir(path.c_str());
  if (!folder) io_error(call, path, errno);
  std::vector<std::string> names;
  size_t bytes = 0;
  errno = 0;
  while (const dirent* entry = readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    names.push_back(repair_utf8(name));
    bytes += name.size() + 8;
  }
  const int error = errno;
  closedir(folder);
  if (error) io_error(call, path, error);
  if (bytes > kReadBytesMax) io_error(call, path, "has too many entries");
  std::sort(names.begin(), names.end());
  List* list = make_list(call.heap, static_cast<uint32_t>(names.size()));
  for (const std::string& name : names) list_push(call.heap, list, call.string(name));
  return Value::of(list);
}

Value file_remove(Call& call) {
  const std::string path = path_of(call);
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return Value::null();
    io_error(call, path, errno);
  }
  const bool folder = S_ISDIR(info.st_mode);
  if ((folder ? rmdir(path.c_str()) : unlink(path.c_str())) != 0 && errno != ENOENT) {
    if (errno == ENOTEMPTY || errno == EEXIST)
      io_error(call, path, "is a folder that is not empty");
    io_error(call, path, errno);
  }
  sync_folder(folder_of(path));
  return Value::null();
}

}  // namespace wakeful::effects
