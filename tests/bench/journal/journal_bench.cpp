// A durable step against what the disk allows, all in the same run and in turns, because disks are
// noisy:
//   raw      append 256 B to a file, fdatasync
//   lmdb     one record of 256 B in one synced LMDB commit
//   journal  append one record with 256 B and flush()
//   burst    the same with 100 records between two flushes
// journal_bench [FOLDER] [ROUNDS]; prints medians and ratios to `lmdb`, as one line a row: name,
// µs, ratio.
#include <fcntl.h>
#include <fmt/format.h>
#include <lmdb.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/journal/journal.h"

using namespace wakeful;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

constexpr size_t kBytes = 256;
constexpr int kPerRound = 100;

void must(bool condition, const char* what) {
  if (condition) return;
  fmt::print(stderr, "journal_bench: {}\n", what);
  std::exit(1);
}

struct Raw {
  explicit Raw(const std::string& folder)
      : fd(open((folder + "/raw").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)) {}
  ~Raw() { close(fd); }
  void step() {
    const std::string record(kBytes, 'r');
    must(write(fd, record.data(), record.size()) == ssize_t{kBytes} && fdatasync(fd) == 0,
         "cannot write");
  }
  int fd;
};

struct Lmdb {
  explicit Lmdb(const std::string& folder) {
    fs::create_directories(folder + "/lmdb");
    must(mdb_env_create(&env) == 0 && mdb_env_set_mapsize(env, size_t{1} << 34) == 0 &&
             mdb_env_open(env, (folder + "/lmdb").c_str(), 0, 0600) == 0,
         "cannot open LMDB");
  }
  ~Lmdb() { mdb_env_close(env); }
  void step() {
    MDB_txn* txn = nullptr;
    MDB_dbi tree;
    must(mdb_txn_begin(env, nullptr, 0, &txn) == 0 && mdb_dbi_open(txn, nullptr, 0, &tree) == 0,
         "cannot begin");
    const uint64_t number = __builtin_bswap64(++count);
    std::string record(kBytes, 'l');
    MDB_val key{sizeof number, const_cast<uint64_t*>(&number)}, value{record.size(), record.data()};
    must(mdb_put(txn, tree, &key, &value, MDB_APPEND) == 0 && mdb_txn_commit(txn) == 0,
         "cannot commit");
  }
  MDB_env* env = nullptr;
  uint64_t count = 0;
};

struct Journaled {
  explicit Journaled(const std::string& folder) {
    auto store = open_lmdb_store(folder + "/store", true);
    must(store.has_value(), "cannot open the store");
    auto opened = Journal::open(std::move(*store), true);
    must(opened.has_value(), "cannot open the journal");
    journal = std::move(*opened);
    Record started;
    started.type = RecordType::RunStarted;
    started.run = run = journal->next_run_number();
    journal->append(started);
  }
  void step(int records = 1) {
    journal->hold();
    for (int i = 0; i < records; ++i) {
      Record record;
      record.type = RecordType::StepEnded;
      record.run = run;
      record.value.assign(kBytes, 'j');
      journal->append(record);
    }
    journal->let_go();
    must(journal->flush().has_value(), "cannot flush");
  }
  std::unique_ptr<Journal> journal;
  RunId run;
};

struct Row {
  const char* name;
  std::function<void()> step;
  std::vector<double> us;  // of a step, one a round
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder = argc > 1 ? argv[1] : ".";
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 15;
  folder += "/journal-bench-XXXXXX";
  must(mkdtemp(folder.data()) != nullptr, "cannot make a folder");
  {
    Raw raw(folder);
    Lmdb lmdb(folder);
    Journaled journal(folder);
    Row rows[] = {{"raw", [&] { raw.step(); }, {}},
                  {"lmdb", [&] { lmdb.step(); }, {}},
                  {"journal", [&] { journal.step(); }, {}},
                  {"burst", [&] { journal.step(100); }, {}}};
    for (int round = 0; round < rounds; ++round) {
      for (Row& row : rows) {
        const auto begin = Clock::now();
        for (int i = 0; i < kPerRound; ++i) row.step();
        row.us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count() /
                         kPerRound);
      }
    }
    const double reference = median(rows[1].us);
    for (const Row& row : rows)
      fmt::print("{} {:.1f} {:.2f}\n", row.name, median(row.us), median(row.us) / reference);
  }
  fs::remove_all(folder);
  return 0;
}
