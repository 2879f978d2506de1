// What an exploration of a test puts off, and when that happens after all (services.h).
#include "runtime/engine/state.h"

namespace wakeful {

/// `charge of order-1`
std::string Engine::State::label_of(RunId run, const LiveStep& step) {
  return step.name + " of " + find(run)->setup().id;
}

bool Engine::State::puts_off(const Dispatch& next) {
  LiveRunEntry* entry = services.interference == nullptr ? nullptr : find(next.run);
  if (entry == nullptr || entry->in_burst) return false;
  auto step = entry->steps.find(next.step.value);
  if (step == entry->steps.end()) return false;
  if (!services.interference->put_off(label_of(next.run, *step->second))) return false;
  put_off_dispatches.push_back(next);
  return true;
}

bool Engine::State::puts_off(LiveRunEntry& entry) {
  if (services.interference == nullptr || entry.in_burst) return false;
  if (!services.interference->put_off(entry.setup().id)) return false;
  put_off_runs.push_back(entry.number);
  return true;
}

/// What was put off can happen now. False: nothing was.
bool Engine::State::take_up() {
  if (put_off_runs.empty() && put_off_dispatches.empty()) return false;
  ready.insert(ready.end(), put_off_runs.begin(), put_off_runs.end());
  // Before any that has come meanwhile: they are in the order of their positions.
  dispatches.insert(dispatches.begin(), put_off_dispatches.begin(), put_off_dispatches.end());
  put_off_runs.clear();
  put_off_dispatches.clear();
  return true;
}

}  // namespace wakeful
