// The live tree on a terminal: what runs, folded by counts, and the line that each waits on. Drawn
// on stderr, at most ten times a second, erased before anything else is written and at the end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/cli/command_line.h"
#include "runtime/engine/engine.h"

namespace wakeful::cli {

class Progress {
 public:
  /// Only where stderr is a terminal that can move its cursor.
  static bool wanted();
  Progress(const CommandLine& line, Engine& engine);
  void watch(const std::vector<RunId>& runs) { runs_ = runs; }
  /// Takes the drawing off the screen; the next tick draws it again.
  void erase();

 private:
  void draw();
  Engine& engine_;
  bool colour_;
  std::vector<RunId> runs_;
  size_t drawn_lines_ = 0;
};

}  // namespace wakeful::cli
