#include "runtime/journal/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <unordered_set>

#include "lang/base/check.h"
#include "runtime/journal/committer.h"
#include "runtime/journal/record_frame.h"
#include "runtime/journal/run_table.h"

namespace wakeful {
namespace {

// A snapshot of the run table is written when the records after the last one are many, in numbers
// and beside the runs that it would hold: so opening stays quick, and the snapshots stay a small
// part of what is written.
constexpr size_t kTailRecords = 8192;
// At the end of a session it pays earlier, but not for the few records of a small run.
constexpr size_t kTailRecordsAtClose = 2048;
// Reading goes back and forth between few groups: the results that a parent gathers lie beside each
// other.
constexpr size_t kCachedGroups = 16;

struct Group {
  Lsn first;
  std::string bytes;
  bool holds(Lsn at) const { return first <= at && at.value < first.value + bytes.size(); }
};

}  // namespace

struct Journal::State {
  std::unique_ptr<Store> store;
  RunTable table;
  std::unique_ptr<Committer> committer;  // null: a reader. After `store`, so that it ends before
  Lsn end;                               // of what was read at open
  size_t tail = 0;                       // records after the last snapshot of the table
  std::unordered_map<std::string, std::string>
      programs;  // put in this session: may not be durable yet
  std::unordered_set<std::string> stored_programs;
  mutable std::list<Group> cache;  // the one used last in front

  Result<void> load();
  template <class F>
  Result<void> for_each_record(Lsn from, F&& f) const;
  template <class F>
  Result<Lsn> frames_of(Lsn at, Lsn first, std::string_view group, F&& f) const;
  Result<const Group*> cached_group(Lsn at) const;
};

Journal::Journal() : state_(std::make_unique<State>()) {}

Journal::~Journal() {
  if (state_->committer && state_->tail >= kTailRecordsAtClose && !failure())
    state_->committer->attach_run_table(state_->table.snapshot(appended()));
}

Result<std::unique_ptr<Journal>> Journal::open(std::unique_ptr<Store> store, bool writer) {
  std::unique_ptr<Journal> journal(new Journal());
  State& state = *journal->state_;
  state.store = std::move(store);
  if (auto loaded = state.load(); !loaded) return tl::unexpected(loaded.error());
  if (writer) state.committer = std::make_unique<Committer>(*state.store);
  return journal;
}

Result<void> Journal::State::load() {
  Lsn from{1};
  auto snapshot = store->run_table();
  if (!snapshot) return tl::unexpected(snapshot.error());
  if (*snapshot) {
    auto until = table.restore(**snapshot);
    if (!until) return tl::unexpected(until.error());
    from = *until;
  }
  end = from;
  auto read = for_each_record(from, [this](const RecordFrame& frame, Lsn at) -> Result<void> {
    auto record = decode_frame(frame, at);
    if (!record) return tl::unexpected(record.error());
    ++tail;
    end = Lsn{at.value + frame.size};
    return table.apply(*record, at);
  });
  if (read && end < store->end()) return damaged_record(end, {}, "is missing");
  return read;
}

/// Gives the records of a group from `at` on to `f`; returns where the group ends.
template <class F>
Result<Lsn> Journal::State::frames_of(Lsn at, Lsn first, std::string_view group, F&& f) const {
  if (at < first || at.value >= first.value + group.size())
    return damaged_record(at, {},
                          fmt::format("is missing: the next group begins at {}", first.value));
  group.remove_prefix(at.value - first.value);
  while (!group.empty()) {
    auto frame = frame_record(group, at);
    if (!frame) return tl::unexpected(frame.error());
    if (Result<void> done = f(*frame, at); !done) return tl::unexpected(done.error());
    at.value += frame->size;
    group.remove_prefix(frame->size);
  }
  return at;
}

/// All records from position `from` on, in log order: first the durable ones, then those that are
/// not yet.
template <class F>
Result<void> Journal::State::for_each_record(Lsn from, F&& f) const {
  Result<Lsn> at = from;
  while (at) {
    const Lsn begin = *at;
    if (committer) {
      std::string group;
      Lsn first;
      const auto copy = [&](Lsn group_first, std::string_view bytes) {
        first = group_first;
        group = bytes;
      };
      if (committer->read_pending(begin, copy)) {
        at = frames_of(begin, first, group, f);
        continue;
      }
      if (begin >= committer->appended()) break;
    }
    auto scanned = store->scan(begin, [&](Lsn first, std::string_view group) {
      at = frames_of(*at, first, group, f);
      return at.has_value();
    });
    if (!scanned) return tl::unexpected(scanned.error());
    if (at && *at == begin) {
      if (!committer) break;
      return damaged_record(begin, {}, "is missing");
    }
    if (!committer) break;
  }
  if (!at) return tl::unexpected(at.error());
  return {};
}

Lsn Journal::append(Record& record) {
  State& state = *state_;
  WF_CHECK(state.committer);
  record.previous = state.table.newest(record.run);
  const Lsn at = state.committer->append(record);
  if (auto applied = state.table.apply(record, at); !applied) {
    fmt::print(stderr, "{}\n", applied.error().message);
    WF_CHECK(applied.has_value());
  }
  if (++state.tail >= std::max(kTailRecords, state.table.size())) {
    state.committer->attach_run_table(state.table.snapshot(appended()));
    state.tail = 0;
  }
  return at;
}

void Journal::put_program(const std::string& hash, const std::string& bytes) {
  State& state = *state_;
  WF_CHECK(state.committer);
  if (state.programs.count(hash) || state.stored_programs.count(hash)) return;
  const auto stored = state.store->program(hash);
  if (stored && *stored) {
    state.stored_programs.insert(hash);
    return;
  }
  state.programs.emplace(hash, bytes);
  state.committer->attach_program(hash, bytes);
}

RunId Journal::next_run_number() { return state_->table.reserve_number(); }

Lsn Journal::durable() const {
  return state_->committer ? state_->committer->durable() : state_->end;
}
Lsn Journal::appended() const {
  return state_->committer ? state_->committer->appended() : state_->end;
}

void Journal::hold() { state_->committer->hold(); }
void Journal::let_go() { state_->committer->let_go(); }

void Journal::on_durable(std::function<void()> callback) {
  if (state_->committer) state_->committer->on_durable(std::move(callback));
}

Result<void> Journal::flush() {
  if (!state_->committer) return {};
  return state_->committer->flush();
}

std::optional<Error> Journal::failure() const {
  return state_->committer ? state_->committer->failure() : std::nullopt;
}

Result<const Group*> Journal::State::cached_group(Lsn at) const {
  for (auto group = cache.begin(); group != cache.end(); ++group) {
    if (!group->holds(at)) continue;
    cache.splice(cache.begin(), cache, group);
    return &cache.front();
  }
  auto found = store->group_at(at);
  if (!found) return tl::unexpected(found.error());
  if (!*found) return damaged_record(at, {}, "is missing");
  Group group{(*found)->first, std::move((*found)->second)};
  if (!group.holds(at)) return damaged_record(at, {}, "is missing");
  if (cache.size() >= kCachedGroups) cache.pop_back();
  cache.push_front(std::move(group));
  return &cache.front();
}

Result<Record> Journal::record_at(Lsn at) const {
  size_t used = 0;
  Result<Record> record;
  if (!at) return damaged_record(at, {}, "is asked for, but positions begin at 1");
  const auto decode = [&](Lsn first, std::string_view group) {
    record = decode_record(group.substr(at.value - first.value), at, used);
  };
  if (state_->committer && state_->committer->read_pending(at, decode)) return record;
  auto group = state_->cached_group(at);
  if (!group) return tl::unexpected(group.error());
  decode((*group)->first, (*group)->bytes);
  return record;
}

Result<std::vector<std::pair<Lsn, Record>>> Journal::history(RunId run) const {
  std::vector<std::pair<Lsn, Record>> history;
  Lsn at = state_->table.newest(run);
  if (!at) return fail(Fault::NotFound, fmt::format("there is no run #{}", run.value));
  while (at) {
    auto record = record_at(at);
    if (!record) return tl::unexpected(record.error());
    if (record->run != run)
      return damaged_record(at, run, fmt::format("belongs to run #{}", record->run.value));
    const Lsn previous = record->previous;
    history.emplace_back(at, std::move(*record));
    at = previous;
  }
  std::reverse(history.begin(), history.end());
  if (history.front().second.type != RecordType::RunStarted)
    return damaged_record(history.front().first, run, "is the run's first, but does not start it");
  return history;
}

Result<std::unordered_map<RunId, std::vector<std::pair<Lsn, Record>>>> Journal::histories(
    const std::vector<RunId>& runs) const {
  std::unordered_map<RunId, std::vector<std::pair<Lsn, Record>>> all;
  Lsn from{UINT64_MAX};
  for (RunId run : runs) {
    const RunInfo* info = state_->table.find(run);
    if (!info) return fail(Fault::NotFound, fmt::format("there is no run #{}", run.value));
    from = std::min(from, info->first);
    all[run];
  }
  if (runs.empty()) return all;
  auto passed =
      state_->for_each_record(from, [&](const RecordFrame& frame, Lsn at) -> Result<void> {
        const auto wanted = all.find(frame.run);
        if (wanted == all.end()) return {};
        auto record = decode_frame(frame, at);
        if (!record) return tl::unexpected(record.error());
        const Lsn previous = wanted->second.empty() ? Lsn{} : wanted->second.back().first;
        if (record->previous != previous)
          return damaged_record(
              at, record->run,
              fmt::format("does not follow the run's last one at {}", previous.value));
        wanted->second.emplace_back(at, std::move(*record));
        return {};
      });
  if (!passed) return tl::unexpected(passed.error());
  for (const auto& [run, history] : all)
    if (history.empty() || history.back().first < state_->table.newest(run))
      return damaged_record(state_->table.newest(run), run, "is missing");
  return all;
}

Result<std::string> Journal::program(const std::string& hash) const {
  if (const auto put = state_->programs.find(hash); put != state_->programs.end())
    return put->second;
  auto stored = state_->store->program(hash);
  if (!stored) return tl::unexpected(stored.error());
  if (!*stored)
    return fail(Fault::Store,
                fmt::format("the store is damaged: it has no program {}. Restore the store from a "
                            "backup, or start a new one with --store",
                            hash));
  return std::move(**stored);
}

const RunInfo* Journal::find(RunId run) const { return state_->table.find(run); }
const RunInfo* Journal::find(const std::string& id) const { return state_->table.find(id); }
std::vector<const RunInfo*> Journal::children(RunId run) const {
  return state_->table.children(run);
}
std::vector<const RunInfo*> Journal::runs() const { return state_->table.runs(); }

}  // namespace wakeful
