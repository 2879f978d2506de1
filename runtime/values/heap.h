// The heap of one run: bump allocation in chunks, collected by copying. A run's end frees it at once.
//
// Always true:
//  1. An allocation never moves anything. Only collect() does, and only its caller (the machine, between
//     two instructions) calls it: natives may hold plain pointers across allocations.
//  2. Objects with kPermanent belong to a program image, are never moved and point only to such.
//  3. What is reachable from the roots survives with its content, its insertion order and its hashes.
// Threads: a heap belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "runtime/values/value.h"

namespace wakeful {

/// Calls back for every root; the callee updates it in place.
class RootVisitor {
 public:
  virtual void visit(Value& root) = 0;
  void visit(Value* first, size_t count) { for (size_t i = 0; i < count; ++i) visit(first[i]); }
 protected:
  ~RootVisitor() = default;
};

/// Whoever holds values outside the heap (strands, open steps, scopes).
class RootSource {
 public:
  virtual void visit_roots(RootVisitor& visitor) = 0;
 protected:
  ~RootSource() = default;
};

/// Tells the process's allocator to keep what heaps give back: they take and free megabytes at every collection, and
/// each page that went back to the system costs a fault. To be called once, at the start of a program.
void keep_freed_memory();

class Heap {
 public:
  /// limit: bytes that live objects may take; beyond it the owner throws ResourceExhausted.
  explicit Heap(size_t limit_bytes = kDefaultLimit, bool permanent = false);
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  static constexpr size_t kDefaultLimit = size_t{256} << 20;

  /// `bytes` is the whole object, header included. Uninitialised payload, header set. Never fails short of the
  /// process's memory: a single object larger than the limit must be refused by its maker with fits().
  Object* allocate(Object::Type type, size_t bytes) {
    bytes = (bytes + 7) & ~size_t{7};
    if (bytes > static_cast<size_t>(bump_end_ - bump_) || bytes >= kLargeBytes) {
      return allocate_slowly(type, bytes);
    }
    char* place = bump_;
    bump_ += bytes;
    return header(place, type, permanent_ ? Object::kPermanent : 0, bytes);
  }
  /// Whether one more object of so many bytes may exist at all (deterministic: looks at the limit only).
  bool fits(size_t bytes) const { return bytes <= limit_ && bytes < (size_t{1} << 31); }

  /// Whether a collection is due: the machine asks between instructions (at ticks).
  bool wants_collection() const { return due_; }
  /// The heap sets *brake to 0 when a collection becomes due, so that one comparison at a tick asks for budget and
  /// collection. Null: none.
  void set_brake(uint64_t* brake) { brake_ = brake; }
  /// Copies what the roots reach; afterwards `over_limit()` tells whether the live bytes are too many.
  void collect(RootSource& roots);
  bool over_limit() const { return live_ > limit_; }
  size_t used_bytes() const { return retired_ + static_cast<size_t>(bump_ - bump_begin_); }
  size_t live_bytes() const { return live_; }       // after the last collection
  size_t limit_bytes() const { return limit_; }
  /// Memory taken from the system, for figures.
  size_t footprint_bytes() const;

 private:
  struct Chunk;
  struct Collector;
  static constexpr size_t kFirstChunkBytes = 256;
  static constexpr size_t kChunkBytesMax = size_t{64} << 10;
  static constexpr size_t kLargeBytes = size_t{16} << 10;       // from here on: a chunk of its own, never copied
  static constexpr size_t kCollectFirst = size_t{256} << 10;    // no collection before so many bytes

  static Object* header(char* place, Object::Type type, uint8_t flags, size_t bytes) {
    auto* object = reinterpret_cast<Object*>(place);
    object->type = type;
    object->flags = flags;
    object->spare = 0;
    object->size = static_cast<uint32_t>(bytes);
    return object;
  }
  Object* allocate_slowly(Object::Type type, size_t bytes);
  Object* allocate_large(Object::Type type, size_t bytes);
  void ask_for_collection();
  void add_chunk(size_t least);
  void retire_chunk();
  Chunk* new_chunk(size_t bytes, bool large);
  void free_chunks(Chunk* first);

  char* bump_ = nullptr;
  char* bump_end_ = nullptr;
  char* bump_begin_ = nullptr;
  Chunk* chunks_ = nullptr;         // all of them, the newest first
  Chunk* bump_chunk_ = nullptr;
  size_t retired_ = 0;              // bytes used in chunks other than bump_chunk_
  size_t chunk_bytes_ = 0;          // in all chunks
  size_t live_ = 0;
  size_t next_collection_ = kCollectFirst;
  size_t limit_;
  bool permanent_;
  bool due_ = false;
  uint64_t* brake_ = nullptr;
};

// --- making and reading objects (objects.cpp, map.cpp) ---------------------------------------------

String* make_string(Heap& heap, std::string_view utf8);            // counts code points
/// A string of so many bytes whose data the caller fills in; seal_string() must follow before anyone sees it.
String* allocate_string(Heap& heap, size_t bytes);
void seal_string(String* string);                                  // counts code points
void seal_string(String* string, uint32_t length);                 // the caller knows the code points
/// The permanent string of one ASCII character, shared by all heaps.
String* ascii_string(char c);
String* concat_strings(Heap& heap, const String* a, const String* b);
uint32_t hash_text(std::string_view text);                         // never 0; the same on every machine
Value string_value(Heap& heap, std::string_view utf8);
List* make_list(Heap& heap, uint32_t capacity = 0);
void list_grow(Heap& heap, List* list, uint32_t capacity);         // at least so much room; keeps the elements
inline void list_push(Heap& heap, List* list, Value value) {
  if (list->count == list->capacity) list_grow(heap, list, list->count + 1);
  list->storage->items[list->count++] = value;
}
Map* make_map(Heap& heap, uint32_t capacity = 0);
Range* make_range(Heap& heap, int64_t begin, int64_t end, int64_t step = 1);
Closure* make_closure(Heap& heap, uint32_t function, uint32_t upvalues);
Cell* make_cell(Heap& heap, Value value);
Handle* make_handle(Heap& heap, Handle::Kind kind, uint64_t step);
/// data, cause null; no stack yet.
ErrorObject* make_error(Heap& heap, std::string_view kind, std::string_view message);

/// The slot of a key, or null. `hint` is an inline-cache slot: read as a guess, updated on a hit.
Value* map_find(Map* map, const String* key, uint16_t* hint = nullptr);
Value* map_find(Map* map, std::string_view key);
void map_set(Heap& heap, Map* map, String* key, Value value);      // keeps the place of a known key
void map_set(Heap& heap, Map* map, std::string_view key, Value value);
bool map_remove(Map* map, const String* key, Value* removed = nullptr);
/// Live entries in order: for (uint32_t i = 0; i < map->used; ++i) if (entry.key) …
inline Entry* map_entries(Map* map) { return map->entries ? map->entries->items : nullptr; }

/// Deep, never throws; ints and floats compare by value, durations and times by type; a range equals the list of
/// its elements. Handles, cells and functions by identity. Nesting is unlimited and cycles compare as graphs.
bool equals(Value a, Value b);
bool strings_equal(const String* a, const String* b);
/// `string`, `int`, `list`, `fn` … as type(x) gives it.
const char* type_name(Value v);
/// What str(x), "${x}" and print show: strings as they are, everything else as JSON; an error as
/// `Kind: message`; functions and handles as `<fn>`, `<handle id>`. A container inside itself is shown as `…`, as is
/// what lies deeper than 1,000 levels or beyond 64 MB of text.
void append_text(std::string& out, Value v);
/// `1h30m`, `1s500ms`, `0s`, `-5m`.
void append_duration(std::string& out, int64_t ms);
/// RFC 3339 UTC: `2026-11-23T17:41:00Z`, with milliseconds where they are not 0.
void append_time(std::string& out, int64_t ms);
/// Shortest text that reads back as the same double; always with a point or an exponent; inf, nan as such.
void append_float(std::string& out, double d);

}  // namespace wakeful
