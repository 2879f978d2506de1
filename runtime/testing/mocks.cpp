#include "runtime/testing/mocks.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/values/codec.h"
#include "stdlib/builtins.h"

namespace wakeful {

namespace {

std::string error_bytes(const char* kind, const std::string& message) {
  Heap heap;
  std::string bytes;
  to_cbor(Value::of(make_error(heap, kind, message)), bytes);
  return bytes;
}

std::vector<std::string> names_of(const std::vector<Parameter>& params) {
  std::vector<std::string> names;
  for (const Parameter& param : params) names.push_back(param.name);
  return names;
}

/// The call that a message to a mock stands for: `run/step/attempt/part`.
std::string message_id(const StepServer::Call& call) {
  return fmt::format("{}/{}/{}/{}", call.run, call.step, call.attempt, call.part);
}

StepServer::Call call_of(const std::string& id) {
  StepServer::Call call;
  uint64_t* parts[] = {&call.run, &call.step, &call.attempt, &call.part};
  size_t at = 0;
  for (uint64_t* part : parts) {
    *part = std::strtoull(id.c_str() + at, nullptr, 10);
    at = std::min(id.find('/', at), id.size() - 1) + 1;
  }
  return call;
}

/// One element of calls(…), before it is put in order.
struct Found {
  Lsn at;
  std::string arguments;  // CBOR list by position
  std::string id;
  int64_t time = 0;
};

std::string as_value(std::vector<Found> found, const std::vector<std::string>& names) {
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.at < b.at; });
  Heap heap;
  List* list = make_list(heap);
  for (const Found& call : found) {
    Value arguments;
    std::string unreadable;
    Map* args = make_map(heap);
    from_cbor(heap, call.arguments, arguments, unreadable);
    for (uint32_t i = 0; arguments.is(Tag::List) && i < arguments.list()->count; ++i) {
      const Value value = arguments.list()->begin()[i];
      if (i < names.size() && !value.is_absent()) map_set(heap, args, names[i], value);
    }
    Map* one = make_map(heap, 3);
    map_set(heap, one, "args", Value::of(args));
    map_set(heap, one, "id", string_value(heap, call.id));
    map_set(heap, one, "at", Value::time(call.time));
    list_push(heap, list, Value::of(one));
  }
  std::string bytes;
  to_cbor(Value::of(list), bytes);
  return bytes;
}

}  // namespace

const TestCase::Mock* Mocks::find(Kind kind, const std::string& name) const {
  for (const TestCase::Mock& mock : test_.mocks) {
    if (mock.kind == kind && mock.name == name) return &mock;
  }
  return nullptr;
}

/// By the name of a step: a mocked workflow is the step `mock X` of the child.
const TestCase::Mock* Mocks::find(const std::string& name) const {
  for (const TestCase::Mock& mock : test_.mocks) {
    if (mock.kind == Kind::Workflow ? name == "mock " + mock.name : name == mock.name) return &mock;
  }
  return nullptr;
}

/// Also what has no body and no mock: nothing else would ever answer it.
bool Mocks::serves(const std::string& name) const {
  if (find(name) != nullptr) return true;
  const int index = program_.find_activity(name);
  return index >= 0 && program_.activities[static_cast<size_t>(index)].function < 0;
}

std::vector<std::string> Mocks::parameters(Kind kind, const std::string& name) const {
  std::vector<std::string> names;
  if (kind == Kind::Effect || kind == Kind::Function) {
    if (const Builtin* builtin = find_named(name)) {
      for (const Builtin::Param& param : builtin->params) names.push_back(param.name);
    }
    return names;
  }
  const bool workflow = kind == Kind::Workflow;
  const auto& list = workflow ? program_.workflows : program_.activities;
  const int index = workflow ? program_.find_workflow(name) : program_.find_activity(name);
  return index < 0 ? names : names_of(list[static_cast<size_t>(index)].params);
}

/// The original's arguments under the parameters that the mock has; null where one was not given
/// and has no default.
std::string Mocks::arguments_for(const TestCase::Mock& mock, const std::string& arguments) const {
  Heap heap;
  Value given;
  std::string unreadable, bytes;
  from_cbor(heap, arguments, given, unreadable);
  const std::vector<std::string> names = parameters(mock.kind, mock.name);
  List* list = make_list(heap);
  for (const TestCase::Mock::Param& param : mock.params) {
    const size_t at =
        static_cast<size_t>(std::find(names.begin(), names.end(), param.name) - names.begin());
    Value value = Value::absent();
    if (given.is(Tag::List) && at < given.list()->count) value = given.list()->begin()[at];
    if (value.is_absent() && param.required) value = Value::null();
    list_push(heap, list, value);
  }
  to_cbor(Value::of(list), bytes);
  return bytes;
}

/// What a mock gives must be what the original may give.
EffectOutcome Mocks::checked(const TestCase::Mock& mock, StepStatus status,
                             const std::string& value) const {
  if (status != StepStatus::Completed || mock.kind != Kind::Activity) return {status, value};
  Heap heap;
  Value result;
  std::string unreadable;
  from_cbor(heap, value, result, unreadable);
  const CallableDecl& decl =
      program_.activities[static_cast<size_t>(program_.find_activity(mock.name))];
  auto wrong = check_type(heap, result, decl.result, false);
  if (!wrong) return {status, value};
  return {StepStatus::Failed,
          error_bytes("TypeError", fmt::format("mock {}: result{}: {}", mock.name, wrong->path,
                                               wrong->message))};
}

/// Where the test has failed, what its children then undo meets mocks that do nothing: their errors
/// would only hide the one that counts.
EffectOutcome Mocks::answer(const TestCase::Mock& mock, StepStatus status,
                            const std::string& value) const {
  Heap heap;
  Value error;
  std::string unreadable;
  if (status == StepStatus::Failed && from_cbor(heap, value, error, unreadable) &&
      error.is(Tag::Error)) {
    const Value message = error.as<ErrorObject>()->message;
    std::string nothing;
    to_cbor(Value::null(), nothing);
    if (message.is(Tag::String) && message.string()->view() == kRunIsEnding)
      return {StepStatus::Completed, nothing};
  }
  return checked(mock, status, value);
}

void Mocks::serve(const Call& call, Done done) {
  const TestCase::Mock* mock = find(call.name);
  if (mock == nullptr) {
    return done(
        {StepStatus::Failed,
         error_bytes("NotFound",
                     fmt::format("the activity {} has no body, and the test does not mock it; "
                                 "write `mock {}(…) {{ … }}` before what uses it",
                                 call.name, call.name))});
  }
  auto sent = engine_->update(run_, message_id(call), mock->handler, MessageForm::Positional,
                              arguments_for(*mock, call.arguments),
                              [this, mock, done](StepStatus status, const std::string& value) {
                                done(answer(*mock, status, value));
                              });
  if (!sent) done({StepStatus::Failed, error_bytes("NotFound", sent.error().message)});
}

/// All arguments of a call that a mock was asked for; inside an activity's body those that the mock
/// takes.
std::string Mocks::asked_with(const Call& call, const TestCase::Mock& mock,
                              const std::string& message) const {
  Heap heap;
  Value given;
  std::string unreadable, bytes;
  if (call.part == 0) {
    if (auto history = journal_.history(RunId{call.run})) {
      for (const auto& [at, record] : *history) {
        if (record.type == RecordType::StepScheduled && record.step == call.step)
          return record.value;
      }
    }
  }
  from_cbor(heap, message, given, unreadable);
  const std::vector<std::string> names = parameters(mock.kind, mock.name);
  List* list = make_list(heap);
  for (const std::string& name : names) {
    Value value = Value::absent();
    for (size_t i = 0; i < mock.params.size(); ++i) {
      if (mock.params[i].name == name) value = given.list()->begin()[i];
    }
    list_push(heap, list, value);
  }
  to_cbor(Value::of(list), bytes);
  return bytes;
}

/// Of what is mocked each time that its mock was asked, of anything else each start: in the order
/// of the journal.
std::string Mocks::calls_of(const std::string& what) {
  const std::string word = what.substr(0, what.find(' '));
  const std::string name = what.substr(word.size() + 1);
  const Kind kind = word == "workflow"   ? Kind::Workflow
                    : word == "activity" ? Kind::Activity
                                         : Kind::Effect;
  const TestCase::Mock* mock = find(kind, name);
  std::vector<Found> found;
  for (const RunInfo* info : journal_.runs()) {
    auto history = journal_.history(info->number);
    if (!history) continue;
    int64_t time = 0;
    for (const auto& [at, record] : *history) {
      if (class_of(record.type) == RecordClass::Event) time = std::max(time, record.time);
      const bool step = record.type == RecordType::StepScheduled && kind != Kind::Workflow;
      const bool child =
          record.type == RecordType::ChildStarted && record.ref != 0 && kind == Kind::Workflow;
      if (mock == nullptr && (step || child) && record.name == name) {
        found.push_back({at, record.value,
                         child ? record.id : fmt::format("{}/{}", info->number.value, record.step),
                         time});
      }
      const bool asked = record.type == RecordType::UpdateReceived && info->number == run_ &&
                         mock != nullptr && record.name == mock->handler;
      if (!asked) continue;
      const Call call = call_of(record.id);
      const RunInfo* caller = journal_.find(RunId{call.run});
      std::string id = fmt::format("{}/{}", call.run, call.step);
      if (kind == Kind::Workflow && caller != nullptr) id = caller->id;
      found.push_back({at, asked_with(call, *mock, record.value), id, record.time});
    }
  }
  return as_value(std::move(found), parameters(kind, name));
}

}  // namespace wakeful
