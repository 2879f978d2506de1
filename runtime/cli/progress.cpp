#include "runtime/cli/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

#include "runtime/cli/output.h"

namespace wakeful::cli {
namespace {

constexpr int64_t kRedrawMs = 100;
/// A short run draws nothing: the first picture comes this late at the earliest.
constexpr size_t kLinesMax = 16;
constexpr size_t kChildrenShown = 5;

struct Size {
  size_t columns = 80;
  size_t rows = 24;
};

Size terminal_size() {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return {size.ws_col, size.ws_row};
  return {};
}

/// The children of one parent by workflow, counted by how they stand.
struct Counts {
  size_t completed = 0, running = 0, failed = 0;
};

struct Node {
  const LiveRun* run;
  std::map<std::string, Counts> counts;
  std::vector<const LiveRun*> open;
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
  return isatty(STDERR_FILENO) == 1 && term && std::string_view(term) != "dumb" && *term;
}

Progress::Progress(const CommandLine& line, Engine& engine)
    : engine_(engine), colour_(wants_colour(line, STDERR_FILENO)) {
  engine_.on_tick(kRedrawMs, [this] { draw(); });
}

void Progress::erase() {
  if (drawn_lines_ == 0) return;
  write_stderr(fmt::format("\r\x1b[{}A\x1b[J", drawn_lines_));
  drawn_lines_ = 0;
}

void Progress::draw() {
  const Size size = terminal_size();
  const size_t lines_max = std::min(kLinesMax, size.rows > 2 ? size.rows - 2 : 1);
  std::vector<std::string> lines;
  for (const RunId root : runs_) {
    const std::vector<LiveRun> live = engine_.live(root);
    std::map<RunId, Node> nodes;
    for (const LiveRun& run : live) nodes[run.info.number].run = &run;
    for (const LiveRun& run : live) {
      auto parent = nodes.find(run.info.parent);
      if (parent == nodes.end() || run.info.number == root) continue;
      Counts& counts = parent->second.counts[run.info.workflow];
      if (run.info.status == RunStatus::Running) {
        ++counts.running;
        parent->second.open.push_back(&run);
      } else {
        ++(run.info.status == RunStatus::Completed ? counts.completed : counts.failed);
      }
    }
    // Depth first, the open ones only; what does not fit is in the counts of its parent.
    std::vector<std::pair<const LiveRun*, size_t>> look;
    if (auto found = nodes.find(root); found != nodes.end())
      look.emplace_back(found->second.run, 0);
    while (!look.empty() && lines.size() < lines_max) {
      const auto [run, depth] = look.back();
      look.pop_back();
      const Node& node = nodes[run->info.number];
      std::string line(depth * 2, ' ');
      line += "● " + printable(run->info.id);
      if (!run->retries.empty())
        line += fmt::format("  retry {}", run->retries.front().attempt + 1);
      if (!run->waiting.empty()) line += "  " + printable(run->waiting.front().what);
      line = cut_to_width(line, size.columns - 1);
      lines.push_back(line);
      for (const auto& [workflow, counts] : node.counts)
        if (counts.completed + counts.failed + counts.running > 1 && lines.size() < lines_max)
          lines.push_back(std::string(depth * 2 + 2, ' ') +
                          cut_to_width(workflow, size.columns / 2) + counts_text(counts, colour_));
      for (size_t i = std::min(node.open.size(), kChildrenShown); i-- > 0;)
        look.emplace_back(node.open[i], depth + 1);
    }
  }
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  erase();
  write_stderr(text);
  drawn_lines_ = lines.size();
}

}  // namespace wakeful::cli
