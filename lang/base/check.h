// WF_CHECK: assertions for our own mistakes. On in release: a crash costs a replay, a wrong record
// costs a customer. Never used for what a script, an input or a disk can cause.
#pragma once

namespace wakeful {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define WF_CHECK(condition)                                  \
  (__builtin_expect(!!(condition), 1) ? static_cast<void>(0) \
                                      : ::wakeful::check_failed(#condition, __FILE__, __LINE__))
