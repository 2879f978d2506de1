// The engine on a virtual clock: what runs, steps, children, timers and lines come to.
#include <catch2/catch.hpp>

#include "runtime/engine/world_test.h"

using namespace wakeful;
using testing::Act;
using testing::Disk;
using testing::play;
using testing::Session;

namespace {

using Lines = std::vector<std::string>;

Session run(const std::string& script, const Act& act = {}) {
  INFO(script);
  Session session = play(script, Disk(), act);
  CHECK(session.problem == "");
  return session;
}

std::string result(const std::string& body, const std::string& more = "", const Act& act = {}) {
  return run(more + "\nworkflow main() {\n" + body + "\n}", act)();
}

}  // namespace

TEST_CASE("a run starts and ends") {
  CHECK(result("1 + 2") == "completed 3");
  CHECK(result("throw \"no\"") == "failed Error: no");
  Session session =
      run("workflow main(a, b) { print(a); print(b); [a, b] }", {.arguments = "[1, \"x\"]"});
  CHECK(session() == "completed [1,\"x\"]");
  CHECK(session.texts() == Lines{"1", "x"});
}

TEST_CASE("children, activities, effects and timers") {
  const std::string more = R"(
workflow Child(x) { sleep(1s); x * 2 }
workflow Bad() { throw "bad" }
activity twice(x) { x * 2 }
activity read(path) { file.read(path) }
)";
  CHECK(result("Child(21)", more) == "completed 42");
  CHECK(result("twice(21)", more) == "completed 42");
  CHECK(result("file.read(\"a\")", more) == "completed \"a\"");
  CHECK(result("read(\"a\") + file.read(\"b\")", more) == "completed \"ab\"");
  CHECK(result("gather [spawn Child(1), spawn twice(2), spawn file.read(\"c\")]", more) ==
        "completed [2,4,\"c\"]");
  CHECK(result("(gather (1..100).map(i => spawn Child(i))).sum()", more) == "completed 9900");
  CHECK(result("try { Bad() } catch e { [e.kind, e.message] }", more) ==
        R"(completed ["ChildFailed","bad"])");
  CHECK(result("try { read(\"fail\") } catch e { [e.kind, e.cause.kind] }", more) ==
        R"(completed ["ActivityFailed","IoError"])");
  CHECK(result("try { file.read(\"fail\") } catch e { e.kind }", more) == "completed \"IoError\"");
}

TEST_CASE("an id is unique among open runs") {
  const std::string more = "workflow Child(x) { sleep(1s); x }\n";
  CHECK(result("let a = spawn Child(1) as \"same\"\n"
               "try { Child(2) as \"same\" } catch e { let r = e.kind; gather a; r }",
               more) == "completed \"AlreadyExists\"");
  CHECK(result("(Child(1) as \"same\") + (Child(2) as \"same\")", more) == "completed 3");
  CHECK(result("try { Child(2) as \"root\" } catch e { e.kind }", more) ==
        "completed \"AlreadyExists\"");
}

TEST_CASE("timers fire in the order of their due times, equal ones in that of their creation") {
  Session session = run(R"(
workflow Late(name, ms) { sleep(1ms * ms); print(name) }
workflow main() {
  gather [spawn Late("c", 3000), spawn Late("a", 1000), spawn Late("b", 1000)]
  let began = time.now()
  sleep(7d)
  print(time.now() - began)
})");
  CHECK(session.texts() == Lines{"a", "b", "c", "7d"});
}

TEST_CASE("a step is tried again as its policy says, with one key") {
  Session session = run(R"(
activity read(path) with {retry_policy: {maximum_attempts: 5, initial_interval: 2s}} {
  print(self.attempt, self.key)
  file.read(path)
}
workflow main() {
  let began = time.now()
  let text = read("flaky-3")
  let other = file.read("flaky-2") with {retry_policy: {maximum_attempts: 2}}
  [text, other, str(time.now() - began)]
})");
  CHECK(session() == R"(completed ["flaky-3","flaky-2","7s"])");
  CHECK(session.texts() == Lines{"1 1/2", "2 1/2", "3 1/2"});
  CHECK(result("try { file.read(\"flaky-4\") with {retry_policy: {maximum_attempts: 3}} } catch e "
               "{ e.message }") == "completed \"no flaky-4\"");
  CHECK(result("try { file.read(\"fail\") with {retry_policy: {maximum_attempts: 3, "
               "non_retryable_error_types: [\"IoError\"]}} } catch e { str(time.now() - "
               "self.started_at) }") == "completed \"0s\"");
}

TEST_CASE("an attempt that takes too long fails with Timeout") {
  const std::string more = R"(
activity hang() with {start_to_close_timeout: 5s} { file.read("hang") }
activity nap() with {start_to_close_timeout: 5s, retry_policy: {maximum_attempts: 2}} { sleep(1h) }
)";
  CHECK(
      result("try { hang() } catch e { [e.kind, e.cause.kind, e.message] }", more) ==
      R"(completed ["ActivityFailed","Timeout","attempt 1 of hang took longer than its start_to_close_timeout of 5s"])");
  CHECK(result("try { nap() } catch e { e.message }", more) ==
        "completed \"attempt 2 of nap took longer than its start_to_close_timeout of 5s\"");
  CHECK(
      result("try { file.read(\"hang\") with {start_to_close_timeout: 1s} } catch e { e.kind }") ==
      "completed \"Timeout\"");
}

TEST_CASE("a child is tried again under the same id") {
  const std::string more = R"(
workflow Flaky(n) { print(self.id, self.attempt); sleep(1s); if self.attempt < n { throw "again" }; self.attempt }
workflow Slow() { sleep(1h) }
)";
  const std::string policy = "with {retry_policy: {maximum_attempts: 3, initial_interval: 10s}}";
  Session session = run(more + "workflow main() { let r = Flaky(3) as \"f\" " + policy +
                        "\n [r, str(time.now() - self.started_at)] }");
  CHECK(session() == "completed [3,\"33s\"]");
  CHECK(session.texts() == Lines{"f 1", "f 2", "f 3"});
  CHECK(result("try { Flaky(9) " + policy + " } catch e { e.message }", more) ==
        "completed \"again\"");
  CHECK(result("try { Slow() with {run_timeout: 5s} } catch e { [e.cause.kind, str(time.now() - "
               "self.started_at)] }",
               more) == R"(completed ["Timeout","5s"])");
  CHECK(result("try { Slow() with {execution_timeout: 1m, run_timeout: 25s, retry_policy: "
               "{maximum_attempts: 0}} } "
               "catch e { str(time.now() - self.started_at) }",
               more) == "completed \"1m\"");
  CHECK(result("let h = spawn Flaky(9) as \"f\" with {retry_policy: {maximum_attempts: 0, "
               "initial_interval: 1h}}\n"
               "sleep(10s)\n h.cancel()\n let o = gather settled h\n [o.ok, str(time.now() - "
               "self.started_at)]",
               more) == R"(completed [false,"10s"])");
}

TEST_CASE("a root has time-outs too") {
  CHECK(run("workflow main() with {execution_timeout: 5s} { try { sleep(1h) } finally { "
            "print(\"undone\") } }")() ==
        "timed_out Timeout: the run took longer than its execution_timeout");
}

TEST_CASE("cancellation reaches what is open") {
  const std::string more = R"(
workflow Child() { try { sleep(1h) } finally { print("child undone") } }
activity hang() { file.read("hang") }
activity nap() { try { sleep(1h) } catch e { print("nap", e.kind) } }
)";
  Session session = run(more + R"(
workflow main() {
  let hs = [spawn Child(), spawn hang(), spawn nap()]
  sleep(1s)
  for h in hs { h.cancel("enough") }
  (gather settled hs).map(o => o.ok)
})");
  CHECK(session() == "completed [false,false,false]");
  Lines lines = session.texts();
  std::sort(lines.begin(), lines.end());
  CHECK(lines == Lines{"child undone", "nap Cancelled"});

  auto cancel = [](Engine& engine, RunId root) { CHECK(engine.cancel(root, "stop it")); };
  CHECK(run(more + "workflow main() { Child() }", {.before = cancel})() ==
        "cancelled Cancelled: cancelled: stop it");
}

TEST_CASE("termination runs no code, and children go as their policy says") {
  const std::string script = R"(
workflow Child(name) { try { sleep(1h) } finally { print(name) } }
workflow main() {
  spawn Child("wait")
  spawn Child("terminate") with {parent_close_policy: "terminate"}
  spawn Child("abandon") with {parent_close_policy: "abandon"}
  try { sleep(1h) } finally { print("main") }
})";
  Disk disk;
  auto later = [&](Engine& engine, RunId root) {
    engine.on_tick(1, [&engine, root] {
      if (engine.live(root).size() < 4) return;
      CHECK(engine.terminate(root, "no reason"));
      engine.on_tick(0, nullptr);
    });
  };
  Session first = play(script, disk, {.frozen = true, .before = later});
  CHECK(first() == "terminated \"no reason\"");
  for (const std::string& text : first.texts()) CHECK(text == "wait");  // which was asked to cancel
  auto open = Journal::open(disk.open(), false);
  REQUIRE(open);
  CHECK((*open)->find("root/Child-2")->status == RunStatus::Terminated);
  CHECK((*open)->find("root/Child-3")->status == RunStatus::Running);
}

TEST_CASE("limits strike where the run stands, and replay strikes there too") {
  CHECK(result("try { var i = 0\n while true { i += 1 } } catch e { e.kind }", "",
               {.cpu_step_us = 5'000'000}) == "completed \"Timeout\"");
  CHECK(result("try { var xs = []\n while true { xs.push(\"${xs.len()} and some more text\") } } "
               "catch e { e.kind }",
               "", {.heap_bytes = 4 << 20}) == "completed \"ResourceExhausted\"");
  CHECK(result("try { while true { print(\"a line that is long enough to fill the room soon\") } } "
               "catch e { e.kind }",
               "", {.heap_bytes = 1 << 20}) == "completed \"ResourceExhausted\"");
}

TEST_CASE("the environment is asked once") {
  Act act;
  act.variables["NAME"] = "x";
  CHECK(result("[env.get(\"NAME\"), env.get(\"OTHER\", 5)]", "", act) == R"(completed ["x",5])");
}

TEST_CASE("an activity's library is live") {
  const std::string more = R"(
activity all() {
  let text = [random.int(1, 6) <= 6, uuid().len(), random.choice([7]), random.shuffle(1..4).sum(), env.get("N", "none")]
  sleep(10s)
  log.info("did", count: text.len())
  text
}
activity wrong() { spawn_in_fn() }
fn spawn_in_fn() { timer(1s) }
activity caught() { try { file.read("fail") } catch e { e.kind } finally { print("fin") } }
activity keys() { exec.run(["a"]); file.read("b"); exec.run(["c"]); exec.run(["d"]); 1 }
)";
  Session session = run(more + "workflow main() { all() }");
  CHECK(session() == R"(completed [true,36,7,6,"none"])");
  CHECK(session.texts() == Lines{"[info] did{\"count\":5}"});
  CHECK(result("try { wrong() } catch e { e.cause.kind }", more) == "completed \"TypeError\"");
  CHECK(result("caught()", more) == "completed \"IoError\"");
}

TEST_CASE("lines come out in order, each burst's when it is durable") {
  Session session = run(R"(
workflow Child(x) { print("child", x); x }
workflow main() {
  for i in 0..3 { print(i); Child(i) }
  log.warn("end", at: 3)
  print("end")
})");
  CHECK(session.texts() ==
        Lines{"0", "child 0", "1", "child 1", "2", "child 2", "[warn] end{\"at\":3}", "end"});
  for (size_t i = 1; i < session.lines.size(); ++i) {
    CHECK(session.lines[i - 1].released_at <= session.lines[i].released_at);
  }
}
