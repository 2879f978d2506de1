// wf replay: re-executes a run and its children from the journal, and names the first difference.
#include <fmt/format.h>

#include <unordered_map>

#include "runtime/cli/open_program.h"
#include "runtime/cli/open_store.h"
#include "runtime/cli/report.h"
#include "runtime/replay/replay.h"

namespace wakeful::cli {
namespace {

/// Programs ready to run, by hash; all runs get `other` where there is one.
class Images {
 public:
  Images(const Journal& journal, std::optional<Program> other) : journal_(journal) {
    if (other) other_ = std::make_shared<Image>(std::move(*other));
  }
  Result<std::shared_ptr<Image>> of(const RunInfo& info) {
    if (other_) return other_;
    auto& image = images_[std::string(info.program)];
    if (image) return image;
    auto program = stored_program(journal_, info);
    if (!program) return tl::unexpected(program.error());
    return image = std::make_shared<Image>(std::move(*program));
  }

 private:
  const Journal& journal_;
  std::shared_ptr<Image> other_;
  std::unordered_map<std::string, std::shared_ptr<Image>> images_;
};

struct Totals {
  size_t runs = 0;
  size_t records = 0;
  const RunInfo* run = nullptr;  // where the difference is
  std::optional<Difference> difference;
};

/// The run first, then its children, theirs too, until one differs.
Result<Totals> replay_all(const Journal& journal, const RunInfo& root, Images& images) {
  Totals totals;
  std::vector<const RunInfo*> look = {&root};
  while (!look.empty()) {
    const RunInfo* info = look.back();
    look.pop_back();
    auto image = images.of(*info);
    if (!image) return tl::unexpected(image.error());
    auto replayed = replay(journal, info->number, *image);
    if (!replayed) return tl::unexpected(replayed.error());
    ++totals.runs;
    totals.records += replayed->records;
    if (replayed->difference) {
      totals.run = info;
      totals.difference = std::move(replayed->difference);
      return totals;
    }
    const auto children = journal.children(info->number);
    look.insert(look.end(), children.rbegin(), children.rend());
  }
  return totals;
}

std::string document(const RunInfo& root, const Totals& totals) {
  JsonWriter json;
  json.begin_object().key("id").text(root.id).key("run").number(
      static_cast<int64_t>(root.number.value));
  json.key("runs").number(static_cast<int64_t>(totals.runs));
  json.key("records").number(static_cast<int64_t>(totals.records)).key("difference");
  if (!totals.difference) return json.null().end_object().document();
  json.begin_object().key("id").text(totals.run->id).key("at");
  totals.difference->at ? json.number(static_cast<int64_t>(totals.difference->at.value))
                        : json.null();
  json.key("expected")
      .text(totals.difference->expected)
      .key("found")
      .text(totals.difference->found);
  return json.end_object().end_object().document();
}

}  // namespace

int cmd_replay(const CommandLine& line) {
  std::optional<Program> other;
  if (line.has("--with")) {
    int code = kExitDone;
    other = open_program(line, line.one("--with"), code);
    if (!other) return code;
  }
  auto journal = open_journal(line, Access::Read);
  if (!journal) return say_error(journal.error());
  auto info = find_run(**journal, line.one("ID"));
  if (!info) return say_error(info.error());
  Images images(**journal, std::move(other));
  const auto totals = replay_all(**journal, **info, images);
  if (!totals) return say_error(totals.error());

  Stdout out;
  const std::string counts = fmt::format("{} run{}, {} records", totals->runs,
                                         totals->runs == 1 ? "" : "s", totals->records);
  if (line.json())
    out.write(document(**info, *totals));
  else if (!totals->difference)
    out.write(fmt::format("{} agrees with its history: {}\n", printable((*info)->id), counts));
  else
    out.write(fmt::format("{} differs from its history\n{}\n", printable(totals->run->id),
                          printable(totals->difference->message())));
  return out.finish(totals->difference ? kExitReplay : kExitDone);
}

}  // namespace wakeful::cli
