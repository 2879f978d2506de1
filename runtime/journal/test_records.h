// What the journal's tests have in common: a scratch folder, random records.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>

#include "runtime/run/record.h"

namespace wakeful::test {

struct ScratchFolder {
  ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "wf-journal-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  std::string path;
};

using Random = std::mt19937_64;

inline uint64_t any_number(Random& random) { return random() >> (random() % 64); }

inline std::string any_bytes(Random& random, size_t size_max) {
  std::string bytes(random() % (size_max + 1), '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// One overload a wire type of records.def.
inline void fill(uint64_t& field, Random& random, size_t) { field = any_number(random); }
inline void fill(int64_t& field, Random& random, size_t) {
  field = static_cast<int64_t>(any_number(random)) * (random() % 2 ? 1 : -1);
}
inline void fill(std::string& field, Random& random, size_t size_max) {
  field = any_bytes(random, size_max);
}

/// A record of this type with about half of the fields that it may carry.
inline Record any_record(RecordType type, Random& random, size_t size_max = 40) {
  Record record;
  record.type = type;
  const uint32_t fields = fields_of(type) & static_cast<uint32_t>(random());
#define WF_FIELD(name, bit, wire, text) \
  if (fields & 1u << bit) fill(record.name, random, size_max);
#include "runtime/run/records.def"
  return record;
}

inline constexpr RecordType kAllTypes[] = {
#define WF_RECORD(Name, number, Class, fields, text) RecordType::Name,
#include "runtime/run/records.def"
};

}  // namespace wakeful::test
