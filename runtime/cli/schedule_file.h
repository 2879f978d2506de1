// Schedules of `wf test --explore` as files that people can read.
#pragma once

#include <string>

#include "lang/base/error.h"
#include "runtime/testing/explore.h"

namespace wakeful::cli {

struct ScheduleFile {
  std::string file;  // the script
  std::string test;  // its title
  Schedule schedule;
};

/// {"schedule": 1, "file", "test", "kind", "choices": [{"at", "what"}]}
std::string schedule_text(const ScheduleFile& file);
/// Fault::Usage names what is wrong with it.
Result<ScheduleFile> read_schedule(const std::string& path);

/// `crash`, `order`, `failure`.
const char* kind_name(Schedule::Kind kind);
/// `the process dies after 3 of 40 records`, …
std::string schedule_words(const Schedule& schedule);

}  // namespace wakeful::cli
