// Signals: their queues, who takes them, and those that a run sends to its children.
#include <algorithm>

#include "runtime/run/core.h"
#include "runtime/values/codec.h"

namespace wakeful {

SignalQueue& Run::Core::queue_of(std::string_view name) {
  if (!messages) messages = std::make_unique<Messages>();
  SignalQueue& queue = messages->queues[std::string(name)];
  if (queue.count.is_null()) {
    queue.count = Value::object_of(Tag::Cell, make_cell(heap, Value::of(int64_t{0})));
  }
  return queue;
}

Value Run::Core::pop_signal(SignalQueue& queue) {
  Value payload = queue.items.front().payload;
  queue.items.pop_front();
  queue.count.as<Cell>()->value = Value::of(static_cast<int64_t>(queue.items.size()));
  return payload;
}

void Run::Core::take_signal_event(const Record& event, Value payload) {
  const MessageHandler* handler = find_handler(HandlerOf::Signal, event.name);
  if (handler != nullptr && takes_messages()) return handle_signal(*handler, payload);
  SignalQueue& queue = queue_of(event.name);
  queue.items.push_back({payload, ++last_order});
  queue.count.as<Cell>()->value = Value::of(static_cast<int64_t>(queue.items.size()));
  serve_signals(event.name);
}

/// A payload that does not fit fails the handler: a failure that nobody took.
void Run::Core::handle_signal(const MessageHandler& handler, Value payload) {
  const std::vector<Parameter>& params = params_of(handler);
  std::vector<Value> args(params.size(), Value::absent());
  if (!params.empty()) args.front() = payload;
  std::optional<CodecError> wrong;
  if (!params.empty()) wrong = check_type(heap, args.front(), params.front().type, true);
  const Work& work = start_handler(handler, args);
  if (!wrong) return;
  raise(*find_strand(work.number), "TypeError",
        work.name + ": " + params.front().name + wrong->path + ": " + wrong->message);
}

bool Run::Core::stale(uint64_t number, uint64_t serial) {
  const RunStrand* strand = find_strand(number);
  if (strand == nullptr || strand->wait.serial != serial) return true;
  return strand->wait.stopping || (strand->wait.race && strand->wait.race->decided);
}

/// Those who take come first, in the order in which they began to wait; what is left shows as
/// finished to those who look.
void Run::Core::serve_signals(const std::string& name) {
  SignalQueue& queue = queue_of(name);
  while (!queue.items.empty() && !queue.takers.empty()) {
    const Taker taker = queue.takers.front();
    queue.takers.erase(queue.takers.begin());
    if (stale(taker.strand, taker.serial)) continue;
    if (taker.step == 0) {
      answer(*find_strand(taker.strand), pop_signal(queue));
    } else if (works.contains(taker.step)) {
      end_work(taker.step, true, pop_signal(queue));
    }
  }
  if (queue.items.empty()) return;
  std::vector<uint64_t> shown;
  for (const auto& [number, work] : works) {
    if (work.is_signal() && work.name == name) shown.push_back(number);
  }
  for (uint64_t number : shown) {
    auto work = works.find(number);
    if (work == works.end()) continue;
    std::vector<Waiter> waiters = std::move(work->second.waiters);
    work->second.waiters.clear();
    for (const Waiter& waiter : waiters) tell(waiter, work->second);
  }
}

/// `timeout`: absent where there is none.
void Run::Core::receive(RunStrand& strand, Value name, Value timeout) {
  if (!name.is(Tag::String)) {
    return raise(strand, "TypeError",
                 std::string("receive needs a signal's name, got ") + type_name(name));
  }
  if (!timeout.is_absent() && !timeout.is(Tag::Duration)) {
    return raise(strand, "TypeError",
                 std::string("timeout needs a duration such as 5s, got ") + type_name(timeout));
  }
  SignalQueue& queue = queue_of(name.string()->view());
  if (!queue.items.empty()) return answer(strand, pop_signal(queue));
  if (cancelled_instead(strand)) return;
  park(strand, Waiting::Receive, machine.trap().result);
  strand.wait.operand = name;
  if (queue.takers.size() >= 32) {
    std::erase_if(queue.takers, [&](const Taker& t) { return stale(t.strand, t.serial); });
  }
  queue.takers.push_back({strand.number, strand.wait.serial, 0});
  start_timeout(strand, timeout);
}

// --- handles

Value Run::Core::signal_handle(std::string_view name) {
  Handle* handle = make_handle(heap, Handle::Kind::Signal, ++last_step);
  handle->id = string_value(heap, name);
  handle->outcome = queue_of(name).count;
  return Value::of(handle);
}

/// The open work behind an open handle. A signal has one while somebody waits for it.
Work& Run::Core::work_of(Handle* handle) {
  if (auto found = works.find(handle->step); found != works.end()) return found->second;
  WF_CHECK(handle->kind == Handle::Kind::Signal);
  if (++messages->watched > messages->watched_max) forget_unwatched();
  Work& work = works[handle->step];
  ++outside_works;
  work.number = handle->step;
  work.type = RecordType::SignalReceived;
  work.name = handle->id.string()->view();
  work.handle = Value::of(handle);
  return work;
}

/// So that a loop which makes a new handle each turn does not grow.
void Run::Core::forget_unwatched() {
  std::vector<uint64_t> unwatched;
  for (auto& [number, work] : works) {
    if (!work.is_signal()) continue;
    std::erase_if(work.waiters, [&](const Waiter& w) {
      return w.stream.is_null() ? stale(w.strand, w.serial) : find_strand(w.strand) == nullptr;
    });
    if (work.waiters.empty()) unwatched.push_back(number);
  }
  for (uint64_t number : unwatched) forget_work(number);
  messages->watched_max = std::max<size_t>(64, 2 * messages->watched);
}

/// Has the waiter told when the handle finishes. `takes`: a signal that comes is taken for it.
void Run::Core::watch(Handle* handle, const Waiter& waiter, bool takes) {
  Work& work = work_of(handle);
  if (work.is_signal() && takes) {
    queue_of(work.name).takers.push_back({waiter.strand, waiter.serial, work.number});
  }
  work.waiters.push_back(waiter);
}

/// A gather of a signal that is queued takes it: the handle has its payload for good.
void Run::Core::take_if_signal(Handle* handle) {
  if (handle->state != Handle::State::Open || !handle->finished()) return;
  work_of(handle);
  end_work(handle->step, true, pop_signal(queue_of(handle->id.string()->view())));
}

/// When a finished handle did so, among all of the run.
uint64_t Run::Core::finish_order(Handle* handle) {
  if (handle->state != Handle::State::Open) return handle->end_order;
  return queue_of(handle->id.string()->view()).items.front().order;
}

// --- to a child

void Run::Core::send_signal(RunStrand& strand, Handle* handle, Value name, Value payload) {
  if (handle->kind != Handle::Kind::Child) {
    return raise(strand, "TypeError", "only a child workflow can be sent a signal");
  }
  if (!name.is(Tag::String)) {
    return raise(strand, "TypeError", std::string("signal needs a name, got ") + type_name(name));
  }
  Record record;
  record.type = RecordType::SignalSent;
  record.name = name.string()->view();
  record.ref = handle->step;
  record.where = place_of(strand);
  if (auto wrong = to_cbor(payload, record.value)) {
    return raise(strand, "TypeError",
                 "the payload of signal " + record.name + wrong->path + ": " + wrong->message);
  }
  bool ended = handle->state != Handle::State::Open;
  if (!ended) {
    record.step = ++last_step;
    if (!command(record)) return;
    ended = static_cast<SignalAnswer>(record.kind) == SignalAnswer::NotFound;
  }
  if (!ended) return answer(strand, Value::null());
  raise(strand, "NotFound",
        "the child " + std::string(handle->id.string()->view()) +
            " has ended and takes no signal any more; look at h.done first, or catch NotFound");
}

}  // namespace wakeful
