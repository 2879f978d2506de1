// Messages to a live run: each is handled once, and answered, whatever crashes when.
#include <sys/eventfd.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <set>

#include "runtime/engine/step_options.h"
#include "runtime/engine/world_test.h"
#include "runtime/values/codec.h"

using namespace wakeful;
using testing::Act;
using testing::crash_everywhere;
using testing::Disk;
using testing::play;
using testing::Session;

namespace {

std::string cbor(const std::string& json) {
  Heap heap;
  Value value;
  std::string error, bytes;
  REQUIRE(from_json(heap, json, value, error));
  REQUIRE(!to_cbor(value, bytes));
  return bytes;
}

const std::string kCounter = R"(
workflow main() {
  var n = 0
  on update add(by) { sleep(1s); n += by; print("n is ${n}"); n }
  on update bad() { throw "no" }
  while n < 3 { sleep(1s) }
  n
}
)";

}  // namespace

TEST_CASE("an update is answered once, also where it is sent again after a crash") {
  std::string answers;
  Act act;
  act.before = [&](Engine& engine, RunId root) {
    auto send = [&](const char* id, const char* name, const char* args) {
      auto sent =
          engine.update(root, id, name, MessageForm::Positional, cbor(args),
                        [&answers, id](StepStatus status, const std::string& value) {
                          answers += std::string(id) + " " + status_name(status) + " " +
                                     (status == StepStatus::Completed ? cbor_to_json(value)
                                                                      : read_error(value).message) +
                                     "\n";
                        });
      REQUIRE(sent);
    };
    send("a", "add", "[1]");
    send("b", "bad", "[]");
    send("c", "add", "[2]");
    send("d", "late", "[]");
  };
  Disk disk;
  Session whole = play(kCounter, disk, act);
  CHECK(whole() == "completed 3");
  const std::string expected = answers;
  CHECK(expected.find("a completed 1\n") != std::string::npos);
  CHECK(expected.find("b failed no\n") != std::string::npos);
  CHECK(expected.find("c completed 3\n") != std::string::npos);
  CHECK(expected.find("d failed main handles no update `late`") != std::string::npos);
  // Every crash: the sender sends again, and gets the same answer; each update is handled once.
  for (uint64_t cut : disk.record_ends()) {
    answers.clear();
    if (Journal::open(disk.cut(cut).open(), true).value()->find("root")->status !=
        RunStatus::Running)
      continue;
    Session again = play(kCounter, disk.cut(cut), act);
    INFO(cut);
    CHECK(again() == "completed 3");
    for (const char* part : {"a completed ", "b failed no\n", "c completed 3\n", "d failed"}) {
      CHECK(answers.find(part) != std::string::npos);
    }
  }
}

TEST_CASE("an update of a run that ends without it is refused") {
  std::string answer;
  Act act;
  act.before = [&](Engine& engine, RunId root) {
    CHECK(engine.update(
        root, "a", "x", MessageForm::Positional, cbor("[]"),
        [&](StepStatus, const std::string& value) { answer = read_error(value).message; }));
    CHECK(!engine.update(RunId{77}, "a", "x", MessageForm::Positional, "", {}));
  };
  Disk disk;
  CHECK(play("workflow main() { 1 }", disk, act)() == "completed 1");
  CHECK(answer == "the run root has ended");
}

TEST_CASE("a signal to a child arrives once, whatever crashes when") {
  const std::string child = R"(
workflow Waits(n) { let got = (1..n).map(i => receive("go")); print("got ${got}"); got }
workflow Flaky() {
  if self.attempt == 1 { sleep(1s); throw "again" }
  receive("go")
}
workflow Handles() {
  var sum = 0
  on signal add(x) { sleep(1s); sum += x }
  receive("end")
  sleep(5s)
  sum
}
)";
  auto crash = [&](const std::string& body) {
    INFO(body);
    return crash_everywhere(child + "workflow main() {\n" + body + "\n}");
  };
  CHECK(crash("let h = spawn Waits(3)\n for i in 1..3 { h.signal(\"go\", i) }\n gather h") == "");
  CHECK(crash("let h = spawn Waits(2)\n h.signal(\"go\", 1)\n sleep(1s)\n h.signal(\"go\", 2)\n "
              "gather h") == "");
  CHECK(crash("let h = spawn Flaky() with {retry_policy: {maximum_attempts: 2, initial_interval: "
              "10s}}\n"
              "sleep(5s)\n h.signal(\"go\", 7)\n gather h") == "");
  CHECK(
      crash("let h = spawn Handles()\n for i in 1..4 { h.signal(\"add\", i) }\n h.signal(\"end\")\n"
            "gather h") == "");
  CHECK(crash("let h = spawn Waits(1)\n h.signal(\"go\")\n gather h\n"
              "try { h.signal(\"go\") } catch e { e.kind }") == "");
  CHECK(crash("let hs = (1..3).map(i => spawn Waits(1))\n for h in hs { h.signal(\"go\", h.id) }\n"
              "gather hs") == "");
  CHECK(crash("let h = spawn { let s = signal(\"x\")\n let t = timer(2s)\n"
              "let first = wait_any [s, t]\n first.id }\n gather h") == "");
}

TEST_CASE("signals that an attempt did not receive are the next one's, whatever crashes when") {
  const std::string script = R"(
workflow Child() with {retry_policy: {maximum_attempts: 4, initial_interval: 1s}} {
  if self.attempt == 1 { sleep(1s); throw "nothing received" }
  let first = receive("a")
  if self.attempt == 2 { sleep(1s); throw "one received" }
  if self.attempt == 3 { sleep(1s); throw "another received" }
  [first, receive("b"), receive("c", timeout: 1s)]
}
workflow main() {
  let h = spawn Child()
  h.signal("a", 1); h.signal("b", 2); h.signal("a", 3); h.signal("a", 4)
  gather h
})";
  Disk disk;
  CHECK(play(script, disk)() == "completed [4,2,null]");
  CHECK(crash_everywhere(script) == "");
}

// --- the inbox

namespace {

/// A folder that outlives its sessions. A message is there from a position of the journal on, at
/// the latest when nothing else goes on; that its file was removed may be forgotten in a crash.
struct Folder {
  struct File {
    std::string id;
    Record record;
    uint64_t from = 0;  // once it was given: where the journal stood then
    bool removed = false, kept = false;
  };
  std::vector<File> files;

  void put(RecordType type, const std::string& name, const std::string& json, uint64_t from) {
    File file{"m" + std::to_string(files.size()), {}, from};
    file.record.type = type;
    file.record.run = RunId{1};
    file.record.name = name;
    file.record.kind = static_cast<uint64_t>(MessageForm::Json);
    if (type == RecordType::SignalReceived || type == RecordType::CancelRequested)
      file.record.kind = 0;
    file.record.value = cbor(json);
    files.push_back(file);
  }
};

class PlannedInbox final : public Inbox {
 public:
  PlannedInbox(Folder& folder, Journal& journal)
      : folder_(folder), journal_(journal), begin_(journal.appended().value) {}
  ~PlannedInbox() override { close(always_); }
  int descriptor() const override { return always_; }  // so that no sleep is long
  bool changed() override { return true; }
  Result<std::vector<InboxMessage>> read() override {
    const uint64_t now = journal_.appended().value;
    idle_ = now == last_ ? idle_ + 1 : 0;
    last_ = now;
    std::vector<InboxMessage> messages;
    for (Folder::File& file : folder_.files) {
      if (file.removed || given_.contains(file.id)) continue;
      const bool old = first_ && file.from <= begin_;
      if (!old && file.from > now && idle_ < 200) break;
      given_.insert(file.id);
      if (!old) file.from = now;
      messages.push_back({file.id, file.record, old});
    }
    first_ = false;
    return messages;
  }
  void remove(const std::string& id) override {
    for (Folder::File& file : folder_.files) file.removed |= file.id == id;
  }
  void keep(const std::string& id) override {
    for (Folder::File& file : folder_.files) file.kept |= file.id == id;
  }

 private:
  Folder& folder_;
  Journal& journal_;
  uint64_t begin_, last_ = 0;
  int always_ = eventfd(1, EFD_CLOEXEC);  // there is always something to read
  int idle_ = 0;
  bool first_ = true;
  std::set<std::string> given_;
};

/// The messages come at every point of the journal, and the crash at every other: the same result
/// each time.
void arrive_and_crash_everywhere(const std::string& script, const std::string& expected,
                                 const std::function<void(Folder&, uint64_t from)>& fill) {
  INFO(script);
  Disk calm;
  Folder folder;
  fill(folder, 0);
  Act act;
  act.inbox = [&](Journal& journal) { return std::make_unique<PlannedInbox>(folder, journal); };
  REQUIRE(play(script, calm, act)() == expected);
  for (const Folder::File& file : folder.files) CHECK(file.removed);
  const std::vector<uint64_t> points = calm.record_ends();
  for (uint64_t from : points) {
    Disk disk;
    folder = {};
    fill(folder, from);
    REQUIRE(play(script, disk, act)() == expected);
    const Folder after = folder;
    for (uint64_t cut : disk.record_ends()) {
      folder = after;
      for (Folder::File& file : folder.files) file.removed = false;  // that was not durable
      INFO("messages from " << from << ", cut at " << cut);
      REQUIRE(play(script, disk.cut(cut), act)() == expected);
    }
  }
}

}  // namespace

TEST_CASE("signals from outside: never lost, never doubled, in order") {
  arrive_and_crash_everywhere(
      R"(
workflow main() {
  let first = receive("go")
  sleep(1s)
  let rest = [receive("go"), gather signal("go")]
  [first, rest, receive("go", timeout: 1s)]
})",
      R"(completed [1,[2,3],null])", [](Folder& folder, uint64_t from) {
        for (int i = 1; i < 4; ++i)
          folder.put(RecordType::SignalReceived, "go", std::to_string(i), from);
      });
}

TEST_CASE("updates and handlers from outside: each once") {
  arrive_and_crash_everywhere(
      R"(
workflow main() {
  var sum = 0
  on signal add(n) { sleep(1s); sum += n }
  on update set(n) { sum += n * 100; file.read("step"); sum }
  receive("end")
  sleep(1s)
  sum
})",
      R"(completed 503)", [](Folder& folder, uint64_t from) {
        folder.put(RecordType::SignalReceived, "add", "1", from);
        folder.put(RecordType::UpdateReceived, "set", "{\"n\": 5}", from);
        folder.put(RecordType::SignalReceived, "add", "2", from);
        folder.put(RecordType::SignalReceived, "end", "null", from);
      });
}

TEST_CASE(
    "a cancellation from outside comes once: it does not interrupt the clean-up that it started") {
  arrive_and_crash_everywhere(
      R"(
workflow main() {
  try { receive("never") } catch e { sleep(1s); return "cleaned up" }
})",
      R"(completed "cleaned up")", [](Folder& folder, uint64_t from) {
        folder.put(RecordType::CancelRequested, "", "\"enough\"", from);
      });
}

TEST_CASE("messages for runs that are closed go, those for runs that are open elsewhere stay") {
  Disk disk;
  Folder folder;
  Act act;
  act.inbox = [&](Journal& journal) { return std::make_unique<PlannedInbox>(folder, journal); };
  folder.put(RecordType::SignalReceived, "late", "1", 0);
  folder.put(RecordType::SignalReceived, "nobody", "1", 0);
  folder.files[1].record.run = RunId{7};
  Session session = play("workflow main() { sleep(1s)\n 1 }", disk, act);
  CHECK(session() == "completed 1");
  CHECK(folder.files[0].removed);
  CHECK(folder.files[1].kept);
  CHECK(session.texts().front().find("is not in this store") != std::string::npos);
}
