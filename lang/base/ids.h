// Typed numbers: a run's number cannot be passed as a step's.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace wakeful {

template <class Tag>
struct Id {
  uint64_t value = 0;  // 0 means "none"
  explicit operator bool() const { return value != 0; }
  auto operator<=>(const Id&) const = default;
};

using RunId = Id<struct RunTag>;    // the internal number of a run in its store, from 1
using StepId = Id<struct StepTag>;  // a step of a run, from 1, in the order of their commands
using Lsn = Id<struct LsnTag>;      // place of a record in the journal: its byte position, from 1

}  // namespace wakeful

template <class Tag>
struct std::hash<wakeful::Id<Tag>> {
  size_t operator()(wakeful::Id<Tag> id) const noexcept { return std::hash<uint64_t>{}(id.value); }
};
