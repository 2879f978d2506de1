#include "runtime/journal/journal.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>

#include "runtime/journal/lmdb_store.h"
#include "runtime/journal/test_records.h"

using namespace wakeful;
using namespace wakeful::test;

namespace {

/// A store over another one's content, so that a journal can be closed and opened again; it can
/// hold up and refuse commits.
struct Disk {
  std::unique_ptr<Store> store = open_memory_store();
  std::mutex mutex;
  std::condition_variable changed;
  bool stopped = false;
  int commits_left = -1;       // then they fail; -1: never
  std::vector<size_t> groups;  // sizes of what was committed

  void stop(bool value) {
    std::lock_guard lock(mutex);
    stopped = value;
    changed.notify_all();
  }
};

class DiskStore final : public Store {
 public:
  explicit DiskStore(Disk& disk) : disk_(disk) {}
  Result<void> commit(const Commit& commit) override {
    std::unique_lock lock(disk_.mutex);
    disk_.changed.wait(lock, [this] { return !disk_.stopped; });
    if (disk_.commits_left == 0) return fail(Fault::Store, "the disk has failed");
    if (disk_.commits_left > 0) --disk_.commits_left;
    disk_.groups.push_back(commit.group.size());
    return disk_.store->commit(commit);
  }
  Result<std::optional<std::pair<Lsn, std::string>>> group_at(Lsn at) const override {
    return disk_.store->group_at(at);
  }
  Result<void> scan(Lsn from, const std::function<bool(Lsn, std::string_view)>& f) const override {
    return disk_.store->scan(from, f);
  }
  Result<std::optional<std::string>> program(const std::string& hash) const override {
    return disk_.store->program(hash);
  }
  Result<std::optional<std::string>> run_table() const override { return disk_.store->run_table(); }
  Lsn end() const override { return disk_.store->end(); }

 private:
  Disk& disk_;
};

std::unique_ptr<Journal> open(Disk& disk, bool writer = true) {
  auto journal = Journal::open(std::make_unique<DiskStore>(disk), writer);
  REQUIRE(journal);
  return std::move(*journal);
}

Record started(RunId run, const std::string& id, RunId parent = {}) {
  Record record;
  record.type = RecordType::RunStarted;
  record.run = run;
  record.id = id;
  record.name = "Main";
  record.time = 1000 + static_cast<int64_t>(run.value);
  record.program = "0123456789abcdef0123456789abcdef";
  record.parent = parent.value;
  record.parent_step = parent ? 1 : 0;
  return record;
}

Record event(RunId run, int64_t time = 2000) {
  Record record;
  record.type = RecordType::TimerFired;
  record.run = run;
  record.step = 1;
  record.time = time;
  return record;
}

Record ended(RunId run, RunStatus status = RunStatus::Completed, bool printed = false) {
  Record record;
  record.type = RecordType::RunEnded;
  record.run = run;
  record.kind = static_cast<uint64_t>(status);
  record.value = "result";
  record.number = printed ? 1 : 0;
  return record;
}

RunId start(Journal& journal, const std::string& id, RunId parent = {}) {
  Record record = started(journal.next_run_number(), id, parent);
  journal.append(record);
  return record.run;
}

void same_table(const Journal& a, const Journal& b) {
  const auto left = a.runs(), right = b.runs();
  REQUIRE(left.size() == right.size());
  for (size_t i = 0; i < left.size(); ++i) {
    const RunInfo &x = *left[i], &y = *right[i];
    CHECK(std::tie(x.number, x.id, x.workflow, x.status, x.parent, x.parent_step, x.attempt,
                   x.started_ms, x.ended_ms, x.first, x.last, x.released, x.program) ==
          std::tie(y.number, y.id, y.workflow, y.status, y.parent, y.parent_step, y.attempt,
                   y.started_ms, y.ended_ms, y.first, y.last, y.released, y.program));
    CHECK(a.children(x.number).size() == b.children(x.number).size());
    CHECK(a.find(x.id)->number == b.find(x.id)->number);
  }
}

}  // namespace

TEST_CASE("records come back after a reopen, run by run") {
  Disk disk;
  RunId a, b;
  {
    auto journal = open(disk);
    a = start(*journal, "a");
    b = start(*journal, "b");
    for (int i = 0; i < 10; ++i) {
      Record record = event(i % 2 ? a : b, 2000 + i);
      journal->append(record);
    }
    Record end = ended(a);
    journal->append(end);
    REQUIRE(journal->flush());
    CHECK(journal->durable() == journal->appended());
  }
  auto journal = open(disk);
  auto history = journal->history(a);
  REQUIRE(history);
  REQUIRE(history->size() == 7);
  CHECK(history->front().second.type == RecordType::RunStarted);
  CHECK(history->back().second.type == RecordType::RunEnded);
  for (size_t i = 1; i < history->size(); ++i)
    CHECK((*history)[i].second.previous == (*history)[i - 1].first);
  auto both = journal->histories({a, b});
  REQUIRE(both);
  CHECK((*both)[a] == *history);
  CHECK((*both)[b].size() == 6);
  CHECK(journal->find(a)->status == RunStatus::Completed);
  CHECK(journal->find(a)->ended_ms == 2009);
  CHECK(journal->find("b")->status == RunStatus::Running);
  CHECK(journal->next_run_number() == RunId{3});
}

TEST_CASE("a reader sees the same table and cannot be told a run that is not there") {
  Disk disk;
  auto writer = open(disk);
  const RunId a = start(*writer, "a");
  REQUIRE(writer->flush());
  auto reader = open(disk, false);
  same_table(*writer, *reader);
  CHECK(reader->history(RunId{9}).error().fault == Fault::NotFound);
  CHECK(reader->find("nobody") == nullptr);
  CHECK(reader->history(a)->size() == 1);
  CHECK(!reader->record_at(Lsn{100000}));
}

TEST_CASE("what is appended can be read before it is durable") {
  Disk disk;
  auto journal = open(disk);
  const RunId a = start(*journal, "a");
  REQUIRE(journal->flush());
  disk.stop(true);
  Record record = event(a);
  const Lsn at = journal->append(record);
  CHECK(journal->durable() <= at);
  CHECK(*journal->record_at(at) == record);
  CHECK(journal->history(a)->size() == 2);
  CHECK((*journal->histories({a}))[a].size() == 2);
  journal->put_program("hash", "bytes");
  CHECK(*journal->program("hash") == "bytes");
  disk.stop(false);
  REQUIRE(journal->flush());
  CHECK(journal->durable() > at);
  CHECK(*journal->record_at(at) == record);
}

TEST_CASE("a program is stored with the next record, once") {
  Disk disk;
  {
    auto journal = open(disk);
    journal->put_program("hash", "bytes");
    journal->put_program("hash", "bytes");
    start(*journal, "a");
  }
  CHECK(disk.groups.size() == 1);
  auto journal = open(disk);
  CHECK(*journal->program("hash") == "bytes");
  CHECK(journal->program("other").error().fault == Fault::Store);
}

TEST_CASE("what gathers during a commit is one group, and hold() makes one of a burst") {
  Disk disk;
  auto journal = open(disk);
  disk.stop(true);
  const RunId a = start(*journal, "a");
  while (true) {  // until the committer has taken the first group
    Record record = event(a);
    journal->append(record);
    if (record.previous.value > 2000) break;
  }
  disk.stop(false);
  REQUIRE(journal->flush());
  CHECK(disk.groups.size() <= 2);
  for (int i = 0; i < 50; ++i) {
    const size_t before = disk.groups.size();
    journal->hold();
    for (int k = 0; k < 5; ++k) {
      Record record = event(a);
      journal->append(record);
      std::this_thread::yield();
    }
    journal->let_go();
    REQUIRE(journal->flush());
    CHECK(disk.groups.size() == before + 1);
  }
}

TEST_CASE(
    "after a failed commit nothing becomes durable any more and every wait ends with the error") {
  Disk disk;
  auto journal = open(disk);
  std::atomic<int> calls = 0;
  journal->on_durable([&] { ++calls; });
  const RunId a = start(*journal, "a");
  REQUIRE(journal->flush());
  const Lsn durable = journal->durable();
  disk.commits_left = 0;
  for (int i = 0; i < 3; ++i) {
    Record record = event(a);
    journal->append(record);
    const auto flushed = journal->flush();
    REQUIRE(!flushed);
    CHECK(flushed.error().message == "the disk has failed");
    disk.commits_left = -1;  // a disk that works again does not help
  }
  CHECK(journal->failure());
  CHECK(journal->durable() == durable);
  CHECK(disk.groups.size() == 1);
  journal.reset();
  CHECK(disk.groups.size() == 1);
  CHECK(calls == 2);
}

TEST_CASE("the table: attempts, children, reserved numbers, termination, release") {
  Disk disk;
  auto check = [](const Journal& journal) {
    CHECK(journal.find("x")->number == RunId{4});
    CHECK(journal.find("x")->attempt == 2);
    const auto children = journal.children(RunId{1});
    REQUIRE(children.size() == 3);
    CHECK(children[0]->number == RunId{3});  // in the order of their start, not of their numbers
    CHECK(children[1]->number == RunId{2});
    CHECK(children[2]->number == RunId{4});
    CHECK(children[2]->program == "0123456789abcdef0123456789abcdef");
    CHECK(journal.find(RunId{2})->status == RunStatus::Terminated);
    CHECK(journal.find(RunId{2})->ended_ms == 77);
    CHECK(journal.find(RunId{3})->released);
    CHECK(!journal.find(RunId{4})->released);
    CHECK(journal.find(RunId{5}) == nullptr);
    CHECK(journal.runs().size() == 4);
    CHECK(journal.history(RunId{3})->back().second.type == RecordType::Released);
    CHECK(journal.record_at(journal.find(RunId{3})->last)->type == RecordType::RunEnded);
  };
  {
    auto journal = open(disk);
    const RunId root = start(*journal, "root");
    const RunId second = journal->next_run_number(), third = journal->next_run_number();
    Record record = started(third, "y", root);
    journal->append(record);
    record = started(second, "x", root);
    journal->append(record);
    record = {};
    record.type = RecordType::Terminated;
    record.run = second;
    record.time = 77;
    journal->append(record);
    record = ended(third, RunStatus::Failed, true);
    journal->append(record);
    record = {};
    record.type = RecordType::Released;
    record.run = third;
    record.time = 80;
    journal->append(record);
    record = started(journal->next_run_number(), "x", root);
    record.kind = 2;
    record.program.clear();
    journal->append(record);
    record = ended(RunId{4}, RunStatus::Completed, true);
    journal->append(record);
    record = {};
    record.type = RecordType::ChildStarted;
    record.run = root;
    record.step = 9;
    record.ref = journal->next_run_number().value;
    journal->append(record);
    check(*journal);
    REQUIRE(journal->flush());
  }
  auto journal = open(disk);
  check(*journal);
  CHECK(journal->next_run_number() ==
        RunId{6});  // 5 was given to a child whose start is not in the journal
}

TEST_CASE("the table of a snapshot and a tail is that of all the records") {
  Disk disk;
  Random random(4);
  auto journal = open(disk);
  std::vector<RunId> open_runs{start(*journal, "root")};
  for (int i = 0; i < 30000; ++i) {
    const RunId run = open_runs[random() % open_runs.size()];
    if (random() % 3 == 0) {
      open_runs.push_back(start(*journal, "child-" + std::to_string(random() % 5000), run));
    } else if (random() % 4 == 0 && open_runs.size() > 1 && run != open_runs[0]) {
      Record record = ended(run, static_cast<RunStatus>(1 + random() % 5), random() % 2);
      journal->append(record);
      std::swap(*std::find(open_runs.begin(), open_runs.end(), run), open_runs.back());
      open_runs.pop_back();
    } else {
      Record record = event(run, static_cast<int64_t>(i));
      journal->append(record);
    }
  }
  REQUIRE(journal->flush());
  REQUIRE(*disk.store->run_table());
  auto reopened = open(disk, false);
  same_table(*journal, *reopened);
  auto all = journal->histories(open_runs);
  REQUIRE(all);
  for (size_t i = 0; i < open_runs.size(); i += 97)
    CHECK((*all)[open_runs[i]] == *reopened->history(open_runs[i]));
  journal.reset();
  reopened = open(disk, false);
  CHECK(reopened->runs().size() > 5000);
}

TEST_CASE("a cut or changed snapshot is an error or another table, never a crash") {
  Disk disk;
  {
    auto journal = open(disk);
    for (int i = 0; i < 3000; ++i) start(*journal, "run-" + std::to_string(i));
  }
  const std::string snapshot = **disk.store->run_table();
  Random random(5);
  for (int i = 0; i < 300; ++i) {
    Disk other;
    REQUIRE(disk.store->scan(Lsn{1}, [&](Lsn first, std::string_view group) {
      Commit commit;
      commit.first = first;
      commit.group = group;
      REQUIRE(other.store->commit(commit));
      return true;
    }));
    Commit commit;
    commit.run_table = snapshot;
    if (i % 2)
      commit.run_table->resize(random() % snapshot.size());
    else
      (*commit.run_table)[random() % (i % 4 ? 40 : snapshot.size())] ^=
          static_cast<char>(1 << random() % 8);
    REQUIRE(other.store->commit(commit));
    const auto journal = Journal::open(std::make_unique<DiskStore>(other), true);
    if (i % 2) CHECK(!journal);
  }
}

TEST_CASE("records bigger than a group are groups of their own") {
  Disk disk;
  auto journal = open(disk);
  const RunId a = start(*journal, "a");
  std::vector<Lsn> places;
  for (int i = 0; i < 5; ++i) {
    Record record = event(a);
    record.type = RecordType::StepEnded;
    record.value.assign(3 << 20, static_cast<char>('a' + i));
    places.push_back(journal->append(record));
  }
  REQUIRE(journal->flush());
  for (int i = 0; i < 5; ++i) CHECK(journal->record_at(places[i])->value.back() == 'a' + i);
}
