#include "runtime/journal/inbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <set>

#include "runtime/journal/journal.h"
#include "runtime/journal/store_folder.h"

namespace wakeful {
namespace {

constexpr std::string_view kKept = ".kept";
constexpr int64_t kPollMs = 500;             // where the system does not tell
constexpr time_t kUnfinishedSeconds = 3600;  // then its writer is taken to have crashed

std::string folder_of(const std::string& store) { return StoreFolder(store).path + "/inbox"; }

/// Ids sort in the order of time, also those of one process.
std::string new_id() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  uint32_t letters = 0;
  if (getrandom(&letters, sizeof letters, 0) != sizeof letters)
    letters = static_cast<uint32_t>(getpid());
  const uint64_t ns =
      static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  return fmt::format("{:016x}-{:08x}", ns, letters);
}

Result<void> make_folder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return system_error(errno, "make the folder", folder);
  }
  return sync_path(folder.substr(0, folder.rfind('/')));
}

Result<void> write_file(const std::string& path, std::string_view bytes) {
  FileHandle file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return system_error(errno, "write", path);
  while (!bytes.empty()) {
    const ssize_t written = write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(errno, "write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(file.get()) != 0) return system_error(errno, "sync", path);
  return {};
}

Result<std::string> read_file(const std::string& path) {
  FileHandle file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return system_error(errno, "read", path);
  std::string bytes;
  char part[65536];
  for (;;) {
    const ssize_t got = read(file.get(), part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "read", path);
    if (got == 0) return bytes;
    bytes.append(part, static_cast<size_t>(got));
  }
}

bool is_message(RecordType type) {
  return type == RecordType::SignalReceived || type == RecordType::UpdateReceived ||
         type == RecordType::CancelRequested || type == RecordType::Terminated;
}

class FolderInbox final : public Inbox {
 public:
  explicit FolderInbox(std::string folder)
      : folder_(std::move(folder)), watch_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (watch_ && inotify_add_watch(watch_.get(), folder_.c_str(), IN_MOVED_TO) < 0)
      watch_ = FileHandle();
  }

  int descriptor() const override { return watch_.get(); }

  bool changed() override {
    if (!watch_) {
      const auto now = std::chrono::steady_clock::now();
      if (looked_ && now - last_look_ < std::chrono::milliseconds(kPollMs)) return false;
      last_look_ = now;
      return true;
    }
    bool any = !looked_;
    alignas(inotify_event) char events[4096];
    while (::read(watch_.get(), events, sizeof events) > 0) any = true;
    return any;
  }

  Result<std::vector<InboxMessage>> read() override {
    auto names = list();
    if (!names) return tl::unexpected(names.error());
    std::vector<InboxMessage> messages;
    for (const std::string& name : *names) {
      const std::string id =
          name.ends_with(kKept) ? name.substr(0, name.size() - kKept.size()) : name;
      if (!given_.insert(id).second) continue;
      auto bytes = read_file(folder_ + "/" + name);
      if (!bytes) return tl::unexpected(bytes.error());
      size_t used = 0;
      auto record = decode_record(*bytes, Lsn{1}, used);
      const bool whole = record && used == bytes->size() && is_message(record->type);
      messages.push_back({id, whole ? std::move(*record) : Record{}, !looked_});
    }
    looked_ = true;
    return messages;
  }

  void remove(const std::string& id) override {
    if (unlink((folder_ + "/" + id).c_str()) != 0)
      unlink((folder_ + "/" + id + std::string(kKept)).c_str());
    given_.erase(id);
  }

  void keep(const std::string& id) override {
    const std::string path = folder_ + "/" + id;
    [[maybe_unused]] int failed = rename(path.c_str(), (path + std::string(kKept)).c_str());
  }

 private:
  Result<std::vector<std::string>> list() {
    std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(folder_.c_str()), closedir);
    if (!folder) return system_error(errno, "read", folder_);
    std::vector<std::string> names;
    while (const dirent* entry = readdir(folder.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (name.front() != '.') {
        names.push_back(name);
      } else if (!looked_) {
        remove_unfinished(folder_ + "/" + name);
      }
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  static void remove_unfinished(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) == 0 && status.st_mtime + kUnfinishedSeconds < time(nullptr))
      unlink(path.c_str());
  }

  std::string folder_;
  FileHandle watch_;
  bool looked_ = false;
  std::chrono::steady_clock::time_point last_look_;
  std::set<std::string> given_;  // ids whose files may still be there
};

}  // namespace

Result<std::unique_ptr<Inbox>> open_inbox(const std::string& store) {
  const std::string folder = folder_of(store);
  if (auto made = make_folder(folder); !made) return tl::unexpected(made.error());
  return std::make_unique<FolderInbox>(folder);
}

Result<std::string> send_message(const std::string& store, Record record) {
  const std::string folder = folder_of(store);
  if (auto made = make_folder(folder); !made) return tl::unexpected(made.error());
  const std::string id = new_id();
  record.previous = Lsn{};
  std::string bytes;
  encode_record(record, Lsn{1}, bytes);
  const std::string unfinished = folder + "/." + id;
  auto done = write_file(unfinished, bytes);
  if (done && rename(unfinished.c_str(), (folder + "/" + id).c_str()) != 0)
    done = system_error(errno, "write", folder + "/" + id);
  if (done) done = sync_path(folder);
  if (!done) {
    unlink(unfinished.c_str());
    return tl::unexpected(done.error());
  }
  return id;
}

MessageFate fate_of(const std::string& store, const std::string& id) {
  const std::string path = folder_of(store) + "/" + id;
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) return MessageFate::Waiting;
  return stat((path + std::string(kKept)).c_str(), &status) == 0 ? MessageFate::Kept
                                                                 : MessageFate::Taken;
}

}  // namespace wakeful
