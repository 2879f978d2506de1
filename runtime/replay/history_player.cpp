#include "runtime/replay/history_player.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/replay/compare.h"
#include "runtime/replay/describe.h"

namespace wakeful {

namespace {

bool starts_burst(const Record& record) {
  return class_of(record.type) == RecordClass::Event && record.type != RecordType::Interrupted;
}

}  // namespace

HistoryPlayer::HistoryPlayer(Run& run, const History& history, PlayerSources sources, RunHost* live)
    : run_(run), history_(history), sources_(std::move(sources)), live_(live) {
  for (size_t i = 0; i < history_.size(); ++i) {
    if (starts_burst(history_[i].second)) last_event_ = i;
  }
}

const std::pair<Lsn, Record>* HistoryPlayer::next() const {
  return at_ < history_.size() ? &history_[at_] : nullptr;
}

void HistoryPlayer::skip_notes() {
  while (at_ < history_.size() && class_of(history_[at_].second.type) == RecordClass::Note) ++at_;
}

bool HistoryPlayer::exhausted() const {
  return at_ >= history_.size() && (!armed_ || run_.ticks() >= armed_->first);
}

/// An interruption is recorded behind the commands that came before it, so it is known in time by
/// looking ahead.
void HistoryPlayer::arm() {
  if (armed_ && run_.ticks() >= armed_->first) armed_.reset();
  skip_notes();
  if (armed_ || next() == nullptr || next()->second.type != RecordType::Interrupted) return;
  const Record& record = next()->second;
  armed_ = {record.number, at_};
  run_.interrupt_at(record.number, static_cast<InterruptKind>(record.kind));
  ++at_;
  skip_notes();
}

bool HistoryPlayer::differ(Lsn at, std::string expected, std::string found) {
  if (!difference_) difference_ = Difference{at, std::move(expected), std::move(found)};
  return false;
}

bool HistoryPlayer::deliver_next() {
  const auto& [at, record] = *next();
  std::string value;
  if (record.type == RecordType::ChildEnded || record.type == RecordType::ChildUndone) {
    auto found = sources_.value_at(Lsn{record.ref});
    if (!found) {
      error_ = found.error();
      return false;
    }
    value = std::move(*found);
  }
  last_time_ = std::max(last_time_, record.time);
  last_prints_.clear();
  armed_.reset();
  run_.deliver(record, value);
  in_burst_ = true;
  ++at_;
  arm();
  return true;
}

Run::State HistoryPlayer::advance(uint64_t budget) {
  const uint64_t begin_budget = budget;
  for (;;) {
    if (!in_burst_) {
      skip_notes();
      if (next() == nullptr) return Run::State::Waiting;
      if (!starts_burst(next()->second)) {
        differ(next()->first, describe(next()->second, sources_.sources),
               "nothing: the burst had ended");
        return Run::State::Stopped;
      }
      if (!deliver_next()) return Run::State::Stopped;
    }
    uint64_t slice = budget;
    if (armed_ && armed_->first > run_.ticks())
      slice = std::min(slice, armed_->first - run_.ticks());
    const uint64_t before = run_.ticks();
    Run::State state = run_.advance(*this, slice);
    const uint64_t used = run_.ticks() - std::min(before, run_.ticks());
    arm();
    if (difference_ || error_ || state == Run::State::Stopped) return Run::State::Stopped;
    if (state != Run::State::More && !finish_burst(state)) return Run::State::Stopped;
    if (state == Run::State::Ended && next() == nullptr) return state;
    if (state == Run::State::More && exhausted()) return state;
    budget -= std::min(budget, used);
    if (budget == 0) {
      if (state == Run::State::More || next() != nullptr) return Run::State::More;
      budget = begin_budget;
    }
  }
}

/// The burst is over for the code; is it for the history?
bool HistoryPlayer::finish_burst(Run::State state) {
  in_burst_ = false;
  const char* code = state == Run::State::Ended ? "the run has ended" : "waits for an event";
  if (armed_ && run_.ticks() < armed_->first) {
    const auto& [at, record] = history_[armed_->second];
    return differ(at, describe(record, sources_.sources),
                  fmt::format("{}, at tick {}", code, run_.ticks()));
  }
  skip_notes();
  if (next() == nullptr) return true;
  const auto& [at, record] = *next();
  const bool may_end = record.type == RecordType::UndoRequested;
  if (!starts_burst(record) || (state == Run::State::Ended && !may_end)) {
    return differ(at, describe(record, sources_.sources), code);
  }
  return true;
}

bool HistoryPlayer::command(Record& record) {
  skip_notes();
  if (next() == nullptr) return live_ != nullptr && live_->command(record);
  const auto& [at, known] = *next();
  std::optional<std::string> what = commands_differ(known, record, sources_.same_program);
  if (what) {
    std::string suffix = what->empty() ? "" : fmt::format(" ({} differ)", *what);
    return differ(at, describe(known, sources_.sources),
                  describe(record, sources_.sources) + suffix);
  }
  take_answer(known, record);
  ++at_;
  arm();
  return true;
}

void HistoryPlayer::print(std::string text) {
  if (at_ <= last_event_) return;
  if (live_ != nullptr) {
    live_->print(std::move(text));
  } else {
    last_prints_.push_back(std::move(text));
  }
}

void HistoryPlayer::log(const char* level, std::string message, std::string fields_json) {
  if (at_ > last_event_ && live_ != nullptr) {
    live_->log(level, std::move(message), std::move(fields_json));
  }
}

void HistoryPlayer::drop_timer(StepId step) {
  if (live_ != nullptr) live_->drop_timer(step);
}

}  // namespace wakeful
