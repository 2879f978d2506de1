// race: the first one decides; the others are cancelled, end, and are undone before it returns.
#include <algorithm>

#include "runtime/run/core.h"

namespace wakeful {

namespace {

/// The failed undoing that a loser reports: its own, or, as the cause of a ChildFailed, a child's.
ErrorObject* failed_undoing(Handle* loser) {
  if (loser->state != Handle::State::Failed || !loser->outcome.is(Tag::Error)) return nullptr;
  Value error = loser->outcome;
  if (loser->kind == Handle::Kind::Child) error = error.as<ErrorObject>()->cause;
  if (!error.is(Tag::Error)) return nullptr;
  ErrorObject* object = error.as<ErrorObject>();
  const bool undoing =
      object->kind.is(Tag::String) && object->kind.string()->view() == "CompensationFailed";
  return undoing ? object : nullptr;
}

template <class F>
void each_runner(const RaceState& race, F f) {
  List* list = race.runners.list();
  for (uint32_t i = 0; i < list->count; ++i) f(list->begin()[i].as<Handle>());
}

bool won(const RaceState& race, Handle* handle) {
  return race.winner.is(Tag::Handle) && race.winner.object == handle;
}

}  // namespace

void Run::Core::trap_race(RunStrand& strand) {
  const Machine::Trap& trap = machine.trap();
  Value operand = strand.registers[trap.first];
  Value timeout = strand.registers[trap.first + 1];
  std::vector<Handle*> handles;
  if (!handles_of(strand, "race", operand, handles)) return;
  if (handles.empty()) {
    return raise(strand, "ArgumentError", "race needs at least one handle: nothing would ever win");
  }
  if (!timeout_fits(strand, timeout)) return;
  auto race = std::make_unique<RaceState>();
  race->success = trap.instruction.b() != 0;
  race->reg = trap.result;
  race->operand = shallow_copy(operand);
  race->runners = Value::of(make_list(heap, static_cast<uint32_t>(handles.size())));
  std::sort(handles.begin(), handles.end(), [](Handle* a, Handle* b) { return a->step < b->step; });
  handles.erase(std::unique(handles.begin(), handles.end()), handles.end());
  Handle* first = nullptr;
  for (Handle* handle : handles) {
    list_push(heap, race->runners.list(), Value::of(handle));
    if (handle->state == Handle::State::Open) ++race->open;
    const bool can_win =
        handle->finished() && (handle->state != Handle::State::Failed || !race->success);
    if (can_win && (first == nullptr || finish_order(handle) < finish_order(first))) first = handle;
  }
  if (race->open > 0 && cancelled_instead(strand)) return;
  if (first != nullptr && first->state == Handle::State::Open) {
    take_if_signal(first);
    --race->open;
  }
  const bool over = first != nullptr || race->open == 0;
  park(strand, Waiting::Race, race->reg);
  strand.wait.race = std::move(race);
  for (Handle* handle : handles) {
    if (handle->state != Handle::State::Open) continue;
    watch(handle, {strand.number, strand.wait.serial, Value::null()}, !over);
  }
  if (over) return decide(strand, first, Value::null());
  start_timeout(strand, timeout);
}

void Run::Core::race_told(RunStrand& strand, Work& ended) {
  if (ended.number == strand.wait.timer) {
    strand.wait.timer = 0;
    Value error = Value::of(make_error(heap, "Timeout", "race took longer than its timeout"));
    machine.add_stack(strand, error);
    return decide(strand, nullptr, error);
  }
  RaceState& race = *strand.wait.race;
  Handle* handle = ended.handle.as<Handle>();
  take(handle);
  --race.open;
  if (race.decided) {
    if (race.open == 0) settling.push_back(strand.number);
  } else if (!race.success || handle->state == Handle::State::Done) {
    decide(strand, handle, Value::null());
  } else if (race.open == 0) {
    decide(strand, nullptr, Value::null());
  }
}

/// Who is still running is cancelled. No winner and no error: all have failed.
void Run::Core::decide(RunStrand& strand, Handle* winner, Value error) {
  RaceState& race = *strand.wait.race;
  race.decided = true;
  if (strand.wait.timer != 0) drop_timer(strand.wait.timer);
  strand.wait.timer = 0;
  Handle* fails = winner != nullptr && winner->state == Handle::State::Failed ? winner : nullptr;
  if (winner != nullptr) race.winner = Value::of(winner);
  std::vector<Handle*> open;
  each_runner(race, [&](Handle* handle) {
    take(handle);
    if (handle->state == Handle::State::Open) open.push_back(handle);
    if (winner != nullptr || handle->state != Handle::State::Failed) return;
    if (fails == nullptr || handle->end_order < fails->end_order) fails = handle;
  });
  if (error.is_null() && fails != nullptr) error = thrown_copy(strand, fails->outcome);
  race.error = error;
  const uint64_t number = strand.number;
  const uint64_t serial = strand.wait.serial;
  for (Handle* handle : open) {
    auto work = works.find(handle->step);
    if (work == works.end()) continue;
    cancel_work(work->second, CancelMode::Cancel, Value::null());
    RunStrand* still = find_strand(number);  // it may have been among them
    if (stopped || still == nullptr || still->wait.serial != serial) return;
  }
  if (race.open == 0) settling.push_back(number);
}

/// All have ended. What losers did and a scope holds by now moves into a scope of its own, which an
/// error leaves: so the blocks run as everywhere.
void Run::Core::undo_losers(RunStrand& strand) {
  RaceState& race = *strand.wait.race;
  if (!race.decided || race.open > 0) return;
  std::vector<uint64_t> losers;
  each_runner(race, [&](Handle* handle) {
    if (handle->handed && !won(race, handle)) losers.push_back(handle->step);
  });
  if (losers.empty()) return finish_race(strand);
  const uint64_t scope = open_scope(strand);
  scopes.at(scope).leaving = true;
  park(strand, Waiting::Leaving, 0);
  strand.wait.leaving = std::make_unique<Leaving>();
  strand.wait.leaving->failures = Value::of(make_list(heap));
  take_over(strand, scope, losers);
  if (!stopped) continue_leaving(strand);
}

/// `losers`: in order of their numbers.
void Run::Core::take_over(RunStrand& strand, uint64_t scope, const std::vector<uint64_t>& losers) {
  std::vector<Block> undone;
  for (auto& [number, other] : scopes) {
    std::erase_if(other.blocks, [&](const Block& block) {
      const bool theirs = std::binary_search(losers.begin(), losers.end(), block.of()) ||
                          done_by(block.strand, losers);
      if (theirs) undone.push_back(block);
      return theirs;
    });
  }
  scopes.at(scope).blocks = std::move(undone);
  std::vector<uint64_t> left_open;  // what strands that lost had spawned and left behind
  for (auto& [number, work] : works) {
    if (work.scope == 0 || !done_by(work.strand, losers)) continue;
    if (number != strand.number && !done_by(strand.number, {number})) left_open.push_back(number);
  }
  for (uint64_t number : left_open) {
    auto work = works.find(number);
    if (work == works.end()) continue;
    release(work->second);
    hold(scope, work->second);
    if (stopped) return;
  }
}

/// Whether the strand of that number is one of them (in order), or was started below one.
bool Run::Core::done_by(uint64_t number, const std::vector<uint64_t>& ancestors) const {
  while (number != 0) {
    if (std::binary_search(ancestors.begin(), ancestors.end(), number)) return true;
    auto open = works.find(number);
    auto ended = ended_strands.find(number);
    number = open != works.end()            ? open->second.strand
             : ended != ended_strands.end() ? ended->second
                                            : 0;
  }
  return false;
}

/// Those that nothing held or open leads to: no race can ask for them any more.
void Run::Core::forget_ended_strands() {
  if (ended_strands.empty()) return;
  std::map<uint64_t, uint64_t> needed;
  auto keep = [&](uint64_t number) {
    for (auto found = ended_strands.find(number); found != ended_strands.end();
         found = ended_strands.find(found->second)) {
      if (!needed.insert(*found).second) return;
    }
  };
  for (auto& [number, scope] : scopes) {
    for (const Block& block : scope.blocks) keep(block.strand);
  }
  for (auto& [number, work] : works) keep(work.strand);
  ended_strands = std::move(needed);
}

void Run::Core::finish_race(RunStrand& strand) {
  std::unique_ptr<RaceState> race = std::move(strand.wait.race);
  List* failures = make_list(heap);
  Value cause = race->error;
  each_runner(*race, [&](Handle* handle) {
    ErrorObject* failed = won(*race, handle) ? nullptr : failed_undoing(handle);
    if (failed == nullptr) return;
    if (cause.is_null()) cause = failed->cause;
    Value* theirs = failed->data.is(Tag::Map) ? map_find(failed->data.map(), "failures") : nullptr;
    if (handle->kind == Handle::Kind::Child || theirs == nullptr || !theirs->is(Tag::List)) {
      return list_push(heap, failures, handle->outcome);
    }
    for (uint32_t i = 0; i < theirs->list()->count; ++i)
      list_push(heap, failures, theirs->list()->begin()[i]);
  });
  if (strand.wait.leaving) {
    List* more = strand.wait.leaving->failures.list();
    for (uint32_t i = 0; i < more->count; ++i) list_push(heap, failures, more->begin()[i]);
    scopes.erase(strand.scopes.back());
    strand.scopes.pop_back();
  }
  Value error = race->error;
  const bool all = !race->winner.is(Tag::Handle) && !race->operand.is(Tag::Handle);
  if (all) error = with_outcomes(error, in_shape(race->operand, true));
  if (failures->count > 0) {
    error = compensation_failed(strand, Value::of(failures), cause);
    if (race->winner.is(Tag::Handle) && race->error.is_null()) {
      map_set(heap, error.as<ErrorObject>()->data.map(), "value",
              race->winner.as<Handle>()->outcome);
    }
  }
  if (error.is_null()) {
    park(strand, Waiting::Race, race->reg);
    return answer(strand, race->winner.as<Handle>()->outcome);
  }
  end_wait(strand);
  raise(strand, error);
  make_ready(strand);
}

}  // namespace wakeful
