// What a store must be after a power cut. Runs in a child process: a crash is a finding like any
// other.
#pragma once

#include <cstdint>
#include <string>

namespace wakeful::powercut {

enum class Verdict : uint8_t { Sound, Lost, Damaged, Wrong, Crashed };

struct Finding {
  Verdict verdict = Verdict::Sound;
  std::string what;
};

/// A store that journal_writer has written: the records are the first of the known sequence, at
/// least as many as were acknowledged in `released`; more can be appended, and are there after the
/// next opening.
Finding check_known_records(const std::string& store, const std::string& shape,
                            const std::string& released);

/// A store that `wf run` has written. In `released`, what left the process, each line claims
/// something of the history:
///   effect KEY    the step of this idempotency key was scheduled before its program ran
///   after N       at least N steps of the root had ended
///   result …      the root had ended
/// Other lines claim nothing.
Finding check_run(const std::string& store, const std::string& released);

}  // namespace wakeful::powercut
