#include "runtime/engine/carriers.h"

#include <boost/fiber/all.hpp>
#include <deque>
#include <vector>

#include "lang/base/check.h"

namespace wakeful {

namespace fibers = boost::fibers;

struct Carriers::Inside {
  fibers::mutex mutex;
  fibers::condition_variable changed;
  std::deque<std::function<void()>> jobs;
  std::vector<fibers::fiber> fibers;
  size_t idle = 0;
  size_t busy = 0;
  size_t waiting = 0;  // at gates that are not open
  bool closing = false;

  void carry() {
    std::unique_lock lock(mutex);
    for (;;) {
      ++idle;
      changed.wait(lock, [this] { return closing || !jobs.empty(); });
      --idle;
      if (jobs.empty()) return;
      std::function<void()> job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      --busy;
      lock.lock();
    }
  }
};

Carriers::Carriers() : inside_(std::make_unique<Inside>()) {}

Carriers::~Carriers() {
  WF_CHECK(inside_->busy == 0);
  {
    std::unique_lock lock(inside_->mutex);
    inside_->closing = true;
    inside_->changed.notify_all();
  }
  for (fibers::fiber& fiber : inside_->fibers) fiber.join();
}

void Carriers::start(std::function<void()> job) {
  Inside& in = *inside_;
  ++in.busy;
  in.jobs.push_back(std::move(job));
  if (in.jobs.size() > in.idle) {
    in.fibers.emplace_back(fibers::launch::post, std::allocator_arg,
                           fibers::fixedsize_stack(kStackBytes), [&in] { in.carry(); });
  } else {
    in.changed.notify_one();
  }
}

size_t Carriers::busy() const { return inside_->busy; }
void Carriers::yield() { boost::this_fiber::yield(); }
bool Carriers::runnable() const { return inside_->busy > inside_->waiting; }

// --- gates
// --------------------------------------------------------------------------------------------

struct FiberGate::Inside {
  Carriers::Inside& carriers;
  fibers::mutex mutex;
  fibers::condition_variable changed;
  bool open = false;
  bool waited = false;
};

FiberGate::FiberGate(Carriers& carriers)
    : inside_(new Inside{*carriers.inside_, {}, {}, false, false}) {}
FiberGate::~FiberGate() = default;

void FiberGate::wait() {
  std::unique_lock lock(inside_->mutex);
  if (inside_->open) return;
  inside_->waited = true;
  ++inside_->carriers.waiting;
  inside_->changed.wait(lock, [this] { return inside_->open; });
}

void FiberGate::open() {
  std::unique_lock lock(inside_->mutex);
  if (inside_->open) return;
  inside_->open = true;
  if (!inside_->waited) return;
  --inside_->carriers.waiting;
  inside_->changed.notify_all();
}

}  // namespace wakeful
