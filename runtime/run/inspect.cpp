// What a run is waiting for, in words: `wf show` and the progress display.
#include <algorithm>

#include "runtime/run/core.h"

namespace wakeful {

namespace {

std::string handles_text(Value operand) {
  uint32_t open = 0, all = 0;
  std::string only;
  auto look = [&](Value v) {
    if (!v.is(Tag::Handle)) return;
    Handle* handle = v.as<Handle>();
    ++all;
    if (handle->state != Handle::State::Open) return;
    ++open;
    if (handle->id.is(Tag::String)) only = handle->id.string()->view();
    if (handle->kind == Handle::Kind::Signal) only = "signal " + only;
  };
  if (operand.is(Tag::List)) {
    for (uint32_t i = 0; i < operand.list()->count; ++i) look(operand.list()->begin()[i]);
  } else if (operand.is(Tag::Map)) {
    for (uint32_t i = 0; i < operand.map()->used; ++i) look(map_entries(operand.map())[i].value);
  } else {
    look(operand);
  }
  if (open == 1 && !only.empty()) return only;
  return std::to_string(open) + " of " + std::to_string(all) + " handles";
}

std::string work_text(const Work& work) {
  Handle* handle = work.handle.as<Handle>();
  switch (handle->kind) {
    case Handle::Kind::Child:
      return "child " + std::string(handle->id.string()->view());
    case Handle::Kind::Activity:
      return "activity " + work.name;
    case Handle::Kind::Effect:
      return work.name;
    case Handle::Kind::Strand:
      return "a strand";
    case Handle::Kind::Timer:
      break;
    case Handle::Kind::Signal:
      return "signal " + work.name;
  }
  std::string text = "sleep until ";
  append_time(text, work.due);
  return text;
}

}  // namespace

std::vector<WaitingPlace> Run::Core::waiting() const {
  std::vector<WaitingPlace> places;
  for (const auto& [number, strand] : strands) {
    WaitingPlace at;
    at.strand = number;
    const Wait& wait = strand->wait;
    switch (wait.kind) {
      case Waiting::Nothing:
        at.what = "ready to run";
        break;
      case Waiting::Call:
      case Waiting::Sleep: {
        auto work = works.find(wait.work);
        if (work != works.end()) at.what = work_text(work->second);
        break;
      }
      case Waiting::Receive:
        at.what = "signal " + std::string(wait.operand.string()->view());
        break;
      case Waiting::Gather:
        at.what = "gather: " + handles_text(wait.operand);
        break;
      case Waiting::WaitAny:
        at.what = "wait_any: " + handles_text(wait.operand);
        break;
      case Waiting::Stream:
        at.what = "the next handle to finish";
        break;
      case Waiting::Race:
        at.what = wait.race->decided ? "race: its losers to end"
                                     : "race: " + handles_text(wait.race->runners);
        break;
      case Waiting::Batch:
        at.what = wait.batch->pause_timer != 0
                      ? "batch: pause before item " + std::to_string(wait.batch->next + 1)
                      : "batch: " + std::to_string(wait.batch->running) + " running, " +
                            std::to_string(wait.batch->total - wait.batch->next) + " to come";
        break;
      case Waiting::Leaving:
        at.what = wait.leaving->block_running ? "its compensate block" : "cancelled work to end";
        break;
      case Waiting::End:
        at.what = "its open work to end";
        break;
    }
    for (Span span : machine.places(*strand)) at.stack.push_back(place(span));
    places.push_back(std::move(at));
  }
  std::sort(places.begin(), places.end(),
            [](const WaitingPlace& a, const WaitingPlace& b) { return a.strand < b.strand; });
  return places;
}

std::vector<OpenStep> Run::Core::open_steps() const {
  std::vector<OpenStep> steps;
  for (const auto& [number, work] : works) {
    if (work.is_strand() || work.is_signal()) continue;
    Handle* handle = work.handle.as<Handle>();
    std::string id = handle->id.is(Tag::String) ? std::string(handle->id.string()->view()) : "";
    steps.push_back({StepId{number}, work.type, work.name, id, work.where});
  }
  std::sort(steps.begin(), steps.end(),
            [](const OpenStep& a, const OpenStep& b) { return a.step < b.step; });
  return steps;
}

std::vector<PlannedUndo> Run::Core::undo_plan() const {
  std::vector<Block> blocks = held;
  if (auto undo = strands.find(main); undo != strands.end() && undo->second->role == Role::Undo) {
    blocks = scopes.at(undo->second->scopes.front()).blocks;
    const Leaving* leaving = undo->second->wait.leaving.get();
    if (leaving != nullptr && leaving->block_running) blocks.push_back(leaving->block);
  }
  std::sort(blocks.begin(), blocks.end(),
            [](const Block& a, const Block& b) { return a.place > b.place; });
  std::vector<PlannedUndo> plan;
  for (const Block& block : blocks) {
    PlannedUndo planned;
    planned.child_step = block.child;
    planned.bound = block.handle.is(Tag::Handle);
    planned.done = planned.bound && block.handle.as<Handle>()->state == Handle::State::Done;
    if (block.child == 0)
      planned.place = place(setup.image->program().functions[block_function(block)].span);
    plan.push_back(planned);
  }
  return plan;
}

size_t Run::footprint_bytes() const {
  size_t bytes = sizeof(Core) + core_->heap.footprint_bytes();
  for (const auto& [number, strand] : core_->strands) {
    bytes += sizeof(RunStrand) + strand->registers.capacity() * sizeof(Value) +
             strand->frames.capacity() * sizeof(Frame);
  }
  bytes += core_->works.size() * (sizeof(Work) + 32) + core_->scopes.size() * (sizeof(Scope) + 32);
  return bytes;
}

}  // namespace wakeful
