// The live tree on a terminal: what runs, its children folded by counts, and the line that each
// waits on. Drawn on stderr, at most ten times a second, erased before anything else is written and
// at the end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/cli/command_line.h"
#include "runtime/engine/engine.h"

namespace wakeful::cli {

class Progress {
 public:
  /// Only where stderr is a terminal that can move its cursor.
  static bool wanted();
  /// Draws while the engine works. All must outlive the last call of work_until_ended().
  Progress(const CommandLine& line, const Journal& journal, Engine& engine);
  void watch(const std::vector<RunId>& runs) { runs_ = runs; }
  /// Takes the drawing off the screen; the next tick draws it again.
  void erase();

 private:
  struct Size {
    size_t columns = 80;
    size_t rows = 24;
  };
  static Size terminal_size();
  void tick();
  std::vector<std::string> lines(Size size);
  void add_tree(std::vector<std::string>& lines, RunId root, Size size);
  std::string run_line(const LiveRun& run, size_t depth, size_t columns);
  std::vector<std::string> count_lines(RunId parent, size_t depth, size_t columns);
  std::string place_of(const LiveRun& run);
  const Program* program_of(const RunInfo& info);

  const Journal& journal_;
  Engine& engine_;
  bool colour_;
  std::vector<RunId> runs_;
  size_t drawn_ = 0;     // lines on the screen
  int64_t next_us_ = 0;  // not drawn before
  std::unordered_map<std::string, std::unique_ptr<Program>> programs_;
};

}  // namespace wakeful::cli
