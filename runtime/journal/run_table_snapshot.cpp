// The run table as bytes and back. Compact, because it is written again and again: words that many
// runs share (workflow, program) are numbered, times and positions are differences.
#include <algorithm>
#include <unordered_map>

#include "runtime/journal/run_table.h"
#include "runtime/journal/wire.h"

namespace wakeful {
namespace {

constexpr uint64_t kSnapshotVersion = 1;

// Bits of a row's head, beside the status (3 bits).
constexpr uint64_t kReleased = 1 << 3;
constexpr uint64_t kStarted = 1 << 4;  // else the number was only reserved, and nothing follows
constexpr uint64_t kUndoing = 1 << 5;
constexpr uint64_t kUndone = 1 << 6;

/// Words by number, each written where it occurs first.
class Words {
 public:
  void put(std::string& out, const std::string& word) {
    const auto [entry, fresh] = numbers_.try_emplace(word, numbers_.size());
    wire::put_varint(out, entry->second);
    if (fresh) wire::put_text(out, word);
  }
  std::string get(wire::Reader& in) {
    const uint64_t number = in.varint();
    if (number == words_.size()) words_.emplace_back(in.text());
    if (number < words_.size()) return words_[number];
    in.take(~uint64_t{0});  // turns the reader bad
    return {};
  }

 private:
  std::unordered_map<std::string, uint64_t> numbers_;
  std::vector<std::string> words_;
};

void put_difference(std::string& out, int64_t value, int64_t from) {
  wire::put_varint(out, wire::zigzag(static_cast<int64_t>(static_cast<uint64_t>(value) -
                                                          static_cast<uint64_t>(from))));
}

int64_t get_difference(wire::Reader& in, int64_t from) {
  return static_cast<int64_t>(static_cast<uint64_t>(from) +
                              static_cast<uint64_t>(wire::unzigzag(in.varint())));
}

}  // namespace

std::string RunTable::snapshot(Lsn until) const {
  std::string out;
  wire::put_varint(out, kSnapshotVersion);
  wire::put_varint(out, until.value);
  wire::put_varint(out, numbers_);
  wire::put_varint(out, rows_.size());
  Words words;
  int64_t time = 0;
  int64_t place = 0;
  for (const Row& row : rows_) {
    const RunInfo& info = row.info;
    if (!info.first) {
      wire::put_varint(out, 0);
      continue;
    }
    wire::put_varint(out, uint64_t(info.status) | (info.released ? kReleased : 0) | kStarted |
                             (info.undoing ? kUndoing : 0) | (info.undone ? kUndone : 0));
    wire::put_text(out, info.id);
    words.put(out, info.workflow);
    words.put(out, std::string(info.program));
    wire::put_varint(out, info.parent.value);
    wire::put_varint(out, info.parent_step.value);
    wire::put_varint(out, info.attempt);
    put_difference(out, info.started_ms, time);
    put_difference(out, row.last_event_ms, info.started_ms);
    put_difference(out, info.ended_ms, row.last_event_ms);
    put_difference(out, static_cast<int64_t>(info.first.value), place);
    wire::put_varint(out, info.last.value - info.first.value);
    wire::put_varint(out, row.newest.value - info.last.value);
    time = info.started_ms;
    place = static_cast<int64_t>(info.first.value);
  }
  return out;
}

Result<Lsn> RunTable::restore(std::string_view bytes) {
  const auto damaged = [] {
    return fail(Fault::Store,
                "the store is damaged: its table of runs cannot be read. Restore the store from a "
                "backup, or start a new one with --store");
  };
  wire::Reader in(bytes);
  const uint64_t version = in.varint();
  if (in.ok() && version > kSnapshotVersion)
    return fail(
        Fault::Store,
        "the store's table of runs was written by a newer wf. Upgrade wf to read this store");
  const Lsn until{in.varint()};
  const uint64_t numbers = in.varint();
  const uint64_t count = in.varint();
  if (!in.ok() || count > in.left() || numbers < count)
    return damaged();  // a row is at least a byte
  Words words;
  int64_t time = 0;
  int64_t place = 0;
  for (uint64_t number = 1; number <= count && in.ok(); ++number) {
    const uint64_t head = in.varint();
    Row& row = make_row(number);
    if (!(head & kStarted)) continue;
    RunInfo& info = row.info;
    info.number = RunId{number};
    info.status = static_cast<RunStatus>(head & 7);
    info.released = head & kReleased;
    info.undoing = head & kUndoing;
    info.undone = head & kUndone;
    info.id = in.text();
    info.workflow = words.get(in);
    info.program = keep(words.get(in));
    info.parent = RunId{in.varint()};
    info.parent_step = StepId{in.varint()};
    info.attempt = static_cast<uint32_t>(in.varint());
    info.started_ms = time = get_difference(in, time);
    row.last_event_ms = get_difference(in, info.started_ms);
    info.ended_ms = get_difference(in, row.last_event_ms);
    place = get_difference(in, place);
    info.first = Lsn{static_cast<uint64_t>(place)};
    info.last = Lsn{info.first.value + in.varint()};
    row.newest = Lsn{info.last.value + in.varint()};
    if (!info.first || row.newest >= until) return damaged();
  }
  if (!in.ok() || !in.at_end()) return damaged();
  // Linking goes in the order of the starts, which is that of the positions, not of the numbers.
  std::vector<Row*> started;
  for (Row& row : rows_)
    if (row.info.first) started.push_back(&row);
  std::sort(started.begin(), started.end(),
            [](Row* a, Row* b) { return a->info.first < b->info.first; });
  for (Row* row : started) link(*row);
  numbers_ = numbers;
  return until;
}

}  // namespace wakeful
