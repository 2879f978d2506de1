#include <catch2/catch.hpp>

#include "runtime/journal/journal.h"
#include "runtime/journal/record_frame.h"
#include "runtime/journal/test_records.h"

using namespace wakeful;
using namespace wakeful::test;

namespace {

Record sample() {
  Record record;
  record.type = RecordType::StepEnded;
  record.run = RunId{7};
  record.previous = Lsn{90};
  record.step = 3;
  record.time = -5;
  record.value = "\x81\x01";
  return record;
}

}  // namespace

TEST_CASE("every type of record comes back as it was, whatever its fields") {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    for (RecordType type : kAllTypes) {
      Record record = any_record(type, random, round == 0 ? 200000 : 300);
      const Lsn at{1 + any_number(random) % (uint64_t{1} << 62)};
      record.run = RunId{1 + any_number(random) % (uint64_t{1} << 62)};
      record.previous = Lsn{any_number(random) % at.value};
      std::string bytes = "before";
      encode_record(record, at, bytes);
      const size_t size = bytes.size() - 6;
      bytes += "after";
      size_t used = 0;
      auto decoded = decode_record(std::string_view(bytes).substr(6), at, used);
      REQUIRE(decoded);
      CHECK(*decoded == record);
      CHECK(used == size);
    }
  }
}

TEST_CASE("the layout of a record is that of FORMAT.md") {
  std::string bytes;
  encode_record(sample(), Lsn{100}, bytes);
  // length 18, type 13, version 1, run 7, 10 back, fields step|time|value, 3, zigzag(-5), 2 bytes
  const unsigned char expected[] = {18, 13, 1, 7, 10, 0x23, 3, 9, 2, 0x81, 1};
  REQUIRE(bytes.size() == sizeof expected + 8);
  CHECK(bytes.compare(0, sizeof expected, reinterpret_cast<const char*>(expected),
                      sizeof expected) == 0);
}

TEST_CASE("any flipped bit, any cut and any other place is an error that names the position") {
  std::string bytes;
  encode_record(sample(), Lsn{100}, bytes);
  size_t used = 0;
  REQUIRE(decode_record(bytes, Lsn{100}, used));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    auto decoded = decode_record(flipped, Lsn{100}, used);
    REQUIRE(!decoded);
    CHECK(decoded.error().fault == Fault::Store);
    CHECK(decoded.error().message.find("position 100") != std::string::npos);
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK(!decode_record(std::string_view(bytes).substr(0, size), Lsn{100}, used));
  }
  CHECK(!decode_record(bytes, Lsn{101}, used));
  CHECK(!decode_record(bytes, Lsn{99}, used));
}

TEST_CASE("a damaged record names the run that its header names") {
  std::string bytes;
  encode_record(sample(), Lsn{100}, bytes);
  bytes.back() ^= 1;
  size_t used = 0;
  const auto decoded = decode_record(bytes, Lsn{100}, used);
  REQUIRE(!decoded);
  CHECK(decoded.error().message.find("run #7") != std::string::npos);
}

TEST_CASE("hostile bytes are errors and never read out of bounds") {
  Random random(2);
  for (int round = 0; round < 100000; ++round) {
    // A copy of exactly the size, so that the sanitizer sees a read behind it.
    const std::string bytes = any_bytes(random, 64);
    const std::vector<char> exact(bytes.begin(), bytes.end());
    size_t used = 0;
    CHECK(!decode_record(std::string_view(exact.data(), exact.size()), Lsn{1 + random() % 1000},
                         used));
  }
}

TEST_CASE("hostile bytes behind a good checksum are errors, too") {
  Random random(3);
  for (int round = 0; round < 50000; ++round) {
    const std::string bytes = any_bytes(random, 32);
    RecordFrame frame;
    frame.bytes = std::string_view(bytes);
    if (bytes.size() < 2) continue;
    frame.type = static_cast<uint8_t>(bytes[0]);
    frame.version = 1;
    frame.run = RunId{1};
    const auto decoded = decode_frame(frame, Lsn{1 + random() % 1000});
    if (decoded) CHECK((fields_of(decoded->type) != 0 && decoded->previous.value < 1000));
  }
}

TEST_CASE("a type, version or field of later says so") {
  const std::string body("\x0d\x02\x07\x00\x00", 5);
  RecordFrame frame;
  frame.bytes = body;
  frame.type = 13;
  frame.version = 2;
  frame.run = RunId{7};
  CHECK(decode_frame(frame, Lsn{1}).error().message.find("newer wf") != std::string::npos);
  frame.version = 1;
  frame.type = 200;
  CHECK(decode_frame(frame, Lsn{1}).error().message.find("newer wf") != std::string::npos);
}
