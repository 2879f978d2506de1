#include "runtime/cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "runtime/cli/describe.h"
#include "runtime/cli/open_store.h"
#include "runtime/cli/output.h"

namespace wakeful::cli {
namespace {

constexpr int64_t kRedrawMs = 100;
/// Looking at a large tree takes its time: it gets a twentieth of the whole, drawn less often then.
constexpr int64_t kShareOfTime = 20;
constexpr size_t kLinesMax = 16;
/// Open children of one parent that get a line; the rest is in its counts.
constexpr size_t kChildrenShown = 5;

struct Counts {
  size_t completed = 0, running = 0, failed = 0;
  size_t all() const { return completed + running + failed; }
};

std::string counts_text(const Counts& c, bool colour) {
  std::string text;
  if (c.completed) text += coloured(colour, Colour::Green, fmt::format(" ✓ {}", c.completed));
  if (c.running) text += coloured(colour, Colour::Yellow, fmt::format(" ● {}", c.running));
  if (c.failed) text += coloured(colour, Colour::Red, fmt::format(" ✗ {}", c.failed));
  return text;
}

}  // namespace

bool Progress::wanted() {
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && term && *term && std::string_view(term) != "dumb";
}

Progress::Progress(const CommandLine& line, const Journal& journal, Engine& engine)
    : journal_(journal), engine_(engine), colour_(wants_colour(line, STDERR_FILENO)) {
  engine_.on_tick(kRedrawMs, [this] { tick(); });
}

void Progress::erase() {
  if (drawn_ == 0) return;
  write_stderr(fmt::format("\r\x1b[{}A\x1b[J", drawn_));
  drawn_ = 0;
}

Progress::Size Progress::terminal_size() {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
    return {size.ws_col, size.ws_row};
  return {};
}

void Progress::tick() {
  const int64_t begun = system_clock().monotonic_us();
  if (begun < next_us_) return;
  std::string text;
  const std::vector<std::string> drawing = lines(terminal_size());
  for (const std::string& line : drawing) text += line + "\n";
  if (drawn_ > 0) text = fmt::format("\r\x1b[{}A\x1b[J", drawn_) + text;
  write_stderr(text);
  drawn_ = drawing.size();
  const int64_t took = system_clock().monotonic_us() - begun;
  next_us_ = begun + std::max<int64_t>(kRedrawMs * 1000, took * kShareOfTime);
}

std::vector<std::string> Progress::lines(Size size) {
  std::vector<std::string> lines;
  const size_t most = std::min(kLinesMax, std::max<size_t>(size.rows, 3) - 2);
  for (const RunId root : runs_) {
    add_tree(lines, root, size);
    if (lines.size() >= most) break;
  }
  if (lines.size() > most) lines.resize(most);
  return lines;
}

/// Depth first, open runs only: the engine gives parents before their children.
void Progress::add_tree(std::vector<std::string>& lines, RunId root, Size size) {
  std::unordered_map<RunId, size_t> depths;
  std::unordered_map<RunId, size_t> shown;
  for (const LiveRun& run : engine_.live(root)) {
    size_t depth = 0;
    if (run.info.number != root) {
      auto parent = depths.find(run.info.parent);
      if (parent == depths.end() || ++shown[run.info.parent] > kChildrenShown) continue;
      depth = parent->second + 1;
    }
    depths[run.info.number] = depth;
    lines.push_back(run_line(run, depth, size.columns));
    for (std::string& line : count_lines(run.info.number, depth, size.columns))
      lines.push_back(std::move(line));
    if (lines.size() >= kLinesMax) return;
  }
}

std::string Progress::run_line(const LiveRun& run, size_t depth, size_t columns) {
  std::string text = printable(run.info.id);
  if (!run.retries.empty())
    text +=
        fmt::format("  attempt {} of step {} is due {}s from now: {}", run.retries[0].attempt,
                    run.retries[0].step.value,
                    std::max<int64_t>(0, (run.retries[0].due_ms - system_clock().now_ms()) / 1000),
                    printable(run.retries[0].error));
  else if (!run.queued.empty())
    text += "  waits: " + printable(run.queued[0].why);
  else if (!run.waiting.empty())
    text += "  " + printable(run.waiting[0].what) + "  " + place_of(run);
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\t', ' ');
  const size_t indent = depth * 2;
  const size_t room = columns > indent + 3 ? columns - indent - 3 : 0;
  return std::string(std::min(indent, columns / 2), ' ') + coloured(colour_, Colour::Yellow, "●") +
         " " + cut_to_width(text, room);
}

std::vector<std::string> Progress::count_lines(RunId parent, size_t depth, size_t columns) {
  std::map<std::string, Counts> counts;
  for (const RunInfo* child : journal_.children(parent)) {
    Counts& c = counts[child->workflow];
    ++(child->status == RunStatus::Running     ? c.running
       : child->status == RunStatus::Completed ? c.completed
                                               : c.failed);
  }
  std::vector<std::string> lines;
  const size_t indent = std::min(depth * 2 + 2, columns / 2);
  for (const auto& [workflow, c] : counts) {
    if (c.all() < 2) continue;
    const std::string name = std::string(indent, ' ') + workflow;
    const size_t room = columns - 1 - std::min(columns - 1, display_width(name));
    // Colour has no width, so the counts are measured without it and left out where they do not
    // fit.
    const bool fits = display_width(counts_text(c, false)) <= room;
    lines.push_back(fits ? name + counts_text(c, colour_) : cut_to_width(name, columns - 1));
  }
  return lines;
}

std::string Progress::place_of(const LiveRun& run) {
  return run.waiting[0].stack.empty() ? ""
                                      : place_text(program_of(run.info), run.waiting[0].stack[0]);
}

const Program* Progress::program_of(const RunInfo& info) {
  auto& program = programs_[std::string(info.program)];
  if (!program) {
    // Not yet durable, so not readable, in the first moments of a run: asked for again then.
    auto stored = stored_program(journal_, info);
    if (!stored) return nullptr;
    program = std::make_unique<Program>(std::move(*stored));
  }
  return program.get();
}

}  // namespace wakeful::cli
