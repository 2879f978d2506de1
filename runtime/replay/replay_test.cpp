// A run is written into a journal by a small host, then replayed: with its own code, and with other
// code.
#include "runtime/replay/replay.h"

#include <catch2/catch.hpp>

#include "lang/compile/compile.h"
#include "runtime/replay/history_player.h"
#include "runtime/replay/run_setup.h"
#include "runtime/values/codec.h"

using namespace wakeful;

namespace {

std::shared_ptr<Image> image_of(const std::string& script) {
  Compiled compiled =
      compile("main.wf", [&](const std::string& path) -> std::optional<std::string> {
        if (path == "main.wf") return script;
        return std::nullopt;
      });
  INFO(script);
  REQUIRE(compiled.program);
  return std::make_shared<Image>(*compiled.program);
}

std::string cbor(const std::string& json) {
  Heap heap;
  Value value;
  std::string error, bytes;
  REQUIRE(from_json(heap, json, value, error));
  REQUIRE(!to_cbor(value, bytes));
  return bytes;
}

/// Journals what a run does; every activity gives back "done" in a burst of its own, timers fire at
/// once.
struct Writer final : RunHost {
  explicit Writer(std::shared_ptr<Image> i) : image(std::move(i)) {
    auto opened = Journal::open(open_memory_store(), true);
    REQUIRE(opened);
    journal = std::move(*opened);
    journal->put_program(image->program().hash, serialise(image->program()));
    Record started;
    started.type = RecordType::RunStarted;
    started.run = number = journal->next_run_number();
    started.name = "main";
    started.id = "root";
    started.value = cbor("[]");
    started.number = 7;
    started.time = 1000;
    started.program = image->program().hash;
    journal->append(started);
    auto setup = run_setup(*journal, started, image);
    REQUIRE(setup);
    run = std::make_unique<Run>(std::move(*setup));
    run->deliver(started, "");
  }

  void burst(uint64_t interrupt_after_ticks = 0) {
    if (interrupt_after_ticks != 0) {
      REQUIRE(run->advance(*this, interrupt_after_ticks) == Run::State::More);
      Record record;
      record.type = RecordType::Interrupted;
      record.run = number;
      record.number = run->ticks();
      journal->append(record);
      run->interrupt(InterruptKind::TaskTimeout);
    }
    while (run->advance(*this, 1'000'000) == Run::State::More) {
    }
  }

  /// Tells the answers that are due; false where there are none left.
  bool answer() {
    if (answers.empty()) return false;
    Record event = answers.front();
    answers.erase(answers.begin());
    event.run = number;
    event.time = 2000;
    journal->append(event);
    run->deliver(event, "");
    burst();
    return true;
  }

  bool command(Record& record) override {
    record.run = number;
    if (record.type == RecordType::ValueRecorded) record.value = cbor("\"outside\"");
    journal->append(record);
    Record event;
    event.step = record.step;
    if (record.type == RecordType::StepScheduled) {
      event.type = RecordType::StepEnded;
      event.value = cbor("\"done\"");
      answers.push_back(event);
    } else if (record.type == RecordType::TimerStarted) {
      event.type = RecordType::TimerFired;
      answers.push_back(event);
    }
    return true;
  }
  void print(std::string) override {}
  void log(const char*, std::string, std::string) override {}
  void drop_timer(StepId) override {}

  std::string replay_with(const std::string& script) const {
    auto replayed = replay(*journal, number, image_of(script));
    if (!replayed) return replayed.error().message;
    return replayed->difference ? replayed->difference->message() : "";
  }

  std::shared_ptr<Image> image;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Run> run;
  RunId number;
  std::vector<Record> answers;
};

const std::string kScript = R"(
activity act(x) { x }
workflow main() {
  print("first")
  let a = act(1)
  print(env.get("NAME"))
  sleep(5s)
  print("last", a)
  act({two: 2})
}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

Writer written() {
  Writer writer(image_of(kScript));
  writer.burst();
  while (writer.answer()) {
  }
  return writer;
}

}  // namespace

TEST_CASE("a history replays with the code that wrote it") {
  Writer writer = written();
  REQUIRE(writer.run->status() == RunStatus::Completed);
  auto replayed = replay(*writer.journal, writer.number, writer.image);
  REQUIRE(replayed);
  CHECK(!replayed->difference);
  CHECK(replayed->run->status() == RunStatus::Completed);
  CHECK(replayed->run->outcome() == cbor("\"done\""));
  CHECK(replayed->records == 9);
  CHECK(replayed->last_prints.empty());  // the last burst only took the result
}

TEST_CASE("an open run stands where its last record left it") {
  Writer writer(image_of(kScript));
  writer.burst();
  writer.answer();
  auto replayed = replay(*writer.journal, writer.number, writer.image);
  REQUIRE(replayed);
  CHECK(!replayed->difference);
  CHECK(replayed->run->status() == RunStatus::Running);
  CHECK(replayed->last_prints == std::vector<std::string>{"outside"});
  REQUIRE(replayed->run->open_steps().size() == 1);
  CHECK(replayed->run->open_steps().front().type == RecordType::TimerStarted);
}

TEST_CASE("code that only computes differently agrees") {
  Writer writer = written();
  CHECK(writer.replay_with("# moved down\n\n" +
                           replaced(kScript, "print(\"first\")", "print(1 + 2, \"first\")")) == "");
}

TEST_CASE("the first difference is named, with both sides") {
  Writer writer = written();
  using Catch::Contains;
  std::string message = writer.replay_with(replaced(kScript, "act(1)", "act(9)"));
  CHECK_THAT(message, Contains("history: calls the activity act(1)"));
  CHECK_THAT(message, Contains("code:    calls the activity act(9)"));
  CHECK_THAT(message, Contains("main.wf:5:"));
  CHECK_THAT(message, Contains("the arguments differ"));

  message = writer.replay_with(replaced(kScript, "sleep(5s)", ""));
  CHECK_THAT(message, Contains("history: sleeps until"));
  CHECK_THAT(message, Contains("code:    calls the activity act({\"two\":2})"));

  message = writer.replay_with(replaced(kScript, "sleep(5s)", "sleep(6s)"));
  CHECK_THAT(message, Contains("the times differ"));

  message = writer.replay_with(replaced(kScript, "act({two: 2})", "1"));
  CHECK_THAT(message, Contains("code:    ends as completed with 1"));

  message = writer.replay_with(replaced(kScript, "print(\"first\")", "spawn act(0)"));
  CHECK_THAT(message, Contains("code:    calls the activity act(0)"));

  message = writer.replay_with(replaced(kScript, "workflow main()", "workflow other()"));
  CHECK_THAT(message, Contains("the program has no workflow main"));
}

TEST_CASE("a history that goes on where the code waits is a difference") {
  Writer writer = written();
  std::string message =
      writer.replay_with(replaced(kScript, "let a = act(1)", "let a = act(1)\n let b = act(1)"));
  CHECK_THAT(message, Catch::Contains("history: reads the variable NAME"));
}

TEST_CASE("an interrupted burst is interrupted at the same tick") {
  const std::string script = R"(
activity act(x) { x }
workflow main() {
  var turns = 0
  try { while true { turns += 1 } } catch e { act([turns, e.kind]) }
}
)";
  Writer writer(image_of(script));
  writer.burst(123'456);
  while (writer.answer()) {
  }
  CHECK(writer.run->status() == RunStatus::Completed);
  CHECK(writer.replay_with(script) == "");
}

TEST_CASE("past the end of its history a run goes on live") {
  Writer whole = written();
  auto history = whole.journal->history(whole.number);
  REQUIRE(history);
  for (size_t length = 1; length < history->size(); ++length) {
    History cut(history->begin(), history->begin() + static_cast<ptrdiff_t>(length));
    Writer live(whole.image);  // its journal takes what comes after the cut
    auto setup = run_setup(*whole.journal, cut.front().second, whole.image);
    REQUIRE(setup);
    Run run(std::move(*setup));
    HistoryPlayer player(run, cut, {}, &live);
    while (player.advance(100) == Run::State::More) {
    }
    INFO("cut after " << length);
    CHECK(!player.difference());
    CHECK(player.exhausted());
    // the commands up to the next event came live, and are the ones that the history has
    auto added = live.journal->history(live.number);
    REQUIRE(added);
    for (size_t i = 1; i < added->size(); ++i) {
      Record known = (*history)[length + i - 1].second, found = (*added)[i].second;
      known.previous = found.previous = Lsn{};
      CHECK(known == found);
    }
    const size_t next = length + added->size() - 1;
    CHECK(
        (next == history->size() || class_of((*history)[next].second.type) == RecordClass::Event));
  }
}
