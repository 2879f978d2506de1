#include "runtime/run/world_test.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>

#include "lang/compile/compile.h"
#include "runtime/values/codec.h"

namespace wakeful::testing {

namespace {

std::string cbor(const std::string& json) {
  Heap heap;
  Value value;
  std::string error, bytes;
  REQUIRE(from_json(heap, json, value, error));
  REQUIRE(!to_cbor(value, bytes));
  return bytes;
}

/// JSON of a value, `Kind: message` of an error.
std::string text_of(const std::string& bytes) {
  Heap heap;
  Value value;
  std::string error, text;
  REQUIRE(from_cbor(heap, bytes, value, error));
  if (!value.is(Tag::Error)) return cbor_to_json(bytes);
  append_text(text, value);
  return text;
}

struct World;

struct Node final : RunHost {
  World* world = nullptr;
  std::unique_ptr<Run> run;
  Run::Setup setup;
  uint64_t parent = 0, parent_step = 0, undo_step = 0;
  std::vector<std::pair<Record, std::string>> history;  // and the value beside it

  bool command(Record& record) override;
  void print(std::string text) override;
  void log(const char*, std::string, std::string) override {}
  void drop_timer(StepId step) override;
};

struct Happening {
  int64_t at;
  uint64_t order;
  uint64_t run;
  Record event;
  std::string value;
};

struct World {
  std::shared_ptr<Image> image;
  std::map<uint64_t, std::unique_ptr<Node>> nodes;
  std::vector<Happening> agenda;
  std::vector<std::string> prints;
  std::map<std::string, std::string> answers;
  int64_t now = 1'000'000;
  uint64_t order = 0;

  void post(int64_t at, uint64_t run, Record event, std::string value = "") {
    event.run = RunId{run};
    event.time = std::max(at, now);
    agenda.push_back({at, ++order, run, std::move(event), std::move(value)});
  }

  Node& add(std::string id, std::string workflow, std::string arguments, uint64_t parent,
            uint64_t step, uint32_t depth) {
    uint64_t number = nodes.size() + 1;
    auto node = std::make_unique<Node>();
    node->world = this;
    node->parent = parent;
    node->parent_step = step;
    Record started;
    started.type = RecordType::RunStarted;
    started.time = now;
    started.name = workflow;
    started.id = id;
    started.number = 42 + number;
    started.kind = 1;
    node->setup = {RunId{number}, id,      workflow, image, parent ? nodes[parent]->setup.id : "",
                   depth,         started, arguments};
    node->run = std::make_unique<Run>(node->setup);
    post(now, number, started);
    return *(nodes[number] = std::move(node));
  }

  void schedule(Node& node, const Record& record) {
    Heap heap;
    Value args;
    std::string error;
    REQUIRE(from_cbor(heap, record.value, args, error));
    Record ended;
    ended.type = RecordType::StepEnded;
    ended.step = record.step;
    auto bytes = [&](Value v) {
      std::string out;
      REQUIRE(!to_cbor(v, out));
      return out;
    };
    uint64_t run = node.setup.number.value;
    Value* arg = args.list()->count > 0 ? args.list()->begin() : nullptr;
    if (record.name == "ok") {
      ended.value = bytes(arg[0]);
      post(now, run, ended);
    } else if (record.name == "slow") {
      ended.value = bytes(arg[1]);
      post(now + arg[0].integer, run, ended);
    } else if (record.name == "fail") {
      ended.kind = static_cast<uint64_t>(StepStatus::Failed);
      ended.value = bytes(Value::of(make_error(heap, "Error", arg[0].string()->view())));
      post(now, run, ended);
    }
  }

  void drop(uint64_t run, uint64_t step) {
    std::erase_if(agenda, [&](const Happening& h) { return h.run == run && h.event.step == step; });
  }

  void cancel_step(Node& node, const Record& record) {
    uint64_t run = node.setup.number.value;
    for (auto& [number, child] : nodes) {
      if (child->parent != run || child->parent_step != record.step) continue;
      Record event;
      event.type = RecordType::CancelRequested;
      event.kind = static_cast<uint64_t>(CancelCause::Parent);
      event.value = record.value;
      post(now, number, event);
      return;
    }
    drop(run, record.step);
    Heap heap;
    Record ended;
    ended.type = RecordType::StepEnded;
    ended.step = record.step;
    ended.kind = static_cast<uint64_t>(StepStatus::Cancelled);
    to_cbor(Value::of(make_error(heap, "Cancelled", "cancelled")), ended.value);
    post(now, run, ended);
  }

  bool step() {
    if (agenda.empty()) return false;
    auto first =
        std::min_element(agenda.begin(), agenda.end(), [](const Happening& a, const Happening& b) {
          return std::pair(a.at, a.order) < std::pair(b.at, b.order);
        });
    Happening happening = std::move(*first);
    agenda.erase(first);
    now = std::max(now, happening.at);
    happening.event.time = now;
    Node& node = *nodes.at(happening.run);
    const bool undo = happening.event.type == RecordType::UndoRequested;
    if (node.run->status() != (undo ? RunStatus::Completed : RunStatus::Running)) return true;
    node.history.push_back({happening.event, happening.value});
    node.run->deliver(happening.event, happening.value);
    while (node.run->advance(node, 1000) == Run::State::More) {
    }
    return true;
  }
};

bool Node::command(Record& record) {
  switch (record.type) {
    case RecordType::ChildStarted: {
      for (auto& [number, other] : world->nodes) {
        if (other->setup.id != record.id || other->run->status() != RunStatus::Running) continue;
        record.kind = static_cast<uint64_t>(ChildRefusal::AlreadyExists);
        record.value = cbor("\"taken\"");
        history.push_back({record, ""});
        return true;
      }
      Node& child = world->add(record.id, record.name, record.value, setup.number.value,
                               record.step, setup.depth + 1);
      record.ref = child.setup.number.value;
      break;
    }
    case RecordType::StepScheduled:
      world->schedule(*this, record);
      break;
    case RecordType::TimerStarted: {
      Record fired;
      fired.type = RecordType::TimerFired;
      fired.step = record.step;
      world->post(record.time, setup.number.value, fired);
      break;
    }
    case RecordType::CancelSent:
      world->cancel_step(*this, record);
      break;
    case RecordType::ValueRecorded:
      record.value = cbor("\"recorded\"");
      break;
    case RecordType::RunEnded:
      if (parent != 0) {
        Record ended;
        ended.type = RecordType::ChildEnded;
        ended.step = parent_step;
        ended.kind = record.kind;
        ended.number = record.number;
        world->post(world->now, parent, ended, record.value);
      }
      break;
    case RecordType::SignalSent:
      record.kind = static_cast<uint64_t>(SignalAnswer::NotFound);
      for (auto& [number, child] : world->nodes) {
        if (child->parent != setup.number.value || child->parent_step != record.ref) continue;
        if (child->run->status() != RunStatus::Running) continue;
        record.kind = static_cast<uint64_t>(SignalAnswer::Delivered);
        Record signal;
        signal.type = RecordType::SignalReceived;
        signal.name = record.name;
        signal.value = record.value;
        world->post(world->now, number, signal);
      }
      break;
    case RecordType::UpdateEnded:
      world->answers[record.id] = text_of(record.value);
      break;
    case RecordType::UndoSent:
      for (auto& [number, child] : world->nodes) {
        if (child->parent != setup.number.value || child->parent_step != record.ref) continue;
        child->undo_step = record.step;
        Record undo;
        undo.type = RecordType::UndoRequested;
        world->post(world->now, number, undo);
      }
      break;
    case RecordType::UndoEnded: {
      Record undone;
      undone.type = RecordType::ChildUndone;
      undone.step = undo_step;
      undone.kind = record.kind;
      world->post(world->now, parent, undone, record.value);
      break;
    }
    default:
      FAIL("not a command");
  }
  history.push_back({record, ""});
  return true;
}

void Node::print(std::string text) { world->prints.push_back(std::move(text)); }
void Node::drop_timer(StepId step) { world->drop(setup.number.value, step.value); }

/// Feeds a history again and compares every command.
struct Replayer final : RunHost {
  const std::vector<std::pair<Record, std::string>>& history;
  size_t next = 0;
  std::string problem;
  explicit Replayer(const std::vector<std::pair<Record, std::string>>& h) : history(h) {}

  bool command(Record& record) override {
    if (next >= history.size()) return differ("a command after the end");
    const Record& expected = history[next++].first;
    if (expected.type == RecordType::SignalSent) record.kind = expected.kind;
    if (expected.type == RecordType::ChildStarted || expected.type == RecordType::ValueRecorded) {
      record.ref = expected.ref;
      record.kind = expected.kind;
      record.value = expected.value;
    }
    if (!(record == expected)) return differ(std::string(name_of(record.type)) + " differs");
    return true;
  }
  bool differ(std::string what) {
    problem = "replay: " + std::move(what);
    return false;
  }
  void print(std::string) override {}
  void log(const char*, std::string, std::string) override {}
  void drop_timer(StepId) override {}

  void replay(Run& run) {
    while (next < history.size() && problem.empty()) {
      const auto& [event, value] = history[next];
      if (class_of(event.type) != RecordClass::Event) {
        problem = std::string("replay: missing ") + name_of(event.type);
        return;
      }
      ++next;
      run.deliver(event, value);
      while (run.advance(*this, 77) == Run::State::More) {
      }
    }
  }
};

/// The answer of a copy of the run.
std::string asked(const Node& node, const Message& message) {
  Run copy(node.setup);
  Replayer replayer(node.history);
  replayer.replay(copy);
  REQUIRE(replayer.problem == "");
  copy.ask(message.name, message.form, cbor(message.value));
  while (copy.advance(replayer, 1000) == Run::State::More) {
  }
  REQUIRE(replayer.problem == "");  // it emits no command
  return (copy.status() == RunStatus::Completed ? "" : "! ") + text_of(copy.outcome());
}

std::string json_of(const std::string& bytes) { return cbor_to_json(bytes); }

}  // namespace

Story tell(const std::string& source, const std::string& arguments, int64_t cancel_at_ms,
           const std::vector<Message>& messages) {
  Compiled compiled =
      compile("story.wf", [&](const std::string& path) -> std::optional<std::string> {
        if (path == "story.wf") return source;
        return std::nullopt;
      });
  for (const Diagnostic& d : compiled.diagnostics.sorted()) {
    if (d.severity == Severity::Error) FAIL(render(d, compiled.sources, false));
  }
  World world;
  world.image = std::make_shared<Image>(std::move(*compiled.program));
  Node& root = world.add("root", "main", cbor(arguments), 0, 0, 0);
  if (cancel_at_ms >= 0) {
    Record cancel;
    cancel.type = RecordType::CancelRequested;
    cancel.value = cbor("\"enough\"");
    world.post(world.now + cancel_at_ms, 1, cancel);
  }
  for (const Message& message : messages) {
    if (message.type == RecordType::RunEnded) continue;
    Record event;
    event.type = message.type;
    event.name = message.name;
    event.id = message.id;
    event.kind = static_cast<uint64_t>(message.form);
    event.value = cbor(message.value);
    world.post(world.now + message.at_ms, 1, event);
  }
  while (world.step()) {
  }
  Story story;
  story.status = root.run->status();
  story.prints = world.prints;
  story.answers = world.answers;
  if (story.status == RunStatus::Running) story.problem = "nothing can go on";
  if (story.status == RunStatus::Completed) {
    story.result = json_of(root.run->outcome());
  } else if (story.status != RunStatus::Running) {
    Heap heap;
    Value error;
    std::string unreadable;
    from_cbor(heap, root.run->outcome(), error, unreadable);
    append_text(story.result, error);
    to_json(error, story.error_json, {.pretty = false, .lossy = true});
  }
  for (const Message& message : messages) {
    if (message.type == RecordType::RunEnded) story.answers[message.id] = asked(root, message);
  }
  for (auto& [number, node] : world.nodes) {
    story.records += node->history.size();
    Run again(node->setup);
    Replayer replayer(node->history);
    replayer.replay(again);
    if (story.problem.empty()) story.problem = replayer.problem;
    if (again.status() != node->run->status() && story.problem.empty())
      story.problem = "replay: other end";
  }
  return story;
}

}  // namespace wakeful::testing
