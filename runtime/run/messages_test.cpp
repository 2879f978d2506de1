// Signals, queries and updates in the run core; each story is told live and then replayed.
#include <catch2/catch.hpp>

#include "runtime/run/world_test.h"

using namespace wakeful;
using testing::Message;
using testing::Story;
using testing::tell;

namespace {

const std::string kWorld = R"(
activity slow(ms, x) { null }
workflow Child(x) { sleep(1s); x * 2 }
)";

Story sent(const std::string& body, const std::vector<Message>& messages,
           int64_t cancel_at_ms = -1) {
  INFO(body);
  Story story = tell(kWorld + "workflow main() {\n" + body + "\n}", "[]", cancel_at_ms, messages);
  CHECK(story.problem == "");
  return story;
}

Message update(int64_t at_ms, const std::string& name, const std::string& json,
               const std::string& id = "u", MessageForm form = MessageForm::Json) {
  return {at_ms, RecordType::UpdateReceived, name, json, id, form};
}

std::string answer(const std::string& handler, const std::string& json,
                   MessageForm form = MessageForm::Json) {
  Story story = sent(handler + "\nsleep(10s)", {update(1, "u", json, "u", form)});
  return story.answers["u"];
}

}  // namespace

TEST_CASE("an update changes state, may wait, and gives its value to the caller") {
  Story story = sent("var n = 1\n on update add(by) { sleep(1s); n += by; n }\n sleep(10s)\n n",
                     {update(1, "add", "5", "a"), update(2, "add", "10", "b")});
  CHECK(story.answers["a"] == "6");
  CHECK(story.answers["b"] == "16");
  CHECK(story.result == "16");
}

TEST_CASE("the failure of an update is its caller's, never the run's") {
  Story story = sent(
      "on update no(x) { if x == 1 { throw error(\"Bad\", \"no ${x}\") }; Child(x) }\n"
      "sleep(10s)\n 7",
      {update(1, "no", "1", "a"), update(2, "no", "\"x\"", "b"), update(3, "non", "1", "c"),
       update(4, "no", "3", "d")});
  CHECK(story.answers["a"] == "Bad: no 1");
  CHECK(story.answers["b"].starts_with("ChildFailed: "));
  CHECK(story.answers["c"] ==
        "NotFound: main handles no update `non`; did you mean `no`?; there are: no");
  CHECK(story.answers["d"] == "6");
  CHECK(story.result == "7");
}

TEST_CASE("a value that cannot be sent is the caller's error") {
  CHECK(answer("on update u() { {a: [x => x]} }", "null")
            .starts_with("TypeError: the update's value.a[0]"));
}

TEST_CASE("arguments out of JSON: by name, by position, or the value itself") {
  CHECK(answer("on update u() { 1 }", "null") == "1");
  CHECK(answer("on update u() { 1 }", "[]") == "1");
  CHECK(answer("on update u() { 1 }", "{}") == "1");
  CHECK(answer("on update u() { 1 }", "2").starts_with("ArgumentError: on update u takes 0 arg"));
  CHECK(answer("on update u(a) { a }", "[1, 2]") == "[1,2]");
  CHECK(answer("on update u(a) { a }", "{\"a\": 3}") == "3");
  CHECK(answer("on update u(a) { a }", "{\"a\": 3, \"b\": 4}") == "{\"a\":3,\"b\":4}");
  CHECK(answer("on update u(a, b = 9) { [a, b] }", "{\"a\": 3}") == "[3,9]");
  CHECK(answer("on update u(a, b = 9) { [a, b] }", "[3, 4]") == "[3,4]");
  CHECK(answer("on update u(a, b = 9) { [a, b] }", "{\"b\": 3}") ==
        "ArgumentError: on update u needs the argument `a`");
  CHECK(answer("on update u(a, b) { a }", "{\"a\": 1, \"bb\": 3}").starts_with("ArgumentError: "));
  CHECK(answer("on update u(a, b) { a }", "5").starts_with("ArgumentError: on update u takes 2"));
  CHECK(answer("on update u(a: {n: list<int>}) { a }", "{\"n\": [1, \"x\"]}")
            .starts_with("TypeError: on update u: a.n[1]: expected int"));
  CHECK(answer("on update u(d: duration) { d + 1s }", "\"5s\"") == "\"6s\"");
  CHECK(answer("on update u(a, b = 2) { [a, b] }", "[[1]]", MessageForm::Positional) == "[[1],2]");
}

TEST_CASE("a run that ends well waits for its handlers; an error cancels them") {
  Story story = sent("on update slow() { sleep(20s); print(\"done\"); 1 }\n sleep(1s)\n 5",
                     {update(1, "slow", "null")});
  CHECK(story.prints == std::vector<std::string>{"done"});
  CHECK(story.answers["u"] == "1");
  CHECK(story.result == "5");
  story = sent(
      "on update slow() { try { sleep(20s) } finally { print(\"out\") } }\n sleep(1s)\n "
      "throw \"x\"",
      {update(1, "slow", "null"), update(1000, "slow", "null", "late")});
  CHECK(story.answers["u"] == "Cancelled: cancelled");
  CHECK(story.prints == std::vector<std::string>{"out", "out"});
  CHECK(story.result == "Error: x");
  story = sent("on update slow() { sleep(20s) }\n sleep(10s)", {update(1, "slow", "null")}, 5);
  CHECK(story.answers["u"] == "Cancelled: cancelled");
  CHECK(story.status == RunStatus::Cancelled);
}

TEST_CASE("handlers are in force from where they stand, the later one of a name replaces") {
  Story story =
      sent("sleep(1s)\n on update u() { 1 }\n sleep(1s)\n on update u() { 2 }\n sleep(1s)",
           {update(500, "u", "null", "a"), update(1500, "u", "null", "b"),
            update(2500, "u", "null", "c")});
  CHECK(story.answers["a"] ==
        "NotFound: main handles no update `u`; no `on update` is in force at this point");
  CHECK(story.answers["b"] == "1");
  CHECK(story.answers["c"] == "2");
}

TEST_CASE("what an update registered and spawned becomes the run's") {
  Story story = sent(
      "on update u() { compensate { print(\"undo\") }; spawn Child(1); 1 }\n"
      "sleep(1s)\n throw \"x\"",
      {update(1, "u", "null")});
  CHECK(story.answers["u"] == "1");
  CHECK(story.prints == std::vector<std::string>{"undo"});
}

// --- signals

namespace {

Message signal(int64_t at_ms, const std::string& name, const std::string& json) {
  return {at_ms, RecordType::SignalReceived, name, json, "s", {}};
}

std::string result_of(const std::string& body, const std::vector<Message>& messages = {}) {
  return sent(body, messages).result;
}

}  // namespace

TEST_CASE("signals are queued until received, in order") {
  CHECK(result_of("sleep(1s)\n [receive(\"a\"), receive(\"a\")]",
                  {signal(1, "a", "1"), signal(2, "a", "2")}) == "[1,2]");
  CHECK(result_of("[receive(\"b\"), receive(\"a\")]",
                  {signal(1, "a", "1"), signal(2, "b", "{}")}) == "[{},1]");
  CHECK(result_of("[receive(\"a\", timeout: 1s), receive(\"a\", timeout: 10s), receive(\"a\", 1s)]",
                  {signal(5000, "a", "7")}) == "[null,7,null]");
  CHECK(result_of("try { receive(5) } catch e { e.kind }") == "\"TypeError\"");
  CHECK(result_of("try { receive(\"a\", timeout: 5) } catch e { e.kind }") == "\"TypeError\"");
}

TEST_CASE("receivers are served in the order in which they began to wait") {
  CHECK(result_of(
            "var got = []\n let hs = [1, 2, 3].map(i => spawn { got.push([i, receive(\"a\")]) })\n"
            "gather hs\n got",
            {signal(1, "a", "1"), signal(2, "a", "2"), signal(3, "a", "3")}) ==
        "[[1,1],[2,2],[3,3]]");
  CHECK(result_of("var got = []\n let one = spawn { receive(\"a\") }\n"
                  "let two = spawn { got.push(receive(\"a\")) }\n sleep(10ms)\n one.cancel()\n"
                  "gather two\n got",
                  {signal(100, "a", "1")}) == "[1]");
}

TEST_CASE("a signal's handle is finished while its signal is queued, and gather takes it") {
  CHECK(result_of("let s = signal(\"a\")\n let before = s.done\n sleep(1s)\n"
                  "let during = s.done\n let got = receive(\"a\")\n [before, during, got, s.done]",
                  {signal(1, "a", "1")}) == "[false,true,1,false]");
  CHECK(result_of("let s = signal(\"a\")\n [gather s, gather s, s.done, s.id]",
                  {signal(1, "a", "1"), signal(2, "a", "2")}) == "[1,1,true,\"a\"]");
  CHECK(result_of("gather {x: signal(\"a\"), y: signal(\"a\"), z: spawn { receive(\"b\") }}",
                  {signal(1, "a", "1"), signal(2, "a", "2"), signal(3, "b", "3")}) ==
        R"({"x":1,"y":2,"z":3})");
  CHECK(result_of("try { gather signal(\"a\") timeout 1s } catch e { e.kind }") == "\"Timeout\"");
  CHECK(result_of("let s = signal(\"a\")\n s.cancel()\n (gather settled s).error.kind") ==
        "\"Cancelled\"");
}

TEST_CASE("wait_any only looks at a signal") {
  CHECK(result_of("let s = signal(\"a\")\n let h = wait_any [timer(9s), s]\n [h.id, s.done, "
                  "receive(\"a\")]",
                  {signal(1, "a", "1")}) == "[\"a\",true,1]");
  CHECK(result_of("let s = signal(\"a\")\n let t = timer(1s)\n let h = wait_any {t, s}\n h.id",
                  {signal(2000, "a", "1")}) == "null");
  CHECK(result_of("sleep(1s)\n let h = wait_any [signal(\"b\"), signal(\"a\")]\n h.id",
                  {signal(1, "a", "1"), signal(2, "b", "1")}) == "\"a\"");
  CHECK(result_of("let hs = [signal(\"a\"), timer(2s), signal(\"b\")]\n var seen = []\n"
                  "for h in wait_any hs { seen.push(if h.id == null { \"t\" } else { gather h })\n"
                  " if h.id == \"a\" and seen.len() < 2 { hs.push(signal(\"a\")) } }\n seen",
                  {signal(1, "a", "1"), signal(2, "a", "2"), signal(3000, "b", "3")}) ==
        "[1,2,\"t\",3]");
}

TEST_CASE("a handler of a signal runs as a strand for each, and gets those that came before it") {
  CHECK(
      result_of(
          "var got = []\n sleep(1s)\n on signal a(x) { sleep(1s); got.push(x) }\n sleep(5s)\n got",
          {signal(1, "a", "1"), signal(2, "a", "2"), signal(1500, "a", "3")}) == "[1,2,3]");
  CHECK(result_of("var n = 0\n on signal a() { n += 1 }\n receive(\"b\")\n n",
                  {signal(1, "a", "1"), signal(2, "a", "null"), signal(3, "b", "0")}) == "2");
  CHECK(result_of("on signal a(x) { throw error(\"Mine\", x) }\n sleep(1s)\n 1",
                  {signal(1, "a", "\"no\"")}) == "Mine: no");
  CHECK(result_of("on signal a(x: {n: int}) { print(x) }\n sleep(1s)\n 1",
                  {signal(1, "a", "{\"n\": \"x\"}")})
            .starts_with("TypeError: on signal a: x.n: expected int"));
  CHECK(result_of("on signal a(x: duration) { print(x + 1s) }\n sleep(1s)\n 1",
                  {signal(1, "a", "\"5s\"")}) == "1");
}

TEST_CASE("a run that waits for a signal is not taken for stuck") {
  CHECK(result_of("gather spawn { receive(\"a\") }", {signal(1, "a", "1")}) == "1");
  CHECK(result_of("var h = null\n on signal stop() { h.cancel() }\n h = spawn { gather h }\n"
                  "(gather settled h).error.kind",
                  {signal(1, "stop", "1")}) == "\"Cancelled\"");
  CHECK(sent("receive(\"a\")", {}, 100).status == RunStatus::Cancelled);
  CHECK(sent("gather [signal(\"a\")]", {}, 100).status == RunStatus::Cancelled);
}

TEST_CASE("a parent signals its child") {
  const std::string child =
      "workflow Waits() { [receive(\"go\"), receive(\"go\", timeout: 1s)] }\n";
  Story story = tell(child +
                     "workflow main() { let h = spawn Waits()\n h.signal(\"go\", {a: 1s})\n"
                     "let got = gather h\n"
                     "try { h.signal(\"go\") } catch e { [got, e.kind] } }");
  CHECK(story.problem == "");
  CHECK(story.result == R"([[{"a":"1s"},null],"NotFound"])");
  story = tell(
      child +
      "workflow main() { let h = spawn Waits()\n"
      "try { h.signal(\"go\", [x => x]) } catch e { h.signal(\"go\"); [e.message, gather h] } }");
  CHECK(story.problem == "");
  CHECK(story.result.starts_with(R"(["the payload of signal go[0]: )"));
  story =
      tell(child +
           "workflow main() { let t = timer(1s)\n try { t.signal(\"go\") } catch e { e.kind } }");
  CHECK(story.result == "\"TypeError\"");
}

TEST_CASE("a loop over new handles of signals does not grow") {
  CHECK(
      result_of("var n = 0\n while n < 500 { wait_any [signal(\"a\"), timer(1ms)]; n += 1 }\n n") ==
      "500");
}

TEST_CASE("a race takes the signal that it is won by, and no other") {
  CHECK(result_of("let s = signal(\"a\")\n [race [s, timer(9s)], gather s, s.done]",
                  {signal(1, "a", "1")}) == "[1,1,true]");
  CHECK(result_of("sleep(1s)\n [race [signal(\"a\"), signal(\"b\")], receive(\"a\"), "
                  "receive(\"b\", timeout: 1s)]",
                  {signal(1, "b", "1"), signal(2, "a", "2")}) == "[1,2,null]");
  CHECK(result_of("let won = race [signal(\"a\"), timer(1s)]\n [won, receive(\"a\")]",
                  {signal(2000, "a", "2")}) == "[null,2]");
  CHECK(result_of("try { race [signal(\"a\")] timeout 1s } catch e { [e.kind, receive(\"a\")] }",
                  {signal(2000, "a", "2")}) == "[\"Timeout\",2]");
  CHECK(result_of("race success [spawn { throw \"x\" }, signal(\"a\")]",
                  {signal(2000, "a", "2")}) == "2");
}

// --- queries

namespace {

/// What the handler `q` of a run answers: at its end, or where it waits for the signal `never`.
std::string query(const std::string& handler, const std::string& json = "[]", bool ended = true) {
  const std::string body = "var n = 5\n let xs = [1]\n let h = spawn Child(1)\n gather h\n" +
                           handler + (ended ? "\nn" : "\nreceive(\"never\")");
  Story story = tell(kWorld + "workflow main() {\n" + body + "\n}", "[]", -1,
                     {{0, RecordType::RunEnded, "q", json, "q", MessageForm::Json}});
  CHECK(story.problem == (ended ? "" : "nothing can go on"));
  return story.answers["q"];
}

}  // namespace

TEST_CASE("a query looks at the state that a run has, open or closed") {
  for (bool ended : {true, false}) {
    CHECK(query("on query q() { {n, xs, done: h.done, got: gather h} }", "null", ended) ==
          R"({"n":5,"xs":[1],"done":true,"got":2})");
    CHECK(query("on query q(x, y = 2) { n += 1; xs.push(x); [n, xs, y] }", "[7]", ended) ==
          "[6,[1,7],2]");
    CHECK(query("on query q() { try { throw \"x\" } catch e { e.message } finally { n = 0 } }",
                "null", ended) == "\"x\"");
    CHECK(query("on query q() { print(n); time.now() > time.parse(\"1970-01-01\") }", "null",
                ended) == "true");
    CHECK(query("on query r() { 1 }", "null", ended) ==
          "! NotFound: main handles no query `q`; there are: r");
  }
}

TEST_CASE("a query may only look") {
  for (const char* what : {"sleep(1s)",
                           "Child(1)",
                           "spawn Child(1)",
                           "spawn { 1 }",
                           "slow(1, 2)",
                           "random.int(1, 2)",
                           "uuid()",
                           "receive(\"a\")",
                           "signal(\"a\")",
                           "timer(1s)",
                           "env.get(\"X\")",
                           "file.read(\"x\")",
                           "compensate { n }",
                           "h.cancel()",
                           "h.signal(\"x\")",
                           "batch x in xs limit 1 { x }",
                           "wait_any [h]",
                           "race [h]",
                           "gather signal(\"a\")",
                           "for x in wait_any [h] { x }",
                           "[1].map(x => slow(1, x))"}) {
    INFO(what);
    const std::string answer = query(std::string("on query q() { ") + what + " }", "null");
    CHECK(answer.starts_with("! TypeError: `"));
    CHECK(answer.find("cannot stand in a query") != std::string::npos);
  }
  CHECK(query("on query q() { try { sleep(1s) } catch e { e.kind } }", "null") == "\"TypeError\"");
  CHECK(query("on query q() { x => x }", "null").starts_with("! TypeError: the query's value"));
  CHECK(query("on query q(a: int) { a }", "\"x\"") ==
        "! TypeError: on query q: a: expected int, got string \"x\"");
}
