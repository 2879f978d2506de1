// batch: a strand for every item, so many at a time.
#include <algorithm>

#include "runtime/run/core.h"

namespace wakeful {

namespace {

constexpr int kLimit = 1;
constexpr int kSettled = 2;
constexpr int kPercent = 4;

}  // namespace

void Run::Core::trap_batch(RunStrand& strand) {
  const Machine::Trap& trap = machine.trap();
  const uint8_t flags = trap.instruction.b();
  Value* r = &strand.registers[trap.first];
  Value items = r[0], body = r[1], at_once = r[2], pause = r[3], tolerate = r[4];
  List* list = make_list(heap);
  if (items.is(Tag::List)) {
    for (uint32_t i = 0; i < items.list()->count; ++i)
      list_push(heap, list, items.list()->begin()[i]);
  } else if (items.is(Tag::Map)) {
    for (uint32_t i = 0; i < items.map()->used; ++i) {
      String* key = map_entries(items.map())[i].key;
      if (key != nullptr) list_push(heap, list, Value::of(key));
    }
  } else if (items.is(Tag::Range)) {
    Range* range = items.as<Range>();
    if (range->count() > INT32_MAX) {
      return raise(strand, "ResourceExhausted", "batch over more than 2^31 items");
    }
    for (int64_t i = 0, x = range->begin; i < range->count(); ++i, x += range->step) {
      list_push(heap, list, Value::of(x));
    }
  } else {
    return raise(strand, "TypeError",
                 std::string("batch needs a list, a map or a range, got ") + type_name(items));
  }
  const char* word = (flags & kLimit) != 0 ? "limit" : "size";
  if (!at_once.is(Tag::Int)) {
    return raise(strand, "TypeError",
                 std::string(word) + " needs an int, got " + type_name(at_once));
  }
  const bool percent = (flags & kPercent) != 0;
  if (!tolerate.is_absent() && !(percent ? tolerate.is_number() : tolerate.is(Tag::Int))) {
    return raise(strand, "TypeError",
                 std::string("tolerate needs an int or a percentage such as 10%, got ") +
                     type_name(tolerate));
  }
  if (!tolerate.is_absent() && !(tolerate.number() >= 0)) {
    return raise(strand, "ArgumentError", "tolerate must be at least 0");
  }
  if (list->count == 0) return answer(strand, Value::of(make_list(heap)));
  if (at_once.integer < 1) {
    return raise(strand, "ArgumentError",
                 std::string(word) + " must be at least 1, got " + std::to_string(at_once.integer));
  }
  if (!pause.is_absent() && !pause.is(Tag::Duration)) {
    return raise(strand, "TypeError",
                 std::string("pause needs a duration such as 1s, got ") + type_name(pause));
  }
  if (cancelled_instead(strand)) return;
  auto batch = std::make_unique<BatchState>();
  batch->items = Value::of(list);
  batch->body = body;
  batch->total = list->count;
  batch->at_once = static_cast<uint32_t>(std::min<int64_t>(at_once.integer, list->count));
  batch->waves = (flags & kLimit) == 0;
  batch->outcomes = (flags & kSettled) != 0 || !tolerate.is_absent();
  batch->tolerates = !tolerate.is_absent();
  if (batch->tolerates) {
    const double share = percent ? tolerate.number() * list->count / 100 : tolerate.number();
    batch->tolerated = static_cast<uint32_t>(std::min<double>(share, list->count));
  }
  batch->pause_ms = pause.is_absent() ? -1 : pause.integer;
  batch->results = Value::of(make_list(heap, list->count));
  for (uint32_t i = 0; i < list->count; ++i) list_push(heap, batch->results.list(), Value::null());
  batch->states.resize(list->count, BatchState::Item::Skipped);
  uint8_t reg = trap.result;
  park(strand, Waiting::Batch, reg);
  strand.wait.batch = std::move(batch);
  batch_step(strand);
}

/// Starts turns while there is room; ends the batch when nothing is left.
void Run::Core::batch_step(RunStrand& strand) {
  BatchState& batch = *strand.wait.batch;
  if (!batch.stopping && batch.pause_timer == 0) {
    bool may_start = !batch.waves || batch.running == 0;
    while (may_start && batch.running < batch.at_once && batch.next < batch.total) {
      uint32_t turn = batch.next++;
      ++batch.running;
      Value args[2] = {batch.items.list()->begin()[turn], Value::of(static_cast<int64_t>(turn))};
      RunStrand& started = new_strand(Role::Turn, batch.body, args, 2, strand.number);
      started.turn = turn;
    }
  }
  if (batch.running > 0 || batch.pause_timer != 0) return;
  if (!batch.stopping && batch.next < batch.total) return;
  Value results = batch.outcomes || batch.stopping ? batch_outcomes(batch) : batch.results;
  if (!batch.stopping) return answer(strand, results);
  Value error = batch.error;
  bool cancelled = strand.cancellation.is(Tag::Error) && error.object == strand.cancellation.object;
  if (!cancelled) error = with_outcomes(thrown_copy(strand, error), results);
  end_wait(strand);
  raise(strand, error);
  make_ready(strand);
}

Value Run::Core::batch_outcomes(const BatchState& batch) {
  List* outcomes = make_list(heap, batch.total);
  for (uint32_t i = 0; i < batch.total; ++i) {
    Map* outcome = make_map(heap, 3);
    BatchState::Item state = batch.states[i];
    map_set(heap, outcome, "ok", Value::of(state == BatchState::Item::Done));
    if (state == BatchState::Item::Skipped) {
      map_set(heap, outcome, "skipped", Value::of(true));
    } else {
      const char* key = state == BatchState::Item::Done ? "value" : "error";
      map_set(heap, outcome, key, batch.results.list()->begin()[i]);
      map_set(heap, outcome, "id", Value::null());
    }
    list_push(heap, outcomes, Value::of(outcome));
  }
  return Value::of(outcomes);
}

void Run::Core::turn_ended(RunStrand& turn, bool done, Value value) {
  RunStrand* strand = find_strand(turn.owner);
  WF_CHECK(strand != nullptr && strand->wait.batch);
  BatchState& batch = *strand->wait.batch;
  --batch.running;
  batch.results.list()->begin()[turn.turn] = value;
  batch.states[turn.turn] = done         ? BatchState::Item::Done
                            : turn.begun ? BatchState::Item::Failed
                                         : BatchState::Item::Skipped;
  if (!done && !batch.stopping) {
    ++batch.failed;
    if (!batch.outcomes) {
      stop_batch(*strand, value);
    } else if (batch.tolerates && batch.failed > batch.tolerated) {
      ErrorObject* error = make_error(heap, "TooManyFailures",
                                      std::to_string(batch.failed) + " of " +
                                          std::to_string(batch.total) + " failed, more than the " +
                                          std::to_string(batch.tolerated) + " tolerated");
      error->cause = value;
      stop_batch(*strand, Value::of(error));
    }
  }
  bool wave_over = batch.waves && batch.running == 0 && batch.next < batch.total && !batch.stopping;
  if (wave_over && batch.pause_ms >= 0) {
    uint64_t timer = start_timer(batch.pause_ms, TimerKind::Pause, place_of(*strand));
    batch.pause_timer = timer;
    works.at(timer).waiters.push_back({strand->number, strand->wait.serial, Value::null()});
    return;
  }
  settling.push_back(strand->number);
}

/// No new turns; those in flight are cancelled; batch_step() throws when they have ended.
void Run::Core::stop_batch(RunStrand& strand, Value error) {
  BatchState& batch = *strand.wait.batch;
  batch.stopping = true;
  batch.error = error;
  if (batch.pause_timer != 0) {
    drop_timer(batch.pause_timer);
    batch.pause_timer = 0;
  }
  const uint64_t number = strand.number;
  std::vector<uint64_t> turns;
  for (auto& [turn_number, other] : strands) {
    if (other->role == Role::Turn && other->owner == number) turns.push_back(turn_number);
  }
  std::sort(turns.begin(), turns.end());
  for (uint64_t turn : turns) {
    RunStrand* other = find_strand(turn);
    if (other != nullptr) cancel_strand(*other, cancelled_error(Value::null()));
  }
  settling.push_back(number);
}

}  // namespace wakeful
