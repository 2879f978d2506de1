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
  Story story =
      tell(kWorld + "workflow main() {\n" + body + "\n}", "[]", cancel_at_ms, messages);
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
  Story story = sent("on update no(x) { if x == 1 { throw error(\"Bad\", \"no ${x}\") }; Child(x) }\n"
                     "sleep(10s)\n 7",
                     {update(1, "no", "1", "a"), update(2, "no", "\"x\"", "b"),
                      update(3, "non", "1", "c"), update(4, "no", "3", "d")});
  CHECK(story.answers["a"] == "Bad: no 1");
  CHECK(story.answers["b"].starts_with("ChildFailed: "));
  CHECK(story.answers["c"] ==
        "NotFound: main handles no update `non`; did you mean `no`?; there are: no");
  CHECK(story.answers["d"] == "6");
  CHECK(story.result == "7");
}

TEST_CASE("a value that cannot be sent is the caller's error") {
  CHECK(answer("on update u() { {a: [x => x]} }", "null").starts_with("TypeError: the update's value.a[0]"));
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
  story = sent("on update slow() { try { sleep(20s) } finally { print(\"out\") } }\n sleep(1s)\n "
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
  Story story = sent("sleep(1s)\n on update u() { 1 }\n sleep(1s)\n on update u() { 2 }\n sleep(1s)",
                     {update(500, "u", "null", "a"), update(1500, "u", "null", "b"),
                      update(2500, "u", "null", "c")});
  CHECK(story.answers["a"] ==
        "NotFound: main handles no update `u`; no `on update` is in force at this point");
  CHECK(story.answers["b"] == "1");
  CHECK(story.answers["c"] == "2");
}

TEST_CASE("what an update registered and spawned becomes the run's") {
  Story story = sent("on update u() { compensate { print(\"undo\") }; spawn Child(1); 1 }\n"
                     "sleep(1s)\n throw \"x\"",
                     {update(1, "u", "null")});
  CHECK(story.answers["u"] == "1");
  CHECK(story.prints == std::vector<std::string>{"undo"});
}
