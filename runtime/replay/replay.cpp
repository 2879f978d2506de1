#include "runtime/replay/replay.h"

#include <fmt/format.h>

#include "runtime/replay/history_player.h"
#include "runtime/replay/run_setup.h"

namespace wakeful {

std::string Difference::message() const {
  std::string where = at ? fmt::format(" (record {})", at.value) : "";
  return fmt::format("replay differs from history{}\n  history: {}\n  code:    {}", where, expected,
                     found);
}

namespace {

PlayerSources sources_of(const Journal& journal, const Image& image, bool same_program) {
  PlayerSources sources;
  sources.value_at = [&journal](Lsn at) -> Result<std::string> {
    auto record = journal.record_at(at);
    if (!record) return tl::unexpected(record.error());
    return std::move(record->value);
  };
  sources.sources = &image.program().sources;
  sources.same_program = same_program;
  return sources;
}

/// Where the last burst begins.
size_t last_burst(const History& history) {
  for (size_t i = history.size(); i-- > 0;) {
    const RecordType type = history[i].second.type;
    if (class_of(type) == RecordClass::Event && type != RecordType::Interrupted) return i;
  }
  return 0;
}

}  // namespace

Result<std::unique_ptr<Run>> rebuild(const Journal& journal, RunId number,
                                     std::shared_ptr<Image> image) {
  constexpr uint64_t kSliceTicks = 1'000'000;
  auto history = journal.history(number);
  if (!history) return tl::unexpected(history.error());
  for (;;) {
    auto setup = run_setup(journal, history->front().second, image);
    if (!setup) return tl::unexpected(setup.error());
    auto run = std::make_unique<Run>(std::move(*setup));
    HistoryPlayer player(*run, *history, sources_of(journal, *image, true), nullptr);
    Run::State state;
    do {
      state = player.advance(kSliceTicks);
    } while (state == Run::State::More && !player.exhausted());
    if (player.error()) return tl::unexpected(*player.error());
    if (player.difference()) return fail(Fault::Replay, player.difference()->message());
    if (state == Run::State::Waiting || state == Run::State::Ended) return run;
    const size_t burst = last_burst(*history);  // it is in progress, or a crash cut it off
    if (burst == 0) return fail(Fault::NotFound, "the run has only just begun; ask again");
    history->resize(burst);
  }
}

Result<Replayed> replay(const Journal& journal, RunId number, std::shared_ptr<Image> image) {
  constexpr uint64_t kSliceTicks = 1'000'000;
  constexpr int kSlicesPastEnd = 200;  // a burst that a crash cut off may never end
  auto history = journal.history(number);
  if (!history) return tl::unexpected(history.error());
  if (history->empty() || history->front().second.type != RecordType::RunStarted) {
    return fail(Fault::Store,
                fmt::format("run #{}: its history does not begin with RunStarted", number.value));
  }
  const Record& started = history->front().second;
  const bool same_program = image->program().hash == started.program;
  auto setup = run_setup(journal, started, image);
  if (!setup) return tl::unexpected(setup.error());

  Replayed result;
  result.records = history->size();
  result.run = std::make_unique<Run>(std::move(*setup));
  HistoryPlayer player(*result.run, *history, sources_of(journal, *image, same_program), nullptr);
  int past_end = 0;
  while (player.advance(kSliceTicks) == Run::State::More) {
    if (player.exhausted() && ++past_end > kSlicesPastEnd) break;
  }
  if (player.error()) return tl::unexpected(*player.error());
  result.difference = player.difference();
  result.last_prints = std::move(player.last_prints());
  return result;
}

}  // namespace wakeful
