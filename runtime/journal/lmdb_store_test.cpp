#include "runtime/journal/lmdb_store.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "runtime/journal/journal.h"
#include "runtime/journal/test_records.h"

using namespace wakeful;
using namespace wakeful::test;
namespace fs = std::filesystem;

namespace {

std::unique_ptr<Store> open(const std::string& path, bool writer = true,
                            const LmdbOptions& options = {}) {
  auto store = open_lmdb_store(path, writer, options);
  if (!store) FAIL(store.error().message);
  return std::move(*store);
}

Error error_of(const std::string& path, bool writer = true) {
  auto store = open_lmdb_store(path, writer);
  REQUIRE(!store);
  return store.error();
}

void put_group(Store& store, const std::string& bytes) {
  Commit commit;
  commit.first = store.end();
  commit.group = bytes;
  auto done = store.commit(commit);
  if (!done) FAIL(done.error().message);
}

std::string all_groups(const Store& store, Lsn from = Lsn{1}) {
  std::string all;
  REQUIRE(store.scan(from, [&](Lsn, std::string_view group) {
    all += group;
    return true;
  }));
  return all;
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

bool says(const Error& error, const std::string& words) {
  INFO(error.message);
  const bool found = error.message.find(words) != std::string::npos;
  CHECK(found);
  return found;
}

/// Writes a value under a key of the store's tree, behind the store's back.
void put_behind(const std::string& path, const std::string& key, const std::string& value) {
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  MDB_dbi dbi;
  REQUIRE(mdb_env_create(&env) == 0);
  REQUIRE(mdb_env_set_mapsize(env, size_t{1} << 30) ==
          0);  // what the thread sanitizer has room for
  REQUIRE(mdb_env_open(env, (path + "/journal").c_str(), 0, 0600) == 0);
  REQUIRE(mdb_txn_begin(env, nullptr, 0, &txn) == 0);
  REQUIRE(mdb_dbi_open(txn, nullptr, 0, &dbi) == 0);
  MDB_val k{key.size(), const_cast<char*>(key.data())},
      v{value.size(), const_cast<char*>(value.data())};
  REQUIRE(mdb_put(txn, dbi, &k, &v, 0) == 0);
  // The stamp that every transaction leaves.
  const std::string stamp_key = store_key("stamp");
  std::string stamp(8, '\0');
  stamp[0] = static_cast<char>(mdb_txn_id(txn));
  MDB_val sk{stamp_key.size(), const_cast<char*>(stamp_key.data())}, sv{8, stamp.data()};
  REQUIRE(mdb_put(txn, dbi, &sk, &sv, 0) == 0);
  REQUIRE(mdb_txn_commit(txn) == 0);
  mdb_env_close(env);
}

}  // namespace

TEST_CASE("groups, programs and the run table come back from the disk") {
  ScratchFolder folder;
  const std::string big(300000, 'x');
  {
    auto store = open(folder / "s");
    CHECK(store->end() == Lsn{1});
    CHECK(
        !**store->group_at(Lsn{1}).map([](auto&& x) { return std::make_optional(x.has_value()); }));
    put_group(*store, "first");
    put_group(*store, big);
    Commit commit;
    commit.first = store->end();
    commit.programs = {{"hash", "program"}};
    commit.run_table = "table";
    REQUIRE(store->commit(commit));
  }
  for (bool writer : {true, false}) {
    auto store = open(folder / "s", writer);
    CHECK(store->end() == Lsn{6 + big.size()});
    CHECK((*store->group_at(Lsn{5}))->first == Lsn{1});
    CHECK((*store->group_at(Lsn{6}))->second == big);
    CHECK((*store->group_at(Lsn{1000}))->first == Lsn{6});
    CHECK(!*store->group_at(store->end()));
    CHECK(all_groups(*store) == "first" + big);
    CHECK(all_groups(*store, Lsn{7}) == big);
    CHECK(**store->program("hash") == "program");
    CHECK(!*store->program("other"));
    CHECK(**store->run_table() == "table");
  }
}

TEST_CASE("many groups, of all sizes, stay in order and checked over reopens") {
  ScratchFolder folder;
  Random random(1);
  std::string all;
  LmdbOptions paths;
  paths.checked_pages_max = 0;  // checks on the way to what is read
  for (int session = 0; session < 5; ++session) {
    auto store = open(folder / "s", true, session % 2 ? paths : LmdbOptions{});
    CHECK(all_groups(*store) == all);
    for (int i = 0; i < 200; ++i) {
      const std::string group = "g" + any_bytes(random, size_t{1} << (random() % 14));
      put_group(*store, group);
      all += group;
      if (i % 50 == 0) CHECK((*store->group_at(Lsn{1 + random() % all.size()})).has_value());
      if (i % 70 == 0) {
        Commit commit;
        commit.first = store->end();
        commit.run_table = any_bytes(random, 30000);
        REQUIRE(store->commit(commit));
      }
    }
  }
}

TEST_CASE("folder 0700, files 0600, whatever the umask") {
  for (mode_t mask : {0000, 0022, 0077, 0777}) {
    ScratchFolder folder;
    const mode_t before = umask(mask);
    { put_group(*open(folder / "s"), "x"); }
    umask(before);
    CHECK(mode_of(folder / "s") == 0700);
    CHECK(mode_of(folder / "s/journal") == 0700);
    CHECK(mode_of(folder / "s/lock") == 0600);
    CHECK(mode_of(folder / "s/journal/data.mdb") == 0600);
    CHECK(mode_of(folder / "s/journal/lock.mdb") == 0600);
    CHECK(!fs::exists(folder / "s/journal.new"));
  }
}

TEST_CASE("no descriptor of the store is inherited by a program") {
  ScratchFolder folder;
  auto store = open(folder / "s");
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target = fs::read_symlink(entry, error).string();
    if (target.find(folder.path) != 0) continue;
    const int fd = std::stoi(entry.path().filename());
    INFO(target);
    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("a second writer is told who holds the store; a reader need not wait") {
  ScratchFolder folder;
  auto store = open(folder / "s");
  put_group(*store, "x");
  const Error error = error_of(folder / "s");
  CHECK(error.fault == Fault::Store);
  says(error, "in use by process " + std::to_string(getpid()));
  says(error, "unit_wf_journal");
  says(error, "--store");
  CHECK(all_groups(*open(folder / "s", false)) == "x");
  store.reset();
  open(folder / "s");
}

TEST_CASE("a holder that was killed leaves no lock behind") {
  ScratchFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    auto store = open(folder / "s");
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  put_group(*open(folder / "s"), "x");
}

TEST_CASE("paths that are no store get a clear message, and nothing is written there") {
  ScratchFolder folder;
  std::ofstream(folder / "file") << "text";
  CHECK(error_of(folder / "file").fault == Fault::Store);
  says(error_of(folder / "file"), "is a file");

  fs::create_directory(folder / "foreign");
  std::ofstream(folder / "foreign/notes.txt") << "text";
  says(error_of(folder / "foreign"), "notes.txt");
  says(error_of(folder / "foreign", false), "notes.txt");
  CHECK(std::distance(fs::directory_iterator(folder / "foreign"), {}) == 1);

  CHECK(error_of(folder / "missing", false).fault == Fault::NotFound);
  CHECK(!fs::exists(folder / "missing"));
  fs::create_directory(folder / "empty");
  CHECK(error_of(folder / "empty", false).fault == Fault::NotFound);
  put_group(*open(folder / "empty"), "x");
  CHECK(mode_of(folder / "empty") == 0700);

  put_group(*open(folder / "deep/er/store/"), "x");
  CHECK(error_of("").fault == Fault::Store);
  CHECK(error_of(folder / "file/below").fault == Fault::Store);
}

TEST_CASE("a creation that was cut off is begun again") {
  ScratchFolder folder;
  fs::create_directories(folder / "s/journal.new");
  std::ofstream(folder / "s/journal.new/data.mdb") << "half a sto";
  put_group(*open(folder / "s"), "x");
  CHECK(!fs::exists(folder / "s/journal.new"));
}

TEST_CASE("a store of a newer wf is refused with the remedy") {
  ScratchFolder folder;
  { open(folder / "s"); }
  StoreHeader header;
  header.writer = "9.9";
  header.page_size = 4096;
  header.compatible = 1;
  put_behind(folder / "s", store_key("header"), header.bytes());
  says(error_of(folder / "s"), "newer wf");
  open(folder / "s", false);  // reading is all right
  header.incompatible = 4;
  put_behind(folder / "s", store_key("header"), header.bytes());
  says(error_of(folder / "s", false), "Upgrade wf");
  header.major = 2;
  put_behind(folder / "s", store_key("header"), header.bytes() + "more");
  says(error_of(folder / "s"), "format 2.0");
  CHECK(error_of(folder / "s").fault == Fault::Store);
}

TEST_CASE("an LMDB database of somebody else is not touched") {
  ScratchFolder folder;
  fs::create_directories(folder / "s/journal");
  put_behind(folder / "s", "key", "value");
  CHECK(error_of(folder / "s").fault == Fault::Store);
}

TEST_CASE("an empty, a cut and a garbage data file are reported as damaged") {
  ScratchFolder folder;
  {
    auto store = open(folder / "s");
    for (int i = 0; i < 50; ++i) put_group(*store, std::string(5000, 'x'));
  }
  const std::string data = folder / "s/journal/data.mdb";
  const auto size = fs::file_size(data);
  for (uintmax_t cut :
       {size - 4096, size / 2, uintmax_t{8192}, uintmax_t{8191}, uintmax_t{100}, uintmax_t{0}}) {
    fs::resize_file(data, cut);
    for (bool writer : {true, false}) says(error_of(folder / "s", writer), "damaged");
  }
  std::ofstream(data, std::ios::binary) << std::string(20000, 'z');
  says(error_of(folder / "s"), "damaged");
  fs::remove(data);
  CHECK(error_of(folder / "s").fault == Fault::Store);
}

TEST_CASE("the map grows when it is full, with readers at work") {
  ScratchFolder folder;
  LmdbOptions small;
  small.map_bytes = 1 << 20;
  auto store = open(folder / "s", true, small);
  auto reader = open(folder / "s", false, small);
  std::string all;
  for (int i = 0; i < 40; ++i) {
    put_group(*store, std::string(200000, static_cast<char>('a' + i % 26)));
    all += std::string(200000, static_cast<char>('a' + i % 26));
    CHECK(all_groups(*reader).size() == all.size());
  }
  CHECK(all_groups(*store) == all);
}

TEST_CASE("a journal over LMDB goes on where it was") {
  ScratchFolder folder;
  for (int session = 1; session <= 3; ++session) {
    auto journal = Journal::open(open(folder / "s"), true);
    REQUIRE(journal);
    for (int i = 0; i < 2500; ++i) {
      Record record;
      record.type = RecordType::RunStarted;
      record.run = (*journal)->next_run_number();
      record.id = "run-" + std::to_string(record.run.value);
      (*journal)->append(record);
      if (i % 500 == 0) REQUIRE((*journal)->flush());
    }
    CHECK((*journal)->runs().size() == 2500u * session);
    CHECK((*journal)->history(RunId{7})->size() == 1);
  }
}

TEST_CASE(
    "a lock file whose set-up was cut off is set up anew, when those who have it open are gone") {
  ScratchFolder folder;
  const std::string path = folder / "store";
  {
    auto store = open(path);
    for (int i = 0; i < 3; ++i) put_group(*store, "group");
  }
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t holder = fork();
  if (holder == 0) {  // has it open for a while, with LMDB's last transaction still at 0
    constexpr off_t kLastTransaction = 48;
    auto store = open_lmdb_store(path, false);
    const int lock = ::open((path + "/journal/lock.mdb").c_str(), O_RDWR);
    uint64_t last = 0;
    bool done =
        store && pread(lock, &last, sizeof last, kLastTransaction) == sizeof last && last >= 3;
    last = 0;
    done = done && pwrite(lock, &last, sizeof last, kLastTransaction) == sizeof last;
    done = done && write(ready[1], "!", 1) == 1;
    usleep(done ? 100'000 : 0);
    _exit(done ? 0 : 1);
  }
  close(ready[1]);
  char said = 0;
  REQUIRE(read(ready[0], &said, 1) == 1);
  close(ready[0]);
  auto store = open(path, false);
  CHECK(store->end() == Lsn{1 + 3 * 5});
  int status = 0;
  waitpid(holder, &status, 0);
  CHECK(status == 0);
}
