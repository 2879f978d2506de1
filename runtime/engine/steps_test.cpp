// What becomes of activities and effects: outcomes that nobody knows, time-outs, queues, at most
// once.
#include <algorithm>
#include <catch2/catch.hpp>

#include "runtime/engine/world_test.h"

using namespace wakeful;
using testing::Act;
using testing::crash_everywhere;
using testing::Disk;
using testing::play;
using testing::Session;

namespace {

using Lines = std::vector<std::string>;

const std::string kMore = R"(
activity hang() with {start_to_close_timeout: 5s} { file.read("hang") }
activity read(path) { file.read(path) }
activity second(path) with {start_to_close_timeout: 5s, retry_policy: {maximum_attempts: 3, initial_interval: 1h}} {
  if self.attempt == 1 { file.read("hang") }
  file.read(path)
}
)";

std::string main_of(const std::string& body) {
  return kMore + "workflow main() {\n" + body + "\n}";
}

Lines ends(const std::string& body, const Act& act = {}) {
  INFO(body);
  Session session = play(main_of(body), Disk(), act);
  CHECK(session.problem == "");
  return session.ends;
}

std::string crash(const std::string& body, const Act& act = {}) {
  INFO(body);
  return crash_everywhere(main_of(body), act);
}

}  // namespace

TEST_CASE("an outcome that never came is known as such") {
  CHECK(ends("try { hang() } catch e { 1 }") == Lines{"2 failed, unknown"});
  CHECK(ends("try { read(\"fail\") } catch e { 1 }") == Lines{"2 failed"});
  CHECK(ends("let h = spawn read(\"hang\")\n sleep(1s)\n h.cancel()\n gather settled h") ==
        Lines{"2 cancelled, unknown"});
  CHECK(ends("file.read(\"a\")") == Lines{"2 completed"});
}

TEST_CASE("an unknown outcome is remembered over attempts, unless one of them succeeds") {
  CHECK(ends("try { second(\"fail\") } catch e { e.message }") == Lines{"2 failed, unknown"});
  CHECK(ends("second(\"a\")") == Lines{"2 completed"});
  // cancelled in the pause after it
  CHECK(ends("let h = spawn second(\"a\")\n sleep(1m)\n h.cancel()\n gather settled h") ==
        Lines{"2 cancelled, unknown"});
  CHECK(ends("let h = spawn file.read(\"fail\") with {retry_policy: {maximum_attempts: 2, "
             "initial_interval: 1h}}\n"
             " sleep(1m)\n h.cancel()\n gather settled h") == Lines{"2 cancelled"});
}

TEST_CASE("a step that is cancelled in the burst that scheduled it never begins") {
  Session session =
      play(main_of("let h = spawn file.read(\"a\")\n h.cancel()\n gather settled h"), Disk());
  CHECK(session.ends == Lines{"2 cancelled"});
  CHECK(session.calls.empty());
  // nor where the burst is long
  Session slow =
      play(main_of("let h = spawn file.read(\"a\")\n var n = 0\n while n < 300000 { n += 1 }\n"
                   " h.cancel()\n gather settled h"),
           Disk());
  CHECK(slow.ends == Lines{"2 cancelled"});
  CHECK(slow.calls.empty());
}

TEST_CASE("crash: what is known of an outcome is the same") {
  CHECK(crash("try { hang() } catch e { 1 }") == "");
  CHECK(crash("try { second(\"fail\") } catch e { e.message }") == "");
  CHECK(crash("second(\"a\")") == "");
  CHECK(crash("let h = spawn read(\"hang\")\n sleep(1s)\n h.cancel()\n (gather settled h).ok") ==
        "");
  CHECK(crash("let h = spawn file.read(\"a\")\n h.cancel()\n (gather settled h).ok") == "");
  CHECK(crash("let h = spawn second(\"a\")\n sleep(1m)\n h.cancel()\n (gather settled h).ok") ==
        "");
  CHECK(crash("let h = spawn file.read(\"fail\") with {retry_policy: {maximum_attempts: 2, "
              "initial_interval: 1h}}\n"
              " sleep(1m)\n h.cancel()\n (gather settled h).ok") == "");
}

// --- options

namespace {

std::string result(const std::string& body, const std::string& more = "", const Act& act = {}) {
  INFO(body);
  Session session = play(more + "\n" + main_of(body), Disk(), act);
  CHECK(session.problem == "");
  return session();
}

/// The script is cut off behind the first record of that type, and goes on `later_ms` after its
/// beginning.
Session cut_behind(const std::string& script, RecordType type, int64_t later_ms,
                   const Act& act = {}) {
  Disk disk;
  play(script, disk, act);
  for (uint64_t end : disk.record_ends()) {
    Disk cut = disk.cut(end);
    auto opened = Journal::open(cut.open(), true);
    REQUIRE(opened);
    auto history = (*opened)->history((*opened)->find("root")->number);
    REQUIRE(history);
    if (history->back().second.type != type) continue;
    Act again = act;
    again.clock = testing::VirtualClock().now + later_ms;
    return play(script, cut, again);
  }
  FAIL("no such record");
  return {};
}

constexpr int64_t kMinute = 60'000;
const std::string kElapsed = "str(time.now() - self.started_at)";

}  // namespace

TEST_CASE("a backoff of an hour goes on after a restart, it does not begin again") {
  const std::string script = R"(
activity flaky() with {retry_policy: {maximum_attempts: 2, initial_interval: 1h}} {
  if self.attempt == 1 { throw "again" }
  self.attempt
}
workflow Child() { if self.attempt == 1 { throw "again" }; self.attempt }
workflow main() {
  let a = flaky()
  let b = Child() with {retry_policy: {maximum_attempts: 2, initial_interval: 1h}}
  [a, b, str(time.now() - self.started_at)]
})";
  CHECK(play(script, Disk())() == "completed [2,2,\"2h\"]");
  CHECK(cut_behind(script, RecordType::AttemptFailed, 40 * kMinute)() == "completed [2,2,\"2h\"]");
  CHECK(cut_behind(script, RecordType::AttemptFailed, 90 * kMinute)() ==
        "completed [2,2,\"2h30m\"]");
  CHECK(cut_behind(script, RecordType::ChildStarted, 90 * kMinute)() ==
        "completed [2,2,\"2h30m\"]");
  // the sessions of crash_everywhere begin at the same time, so the result must not tell it
  std::string timeless = script;
  timeless.replace(timeless.find(", str("), std::string::npos, "]\n}");
  CHECK(crash_everywhere(timeless) == "");
}

TEST_CASE("pauses grow by their coefficient, up to the longest") {
  const std::string more = "workflow Bad() { throw \"no\" }\n";
  const auto elapsed = [&](const std::string& policy) {
    const std::string with = " with {retry_policy: {" + policy + "}}";
    const std::string step =
        result("try { file.read(\"fail\")" + with + " } catch e { " + kElapsed + " }");
    const std::string child =
        result("try { Bad()" + with + " } catch e { " + kElapsed + " }", more);
    CHECK(step == child);
    return step;
  };
  CHECK(elapsed("maximum_attempts: 4") == "completed \"7s\"");
  CHECK(elapsed("maximum_attempts: 5, backoff_coefficient: 3, maximum_interval: 5s") ==
        "completed \"14s\"");
  CHECK(elapsed("maximum_attempts: 4, backoff_coefficient: 1000.0") == "completed \"3m21s\"");
  CHECK(elapsed("maximum_attempts: 3, initial_interval: 1m, backoff_coefficient: 1") ==
        "completed \"2m\"");
  CHECK(elapsed("maximum_attempts: 5, non_retryable_error_types: [\"IoError\", \"Error\"]") ==
        "completed \"0s\"");
}

TEST_CASE("schedule_to_close_timeout counts all attempts, pauses and downtime") {
  const std::string policy =
      "{schedule_to_close_timeout: 3h, retry_policy: {maximum_attempts: 0, initial_interval: 1h, "
      "backoff_coefficient: 1}}";
  const std::string body =
      "try { file.read(\"fail\") with " + policy + " } catch e { [e.kind, " + kElapsed + "] }";
  CHECK(result(body) == R"(completed ["IoError","2h"])");
  CHECK(crash(body) == "");
  // the engine was away while the time was over
  CHECK(cut_behind(main_of(body), RecordType::AttemptFailed, 200 * kMinute)() ==
        R"(completed ["Timeout","3h20m"])");
  const std::string hangs =
      "try { file.read(\"hang\") with {schedule_to_close_timeout: 1m} } catch e { [e.message, " +
      kElapsed + "] }";
  CHECK(result(hangs) ==
        R"(completed ["file.read took longer than its schedule_to_close_timeout of 1m","1m"])");
  CHECK(ends(hangs) == Lines{"2 failed, unknown"});
  CHECK(crash(hangs) == "");
}

TEST_CASE("heartbeats restart their time-out, and their progress survives") {
  const std::string more = R"(
activity steady() with {heartbeat_timeout: 10s} { for i in 0..20 { sleep(9s); heartbeat(i) }; "alive" }
activity silent() with {heartbeat_timeout: 10s, retry_policy: {maximum_attempts: 2, initial_interval: 1s}} {
  if self.attempt == 1 { heartbeat(1); sleep(5s); heartbeat(2); sleep(1h) }
  self.progress
}
activity resumes() { let before = self.progress; heartbeat("half"); file.read("a"); before }
)";
  CHECK(result("[steady(), " + kElapsed + "]", more) == R"(completed ["alive","3m"])");
  CHECK(result("[silent(), " + kElapsed + "]", more) == R"(completed [2,"16s"])");
  CHECK(crash_everywhere(more + "workflow main() { silent() }") == "");
  const std::string script = more + "workflow main() { resumes() }";
  CHECK(play(script, Disk())() == "completed null");
  CHECK(cut_behind(script, RecordType::Heartbeat, kMinute)() == "completed \"half\"");
}

TEST_CASE("an at-most-once step is not repeated after a crash") {
  const std::string once = "with {at_most_once: true, retry_policy: {maximum_attempts: 5}}";
  const std::string effect = main_of("try { file.read(\"a\") " + once + " } catch e { e.kind }");
  const std::string activity =
      "activity charge() " + once +
      " { file.read(\"a\") }\nworkflow main() { try { charge() } catch e { [e.kind, "
      "e.cause.kind] } }";
  CHECK(play(effect, Disk())() == "completed \"a\"");
  CHECK(play(activity, Disk())() == "completed \"a\"");
  for (const std::string& script : {effect, activity}) {
    Session lost = cut_behind(script, RecordType::StepDispatched, kMinute);
    CHECK(lost() ==
          (script == effect ? "completed \"IoError\"" : R"(completed ["ActivityFailed","Error"])"));
    CHECK(lost.ends == Lines{"2 failed, unknown"});
    CHECK(lost.calls.empty());
    // before its dispatch was journaled, nothing can have happened
    Session fresh = cut_behind(script, RecordType::StepScheduled, kMinute);
    CHECK(fresh() == "completed \"a\"");
  }
}

TEST_CASE(
    "an at-most-once step is cancelled: before its dispatch it did nothing, after it nobody "
    "knows") {
  const std::string script = main_of(
      "let h = spawn file.read(\"hang\") with {at_most_once: true}\n sleep(1s)\n h.cancel()\n "
      "(gather settled "
      "h).ok");
  CHECK(play(script, Disk()).ends == Lines{"2 cancelled, unknown"});
  CHECK(cut_behind(script, RecordType::CancelSent, 0).ends == Lines{"2 cancelled, unknown"});
}

TEST_CASE("queues give their slots in the order of the journal") {
  const std::string more = R"(
activity work(n) with {task_queue: "heavy"} { print("begin", n); sleep(1m); print("end", n); n }
activity late() with {task_queue: "heavy", schedule_to_start_timeout: 90s} { "late" }
workflow Kid(n) with {task_queue: "kids"} { work(n) with {task_queue: "heavy"} }
)";
  const Act one{.queues = {{"heavy", 1}, {"kids", 1}}};
  Session session = play(
      more +
          "workflow main() { let r = gather [spawn work(1), spawn work(2), spawn work(3)]\n [r, " +
          kElapsed + "] }",
      Disk(), one);
  CHECK(session() == R"(completed [[1,2,3],"3m"])");
  CHECK(session.texts() == Lines{"begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"});
  CHECK(result("[gather [spawn work(1), spawn work(2), spawn Kid(3)], " + kElapsed + "]", more,
               {.queues = {{"heavy", 2}, {"kids", 1}}}) == R"(completed [[1,2,3],"2m"])");
  CHECK(result("let hs = [spawn work(1), spawn work(2), spawn late()]\n (gather settled hs).map(o "
               "=> o.ok)",
               more, one) == "completed [true,true,false]");
  // one that is cancelled gives its slot to the next
  CHECK(result(
            "let a = spawn work(1)\n let b = spawn work(2)\n sleep(1s)\n a.cancel()\n gather b\n " +
                kElapsed,
            more, one) == "completed \"1m1s\"");
  CHECK(crash_everywhere("activity work(n) with {task_queue: \"heavy\"} { sleep(1m); n }\n"
                         "workflow Kid(n) with {task_queue: \"kids\"} { work(n) }\n"
                         "workflow main() { gather [spawn work(1), spawn Kid(2), spawn work(3)] }",
                         one) == "");
}

TEST_CASE("what nobody serves waits, and is said once") {
  const std::string more = R"(
activity work(n) with {task_queue: "heavy", schedule_to_close_timeout: 1h} { n }
activity refund(x) with {schedule_to_close_timeout: 2h}
workflow Kid() with {task_queue: "kids", run_timeout: 3h} { sleep(1s) }
)";
  Session session = play(more +
                             "workflow main() { let r = gather settled [spawn work(1), spawn "
                             "work(2), spawn refund(1), spawn Kid()]\n"
                             " [r.map(o => o.ok), " +
                             kElapsed + "] }",
                         Disk());
  CHECK(session() == R"(completed [[false,false,false,false],"3h"])");
  CHECK(session.ends == Lines{"2 failed", "3 failed", "4 failed"});
  Lines lines = session.texts();
  std::sort(lines.begin(), lines.end());
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].starts_with(
      "warning: no worker serves activity refund (queue default): root waits"));
  CHECK(lines[1].starts_with("warning: nobody serves queue heavy: work of root and 1 more waits"));
  CHECK(lines[2].starts_with("warning: nobody serves queue kids: the run of root/Kid-1 waits"));
  // what is served within a second is not worth a word
  CHECK(
      play(
          more +
              "workflow main() { let h = spawn refund(1)\n sleep(500ms)\n h.cancel()\n sleep(1h) }",
          Disk())
          .lines.empty());
}

TEST_CASE("a child on a queue that nobody served goes on when it is served") {
  const std::string script =
      "workflow Kid() with {task_queue: \"kids\"} { self.task_queue }\nworkflow main() { Kid() }";
  Disk disk;
  play(script, disk, {.before = [](Engine& engine, RunId) {
         engine.on_tick(1, [&engine] { engine.request_stop(); });
       }});
  Session served = play(script, disk, {.queues = {{"kids", 1}}});
  CHECK(served() == "completed \"kids\"");
}

TEST_CASE("a burst is interrupted again and again") {
  const std::string body =
      "try { try { while true { } } catch e { print(1); while true { } } } catch e { "
      "print(e.kind); "
      "try { while true { } } catch f { f.kind } }";
  const Act slow{.cpu_step_us = 5'000'000};
  CHECK(result(body, "", slow) == "completed \"Timeout\"");
  CHECK(crash(body, slow) == "");
}

TEST_CASE("crash: ids that may not be used again, secrets") {
  CHECK(crash_everywhere(R"(
workflow Child(n) { if n == 1 { throw "no" }; n }
workflow main() {
  try { Child(1) as "c" } catch e { 1 }
  let a = Child(2) as "c" with {id_reuse_policy: "allow_duplicate_failed_only"}
  let b = try { Child(3) as "c" with {id_reuse_policy: "allow_duplicate_failed_only"} } catch e { e.message }
  [a, b]
})") == "");
  const Act act{.variables = {{"TOKEN", "c4n4ry"}}};
  const std::string body =
      "let t = secret(\"TOKEN\")\n let r = file.read(t)\n print(t, r)\n [t.len() > 6, r]";
  CHECK(result(body, "", act) == R"(completed [true,"«secret TOKEN»"])");
  CHECK(crash(body, act) == "");
  Disk disk;
  Session session = play(main_of(body), disk, act);
  CHECK(session.calls.front().path == "c4n4ry");
  CHECK(disk.log().find("c4n4ry") == std::string::npos);
  CHECK(result("try { secret(\"NONE\") } catch e { e.kind }") == "completed \"KeyError\"");
}
