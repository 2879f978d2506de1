// Crashes after every record: the same result, the same keys, no line lost.
#include <catch2/catch.hpp>

#include "runtime/engine/world_test.h"

using namespace wakeful;
using testing::Act;
using testing::crash_everywhere;
using testing::Disk;
using testing::play;
using testing::Session;

namespace {

const std::string kMore = R"(
workflow Child(x) { sleep(1s); print("child ${x}"); x * 2 }
workflow Bad(x) { sleep(1s); throw "bad ${x}" }
workflow Undoes(x) { compensate { print("undo ${x}"); file.read("undo-${x}") }; sleep(1s * x); throw "late ${x}" }
workflow Flaky(n) { sleep(1s); if self.attempt < n { throw "again" }; self.attempt }
workflow Made(x) { compensate { print("unmake ${x}"); file.read("unmake-${x}") }; compensate { sleep(1s) }; x }
workflow Maker(x) { Made("${x}/inner"); compensate { print("maker ${x}") }; x }
workflow Stubborn() { compensate { throw "stays" }; 1 }
workflow Parent(x) { gather [spawn Child(x), spawn Child(x + 1)] }
activity twice(x) { x * 2 }
activity read(path) with {retry_policy: {maximum_attempts: 3}} { file.read(path) }
)";

std::string crash(const std::string& body, const Act& act = {}) {
  INFO(body);
  return crash_everywhere(kMore + "workflow main() {\n" + body + "\n}", act);
}

}  // namespace

TEST_CASE("crash: computation, lines and waits") {
  CHECK(crash("print(1)\n sleep(1s)\n print(2)\n sleep(1s)\n print(3)\n 4") == "");
  CHECK(crash("print(random.int(1, 1000)); uuid()") == "");
  CHECK(crash("throw \"no\"") == "");
}

TEST_CASE("crash: steps") {
  CHECK(crash("let a = file.read(\"a\")\n let b = twice(4)\n let c = read(\"c\")\n [a, b, c]") ==
        "");
  CHECK(crash("gather [spawn file.read(\"a\"), spawn read(\"b\"), spawn twice(3)]") == "");
  CHECK(crash("try { file.read(\"fail\") } catch e { print(e.kind) }\n 1") == "");
  CHECK(crash("let t = timer(5s)\n let h = spawn file.read(\"hang\")\n gather t\n h.cancel()\n "
              "(gather settled h).ok") == "");
  CHECK(crash("env.get(\"X\")", {.variables = {{"X", "y"}}}) == "");
}

TEST_CASE("crash: children") {
  CHECK(crash("Child(1) + Child(2)") == "");
  CHECK(crash("(gather (1..6).map(i => spawn Child(i))).sum()") == "");
  CHECK(crash("gather [spawn Parent(1), spawn Parent(10)]") == "");
  CHECK(crash("try { gather [spawn Child(1), spawn Bad(2), spawn Undoes(9)] } catch e { "
              "print(e.message) }\n 1") == "");
  CHECK(crash("let h = spawn Child(1) as \"same\"\n try { Child(2) as \"same\" } catch e { gather "
              "h; e.kind }") == "");
  CHECK(crash("batch x in 1..8 limit 3 { Child(x) }") == "");
  CHECK(crash("batch x in [1, 2, 3, 4, 5] size 2 pause 10s { Child(x) }") == "");
  CHECK(crash("Flaky(3) with {retry_policy: {maximum_attempts: 3}}") == "");
}

TEST_CASE("crash: cancelling and undoing") {
  CHECK(crash("let h = spawn Undoes(100)\n sleep(1s)\n h.cancel()\n (gather settled h).ok") == "");
  CHECK(
      crash("compensate { print(\"undo main\"); file.read(\"undo\") }\n Child(1)\n throw \"no\"") ==
      "");
  CHECK(crash("try { compensate { twice(1); print(\"inner\") }; Bad(1) } catch e { "
              "print(e.message) }\n 2") == "");
  CHECK(crash("spawn Undoes(100) with {parent_close_policy: \"cancel\"}\n spawn Child(1) with "
              "{parent_close_policy: \"terminate\"}\n 5") == "");
  CHECK(crash("try { gather (spawn Child(1)) timeout 10ms } catch e { e.kind }") == "");
}

TEST_CASE("crash: children that had ended are undone") {
  CHECK(crash("Maker(1)\n compensate { print(\"mine\") }\n gather [spawn Made(2), spawn Made(3)]\n "
              "throw \"x\"") == "");
  CHECK(crash("try { Maker(1)\n throw \"x\" } catch e { print(e.message) }\n Made(2)\n 5") == "");
  CHECK(crash("try { Stubborn()\n Made(1)\n throw \"x\" } catch e { "
              "print(e.data.failures[0].message) }\n 1") == "");
}

TEST_CASE("crash: interrupted bursts") {
  CHECK(crash("try { var i = 0\n while true { i += 1 } } catch e { print(e.kind) }\n sleep(1s)\n 7",
              {.cpu_step_us = 5'000'000}) == "");
}

TEST_CASE("what came due while no engine ran is due at once") {
  const std::string script = R"(
workflow main() { sleep(1h); print("first"); sleep(1h); print("second"); str(time.now() - self.started_at) })";
  Disk disk;
  play(script, disk, {.work = false});
  const uint64_t begun = disk.record_ends().front();
  Session whole = play(script, disk);
  CHECK(whole() == "completed \"2h\"");
  // a crash after RunStarted and TimerStarted, then three hours of nothing
  Disk after = disk.cut(disk.record_ends()[1]);
  CHECK(begun < disk.record_ends()[1]);
  Session late = play(script, after, {.clock = testing::VirtualClock().now + 3 * 3'600'000});
  CHECK(late() == "completed \"4h\"");
}

TEST_CASE("a stop keeps the run, and it goes on") {
  const std::string script =
      "workflow main() { let a = file.read(\"a\"); sleep(1h); a + file.read(\"b\") }";
  Disk disk;
  Session first =
      play(script, disk, {.before = [](Engine& engine, RunId) { engine.request_stop(); }});
  CHECK(first.problem == "");
  CHECK(first.status == "");
  CHECK(first.calls.empty());
  CHECK(play(script, disk)() == "completed \"ab\"");
  CHECK(play(script, disk)() == "completed \"ab\"");  // and stays so
}
