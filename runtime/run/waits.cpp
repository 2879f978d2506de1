// gather, wait_any and streams: how a strand waits for handles.
#include <algorithm>
#include <utility>

#include "runtime/run/core.h"

namespace wakeful {

/// The handles of a handle, list or map, one level deep, in order. False: an error is on its way.
bool Run::Core::handles_of(RunStrand& strand, const char* verb, Value operand,
                           std::vector<Handle*>& out) {
  auto take = [&](Value v, const std::string& where) {
    if (v.is(Tag::Handle)) {
      out.push_back(v.as<Handle>());
      return true;
    }
    raise(strand, "TypeError",
          std::string(verb) + " needs handles, got " + type_name(v) + where +
              "; spawn what it should wait for");
    return false;
  };
  if (operand.is(Tag::List)) {
    for (uint32_t i = 0; i < operand.list()->count; ++i) {
      if (!take(operand.list()->begin()[i], " at index " + std::to_string(i))) return false;
    }
    return true;
  }
  if (operand.is(Tag::Map)) {
    for (uint32_t i = 0; i < operand.map()->used; ++i) {
      const Entry& entry = map_entries(operand.map())[i];
      if (entry.key == nullptr) continue;
      if (!take(entry.value, " under `" + std::string(entry.key->view()) + "`")) return false;
    }
    return true;
  }
  return take(operand, "");
}

/// Arms the time-out of the wait that the strand is parked in.
bool Run::Core::start_timeout(RunStrand& strand, Value timeout) {
  if (timeout.is_absent()) return true;
  uint64_t timer = start_timer(timeout.integer, TimerKind::Timeout, place_of(strand));
  strand.wait.timer = timer;
  works.at(timer).waiters.push_back({strand.number, strand.wait.serial, Value::null()});
  return !stopped;
}

/// What one handle came to, as `gather settled` gives it.
Value Run::Core::outcome_of(Handle* handle) {
  Map* outcome = make_map(heap, 3);
  bool done = handle->state == Handle::State::Done;
  map_set(heap, outcome, "ok", Value::of(done));
  map_set(heap, outcome, done ? "value" : "error", handle->outcome);
  map_set(heap, outcome, "id", handle->id);
  return Value::of(outcome);
}

/// Its outcome has been asked for, so its failure is not lost.
void Run::Core::take(Handle* handle) { handle->taken = true; }

/// A handle's value or outcome; of a list or map of handles each one's, in the same shape.
Value Run::Core::in_shape(Value operand, bool outcomes) {
  auto one = [&](Value v) {
    Handle* handle = v.as<Handle>();
    take(handle);
    return outcomes ? outcome_of(handle) : handle->outcome;
  };
  if (operand.is(Tag::List)) {
    List* list = make_list(heap, operand.list()->count);
    for (uint32_t i = 0; i < operand.list()->count; ++i) {
      Value v = operand.list()->begin()[i];
      if (v.is(Tag::Handle)) list_push(heap, list, one(v));
    }
    return Value::of(list);
  }
  if (operand.is(Tag::Map)) {
    Map* map = make_map(heap, operand.map()->count);
    for (uint32_t i = 0; i < operand.map()->used; ++i) {
      const Entry& entry = map_entries(operand.map())[i];
      if (entry.key != nullptr && entry.value.is(Tag::Handle))
        map_set(heap, map, entry.key, one(entry.value));
    }
    return Value::of(map);
  }
  return one(operand);
}

/// Puts the outcomes beside the data of an error that is the thrower's own.
Value Run::Core::with_outcomes(Value error, Value outcomes) {
  ErrorObject* object = error.as<ErrorObject>();
  Map* data = make_map(heap, 2);
  if (object->data.is(Tag::Map)) {
    for (uint32_t i = 0; i < object->data.map()->used; ++i) {
      const Entry& entry = map_entries(object->data.map())[i];
      if (entry.key != nullptr) map_set(heap, data, entry.key, entry.value);
    }
  } else if (!object->data.is_null()) {
    map_set(heap, data, "value", object->data);
  }
  map_set(heap, data, "outcomes", outcomes);
  object->data = Value::of(data);
  return error;
}

/// False: an error is on its way.
bool Run::Core::timeout_fits(RunStrand& strand, Value timeout) {
  if (timeout.is_absent() || timeout.is(Tag::Duration)) return true;
  raise(strand, "TypeError",
        std::string("timeout needs a duration such as 5s, got ") + type_name(timeout));
  return false;
}

/// What is waited for stays what it was, whoever changes the list meanwhile.
Value Run::Core::shallow_copy(Value operand) {
  if (operand.is(Tag::List)) {
    List* list = make_list(heap, operand.list()->count);
    for (uint32_t i = 0; i < operand.list()->count; ++i)
      list_push(heap, list, operand.list()->begin()[i]);
    return Value::of(list);
  }
  if (!operand.is(Tag::Map)) return operand;
  Map* map = make_map(heap, operand.map()->count);
  for (uint32_t i = 0; i < operand.map()->used; ++i) {
    const Entry& entry = map_entries(operand.map())[i];
    if (entry.key != nullptr) map_set(heap, map, entry.key, entry.value);
  }
  return Value::of(map);
}

// --- gather
// ---------------------------------------------------------------------------------------------

void Run::Core::trap_gather(RunStrand& strand) {
  const Machine::Trap& trap = machine.trap();
  Value operand = strand.registers[trap.first];
  Value timeout = strand.registers[trap.first + 1];
  std::vector<Handle*> handles;
  if (!handles_of(strand, "gather", operand, handles)) return;
  if (!timeout_fits(strand, timeout)) return;
  uint32_t open = 0;
  for (Handle* handle : handles) {
    if (handle->state == Handle::State::Open) ++open;
  }
  if (open > 0 && cancelled_instead(strand)) return;
  bool settled = trap.instruction.b() != 0;
  uint8_t reg = trap.result;
  park(strand, Waiting::Gather, reg);
  strand.wait.operand = open > 0 ? shallow_copy(operand) : operand;
  strand.wait.settled = settled;
  Handle* failed = nullptr;
  for (Handle* handle : handles) {
    take_if_signal(handle);
    if (handle->state == Handle::State::Open) {
      ++strand.wait.remaining;
      watch(handle, {strand.number, strand.wait.serial, Value::null()}, true);
    } else if (handle->state == Handle::State::Failed && !settled) {
      if (failed == nullptr || handle->end_order < failed->end_order) failed = handle;
    }
  }
  if (failed != nullptr) return fail_gather(strand, thrown_copy(strand, failed->outcome));
  if (strand.wait.remaining == 0) return finish_gather(strand);
  start_timeout(strand, timeout);
}

void Run::Core::gather_told(RunStrand& strand, Work& ended) {
  if (ended.number == strand.wait.timer) {
    strand.wait.timer = 0;
    Value error = Value::of(make_error(heap, "Timeout", "gather took longer than its timeout"));
    machine.add_stack(strand, error);
    return fail_gather(strand, error);
  }
  --strand.wait.remaining;
  Handle* handle = ended.handle.as<Handle>();
  if (handle->state == Handle::State::Failed && !strand.wait.settled && !strand.wait.stopping) {
    handle->taken = true;
    return fail_gather(strand, thrown_copy(strand, handle->outcome));
  }
  if (strand.wait.remaining == 0) finish_gather(strand);
}

/// Cancels what is still open; the error is thrown when all have ended, however long that takes.
void Run::Core::fail_gather(RunStrand& strand, Value error) {
  if (strand.wait.timer != 0) drop_timer(std::exchange(strand.wait.timer, 0));
  strand.wait.stopping = true;
  strand.wait.error = error;
  const uint64_t number = strand.number;
  const uint64_t serial = strand.wait.serial;
  std::vector<Handle*> handles;
  handles_of(strand, "gather", strand.wait.operand, handles);
  for (Handle* handle : handles) {
    handle->taken = true;
    if (handle->state != Handle::State::Open) continue;
    auto work = works.find(handle->step);
    if (work == works.end()) continue;
    cancel_work(work->second, CancelMode::Cancel, Value::null());
    RunStrand* still = find_strand(number);  // the last one may have ended at once
    if (stopped || still == nullptr || still->wait.serial != serial) return;
  }
  if (strand.wait.remaining == 0) finish_gather(strand);
}

void Run::Core::finish_gather(RunStrand& strand) {
  Value operand = strand.wait.operand;
  Value error = strand.wait.error;
  bool settled = strand.wait.settled && !strand.wait.stopping;
  Value result = in_shape(operand, settled || strand.wait.stopping);
  if (!strand.wait.stopping) return answer(strand, result);
  end_wait(strand);
  bool single = operand.is(Tag::Handle);
  raise(strand, single ? error : with_outcomes(error, result));
  make_ready(strand);
}

// --- wait_any
// ---------------------------------------------------------------------------------------------

void Run::Core::trap_wait_any(RunStrand& strand) {
  const Machine::Trap& trap = machine.trap();
  Value operand = strand.registers[trap.first];
  Value timeout = strand.registers[trap.first + 1];
  std::vector<Handle*> handles;
  if (!handles_of(strand, "wait_any", operand, handles)) return;
  if (handles.empty()) {
    return raise(strand, "ArgumentError",
                 "wait_any needs at least one handle: nothing would ever finish");
  }
  if (!timeout_fits(strand, timeout)) return;
  Handle* first = nullptr;
  for (Handle* handle : handles) {
    if (!handle->finished()) continue;
    if (first == nullptr || finish_order(handle) < finish_order(first)) first = handle;
  }
  if (first != nullptr) return answer(strand, Value::of(first));
  if (cancelled_instead(strand)) return;
  uint8_t reg = trap.result;
  park(strand, Waiting::WaitAny, reg);
  strand.wait.operand = operand;
  for (Handle* handle : handles) {
    watch(handle, {strand.number, strand.wait.serial, Value::null()}, false);
  }
  start_timeout(strand, timeout);
}

// --- for h in wait_any hs
// -----------------------------------------------------------------------------------

void Run::Core::trap_stream_new(RunStrand& strand) {
  const Machine::Trap& trap = machine.trap();
  Value operand = strand.registers[trap.first];
  std::vector<Handle*> handles;
  if (!handles_of(strand, "wait_any", operand, handles)) return;
  if (operand.is(Tag::Handle)) {
    List* list = make_list(heap, 1);
    list_push(heap, list, operand);
    operand = Value::of(list);
  }
  Stream* stream = reinterpret_cast<Stream*>(heap.allocate(Object::Type::Stream, sizeof(Stream)));
  stream->handles = operand;
  stream->seen = Value::of(make_map(heap));
  stream->finished = Value::of(make_list(heap));
  stream->version = UINT64_MAX;
  stream->scanned = 0;
  stream->given = 0;
  answer(strand, Value::object_of(Tag::Stream, reinterpret_cast<Object*>(stream)));
}

/// Registers with handles that were not seen yet. Those that have ended already count in the order
/// of their ends.
void Run::Core::look_at_stream(RunStrand& strand, Stream* stream) {
  std::vector<Handle*> fresh;
  auto look = [&](Value v) {
    if (!v.is(Tag::Handle)) return;
    Handle* handle = v.as<Handle>();
    std::string key = std::to_string(handle->step);
    if (map_find(stream->seen.map(), key) != nullptr) return;
    map_set(heap, stream->seen.map(), key, Value::of(true));
    fresh.push_back(handle);
  };
  if (stream->handles.is(Tag::List)) {
    List* list = stream->handles.list();
    if (list->version != stream->version || list->count < stream->scanned) stream->scanned = 0;
    stream->version = list->version;
    for (; stream->scanned < list->count; ++stream->scanned) look(list->begin()[stream->scanned]);
  } else {
    Map* map = stream->handles.map();
    if (map->shape_version != stream->version) {
      stream->version = map->shape_version;
      for (uint32_t i = 0; i < map->used; ++i) {
        if (map_entries(map)[i].key != nullptr) look(map_entries(map)[i].value);
      }
    }
  }
  std::vector<Handle*> ended;
  for (Handle* handle : fresh) {
    if (!handle->finished()) {
      watch(handle,
            {strand.number, 0, Value::object_of(Tag::Stream, reinterpret_cast<Object*>(stream))},
            false);
    } else {
      ended.push_back(handle);
    }
  }
  std::sort(ended.begin(), ended.end(),
            [this](Handle* a, Handle* b) { return finish_order(a) < finish_order(b); });
  for (Handle* handle : ended) list_push(heap, stream->finished.list(), Value::of(handle));
}

void Run::Core::trap_stream_next(RunStrand& strand) {
  const Machine::Trap& trap = machine.trap();
  Stream* stream = reinterpret_cast<Stream*>(strand.registers[trap.first].object);
  look_at_stream(strand, stream);
  List* finished = stream->finished.list();
  const uint8_t reg = trap.instruction.a() + 1;
  if (stream->given < finished->count) {
    machine.resume_with(strand, reg, finished->begin()[stream->given++]);
    return;
  }
  if (stream->given ==
      stream->seen.map()->count) {  // every one that was ever in the list was given out
    strand.frames.back().pc = trap.jump;
    return;
  }
  if (cancelled_instead(strand)) return;
  park(strand, Waiting::Stream, reg);
  strand.wait.operand = Value::object_of(Tag::Stream, reinterpret_cast<Object*>(stream));
}

}  // namespace wakeful
