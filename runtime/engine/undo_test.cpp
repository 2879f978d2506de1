// Races, steps with a bound compensate, and undoing, cut off after every record: the same result,
// the same keys, no line lost.
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
workflow Ask(x, after) { compensate { print("forget ${x}"); file.read("forget-${x}") }; sleep(after); x }
workflow Bad(x, after) { compensate { print("forget ${x}") }; sleep(after); throw "bad ${x}" }
workflow Made(x) { compensate { print("unmake ${x}"); file.read("unmake-${x}") }; compensate { sleep(1s) }; x }
workflow Maker(x) { Made("${x}/inner"); compensate { print("maker ${x}") }; x }
workflow Stubborn(x) { compensate { throw "no way back of ${x}" }; x }
workflow Slow(x) { compensate { throw "no way back of ${x}" }; sleep(9s) }
activity read(path) { file.read(path) }
activity limited(path) with {start_to_close_timeout: 5s} { file.read(path) }
)";

std::string script(const std::string& body) { return kMore + "workflow main() {\n" + body + "\n}"; }

std::string crash(const std::string& body, const Act& act = {}) {
  INFO(body);
  return crash_everywhere(script(body), act);
}

}  // namespace

TEST_CASE("crash: races") {
  CHECK(crash("race [spawn Ask(1, 9s), spawn Ask(2, 1s), spawn Ask(3, 5s)]") == "");
  CHECK(crash("try { race [spawn Ask(1, 9s), spawn Bad(2, 1s)] } catch e { e.message }") == "");
  CHECK(crash("race success [spawn Bad(1, 1s), spawn Ask(2, 2s), spawn Ask(3, 9s)]") == "");
  CHECK(crash("try { race success [spawn Bad(1, 2s), spawn Bad(2, 1s)] } catch e { "
              "e.data.outcomes.map(o => o.error.message) }") == "");
  CHECK(
      crash(
          "try { race [spawn Ask(1, 9s), spawn read(\"hang\")] timeout 1s } catch e { e.kind }") ==
      "");
  CHECK(crash("race [timer(1s), spawn Ask(1, 9s)]\n 4") == "");
}

TEST_CASE("crash: losers that had ended") {
  CHECK(crash("let hs = [spawn Made(1), spawn Maker(2), spawn Made(3)]\n gather hs\n race hs") ==
        "");
  CHECK(
      crash("let hs = [spawn { 1 }, spawn { Maker(2); compensate { print(\"strand\"); sleep(1s) }; "
            "spawn Ask(3, 90s); 2 }]\n for h in wait_any hs { }\n race hs") == "");
  CHECK(crash("let hs = [spawn Made(1), spawn Stubborn(2)]\n gather hs\n"
              "try { race hs } catch e { [e.kind, e.data.value, e.data.failures[0].message] }") ==
        "");
  CHECK(crash("try { race [spawn Made(1), spawn Slow(2)] } catch e { [e.kind, e.data.value] }") ==
        "");
}

TEST_CASE("crash: steps with a bound compensate") {
  CHECK(
      crash(
          "try { file.read(\"a\") compensate out { print(out); file.read(\"undo\") }\n throw \"x\" "
          "} catch e { e.message }") == "");
  CHECK(crash("try { read(\"fail\") compensate { print(\"never\") } } catch e { e.message }") ==
        "");
  CHECK(
      crash("try { limited(\"hang\") compensate out { print(out); file.read(out.key) } } catch e { "
            "e.cause.kind }") == "");
  CHECK(crash("let h = spawn { read(\"hang\") compensate out { print(out) } }\n sleep(1s)\n "
              "h.cancel()\n"
              "(gather settled h).error.kind") == "");
  CHECK(crash("try { spawn read(\"a\") compensate out { print(out) }\n throw \"x\" } catch e { "
              "e.message }") == "");
  CHECK(crash("race [spawn read(\"hang\") compensate out { print(out) }, timer(1s)]\n 1") == "");
  CHECK(
      crash("try { Made(1) compensate out { print(out) }\n throw \"x\" } catch e { e.message }") ==
      "");
  CHECK(crash("try { spawn Ask(1, 9s) with {parent_close_policy: \"terminate\"} compensate out { "
              "print(out) }\n sleep(1s)\n throw \"x\" } catch e { e.message }") == "");
}

TEST_CASE("crash: a completed run is undone") {
  const Act undo{.undo = true};
  CHECK(crash("compensate { print(\"mine\"); file.read(\"undo\") }\n print(\"done\")\n 1", undo) ==
        "");
  CHECK(
      crash(
          "Maker(1)\n compensate { print(\"between\"); sleep(1s) }\n gather [spawn Made(2), spawn "
          "Made(3)]\n 4",
          undo) == "");
  CHECK(
      crash(
          "read(\"a\") compensate out { print(out) }\n let e = try { limited(\"hang\") } catch e { "
          "e.kind }\n e",
          undo) == "");
  CHECK(crash("Stubborn(1)\n Made(2)\n 3", undo) == "");
  CHECK(crash("7", undo) == "");
}

TEST_CASE("a run is undone once, and only a completed one") {
  Disk disk;
  const Session first =
      play(script("Made(1)\n compensate { print(\"main\") }\n 2"), disk, {.undo = true});
  CHECK(first() == "completed 2");
  CHECK(first.texts() == std::vector<std::string>{"main", "unmake 1"});
  std::string again, child;
  play("", disk, {.before = [&](Engine& engine, RunId root) {
         again = engine.undo(root).error().message;
         child = engine.undo(RunId{root.value + 1}).error().message;
       }});
  CHECK(again.find("undone already") != std::string::npos);
  CHECK(child.find("undone already") != std::string::npos);
  Disk failed;
  play(script("throw \"x\""), failed);
  std::string why;
  play("", failed,
       {.before = [&](Engine& engine, RunId root) { why = engine.undo(root).error().message; }});
  CHECK(why.find("root is failed") != std::string::npos);
}

TEST_CASE("a child that was undone by hand is not undone again by its parent") {
  Disk disk;
  play(script("Made(1)\n compensate { print(\"main\") }\n 2"), disk);
  const Session child = play("", disk, {.before = [](Engine& engine, RunId root) {
                               REQUIRE(engine.undo(RunId{root.value + 1}));
                               REQUIRE(engine.work_until_ended({RunId{root.value + 1}}));
                             }});
  CHECK(child.texts() == std::vector<std::string>{"unmake 1"});
  const Session parent = play("", disk, {.undo = true});
  CHECK(parent() == "completed 2");
  CHECK(parent.texts() == std::vector<std::string>{"main"});
}

TEST_CASE(
    "a crash of an at-most-once step: its block is told that nobody knows, under the same key") {
  const std::string body =
      "try { file.read(\"once\") with {at_most_once: true} compensate out { print(out) }\n"
      "throw \"later\" } catch e { e.kind }";
  Disk disk;
  const Session whole = play(script(body), disk);
  CHECK(whole() == "completed \"Error\"");
  REQUIRE(whole.calls.size() == 1);
  // after RunStarted, StepScheduled and StepDispatched: it may have had its effect
  const Session rest = play(script(body), disk.cut(disk.record_ends().at(2)));
  CHECK(rest.calls.empty());
  CHECK(rest.texts() ==
        std::vector<std::string>{"{\"state\":\"unknown\",\"key\":\"" + whole.calls[0].key + "\"}"});
}
