// The two halves of decode_record, for passes over many records that want only some of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lang/base/error.h"
#include "runtime/run/record.h"

namespace wakeful {

/// A record whose checksum agrees, with its fields still as bytes (valid as long as what it was
/// made of).
struct RecordFrame {
  size_t size = 0;  // with length and checksum
  uint8_t type = 0;
  uint8_t version = 0;
  RunId run;
  std::string_view bytes;  // from the type to the last field
};

/// Checks length and checksum of the record at the start of `bytes`. Never reads out of bounds.
Result<RecordFrame> frame_record(std::string_view bytes, Lsn at);
Result<Record> decode_frame(const RecordFrame& frame, Lsn at);

/// Fault::Store: `why` completes "the record of run #7 at position 12 …".
tl::unexpected<Error> damaged_record(Lsn at, RunId run, const std::string& why);

}  // namespace wakeful
