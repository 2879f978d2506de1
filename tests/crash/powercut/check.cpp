#include "check.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "known_records.h"
#include "runtime/journal/journal.h"

namespace wakeful::powercut {
namespace {

Finding damaged(const Error& error) { return {Verdict::Damaged, error.message}; }

struct Content {
  std::unique_ptr<Journal> journal;
  std::vector<std::pair<Lsn, Record>> records;  // of all runs, in log order
};

/// Opens as a resume does, and reads everything.
Finding read_all(const std::string& path, Content& content) {
  auto store = open_lmdb_store(path, true);
  if (!store) return damaged(store.error());
  auto journal = Journal::open(std::move(*store), true);
  if (!journal) return damaged(journal.error());
  std::vector<RunId> runs;
  for (const RunInfo* run : (*journal)->runs()) runs.push_back(run->number);
  auto histories = (*journal)->histories(runs);
  if (!histories) return damaged(histories.error());
  for (auto& [run, history] : *histories) {
    // Reading big stores run by run as well would take most of the time: a sample of them.
    if (run.value % 16 == 1) {
      auto walked = (*journal)->history(run);
      if (!walked) return damaged(walked.error());
      if (*walked != history)
        return {Verdict::Wrong, fmt::format("two histories of run #{}", run.value)};
    }
    content.records.insert(content.records.end(), history.begin(), history.end());
  }
  std::sort(content.records.begin(), content.records.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  content.journal = std::move(*journal);
  return {};
}

/// The store must go on: pages that a wrong list of free pages would give out twice show here.
Finding check_goes_on(const std::string& path, Content& content) {
  for (int i = 0; i < 3; ++i) {
    Record record;
    record.type = RecordType::RunStarted;
    record.run = content.journal->next_run_number();
    record.id = "after-the-cut";
    record.options.assign(static_cast<size_t>(20000 * i), 'o');
    content.journal->append(record);
    content.records.emplace_back(content.journal->find(record.run)->first, record);
    if (auto flushed = content.journal->flush(); !flushed) return damaged(flushed.error());
  }
  content.journal.reset();
  Content again;
  if (Finding finding = read_all(path, again); finding.verdict != Verdict::Sound) return finding;
  if (again.records != content.records)
    return {Verdict::Wrong, "other records after the next opening"};
  return {};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// The number behind `word` in the last line that begins with it.
size_t last_number(const std::string& released, const std::string& word) {
  size_t number = 0;
  for (const std::string& line : lines_of(released))
    if (line.rfind(word + " ", 0) == 0) number = std::stoul(line.substr(word.size() + 1));
  return number;
}

bool has_scheduled(const Content& content, const std::string& key) {
  // KEY is run/step, where run is a run's id or number; a later effect of the same attempt adds -n.
  const size_t slash = key.rfind('/');
  if (slash == std::string::npos) return false;
  const std::string run = key.substr(0, slash);
  const uint64_t step = std::stoull(key.substr(slash + 1));
  return std::any_of(content.records.begin(), content.records.end(), [&](const auto& entry) {
    const Record& record = entry.second;
    if (record.type != RecordType::StepScheduled || record.step != step) return false;
    const RunInfo* info = content.journal->find(record.run);
    return info->id == run || std::to_string(record.run.value) == run ||
           "#" + std::to_string(record.run.value) == run;
  });
}

}  // namespace

Finding check_known_records(const std::string& store, const std::string& shape_name,
                            const std::string& released) {
  const Shape& shape = *shape_named(shape_name);
  Content content;
  if (Finding finding = read_all(store, content); finding.verdict != Verdict::Sound) return finding;
  const size_t acknowledged = last_number(released, "ack");
  if (content.records.size() < acknowledged)
    return {Verdict::Lost,
            fmt::format("{} records of {} acknowledged", content.records.size(), acknowledged)};
  if (content.records.size() > shape.records)
    return {Verdict::Wrong, "more records than were written"};
  KnownRecords known(shape);
  for (const auto& [at, record] : content.records) {
    Record expected = known.next();
    expected.previous = record.previous;  // checked against the chain by histories()
    if (record != expected) return {Verdict::Wrong, fmt::format("another record at {}", at.value)};
    if (record.program.empty()) continue;
    auto program = content.journal->program(record.program);
    if (!program) return damaged(program.error());
    if (*program != KnownRecords::program_bytes(record.program))
      return {Verdict::Wrong, "another program"};
  }
  return check_goes_on(store, content);
}

Finding check_run(const std::string& store, const std::string& released) {
  Content content;
  if (Finding finding = read_all(store, content); finding.verdict != Verdict::Sound) return finding;
  const auto count = [&](auto&& wanted) {
    return static_cast<size_t>(
        std::count_if(content.records.begin(), content.records.end(),
                      [&](const auto& entry) { return wanted(entry.second); }));
  };
  const size_t steps = count([](const Record& r) {
    return r.run == RunId{1} &&
           (r.type == RecordType::StepEnded || r.type == RecordType::TimerFired ||
            r.type == RecordType::ChildEnded);
  });
  const size_t ends =
      count([](const Record& r) { return r.run == RunId{1} && r.type == RecordType::RunEnded; });
  const size_t after = last_number(released, "after");
  if (steps < after)
    return {Verdict::Lost,
            fmt::format("{} steps have ended, but `after {}` was printed", steps, after)};
  for (const std::string& line : lines_of(released)) {
    if (line.rfind("result ", 0) == 0 && ends == 0)
      return {Verdict::Lost, "the result was printed, but not recorded"};
    if (line.rfind("effect ", 0) == 0 && !has_scheduled(content, line.substr(7)))
      return {Verdict::Lost,
              fmt::format("`{}` was seen outside, but its step is not in the history", line)};
  }
  for (const RunInfo* run : content.journal->runs())
    if (auto program = content.journal->program(std::string(run->program)); !program)
      return damaged(program.error());
  return {};
}

}  // namespace wakeful::powercut
