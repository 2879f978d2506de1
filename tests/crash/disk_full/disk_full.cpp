// A store on a disk that fills up: every failure names the full disk and the remedy, nothing that
// was acknowledged is lost, and with room again the store goes on. See ../README.md.
//
// disk_full: on a tmpfs of its own where mounting is allowed, and under a limit on the size of
// files anywhere.
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/journal/journal.h"

using namespace wakeful;
namespace fs = std::filesystem;

namespace {

void must(bool condition, const std::string& what) {
  if (condition) return;
  fmt::print("{}\n", what);
  std::exit(1);
}

std::unique_ptr<Journal> open(const std::string& path, Error* error = nullptr) {
  auto store = open_lmdb_store(path, true);
  auto journal = store ? Journal::open(std::move(*store), true) : tl::unexpected(store.error());
  if (journal) return std::move(*journal);
  must(error != nullptr, journal.error().message);
  *error = journal.error();
  return nullptr;
}

Record some_record(Journal& journal, size_t bytes) {
  Record record;
  record.type = RecordType::RunStarted;
  record.run = journal.next_run_number();
  record.id = fmt::format("run-{}", record.run.value);
  record.value.assign(bytes, 'x');
  return record;
}

void check_message(const Error& error) {
  must(error.fault == Fault::Store, "not Fault::Store: " + error.message);
  const bool named = error.message.find("disk is full") != std::string::npos ||
                     error.message.find("limit of a file's size") != std::string::npos;
  must(named && error.message.find("Make room") != std::string::npos,
       "no remedy: " + error.message);
}

/// Writes until the disk is full; the number of records that were acknowledged.
size_t fill(const std::string& path, size_t record_bytes) {
  Error error;
  auto journal = open(path, &error);
  if (!journal) return check_message(error), 0;
  size_t acknowledged = journal->runs().size();
  for (int i = 0; i < 100000; ++i) {
    Record record = some_record(*journal, record_bytes);
    journal->append(record);
    if (auto flushed = journal->flush(); !flushed) {
      check_message(flushed.error());
      must(journal->failure().has_value(), "the failure was forgotten");
      return acknowledged;
    }
    ++acknowledged;
  }
  return must(false, "the disk never got full"), 0;
}

void check_goes_on(const std::string& path, size_t acknowledged) {
  auto journal = open(path);
  must(journal->runs().size() == acknowledged,
       fmt::format("{} records of {}", journal->runs().size(), acknowledged));
  for (const RunInfo* run : journal->runs())
    must(journal->history(run->number).has_value(), "a record cannot be read");
  Record record = some_record(*journal, 10);
  journal->append(record);
  must(journal->flush().has_value(), "cannot go on with room on the disk");
}

void with_size_limit(const std::string& scratch) {
  for (size_t limit = 0; limit <= 200000; limit += 3000) {
    const std::string path = fmt::format("{}/limit-{}", scratch, limit);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{limit, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    const size_t acknowledged = fill(path, 700);
    setrlimit(RLIMIT_FSIZE, &before);
    check_goes_on(path, acknowledged);
  }
  fmt::print("limit of a file's size: 67 limits, each reported, nothing lost\n");
}

void on_small_disk(const std::string& scratch) {
  const std::string disk = scratch + "/disk";
  fs::create_directories(disk);
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("none", disk.c_str(), "tmpfs", 0, "size=400k") != 0) {
    fmt::print("small disk: skipped, mounting is not allowed here\n");
    return;
  }
  for (size_t record_bytes : {60, 3000, 30000}) {
    for (size_t ballast : {0, 100000, 300000, 380000, 400000}) {
      std::ofstream(disk + "/ballast") << std::string(ballast, 'b');
      const size_t acknowledged = fill(disk + "/store", record_bytes);
      fs::remove(disk + "/ballast");
      must(mount("none", disk.c_str(), "tmpfs", MS_REMOUNT, "size=4m") == 0, "cannot make room");
      check_goes_on(disk + "/store", acknowledged);
      fs::remove_all(disk + "/store");
      must(mount("none", disk.c_str(), "tmpfs", MS_REMOUNT, "size=400k") == 0, "cannot take room");
    }
  }
  fmt::print("small disk: 15 ways to fill it, each reported, nothing lost\n");
}

}  // namespace

int main() {
  std::string scratch =
      access("/dev/shm", W_OK) == 0 ? "/dev/shm" : fs::temp_directory_path().string();
  scratch += "/wf-disk-full-XXXXXX";
  must(mkdtemp(scratch.data()) != nullptr, "no scratch folder");
  // In children: one ends with the mount, and both may fail half-way.
  int failures = 0;
  for (auto* test : {with_size_limit, on_small_disk}) {
    const pid_t child = fork();
    if (child == 0) {
      test(scratch);
      fflush(stdout);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) ++failures;
    if (WIFSIGNALED(status)) fmt::print("signal {}\n", WTERMSIG(status));
  }
  std::error_code ignored;
  fs::remove_all(scratch, ignored);
  return failures == 0 ? 0 : 1;
}
