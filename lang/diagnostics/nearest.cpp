// The nearest of some names: "did you mean `charge`?"
#include <algorithm>
#include <vector>

#include "lang/diagnostics/diagnostics.h"

namespace wakeful {

namespace {

constexpr size_t kCutOffMin = 4;      // a shorter name is not taken for the beginning of another
constexpr size_t kNameBytesMax = 64;  // longer names are not compared: the table below is quadratic

char folded(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c == '-' ? '_' : c;
}

constexpr size_t kLetter = 4;  // what a letter weighs; a change of case or a lost `_` weighs 1

/// Edit distance with swaps of neighbours, in those weights.
size_t distance_of(std::string_view a, std::string_view b) {
  auto gap = [](char c) -> size_t { return c == '_' ? 1 : kLetter; };
  auto change = [](char x, char y) -> size_t {
    return x == y ? 0 : folded(x) == folded(y) ? 1 : kLetter;
  };
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 1; i <= a.size(); ++i) d[i][0] = d[i - 1][0] + gap(a[i - 1]);
  for (size_t j = 1; j <= b.size(); ++j) d[0][j] = d[0][j - 1] + gap(b[j - 1]);
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + gap(a[i - 1]), d[i][j - 1] + gap(b[j - 1]),
                          d[i - 1][j - 1] + change(a[i - 1], b[j - 1])});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + kLetter);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  if (name.empty() || name.size() > kNameBytesMax) return "";
  // A third of the name may differ; one letter in names of three or four, none but case in shorter
  // ones.
  const size_t most = name.size() < 3 ? 2 : std::max<size_t>(1, name.size() / 3) * kLetter;
  std::string best;
  size_t best_distance = most + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kNameBytesMax || candidate == name) continue;
    size_t distance = distance_of(name, candidate);
    if (distance < best_distance ||
        (distance == best_distance && distance <= most && candidate < best)) {
      best = candidate;
      best_distance = distance;
    }
  }
  if (!best.empty()) return best;
  // Cut off at a `_`: `start_to_close` for `start_to_close_timeout`.
  for (const std::string& candidate : candidates) {
    const bool begins = candidate.size() > name.size() && candidate[name.size()] == '_' &&
                        std::string_view(candidate).substr(0, name.size()) == name;
    if (begins && name.size() >= kCutOffMin && (best.empty() || candidate < best)) best = candidate;
  }
  return best;
}

}  // namespace wakeful
