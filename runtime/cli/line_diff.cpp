#include "runtime/cli/line_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "runtime/cli/output.h"

namespace wakeful::cli {
namespace {

constexpr size_t kContext = 2;           // equal lines around a difference of values
constexpr size_t kCellsMax = 4'000'000;  // of the table; beyond it, all lines count as different

using Lines = std::vector<std::string_view>;

Lines split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

struct Line {
  char sign;      // ' ' where both have it, '-', '+'
  size_t number;  // from 0, in the text that has it
  std::string_view text;
};

/// For each pair of places how many lines the rests have in common.
class Common {
 public:
  Common(const Lines& a, const Lines& b) : width_(b.size() + 1), table_((a.size() + 1) * width_) {
    for (size_t i = a.size(); i-- > 0;) {
      for (size_t k = b.size(); k-- > 0;) {
        table_[i * width_ + k] =
            a[i] == b[k] ? at(i + 1, k + 1) + 1 : std::max(at(i + 1, k), at(i, k + 1));
      }
    }
  }
  uint32_t at(size_t i, size_t k) const { return table_[i * width_ + k]; }

 private:
  size_t width_;
  std::vector<uint32_t> table_;
};

std::vector<Line> compare(Lines a, Lines b) {
  size_t same = 0, tail = 0;
  while (same < a.size() && same < b.size() && a[same] == b[same]) ++same;
  while (tail < std::min(a.size(), b.size()) - same &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
    ++tail;
  const Lines middle_a(a.begin() + static_cast<long>(same), a.end() - static_cast<long>(tail));
  const Lines middle_b(b.begin() + static_cast<long>(same), b.end() - static_cast<long>(tail));
  const bool large = middle_a.size() * middle_b.size() > kCellsMax;
  const Common common = large ? Common({}, {}) : Common(middle_a, middle_b);
  std::vector<Line> out;
  for (size_t i = 0; i < same; ++i) out.push_back({' ', i, a[i]});
  for (size_t i = 0, k = 0; i < middle_a.size() || k < middle_b.size();) {
    const bool both = !large && i < middle_a.size() && k < middle_b.size();
    const bool left = i < middle_a.size() && (!both || common.at(i + 1, k) >= common.at(i, k + 1));
    if (both && middle_a[i] == middle_b[k]) {
      out.push_back({' ', same + i, middle_a[i]}), ++i, ++k;
    } else if (left) {
      out.push_back({'-', same + i, middle_a[i]}), ++i;
    } else {
      out.push_back({'+', same + k, middle_b[k]}), ++k;
    }
  }
  for (size_t i = a.size() - tail; i < a.size(); ++i) out.push_back({' ', i, a[i]});
  return out;
}

/// Which lines are shown: those that differ, and so many equal ones around them.
std::vector<bool> near_differences(const std::vector<Line>& lines, size_t context) {
  std::vector<bool> near(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].sign == ' ') continue;
    const size_t end = std::min(lines.size(), i + context + 1);
    for (size_t j = i - std::min(i, context); j < end; ++j) near[j] = true;
  }
  return near;
}

}  // namespace

std::string line_diff(std::string_view before, std::string_view after, size_t lines_max) {
  std::string out;
  size_t shown = 0, left_out = 0;
  for (const Line& line : compare(split(before), split(after))) {
    if (line.sign == ' ') continue;
    if (shown == lines_max) {
      ++left_out;
      continue;
    }
    ++shown;
    out += fmt::format("{:>5} {} {}\n", line.number + 1, line.sign, line.text);
  }
  if (left_out > 0) out += fmt::format("      … {} more lines differ\n", left_out);
  return out;
}

std::string value_diff(std::string_view left, std::string_view right, size_t lines_max,
                       bool colour) {
  const std::vector<Line> lines = compare(split(left), split(right));
  const std::vector<bool> near = near_differences(lines, kContext);
  std::string out;
  size_t shown = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (shown == lines_max) return out + fmt::format("  … {} more lines\n", lines.size() - i);
    if (near[i]) {
      ++shown;
      const Colour paint = lines[i].sign == '-'   ? Colour::Red
                           : lines[i].sign == '+' ? Colour::Green
                                                  : Colour::None;
      out += coloured(colour, paint, fmt::format("{} {}", lines[i].sign, lines[i].text)) + "\n";
      continue;
    }
    const auto next = std::find(near.begin() + static_cast<long>(i), near.end(), true);
    const size_t hidden = static_cast<size_t>(next - near.begin()) - i;
    out += fmt::format("  … {} equal line{}\n", hidden, hidden == 1 ? "" : "s");
    i += hidden - 1;
  }
  return out;
}

}  // namespace wakeful::cli
