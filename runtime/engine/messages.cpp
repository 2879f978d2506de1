// What others tell a run, and what they get for it: updates.
#include <fmt/format.h>

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
      answers.push_back(
          {journal.appended(), std::move(done), static_cast<StepStatus>(record.kind), record.value});
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
  record.kind =
      static_cast<uint64_t>(there ? SignalAnswer::Delivered : SignalAnswer::NotFound);
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

}  // namespace wakeful
