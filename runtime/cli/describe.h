// Records in words and as JSON, with their source places.
#pragma once

#include <string>
#include <unordered_map>

#include "lang/bytecode/program.h"
#include "runtime/cli/output.h"
#include "runtime/journal/journal.h"

namespace wakeful::cli {

/// `order.wf:12:5`, or "" where the record names no place of this program.
std::string place_text(const Program* program, Place place);
/// The source line of a place, for people: `   12 |   let x = Child()`, or "".
std::string source_line(const Program* program, Place place);

/// Puts the records of one run into words, in their order: a step's end says what the step was.
class Describer {
 public:
  /// `program` may be null: places are left out then.
  Describer(const Journal& journal, const RunInfo& info, const Program* program);
  /// One line without its time and place.
  std::string words(const Record& record);
  void write(JsonWriter& json, Lsn at, const Record& record) const;

 private:
  std::string step_label(const Record& record);
  std::string child_outcome(const Record& ended) const;

  const Journal& journal_;
  const RunInfo& info_;
  const Program* program_;
  std::unordered_map<uint64_t, std::string> steps_;  // what each open step is
  std::unordered_map<std::string, std::string> updates_;  // the names of updates, by id
};

/// What `kind` says in a record of its type: `completed`, `sleep`, `user` …; "" where it carries
/// none.
std::string kind_text(const Record& record);

/// JSON of a CBOR value, cut for people.
std::string short_value(const std::string& cbor);

}  // namespace wakeful::cli
