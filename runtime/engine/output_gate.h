// What must not leave before everything that led to it is durable: lines of scripts, ends of runs.
#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "runtime/engine/engine.h"

namespace wakeful {

/// One line of a script.
struct OutputLine {
  const char* level = nullptr;  // null: print
  std::string text;
  std::string fields_json;
};

/// Things go out in the order in which they were put in, each once its position is durable.
class OutputGate {
 public:
  struct Item {
    Lsn position;  // everything before it must be durable
    RunId run;
    std::vector<OutputLine> lines;
    bool last = false;      // the run has ended: its lines are noted as released
    bool announce = false;  // run_ended
  };

  void put(Item item) { items_.push_back(std::move(item)); }
  bool empty() const { return items_.empty(); }
  uint32_t count(RunId run) const {
    uint32_t count = 0;
    for (const Item& item : items_) count += item.run == run;
    return count;
  }
  size_t size() const { return items_.size(); }
  /// Puts those behind the first `kept` into the order of `less`, which compares their runs.
  template <class Less>
  void order(size_t kept, Less less) {
    const auto from = items_.begin() + static_cast<std::ptrdiff_t>(kept);
    std::stable_sort(from, items_.end(),
                     [&](const Item& a, const Item& b) { return less(a.run, b.run); });
  }
  bool ready(Lsn durable) const { return !items_.empty() && items_.front().position <= durable; }
  Item take() {
    Item item = std::move(items_.front());
    items_.pop_front();
    return item;
  }

  static void write(EngineOutput& output, RunId run, const OutputLine& line) {
    if (line.level == nullptr) {
      output.print(line.text);
    } else {
      output.log(run, line.level, line.text, line.fields_json);
    }
  }

 private:
  std::deque<Item> items_;
};

}  // namespace wakeful
