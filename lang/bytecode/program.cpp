#include "lang/bytecode/program.h"

#include <algorithm>

namespace wakeful {

Span Function::place_of(uint32_t pc) const {
  auto after = std::upper_bound(places.begin(), places.end(), pc,
                                [](uint32_t at, const Place& place) { return at < place.pc; });
  return after == places.begin() ? span : std::prev(after)->span;
}

namespace {
template <class T>
int find_by_name(const std::vector<T>& list, std::string_view name) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i].name == name) return static_cast<int>(i);
  }
  return -1;
}
}  // namespace

int Program::find_workflow(std::string_view name) const { return find_by_name(workflows, name); }
int Program::find_activity(std::string_view name) const { return find_by_name(activities, name); }
// Top-level functions have lower numbers than the closures inside them, so the first one is meant.
int Program::find_function(std::string_view name) const { return find_by_name(functions, name); }

}  // namespace wakeful
