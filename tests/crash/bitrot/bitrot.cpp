// Damages a small store in every place and asks that each damage either has no effect or is
// reported: never other data than was written, never a crash. See ../README.md.
//
// bitrot [--every N] [--trials N] [--seed N]
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>

#include "runtime/journal/journal.h"
#include "runtime/journal/lmdb_store.h"

using namespace wakeful;
namespace fs = std::filesystem;

namespace {

using Random = std::mt19937_64;
using Damage = std::function<std::string(size_t trial, std::string data)>;

struct Content {
  std::vector<std::pair<Lsn, Record>> records;
  std::vector<std::string> programs;
  bool operator==(const Content&) const = default;
};

Result<std::unique_ptr<Journal>> open(const std::string& path, bool writer,
                                      uint64_t checked_pages_max) {
  LmdbOptions options;
  options.checked_pages_max = checked_pages_max;
  auto store = open_lmdb_store(path, writer, options);
  if (!store) return tl::unexpected(store.error());
  return Journal::open(std::move(*store), writer);
}

/// All that anybody can ask a journal for.
Result<Content> read_all(const Journal& journal) {
  Content content;
  for (const RunInfo* run : journal.runs()) {
    auto history = journal.history(run->number);
    if (!history) return tl::unexpected(history.error());
    content.records.insert(content.records.end(), history->begin(), history->end());
    if (run->program.empty()) continue;
    auto program = journal.program(std::string(run->program));
    if (!program) return tl::unexpected(program.error());
    content.programs.push_back(*program);
  }
  return content;
}

void must(bool condition, const std::string& what) {
  if (condition) return;
  fmt::print("{}\n", what);
  std::exit(1);
}

Record any_record(Journal& journal, Random& random, size_t i) {
  Record record;
  record.type = RecordType::StepEnded;
  record.run = RunId{1 + random() % std::max<size_t>(1, journal.runs().size())};
  record.value.assign(random() % 90, static_cast<char>(i));
  if (i % 9 == 0) {
    record.type = RecordType::RunStarted;
    record.run = journal.next_run_number();
    record.id = fmt::format("run-{}", i);
    record.program = fmt::format("program-{}", i % 2);
    journal.put_program(record.program, std::string(300, 'p'));
  } else {
    record.step = i;
  }
  if (i == 20) record.value.assign(6000, 'v');  // lies on pages of its own
  return record;
}

/// Small, but with all that a store can have: groups in a leaf and on pages of their own, programs,
/// a table of runs with records after it, freed pages, several levels of tree.
Content make_store(const std::string& path) {
  Random random(1);
  auto journal = open(path, true, 1000);
  must(journal.has_value(), "cannot make the store");
  for (size_t i = 0; i < 70; ++i) {
    Record record = any_record(**journal, random, i);
    (*journal)->append(record);
    if (i % 3 == 0) must((*journal)->flush().has_value(), "cannot write the store");
  }
  must((*journal)->flush().has_value(), "cannot write the store");
  return *read_all(**journal);
}

enum Outcome : uint8_t { NoEffect, Reported, Wrong, Crashed };

/// Opens, reads, writes and reads again; `whole`: the pages are checked at open, else on the way to
/// what is read.
Outcome judge(const std::string& path, const Content& expected, bool whole, std::string& what) {
  const uint64_t checked = whole ? 1000 : 0;
  const auto reported = [&](const Error& error) {
    what = error.message;
    return error.fault == Fault::Store ? Reported : Wrong;
  };
  {
    auto reader = open(path, false, checked);
    if (!reader) return reported(reader.error());
    auto content = read_all(**reader);
    if (!content) return reported(content.error());
    if (*content != expected) return what = "a reader got other data", Wrong;
  }
  if (!whole) return NoEffect;  // writing is promised for what was checked as a whole
  Content more = expected;
  {
    auto writer = open(path, true, checked);
    if (!writer) return reported(writer.error());
    for (int i = 0; i < 3; ++i) {
      Record record;
      record.type = RecordType::RunStarted;
      record.run = (*writer)->next_run_number();
      record.id = "later";
      record.options.assign(3000, 'o');
      more.records.emplace_back((*writer)->append(record), record);
      if (auto flushed = (*writer)->flush(); !flushed) return reported(flushed.error());
    }
  }
  auto again = open(path, false, checked);
  if (!again) return what = again.error().message, Wrong;
  auto content = read_all(**again);
  if (!content) return what = content.error().message, Wrong;
  return *content == more ? NoEffect : (what = "other data after writing", Wrong);
}

struct Tally {
  size_t counts[4] = {};
  size_t shown = 0;
};

/// Trials [begin, end) in one child, which says how each ended; where it dies, the next child goes
/// on.
void run_trials(const std::string& name, size_t trials, const std::string& good,
                const Content& expected, const std::string& work, const Damage& damage, bool whole,
                Tally& tally) {
  for (size_t next = 0; next < trials;) {
    int ends[2];
    must(pipe(ends) == 0, "no pipe");
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      for (size_t trial = next; trial < trials; ++trial) {
        alarm(20);
        fs::remove_all(work + "/trial");
        fs::create_directories(work + "/trial/journal");
        std::ofstream(work + "/trial/journal/data.mdb", std::ios::binary) << damage(trial, good);
        std::string what;
        const Outcome outcome = judge(work + "/trial", expected, whole, what);
        if (outcome == Wrong) fmt::print(stderr, "  {} {}: {}\n", name, trial, what);
        if (write(ends[1], &outcome, 1) != 1) _exit(1);
      }
      _exit(0);
    }
    close(ends[1]);
    for (uint8_t outcome; read(ends[0], &outcome, 1) == 1; ++next) ++tally.counts[outcome];
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (next == trials) break;
    if (++tally.shown <= 5)
      fmt::print("  {} {}: signal {}\n", name, next, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    ++tally.counts[Crashed];
    ++next;
  }
}

}  // namespace

int main(int argc, char** argv) {
  size_t every = 37, trials = 400;
  uint64_t seed = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    (name == "--every"    ? every
     : name == "--trials" ? trials
                          : seed) = std::strtoull(argv[i + 1], nullptr, 10);
  }
  std::string work =
      access("/dev/shm", W_OK) == 0 ? "/dev/shm" : fs::temp_directory_path().string();
  work += "/wf-bitrot-XXXXXX";
  must(mkdtemp(work.data()) != nullptr, "no scratch folder");
  const Content expected = make_store(work + "/good");
  std::ifstream in(work + "/good/journal/data.mdb", std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(in), {}};

  const auto flip = [](std::string data, size_t bit) {
    data[bit / 8] ^= static_cast<char>(1 << bit % 8);
    return data;
  };
  constexpr size_t kMetaBits = 152 * 8;
  const auto random_of = [seed](size_t trial) { return Random(seed * 1000003 + trial); };
  struct Kind {
    const char* name;
    size_t trials;
    bool whole;
    Damage damage;
  };
  const Kind kinds[] = {
      {"no damage", 1, true, [](size_t, std::string data) { return data; }},
      {"bit of a meta page", 2 * kMetaBits, true,
       [&](size_t t, std::string data) {
         return flip(std::move(data), t % kMetaBits + (t < kMetaBits ? 0 : 4096 * 8));
       }},
      {"bit", good.size() * 8 / every, true,
       [&](size_t t, std::string data) { return flip(std::move(data), t * every + seed % every); }},
      {"bit, checked while reading", good.size() * 8 / every / 4, false,
       [&](size_t t, std::string data) {
         return flip(std::move(data), t * every * 4 + seed % every);
       }},
      {"sector of noise", trials, true,
       [&](size_t t, std::string data) {
         Random random = random_of(t);
         const size_t begin = random() % (data.size() / 512) * 512;
         for (size_t i = 0; i < 512; ++i) data[begin + i] = static_cast<char>(random());
         return data;
       }},
      {"page of zeros", good.size() / 4096, true,
       [](size_t t, std::string data) { return data.replace(t * 4096, 4096, 4096, '\0'); }},
      {"cut", trials, true,
       [&](size_t t, std::string data) {
         data.resize(random_of(t)() % data.size());
         return data;
       }},
  };
  size_t bad = 0;
  for (const Kind& kind : kinds) {
    Tally tally;
    run_trials(kind.name, kind.trials, good, expected, work, kind.damage, kind.whole, tally);
    const auto& c = tally.counts;
    fmt::print("{}: {} trials: {} without effect, {} reported, {} wrong, {} crashed\n", kind.name,
               kind.trials, c[NoEffect], c[Reported], c[Wrong], c[Crashed]);
    bad += c[Wrong] + c[Crashed] + (kind.trials == 1 ? c[Reported] : 0);
  }
  fs::remove_all(work);
  return bad == 0 ? 0 : 1;
}
