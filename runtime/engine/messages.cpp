// What others tell a run, and what they get for it: signals to children, updates, the inbox.
#include <fmt/format.h>

#include <algorithm>

#include "runtime/engine/state.h"
#include "runtime/values/codec.h"

namespace wakeful {

namespace {

std::string not_found(const std::string& message) {
  Heap heap;
  std::string bytes;
  to_cbor(Value::of(make_error(heap, "NotFound", message)), bytes);
  return bytes;
}

}  // namespace

Result<void> Engine::State::send_update(RunId run, const std::string& id, const std::string& name,
                                        MessageForm form, std::string arguments, UpdateDone done) {
  LiveRunEntry* entry = find(run);
  const bool open = entry != nullptr && !entry->undoing;
  bool received = open && entry->updates && entry->updates->contains(id);
  if (!received && journal.find(run) != nullptr && (!open || entry->resumed)) {
    // a crash may have cut off its sender only
    auto history = journal.history(run);
    if (!history) return tl::unexpected(history.error());
    for (const auto& [at, record] : *history) {
      if (record.id != id) continue;
      if (record.type == RecordType::UpdateReceived) received = true;
      if (record.type != RecordType::UpdateEnded) continue;
      answers.push_back({journal.appended(), std::move(done), static_cast<StepStatus>(record.kind),
                         record.value});
      return {};
    }
  }
  if (!open)
    return fail(Fault::NotFound, fmt::format("run #{} is not open in this engine", run.value));
  if (!entry->updates) entry->updates = std::make_unique<std::map<std::string, UpdateDone>>();
  entry->updates->insert_or_assign(id, std::move(done));
  if (received) return {};
  PendingEvent event;
  event.type = RecordType::UpdateReceived;
  event.kind = static_cast<uint64_t>(form);
  event.name = name;
  event.id = id;
  event.value = std::move(arguments);
  tell(*entry, std::move(event));
  return {};
}

PendingEvent signal_event(const std::string& name, std::string id, std::string payload) {
  PendingEvent event;
  event.type = RecordType::SignalReceived;
  event.name = name;
  event.id = std::move(id);
  event.value = std::move(payload);
  return event;
}

std::string signal_id(RunId sender, uint64_t step) {
  return fmt::format("{}/{}", sender.value, step);
}

/// Answers SignalSent: whether the child is there to get it.
void Engine::State::send_signal(LiveRunEntry& parent, Record& record) {
  PendingEvent event =
      signal_event(record.name, signal_id(parent.number, record.step), record.value);
  auto child = parent.children.find(record.ref);
  auto backoff = backoffs.find({parent.number.value, record.ref});
  LiveRunEntry* entry = child == parent.children.end() ? nullptr : find(child->second);
  const bool there = entry != nullptr || backoff != backoffs.end();
  record.kind = static_cast<uint64_t>(there ? SignalAnswer::Delivered : SignalAnswer::NotFound);
  journal.append(record);
  if (entry != nullptr) {
    tell(*entry, std::move(event));
  } else if (there) {
    backoff->second.signals.push_back(std::move(event));
  }
}

void Engine::State::update_ended(LiveRunEntry& entry, const Record& record) {
  if (!entry.updates) return;
  auto waiting = entry.updates->find(record.id);
  if (waiting == entry.updates->end()) return;
  answers.push_back({journal.appended(), std::move(waiting->second),
                     static_cast<StepStatus>(record.kind), record.value});
  entry.updates->erase(waiting);
}

/// The run has ended before it was told.
void Engine::State::refuse_updates(LiveRunEntry& entry) {
  if (!entry.updates) return;
  const std::string why = not_found(fmt::format("the run {} has ended", entry.setup().id));
  for (auto& [id, done] : *entry.updates) {
    answers.push_back({journal.appended(), std::move(done), StepStatus::Failed, why});
  }
  entry.updates.reset();
}

/// Signals that an attempt of a child was told and never received: its next attempt is told them, those
/// that are in `next`, the history of that, left out.
std::vector<PendingEvent> Engine::State::left_signals(RunId attempt, const History* next) {
  std::vector<PendingEvent> told;
  auto history = journal.history(attempt);
  if (!history) return told;  // a store that cannot be read says so elsewhere
  for (const auto& [at, record] : *history) {
    if (record.type == RecordType::SignalReceived)
      told.push_back(signal_event(record.name, record.id, record.value));
  }
  if (told.empty()) return told;
  auto rebuilt = rebuild(attempt);
  if (!rebuilt) {
    output.warn(fmt::format("signals that #{} did not receive are lost: {}", attempt.value,
                            rebuilt.error().message));
    return {};
  }
  std::map<std::string, size_t> queued;  // the last ones of each name
  for (const auto& [name, count] : rebuilt->run->queued_signals()) queued[name] = count;
  std::vector<PendingEvent> left;
  for (auto event = told.rbegin(); event != told.rend(); ++event) {
    size_t& count = queued[event->name];
    if (count == 0) continue;
    --count;
    left.push_back(std::move(*event));
  }
  std::reverse(left.begin(), left.end());
  if (next == nullptr) return left;
  for (const auto& [at, record] : *next) {
    if (record.type != RecordType::SignalReceived) continue;
    std::erase_if(left, [&](const PendingEvent& event) { return event.id == record.id; });
  }
  return left;
}

// --- the inbox

void Engine::State::read_inbox() {
  if (services.inbox == nullptr || !services.inbox->changed()) return;
  auto messages = services.inbox->read();
  if (!messages) return output.warn(messages.error().message);
  for (InboxMessage& message : *messages) deliver(std::move(message));
}

void Engine::State::deliver(InboxMessage message) {
  const Record& record = message.record;
  const RunInfo* target = journal.find(record.run);
  if (target == nullptr) {
    output.warn(
        record.run
            ? fmt::format("the message {} is for run #{}, which is not in this store", message.id,
                          record.run.value)
            : fmt::format("the message {} is damaged; its file is left in the inbox", message.id));
    return services.inbox->keep(message.id);
  }
  const RunId parent = target->parent;
  const StepId step = target->parent_step;
  if (target->status != RunStatus::Running && parent) target = completed_child(parent, step.value);
  if (message.old && was_received(message, *target)) return services.inbox->remove(message.id);
  LiveRunEntry* entry = find(target->number);
  if (entry != nullptr && entry->undoing) entry = nullptr;
  const auto backoff = backoffs.find({parent.value, step.value});
  const bool waits = entry == nullptr && parent && backoff != backoffs.end();
  if (entry == nullptr && !waits) {
    if (target->status == RunStatus::Running) return services.inbox->keep(message.id);
    if (!record.name.empty()) {
      output.warn(fmt::format("the message {} came too late: {} is {}", record.name, target->id,
                              status_name(target->status)));
    }
    taken.emplace_back(journal.appended(), message.id);
    return;
  }
  const bool ends =
      record.type == RecordType::CancelRequested || record.type == RecordType::Terminated;
  if (ends && (waits || record.type == RecordType::Terminated)) {
    if (waits) {
      cancel_child(parent, step, CancelMode::Cancel, record.value);
    } else {
      terminate(target->number, record.value);
    }
    taken.emplace_back(journal.appended(), message.id);
    return;
  }
  from_inbox.insert(message.id);
  if (ends) return request_cancel(*entry, CancelCause::User, record.value, message.id);
  PendingEvent event = signal_event(record.name, message.id, record.value);
  event.type = record.type;
  event.kind = record.kind;
  if (entry != nullptr) return tell(*entry, std::move(event));
  backoff->second.signals.push_back(std::move(event));
}

/// Whether an engine before this one had journaled it: in this attempt of the run or one before.
bool Engine::State::was_received(const InboxMessage& message, const RunInfo& target) const {
  std::vector<RunId> attempts{target.number};
  if (target.parent && target.attempt > 1) {
    for (const RunInfo* child : journal.children(target.parent)) {
      if (child->parent_step == target.parent_step) attempts.push_back(child->number);
    }
  }
  for (RunId run : attempts) {
    auto history = journal.history(run);
    if (!history) continue;
    for (const auto& [at, record] : *history) {
      const bool event = class_of(record.type) == RecordClass::Event;
      if (event && record.type != RecordType::RunStarted && record.id == message.id) return true;
    }
  }
  return false;
}

void Engine::State::message_is_journaled(const std::string& id) {
  if (from_inbox.erase(id) > 0) taken.emplace_back(journal.appended(), id);
}

/// The run has ended: what it was not told any more is nobody's.
void Engine::State::drop_messages(LiveRunEntry& entry) {
  for (size_t i = entry.pending_at; i < entry.pending.size(); ++i) {
    const PendingEvent& event = entry.pending[i];
    if (event.id.empty() || !from_inbox.contains(event.id)) continue;
    message_is_journaled(event.id);
    if (event.name.empty()) continue;
    output.warn(
        fmt::format("the message {} came too late: {} has ended", event.name, entry.setup().id));
  }
}

void Engine::State::remove_taken_messages() {
  const Lsn durable = journal.durable();
  while (!taken.empty() && taken.front().first <= durable) {
    services.inbox->remove(taken.front().second);
    taken.pop_front();
  }
}

}  // namespace wakeful
