// How strands begin, wait, are cancelled and end.
#include "runtime/run/core.h"

namespace wakeful {

/// `at_once`: before all that are ready, as if its code stood where the running strand's goes on.
RunStrand& Run::Core::new_strand(Role role, Value callee, const Value* args, uint32_t count,
                                 uint64_t owner, bool at_once) {
  uint64_t number = ++last_step;
  auto made = std::make_unique<RunStrand>();
  RunStrand& strand = *made;
  strand.number = number;
  strand.role = role;
  strand.owner = owner;
  strands.emplace(number, std::move(made));
  open_scope(strand);
  machine.start(strand, callee, args, count);
  make_ready(strand, at_once);
  return strand;
}

RunStrand* Run::Core::find_strand(uint64_t number) {
  auto found = strands.find(number);
  return found == strands.end() ? nullptr : found->second.get();
}

void Run::Core::drop_strand(uint64_t number) {
  strands.erase(number);
  if (running == number) running = 0;
}

void Run::Core::make_ready(RunStrand& strand, bool at_once) {
  if (strand.number == running) return;
  if (at_once) {
    ready.push_front(strand.number);
  } else {
    ready.push_back(strand.number);
  }
}

void Run::Core::park(RunStrand& strand, Waiting kind, uint8_t reg) {
  strand.wait.kind = kind;
  strand.wait.reg = reg;
  strand.wait.serial = ++last_serial;
}

/// Leaves the place of waiting; registrations of the old serial go stale by themselves.
void Run::Core::end_wait(RunStrand& strand) {
  if (strand.wait.timer != 0) drop_timer(strand.wait.timer);
  strand.wait = Wait{};
}

void Run::Core::answer(RunStrand& strand, Value value) {
  uint8_t reg = strand.wait.kind == Waiting::Nothing ? machine.trap().result : strand.wait.reg;
  bool waited = strand.wait.kind != Waiting::Nothing;
  end_wait(strand);
  machine.resume_with(strand, reg, value);
  if (waited) make_ready(strand);
}

/// Throws at the place where the strand stands. A strand that waits must have left its wait before.
void Run::Core::raise(RunStrand& strand, Value error) {
  machine.add_stack(strand, error);
  strand.error = error;
  strand.has_error = true;
}

void Run::Core::raise(RunStrand& strand, std::string_view kind, std::string_view message) {
  raise(strand, Value::of(make_error(heap, kind, message)));
}

/// Where a strand is about to wait: a cancellation that came while it could run strikes now.
bool Run::Core::cancelled_instead(RunStrand& strand) {
  if (strand.pending_cancel.is_null()) return false;
  Value error = strand.pending_cancel;
  strand.pending_cancel = Value::null();
  strand.cancellation = error;
  raise(strand, error);
  return true;
}

void Run::Core::cancel_strand(RunStrand& strand, Value error) {
  if (!strand.begun) {
    if (strand.role == Role::Main) {  // cannot happen before its first burst has run
      strand.pending_cancel = error;
      return;
    }
    strand_failed(strand, error);
    return;
  }
  switch (strand.wait.kind) {
    case Waiting::Nothing:
    case Waiting::Leaving:  // what undoes is not disturbed; the next wait is
      strand.pending_cancel = error;
      return;
    case Waiting::Batch:
      strand.cancellation = error;
      stop_batch(strand, error);
      return;
    case Waiting::End:  // its body is done: the error leaves its scope
      end_wait(strand);
      strand.cancellation = error;
      leave(strand, error, std::nullopt);
      return;
    case Waiting::Call:
      if (auto work = works.find(strand.wait.work); work != works.end()) {
        work->second.handle.as<Handle>()->taken = true;
      }
      break;
    case Waiting::Sleep:
      drop_timer(strand.wait.work);
      break;
    case Waiting::Race:
      if (strand.wait.race->decided) {  // its losers undo themselves: as Leaving
        strand.pending_cancel = error;
        return;
      }
      break;
    case Waiting::Receive:
    case Waiting::Gather:
    case Waiting::WaitAny:
    case Waiting::Stream:
      break;
  }
  end_wait(strand);
  strand.cancellation = error;
  raise(strand, error);
  make_ready(strand);
}

void Run::Core::cancel_main(Value error) {
  if (RunStrand* strand = find_strand(main)) cancel_strand(*strand, error);
}

void Run::Core::strand_finished(RunStrand& strand, Value value) {
  uint64_t own = strand.scopes.front();
  auto hands_over = [&](uint64_t to) {
    const Scope& scope = scopes.at(own);
    if (scope.open_count == 0 && scope.blocks.empty()) return false;
    ended_strands[strand.number] = to;
    return true;
  };
  switch (strand.role) {
    case Role::Main:
      main_result = value;
      end_scope(strand);
      return;
    case Role::Block:
      end_scope(strand);
      return;
    case Role::Query:
      answer_query(true, value);
      return;
    case Role::Undo:
      WF_CHECK(!"runs no code");
    case Role::Handler:
    case Role::Spawned: {
      uint64_t number = strand.number;
      bool done = handler_ended(strand, true, value);
      Work& work = works.at(number);
      if (hands_over(work.strand)) work.handle.as<Handle>()->handed = true;
      move_scope(own, work.scope);
      drop_strand(number);
      end_work(number, done, value);
      return;
    }
    case Role::Turn: {
      RunStrand* owner = find_strand(strand.owner);
      WF_CHECK(owner != nullptr);
      hands_over(owner->number);
      move_scope(own, owner->scopes.back());
      turn_ended(strand, true, value);
      drop_strand(strand.number);
      return;
    }
  }
}

/// The error has left the strand's own scope; everything in it is undone.
void Run::Core::strand_failed(RunStrand& strand, Value error) {
  uint64_t number = strand.number;
  for (uint64_t scope : strand.scopes) scopes.erase(scope);
  switch (strand.role) {
    case Role::Main:
      drop_strand(number);
      fail_run(error);
      return;
    case Role::Handler:
    case Role::Spawned:
      handler_ended(strand, false, error);
      drop_strand(number);
      end_work(number, false, error);
      return;
    case Role::Turn:
      turn_ended(strand, false, error);
      drop_strand(number);
      return;
    case Role::Query:
      answer_query(false, error);
      return;
    case Role::Undo:
      drop_strand(number);
      end_undo(error);
      return;
    case Role::Block: {
      RunStrand* owner = find_strand(strand.owner);
      WF_CHECK(owner != nullptr && owner->wait.leaving);
      list_push(heap, owner->wait.leaving->failures.list(), error);
      owner->wait.leaving->block_running = false;
      owner->wait.leaving->flows = true;
      settling.push_back(owner->number);
      drop_strand(number);
      return;
    }
  }
}

/// Works off what became possible: scopes whose last work has ended, blocks that are done, batches
/// with room.
void Run::Core::settle() {
  while (!settling.empty() && status == RunStatus::Running && !stopped) {
    uint64_t number = settling.front();
    settling.pop_front();
    RunStrand* strand = find_strand(number);
    if (strand == nullptr) continue;
    switch (strand->wait.kind) {
      case Waiting::Leaving:
        continue_leaving(*strand);
        break;
      case Waiting::End:
        continue_end(*strand);
        break;
      case Waiting::Batch:
        batch_step(*strand);
        break;
      case Waiting::Race:
        undo_losers(*strand);
        break;
      case Waiting::Nothing:
      case Waiting::Call:
      case Waiting::Sleep:
      case Waiting::Receive:
      case Waiting::Gather:
      case Waiting::WaitAny:
      case Waiting::Stream:
        break;
    }
  }
}

}  // namespace wakeful
