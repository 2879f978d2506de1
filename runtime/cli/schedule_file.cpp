#include "runtime/cli/schedule_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "runtime/cli/output.h"
#include "runtime/values/codec.h"

namespace wakeful::cli {
namespace {

using Kind = Schedule::Kind;

constexpr int64_t kVersion = 1;
constexpr Kind kKinds[] = {Kind::Crash, Kind::Order, Kind::Failure};

std::string text_at(Map* map, std::string_view key) {
  const Value* found = map_find(map, key);
  return found && found->is(Tag::String) ? std::string(found->string()->view()) : "";
}

/// "" or what is wrong.
std::string read_value(Value value, ScheduleFile& file) {
  if (!value.is(Tag::Map)) return "it is no JSON object";
  Map* map = value.map();
  const Value* version = map_find(map, "schedule");
  if (!version || !version->is(Tag::Int) || version->integer != kVersion)
    return "it has no \"schedule\": 1";
  file.file = text_at(map, "file");
  file.test = text_at(map, "test");
  if (file.test.empty()) return "it names no \"test\"";
  const std::string kind = text_at(map, "kind");
  bool known = false;
  for (const Kind k : kKinds)
    if (kind == kind_name(k)) {
      file.schedule.kind = k;
      known = true;
    }
  if (!known) return "its \"kind\" is none of crash, order, failure";
  const Value* choices = map_find(map, "choices");
  if (!choices || !choices->is(Tag::List)) return "it has no list of \"choices\"";
  for (uint32_t i = 0; i < choices->list()->count; ++i) {
    const Value choice = choices->list()->begin()[i];
    const Value* at = choice.is(Tag::Map) ? map_find(choice.map(), "at") : nullptr;
    if (!at || !at->is(Tag::Int) || at->integer < 0)
      return fmt::format("the \"at\" of choice {} is no number from 0 on", i + 1);
    file.schedule.choices.push_back(
        {static_cast<uint64_t>(at->integer), text_at(choice.map(), "what")});
  }
  return "";
}

}  // namespace

const char* kind_name(Kind kind) {
  switch (kind) {
    case Kind::Crash:
      return "crash";
    case Kind::Order:
      return "order";
    case Kind::Failure:
      return "failure";
  }
  return "";
}

std::string schedule_words(const Schedule& schedule) {
  std::string what;
  for (size_t i = 0; i < schedule.choices.size(); ++i)
    what += (i > 0 ? ", then " : "") + printable(schedule.choices[i].what);
  switch (schedule.kind) {
    case Kind::Crash:
      return "the process dies " + what + ", and another one goes on";
    case Kind::Order:
      return what + (schedule.choices.size() > 1 ? " wait" : " waits") +
             " until nothing else can happen";
    case Kind::Failure:
      return what + " fails";
  }
  return "";
}

std::string schedule_text(const ScheduleFile& file) {
  std::string choices;
  for (const Schedule::Choice& choice : file.schedule.choices) {
    JsonWriter json;
    json.begin_object().key("at").number(static_cast<int64_t>(choice.at));
    json.key("what").text(choice.what).end_object();
    choices += (choices.empty() ? "\n    " : ",\n    ") + json.json();
  }
  const auto quoted = [](const std::string& text) { return JsonWriter().text(text).json(); };
  return fmt::format(
      "{{\n  \"schedule\": {},\n  \"file\": {},\n  \"test\": {},\n  \"kind\": \"{}\",\n"
      "  \"choices\": [{}\n  ]\n}}\n",
      kVersion, quoted(file.file), quoted(file.test), kind_name(file.schedule.kind), choices);
}

Result<ScheduleFile> read_schedule(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (in && in.peek() != EOF) text << in.rdbuf();
  const std::string name = printable(path);
  if (!in.is_open() || in.bad())
    return fail(Fault::Usage,
                fmt::format("cannot read `{}`: {}", name, std::strerror(errno ? errno : EIO)));
  Heap heap;
  Value value;
  std::string wrong;
  ScheduleFile file;
  if (from_json(heap, text.str(), value, wrong)) wrong = read_value(value, file);
  if (!wrong.empty())
    return fail(Fault::Usage, fmt::format("`{}` is no schedule: {}", name, wrong));
  return file;
}

}  // namespace wakeful::cli
