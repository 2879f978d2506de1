// matches(): RE2, which needs time linear in the text and memory that we bound.
#include <re2/re2.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "stdlib/native/natives.h"

namespace wakeful::native {
namespace {

constexpr int64_t kProgramBytesMax = 8 << 20;
constexpr int kGroupsMax = 1000;
constexpr size_t kCacheMax = 64;

/// Compiled patterns of this thread: a loop uses the same one again and again. Changes no result.
const RE2& compiled(const std::string& pattern) {
  thread_local std::unordered_map<std::string, std::unique_ptr<RE2>> cache;
  auto it = cache.find(pattern);
  if (it == cache.end()) {
    if (cache.size() >= kCacheMax) cache.clear();
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kProgramBytesMax);
    it = cache.emplace(pattern, std::make_unique<RE2>(pattern, options)).first;
  }
  return *it->second;
}

}  // namespace

bool string_matches(NativeContext& cx, Value* args, Value& result) {
  String* pattern;
  if (!want_string(cx, args[1], "matches()", "regex", pattern)) return false;
  const RE2& regex = compiled(std::string(pattern->view()));
  if (!regex.ok()) {
    return cx.fail(
        "ArgumentError",
        fmt::format("matches() takes a regular expression (RE2 syntax): {}", regex.error()));
  }
  const int groups = regex.NumberOfCapturingGroups() + 1;
  if (groups > kGroupsMax) {
    return cx.fail(
        "ArgumentError",
        fmt::format("matches() takes a regular expression of at most {} groups", kGroupsMax));
  }
  const String* s = args[0].as<String>();
  const re2::StringPiece text(s->data, s->bytes);
  std::vector<re2::StringPiece> found(static_cast<size_t>(groups));
  result = Value::null();
  if (!regex.Match(text, 0, text.size(), RE2::UNANCHORED, found.data(), groups)) return true;
  uint64_t bytes = 0;
  for (const auto& group : found) bytes += group.size();
  if (!check_fits(cx, "matches()", bytes)) return false;
  List* out = make_list(cx.heap, static_cast<uint32_t>(groups));
  for (const auto& group : found) {
    list_push(cx.heap, out,
              group.data() ? string_value(cx.heap, {group.data(), group.size()}) : Value::null());
  }
  result = Value::of(out);
  return true;
}

}  // namespace wakeful::native
