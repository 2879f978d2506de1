// What becomes of activities and effects: outcomes that nobody knows, time-outs, queues, at most
// once.
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
