// Messages to a live run: each is handled once, and answered, whatever crashes when.
#include <catch2/catch.hpp>

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
      auto sent = engine.update(root, id, name, MessageForm::Positional, cbor(args),
                                [&answers, id](StepStatus status, const std::string& value) {
                                  answers += std::string(id) + " " + status_name(status) + " " +
                                             (status == StepStatus::Completed
                                                  ? cbor_to_json(value)
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
    CHECK(engine.update(root, "a", "x", MessageForm::Positional, cbor("[]"),
                        [&](StepStatus, const std::string& value) {
                          answer = read_error(value).message;
                        }));
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
  CHECK(crash("let h = spawn Waits(2)\n h.signal(\"go\", 1)\n sleep(1s)\n h.signal(\"go\", 2)\n gather h") ==
        "");
  CHECK(crash("let h = spawn Flaky() with {retry_policy: {maximum_attempts: 2, initial_interval: 10s}}\n"
              "sleep(5s)\n h.signal(\"go\", 7)\n gather h") == "");
  CHECK(crash("let h = spawn Handles()\n for i in 1..4 { h.signal(\"add\", i) }\n h.signal(\"end\")\n"
              "gather h") == "");
  CHECK(crash("let h = spawn Waits(1)\n h.signal(\"go\")\n gather h\n"
              "try { h.signal(\"go\") } catch e { e.kind }") == "");
  CHECK(crash("let hs = (1..3).map(i => spawn Waits(1))\n for h in hs { h.signal(\"go\", h.id) }\n"
              "gather hs") == "");
  CHECK(crash("let h = spawn { let s = signal(\"x\")\n let t = timer(2s)\n"
              "let first = wait_any [s, t]\n first.id }\n gather h") == "");
}
