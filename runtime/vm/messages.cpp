#include "runtime/vm/messages.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/values/heap.h"

namespace wakeful {

std::string a_value(Value v) {
  if (v.is_null() || v.is_absent()) return "null";
  const std::string name = type_name(v);
  const bool vowel = name[0] == 'i' || name[0] == 'e';
  return (vowel ? "an " : "a ") + name;
}

std::string counted(int64_t count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

namespace {

constexpr size_t kNameMax = 64;  // longer names are not compared

std::string plain(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (c != '_') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return out;
}

/// Insertions, removals, replacements and swaps of neighbours that lead from a to b.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> rows(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) rows[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.size()][b.size()];
}

}  // namespace

std::string nearest_of(std::string_view name, const std::vector<std::string_view>& names) {
  if (name.empty() || name.size() > kNameMax) return "";
  const std::string wanted = plain(name);
  size_t best = std::max<size_t>(1, wanted.size() / 3) + 1;
  std::string_view found;
  for (std::string_view candidate : names) {
    if (candidate.size() > kNameMax) continue;
    const size_t far = distance(wanted, plain(candidate));
    if (far < best && far < wanted.size()) {
      best = far;
      found = candidate;
    }
  }
  return std::string(found);
}

std::string bool_wanted(Value v) {
  const char* remedy = "compare it, for example with `!= null`";
  switch (v.tag) {
    case Tag::Null:
    case Tag::Absent:
      remedy = "use `?? false`, or compare with `!= null`";
      break;
    case Tag::Int:
    case Tag::Float:
      remedy = "use `!= 0`";
      break;
    case Tag::String:
      remedy = "use `!= \"\"` or `!= null`";
      break;
    case Tag::List:
    case Tag::Map:
    case Tag::Range:
      remedy = "use `.len() > 0` or `!= null`";
      break;
    default:
      break;
  }
  return fmt::format("a condition must be a bool, got {}; {}", a_value(v), remedy);
}

const char* word_of(Op op) {
  switch (op) {
    case Op::Gather:
      return "gather";
    case Op::WaitAny:
    case Op::StreamNew:
    case Op::StreamNext:
      return "wait_any";
    case Op::Race:
      return "race";
    case Op::Batch:
      return "batch";
    case Op::Compensate:
      return "compensate";
    case Op::On:
      return "on";
    default:
      return "spawn";
  }
}

}  // namespace wakeful
