// What a function that can fail gives back. Errors of scripts are values (runtime/values); this one
// is for the program around them: files, stores, input, arguments.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace wakeful {

/// Who must act, and so which exit code `wf` ends with (cli.md).
enum class Fault : uint8_t {
  Usage,     // 2: wrong arguments or input
  Script,    // 3: the script has errors; diagnostics were collected elsewhere
  Store,     // 4: the store is in use, damaged, full, of another version
  Replay,    // 5: replay differs from history
  NotFound,  // 1: no such run, program …
  Internal,  // 1
};

struct Error {
  Fault fault = Fault::Internal;
  std::string message;  // what was expected, what came, where, and what to try
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Fault fault, std::string message) {
  return tl::unexpected<Error>(Error{fault, std::move(message)});
}

}  // namespace wakeful
