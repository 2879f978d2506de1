// What the engine makes of the journal and the run core, on a store on disk.
//   fan-out    children per second of one parent that spawns so many and gathers them
//   waiting    bytes of memory for each of so many children that sleep
//   step       a durable step after the other (an activity of one line), beside a bare synced LMDB
//   commit of 256 B replay     records per second of that history
// engine_bench [FOLDER] [MOST]; MOST: the largest fan-out, 100000 unless given. One line a row:
// name, figure, unit, floor.
#include <fmt/format.h>
#include <lmdb.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "lang/compile/compile.h"
#include "runtime/engine/engine.h"
#include "runtime/replay/replay.h"
#include "runtime/values/codec.h"

using namespace wakeful;
namespace fs = std::filesystem;

namespace {

constexpr const char* kScript = R"(
workflow Child(x) { x }
workflow Sleeper(x) { sleep(1h); x }
activity note(x) { x }
workflow FanOut(n) { (gather (0..n).map(i => spawn Child(i))).len() }
workflow Waiting(n) { (gather (0..n).map(i => spawn Sleeper(i))).len() }
workflow Steps(n) { for i in 0..n { note(i) } }
)";

void must(bool condition, const std::string& what) {
  if (condition) return;
  fmt::print(stderr, "engine_bench: {}\n", what);
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  must(result.has_value(), result ? "" : result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  size_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

struct Quiet final : EngineOutput {
  void print(const std::string&) override {}
  void log(RunId, const char*, const std::string&, const std::string&) override {}
  void run_ended(const RunInfo& info) override {
    must(info.status == RunStatus::Completed, "the run failed");
  }
  void warn(const std::string& message) override { fmt::print(stderr, "{}\n", message); }
};

/// An engine on a fresh store.
struct Bench {
  Bench(const std::string& folder, const Program& p) : program(p) {
    journal = must(Journal::open(must(open_lmdb_store(folder, true)), true));
    engine = std::make_unique<Engine>(*journal, output, Engine::Services{}, Engine::Limits{});
  }
  RunId start(const std::string& workflow, int64_t n) {
    Heap heap;
    List* arguments = make_list(heap);
    list_push(heap, arguments, Value::of(n));
    std::string bytes;
    to_cbor(Value::of(arguments), bytes);
    return must(engine->start(program, workflow, fmt::format("{}-{}", workflow, ++started), bytes));
  }
  const Program& program;
  Quiet output;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Engine> engine;
  int started = 0;
};

/// One record of 256 B in one synced commit.
struct Lmdb {
  explicit Lmdb(const std::string& folder) {
    fs::create_directories(folder);
    must(mdb_env_create(&env) == 0 && mdb_env_set_mapsize(env, size_t{1} << 34) == 0 &&
             mdb_env_open(env, folder.c_str(), 0, 0600) == 0,
         "cannot open LMDB");
  }
  ~Lmdb() { mdb_env_close(env); }
  void step() {
    MDB_txn* txn = nullptr;
    MDB_dbi tree;
    must(mdb_txn_begin(env, nullptr, 0, &txn) == 0 && mdb_dbi_open(txn, nullptr, 0, &tree) == 0,
         "cannot begin");
    const uint64_t number = __builtin_bswap64(++count);
    std::string record(256, 'l');
    MDB_val key{sizeof number, const_cast<uint64_t*>(&number)}, value{record.size(), record.data()};
    must(mdb_put(txn, tree, &key, &value, MDB_APPEND) == 0 && mdb_txn_commit(txn) == 0,
         "cannot commit");
  }
  MDB_env* env = nullptr;
  uint64_t count = 0;
};

void fan_out(const std::string& folder, const Program& program, int64_t children) {
  Bench bench(folder + fmt::format("/fan-out-{}", children), program);
  const double began = seconds();
  const RunId root = bench.start("FanOut", children);
  must(bench.engine->work_until_ended({root}));
  fmt::print("fan-out of {:<7} {:>10.0f} children/s   floor 20000\n", children,
             static_cast<double>(children) / (seconds() - began));
}

void waiting(const std::string& folder, const Program& program, int64_t children) {
  Bench bench(folder + fmt::format("/waiting-{}", children), program);
  must(bench.engine->work_until_ended({bench.start("FanOut", 10)}));
  malloc_trim(0);
  const size_t before = resident_bytes();
  Lsn seen;
  bench.engine->on_tick(200, [&] {
    const Lsn end = bench.journal->appended();
    if (end == seen) bench.engine->request_stop();
    seen = end;
  });
  must(bench.engine->work_until_ended({bench.start("Waiting", children)}));
  const size_t with_slack = resident_bytes();
  malloc_trim(0);
  fmt::print(
      "{:<7} waiting     {:>10.0f} bytes/child  floor 4096, {:.0f} before slack is given back\n",
      children, static_cast<double>(resident_bytes() - before) / static_cast<double>(children),
      static_cast<double>(with_slack - before) / static_cast<double>(children));
}

void steps(const std::string& folder, const Program& program) {
  constexpr int kRounds = 9, kSteps = 300;
  Bench bench(folder + "/steps", program);
  Lmdb lmdb(folder + "/lmdb");
  std::vector<double> ours, theirs;
  for (int round = 0; round < kRounds; ++round) {
    double began = seconds();
    must(bench.engine->work_until_ended({bench.start("Steps", kSteps)}));
    ours.push_back((seconds() - began) / kSteps * 1e6);
    began = seconds();
    for (int i = 0; i < kSteps; ++i) lmdb.step();
    theirs.push_back((seconds() - began) / kSteps * 1e6);
  }
  fmt::print("lmdb commit         {:>10.0f} us\n", median(theirs));
  fmt::print("durable step        {:>10.0f} us           ratio {:.2f}, floor 1.5\n", median(ours),
             median(ours) / median(theirs));
}

void replays(const std::string& folder, const Program& program) {
  constexpr int kChildren = 20'000;
  Bench bench(folder + "/replay", program);
  const RunId root = bench.start("FanOut", kChildren);
  must(bench.engine->work_until_ended({root}));
  const double began = seconds();
  Replayed replayed = must(replay(*bench.journal, root, std::make_shared<Image>(program)));
  must(!replayed.difference, replayed.difference ? replayed.difference->message() : "");
  fmt::print("replay              {:>10.0f} records/s\n",
             static_cast<double>(replayed.records) / (seconds() - began));
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder = argc > 1 ? argv[1] : ".";
  const int64_t most = argc > 2 ? std::atoll(argv[2]) : 100'000;
  folder += "/engine-bench-XXXXXX";
  must(mkdtemp(folder.data()) != nullptr, "cannot make a folder");
  Compiled compiled =
      compile("bench.wf", [](const std::string& path) -> std::optional<std::string> {
        if (path == "bench.wf") return kScript;
        return std::nullopt;
      });
  must(compiled.program.has_value(), "the script does not compile");
  const Program& program = *compiled.program;
  for (int64_t children = 1'000; children <= most; children *= 10)
    fan_out(folder, program, children);
  for (int64_t children = 10'000; children <= most; children *= 10)
    waiting(folder, program, children);
  steps(folder, program);
  replays(folder, program);
  fs::remove_all(folder);
}
