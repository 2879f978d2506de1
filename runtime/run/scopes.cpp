// Scopes: what holds works and blocks, and how an error leaves them.
#include <algorithm>
#include <utility>

#include "runtime/run/core.h"

namespace wakeful {

namespace {

CancelMode leaving_mode(const Work& work) {
  return work.policy == ClosePolicy::Terminate ? CancelMode::Terminate : CancelMode::Cancel;
}

}  // namespace

uint64_t Run::Core::open_scope(RunStrand& strand) {
  uint64_t number = ++last_scope;
  scopes[number].owner = strand.number;
  strand.scopes.push_back(number);
  return number;
}

void Run::Core::enter_try(RunStrand& strand) {
  const Machine::Trap& trap = machine.trap();
  uint64_t scope = open_scope(strand);
  strand.handlers.push_back({Handler::Kind::Try, trap.result,
                             static_cast<uint32_t>(strand.frames.size() - 1), trap.jump, scope});
}

void Run::Core::exit_try(RunStrand& strand) {
  WF_CHECK(!strand.handlers.empty() && strand.handlers.back().kind == Handler::Kind::Try);
  WF_CHECK(strand.scopes.size() > 1 && strand.scopes.back() == strand.handlers.back().scope);
  uint64_t left = strand.scopes.back();
  strand.handlers.pop_back();
  strand.scopes.pop_back();
  move_scope(left, strand.scopes.back());
}

/// A scope that was left normally: what it holds moves to the enclosing one.
void Run::Core::move_scope(uint64_t from, uint64_t to) {
  Scope left = std::move(scopes.at(from));
  scopes.erase(from);
  if (left.open_count == 0 && left.blocks.empty()) return;
  auto target = scopes.find(to);
  if (target == scopes.end()) return;  // the enclosing scope has ended meanwhile: nobody holds it
  target->second.blocks.insert(target->second.blocks.end(), left.blocks.begin(), left.blocks.end());
  for (uint64_t number : left.open) {
    auto work = works.find(number);
    if (work == works.end()) continue;
    hold(to, work->second);
  }
}

void Run::Core::hold(uint64_t scope_number, Work& work) {
  Scope& scope = scopes.at(scope_number);
  work.scope = scope_number;
  ++scope.open_count;
  scope.open.push_back(work.number);
  if (scope.open.size() > 64 && scope.open.size() > 2 * size_t{scope.open_count}) {
    std::erase_if(scope.open, [&](uint64_t n) {
      auto it = works.find(n);
      return it == works.end() || it->second.scope != scope_number;
    });
  }
  if (scope.leaving) {
    cancel_work(work, leaving_mode(work), Value::null());
  } else if (scope.ending) {
    apply_close_policy(work);
  }
}

/// The work has ended: its scope has one less to wait for.
void Run::Core::release(Work& work) {
  if (work.scope == 0) return;
  auto found = scopes.find(work.scope);
  work.scope = 0;
  if (found == scopes.end()) return;
  Scope& scope = found->second;
  WF_CHECK(scope.open_count > 0);
  if (--scope.open_count == 0 && (scope.leaving || scope.ending)) settling.push_back(scope.owner);
}

void Run::Core::register_block(RunStrand& strand) {
  const Machine::Trap& trap = machine.trap();
  Value closure = strand.registers[trap.first];
  Block block{.place = ++last_place, .closure = closure, .strand = strand.number};
  scopes.at(strand.scopes.back()).blocks.push_back(block);
}

/// The step was dispatched at this place; what its block is told follows from how it ends.
void Run::Core::bind_block(RunStrand& strand, Work& work, Value closure) {
  Block block{
      .place = ++last_place, .closure = closure, .handle = work.handle, .strand = strand.number};
  scopes.at(strand.scopes.back()).blocks.push_back(block);
  work.handle.as<Handle>()->handed = true;
}

/// A step that failed by itself did nothing that could be undone, or, a child, undid it.
bool Run::Core::runs_nothing(const Block& block) {
  if (!block.handle.is(Tag::Handle)) return false;
  Handle* handle = block.handle.as<Handle>();
  return handle->state == Handle::State::Failed && !handle->unknown;
}

int64_t Run::Core::block_function(const Block& block) {
  Value closure = block.closure;
  return closure.is(Tag::Closure) ? closure.as<Closure>()->function : closure.integer;
}

/// What a bound block is told of its step.
Value Run::Core::came_to(Handle* handle) {
  Map* out = make_map(heap, 2);
  const bool done = handle->state == Handle::State::Done;
  map_set(heap, out, "state", string_value(heap, done ? "done" : "unknown"));
  if (done) {
    map_set(heap, out, "value", handle->outcome);
  } else if (handle->kind == Handle::Kind::Child) {
    map_set(heap, out, "key", handle->id);
  } else {
    std::string key = std::to_string(setup.number.value) + "/" + std::to_string(handle->step);
    map_set(heap, out, "key", string_value(heap, key));
  }
  return Value::of(out);
}

/// Begins a block that was taken from its scope; false where nothing is to be done.
bool Run::Core::run_block(RunStrand& strand, const Block& block, bool at_once) {
  if (runs_nothing(block)) return false;
  strand.wait.leaving->block_running = true;
  strand.wait.leaving->block = block;
  if (block.child != 0) {
    undo_child(strand, block);
    return true;
  }
  Value out = block.handle.is(Tag::Handle) ? came_to(block.handle.as<Handle>()) : Value::null();
  const uint32_t params = setup.image->functions()[block_function(block)].params;
  new_strand(Role::Block, block.closure, &out, std::min(params, 1u), strand.number,
             at_once);
  return true;
}

/// A child that ended well hands what it did to the scope that holds it, as one unit.
void Run::Core::receive_blocks(const Work& child) {
  auto scope = scopes.find(child.scope);
  if (scope == scopes.end() || !child.hands_over) return;
  Handle* handle = child.handle.as<Handle>();
  handle->handed = true;
  Block block{
      .place = ++last_place, .closure = handle->id, .child = child.number, .strand = child.strand};
  scope->second.blocks.push_back(block);
}

/// The unit's turn has come: the child runs its blocks in its own history.
void Run::Core::undo_child(RunStrand& strand, const Block& block) {
  Work& work = add_work(RecordType::UndoSent, Handle::Kind::Child, "undo", 0);
  Handle* handle = work.handle.as<Handle>();
  handle->id = block.closure;
  handle->taken = true;
  work.waiters.push_back({strand.number, strand.wait.serial, Value::null()});
  Record record;
  record.type = RecordType::UndoSent;
  record.step = work.number;
  record.ref = block.child;
  command(record);
}

void Run::Core::unwind(RunStrand& strand) {
  Value error = strand.error;
  Handler handler{};
  if (!machine.unwind(strand, error, handler)) {
    // scopes of try blocks in popped frames cannot be left over: each has its handler
    WF_CHECK(strand.scopes.size() == 1);
    leave(strand, error, std::nullopt);
    return;
  }
  if (handler.kind == Handler::Kind::Guard) {
    machine.enter_handler(strand, handler, error);
    return;
  }
  WF_CHECK(strand.scopes.back() == handler.scope);
  leave(strand, error, handler);
}

/// An error leaves the strand's innermost scope: open works are cancelled and awaited, then the
/// blocks run.
void Run::Core::leave(RunStrand& strand, Value error, std::optional<Handler> handler) {
  uint64_t number = strand.scopes.back();
  scopes.at(number).leaving = true;
  park(strand, Waiting::Leaving, 0);
  auto leaving = std::make_unique<Leaving>();
  leaving->handler = handler;
  leaving->error = error;
  leaving->failures = Value::of(make_list(heap));
  strand.wait.leaving = std::move(leaving);
  std::vector<uint64_t> open = scopes.at(number).open;
  for (uint64_t work_number : open) {
    auto work = works.find(work_number);
    if (work == works.end() || work->second.scope != number) continue;
    cancel_work(work->second, leaving_mode(work->second), Value::null());
    if (stopped) return;
  }
  continue_leaving(strand);
}

Value Run::Core::compensation_failed(RunStrand& strand, Value failures, Value cause) {
  ErrorObject* failed = make_error(
      heap, "CompensationFailed",
      std::to_string(failures.list()->count) + " compensate block(s) failed while undoing");
  failed->cause = cause;
  Map* data = make_map(heap, 1);
  map_set(heap, data, "failures", failures);
  failed->data = Value::of(data);
  machine.add_stack(strand, Value::of(failed));
  return Value::of(failed);
}

void Run::Core::continue_leaving(RunStrand& strand) {
  Leaving& leaving = *strand.wait.leaving;
  uint64_t number = strand.scopes.back();
  Scope& scope = scopes.at(number);
  if (scope.open_count > 0 || leaving.block_running || stopped) return;
  // Only what is awaited lets other strands run in between: open work, and what a block waits for.
  const bool at_once = strand.number == running || std::exchange(leaving.flows, false);
  while (!scope.blocks.empty()) {
    auto last = std::max_element(scope.blocks.begin(), scope.blocks.end(),
                                 [](const Block& a, const Block& b) { return a.place < b.place; });
    Block block = *last;
    scope.blocks.erase(last);
    if (run_block(strand, block, at_once)) return;
  }
  if (strand.wait.race) return finish_race(strand);
  Value error = leaving.error;
  if (leaving.failures.list()->count > 0) {
    error = compensation_failed(strand, leaving.failures, error);
  }
  std::optional<Handler> handler = leaving.handler;
  end_wait(strand);
  if (!handler) {
    strand_failed(strand, error);
    return;
  }
  strand.scopes.pop_back();
  scopes.erase(number);
  machine.enter_handler(strand, *handler, error);
  make_ready(strand, at_once);
}

/// The body of the run or of a compensate block is done: its scope waits for what is still open.
void Run::Core::end_scope(RunStrand& strand) {
  uint64_t number = strand.scopes.front();
  WF_CHECK(strand.scopes.size() == 1);
  scopes.at(number).ending = true;
  park(strand, Waiting::End, 0);
  std::vector<uint64_t> open = scopes.at(number).open;
  for (uint64_t work_number : open) {
    auto work = works.find(work_number);
    if (work == works.end() || work->second.scope != number) continue;
    apply_close_policy(work->second);
    if (stopped) return;
  }
  continue_end(strand);
}

void Run::Core::apply_close_policy(Work& work) {
  if (work.type != RecordType::ChildStarted) return;
  if (work.policy == ClosePolicy::Cancel) cancel_work(work, CancelMode::Cancel, Value::null());
  if (work.policy == ClosePolicy::Terminate)
    cancel_work(work, CancelMode::Terminate, Value::null());
}

void Run::Core::continue_end(RunStrand& strand) {
  uint64_t number = strand.scopes.front();
  if (scopes.at(number).open_count > 0 || stopped) return;
  if (strand.role == Role::Block) {
    RunStrand* owner = find_strand(strand.owner);
    WF_CHECK(owner != nullptr && owner->wait.leaving);
    owner->wait.leaving->block_running = false;
    owner->wait.leaving->flows = true;
    settling.push_back(owner->number);
    scopes.erase(number);
    drop_strand(strand.number);
    return;
  }
  Value error;
  if (!timed_out.is_null()) {
    error = timed_out;
  } else if (!unhandled_failure(error)) {
    complete(main_result);
    return;
  }
  end_wait(strand);
  leave(strand, error, std::nullopt);
}

}  // namespace wakeful
