// Records as bytes. The layout is in FORMAT.md; the fields are the rows of records.def.
#include <fmt/format.h>

#include "lang/base/check.h"
#include "runtime/journal/journal.h"
#include "runtime/journal/record_frame.h"
#include "runtime/journal/wire.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace wakeful {
namespace {

constexpr unsigned kRecordVersion = 1;
constexpr size_t kChecksumBytes = 8;
// type, version, run, distance to the previous record, field mask: at least a byte each
constexpr size_t kLeastAfterLength = 5 + kChecksumBytes;

// One overload a wire type, so that the field table can be expanded without knowing which it is.
bool is_set(uint64_t value) { return value != 0; }
bool is_set(int64_t value) { return value != 0; }
bool is_set(const std::string& value) { return !value.empty(); }
void put(std::string& out, uint64_t value) { wire::put_varint(out, value); }
void put(std::string& out, int64_t value) { wire::put_varint(out, wire::zigzag(value)); }
void put(std::string& out, const std::string& value) { wire::put_text(out, value); }
void get(wire::Reader& in, uint64_t& value) { value = in.varint(); }
void get(wire::Reader& in, int64_t& value) { value = wire::unzigzag(in.varint()); }
void get(wire::Reader& in, std::string& value) { value = in.text(); }

uint32_t mask_of(const Record& record) {
  uint32_t mask = 0;
#define WF_FIELD(name, bit, wire, text) \
  if (is_set(record.name)) mask |= 1u << bit;
#include "runtime/run/records.def"
  return mask;
}

// A field that the table does not allow would be lost without a word: our own mistake, found here.
void check_fields(const Record& record, uint32_t mask) {
  const uint32_t extra = mask & ~fields_of(record.type);
  if (extra == 0) return;
#define WF_FIELD(name, bit, wire, text)                                                            \
  if (extra & 1u << bit)                                                                           \
    fmt::print(stderr, "a {} record carries the field `{}`, which records.def does not give it\n", \
               name_of(record.type), #name);
#include "runtime/run/records.def"
  WF_CHECK(extra == 0);
}

tl::unexpected<Error> newer(Lsn at, const std::string& what) {
  return fail(Fault::Store,
              fmt::format("the record at position {} has {}: it was written by a newer wf. "
                          "Upgrade wf to read this store",
                          at.value, what));
}

}  // namespace

tl::unexpected<Error> damaged_record(Lsn at, RunId run, const std::string& why) {
  const std::string whose = run ? fmt::format(" of run #{}", run.value) : std::string();
  return fail(Fault::Store,
              fmt::format("the store is damaged: the record{} at position {} {}. Restore the store "
                          "from a backup, or start a new one with --store",
                          whose, at.value, why));
}

void encode_record(const Record& record, Lsn at, std::string& out) {
  WF_CHECK(name_of(record.type) != nullptr);
  WF_CHECK(record.run && at && record.previous.value < at.value);
  const uint32_t mask = mask_of(record);
  check_fields(record, mask);

  thread_local std::string body;
  body.clear();
  body.push_back(static_cast<char>(record.type));
  body.push_back(static_cast<char>(kRecordVersion));
  wire::put_varint(body, record.run.value);
  wire::put_varint(body, record.previous ? at.value - record.previous.value : 0);
  wire::put_varint(body, mask);
#define WF_FIELD(name, bit, wire, text) \
  if (mask & 1u << bit) put(body, record.name);
#include "runtime/run/records.def"

  const size_t begin = out.size();
  wire::put_varint(out, body.size() + kChecksumBytes);
  out.append(body);
  wire::put_fixed64(out, XXH3_64bits_withSeed(out.data() + begin, out.size() - begin, at.value));
}

Result<RecordFrame> frame_record(std::string_view bytes, Lsn at) {
  wire::Reader in(bytes);
  const uint64_t length = in.varint();
  if (!in.ok() || length < kLeastAfterLength || length > in.left())
    return damaged_record(at, {}, "has an impossible length");
  const size_t size = bytes.size() - in.left() + length;

  RecordFrame frame;
  frame.size = size;
  frame.bytes = in.take(length - kChecksumBytes);
  wire::Reader header(frame.bytes);
  frame.type = header.take(1)[0];
  frame.version = static_cast<unsigned char>(header.take(1)[0]);
  frame.run = RunId{header.varint()};
  const char* checksum = bytes.data() + size - kChecksumBytes;
  if (XXH3_64bits_withSeed(bytes.data(), size - kChecksumBytes, at.value) !=
      wire::get_fixed64(checksum))
    return damaged_record(at, header.ok() ? frame.run : RunId{}, "does not match its checksum");
  if (!header.ok() || !frame.run) return damaged_record(at, {}, "names no run");
  return frame;
}

Result<Record> decode_frame(const RecordFrame& frame, Lsn at) {
  Record record;
  record.type = static_cast<RecordType>(frame.type);
  record.run = frame.run;
  if (frame.version != kRecordVersion) return newer(at, fmt::format("version {}", frame.version));
  if (name_of(record.type) == nullptr)
    return newer(at, fmt::format("type {}", unsigned{frame.type}));

  wire::Reader in(frame.bytes);
  in.take(2);
  in.varint();
  const uint64_t back = in.varint();
  if (back >= at.value) return damaged_record(at, record.run, "points before the beginning");
  record.previous = Lsn{back == 0 ? 0 : at.value - back};
  const uint64_t mask = in.varint();
  if (mask & ~uint64_t{fields_of(record.type)}) return newer(at, fmt::format("fields {:#x}", mask));
#define WF_FIELD(name, bit, wire, text) \
  if (mask & 1u << bit) get(in, record.name);
#include "runtime/run/records.def"
  if (!in.ok() || !in.at_end())
    return damaged_record(at, record.run, "does not hold the fields that it names");
  return record;
}

Result<Record> decode_record(std::string_view bytes, Lsn at, size_t& used) {
  auto frame = frame_record(bytes, at);
  if (!frame) return tl::unexpected(frame.error());
  used = frame->size;
  return decode_frame(*frame, at);
}

}  // namespace wakeful
