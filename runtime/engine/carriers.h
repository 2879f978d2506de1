// Fibers of the engine's thread: a few that carry runnable runs, and as many as there are attempts
// in progress. A run that waits holds none. Boost.Fiber is included in carriers.cpp only.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace wakeful {

/// Jobs on fibers that are kept for the next one. All calls from the engine's thread.
class Carriers {
 public:
  /// Natives recurse with the nesting of values (1,000 levels in a codec, 10,000 in a comparison),
  /// so a fiber that runs scripts gets the room that a thread would have; pages that are not
  /// touched cost nothing.
  static constexpr size_t kStackBytes = size_t{2} << 20;

  Carriers();
  /// REQUIRES: no job is in progress.
  ~Carriers();

  /// Starts `job` on a fiber; it runs as soon as the caller yields.
  void start(std::function<void()> job);
  /// Jobs that have not ended.
  size_t busy() const;
  /// Whether one of them could go on now. (Boost's own answer counts its dispatcher too, so it is
  /// always yes.)
  bool runnable() const;
  /// Lets other fibers run; comes back when each that could had its turn.
  static void yield();

 private:
  friend class FiberGate;
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

/// Where a fiber waits for one event of the engine's thread. One use each; open() may come first,
/// and more than once.
class FiberGate {
 public:
  explicit FiberGate(Carriers& carriers);
  ~FiberGate();
  void wait();
  void open();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace wakeful
