#include "runtime/cli/line_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace wakeful::cli {
namespace {

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

}  // namespace

std::string line_diff(std::string_view before, std::string_view after, size_t lines_max) {
  Lines a = split(before), b = split(after);
  size_t same = 0;
  while (same < a.size() && same < b.size() && a[same] == b[same]) ++same;
  while (a.size() > same && b.size() > same && a.back() == b.back()) a.pop_back(), b.pop_back();
  a.erase(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(same));
  b.erase(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(same));

  constexpr size_t kCellsMax = 4'000'000;  // beyond, all lines count as different
  const bool large = a.size() * b.size() > kCellsMax;
  const Common common = large ? Common({}, {}) : Common(a, b);
  std::string out;
  size_t shown = 0, left_out = 0;
  auto show = [&](size_t number, char sign, std::string_view line) {
    if (shown == lines_max) return void(++left_out);
    ++shown;
    out += fmt::format("{:>5} {} {}\n", same + number + 1, sign, line);
  };
  for (size_t i = 0, k = 0; i < a.size() || k < b.size();) {
    if (!large && i < a.size() && k < b.size() && a[i] == b[k]) {
      ++i, ++k;
    } else if (i < a.size() &&
               (k == b.size() || large || common.at(i + 1, k) >= common.at(i, k + 1))) {
      show(i, '-', a[i]), ++i;
    } else {
      show(k, '+', b[k]), ++k;
    }
  }
  if (left_out > 0) out += fmt::format("      … {} more lines differ\n", left_out);
  return out;
}

}  // namespace wakeful::cli
