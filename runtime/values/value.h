// What a script computes with: 16-byte tagged values and the objects of a heap.
#pragma once

#include <cstdint>
#include <string_view>

#include "lang/base/check.h"
#include "lang/bytecode/program.h"

namespace wakeful {

/// Everything from String on is a pointer into a heap.
enum class Tag : uint8_t {
  Null, Bool, Int, Float, Duration, Time, Callee, Absent,
  String, List, Map, Range, Closure, Handle, Error, Cell, Stream
};

struct Object;
struct String;
struct List;
struct Map;
struct Range;
struct Closure;
struct Handle;
struct ErrorObject;
struct Cell;
struct Stream;

/// A value. Trivially copyable; object pointers are good until the next collection of their heap.
///   tag:8 | callee_kind:8 | 48 unused | payload:64
struct Value {
  Tag tag = Tag::Null;
  CalleeKind callee_kind{};         // of a Callee
  uint16_t unused_a = 0;            // always 0, so that tag and all are written as one word of 8 bytes:
  uint32_t unused_b = 0;            // a narrower write makes the next read of the whole value wait for it
  union {
    bool boolean;
    int64_t integer;                // Int; Duration (ms); Time (ms since 1970 UTC); index of a Callee
    double real;
    Object* object;
  };

  Value() : integer(0) {}
  static Value null() { return {}; }
  static Value absent() { Value v; v.tag = Tag::Absent; return v; }
  static Value of(bool b) { Value v; v.tag = Tag::Bool; v.integer = 0; v.boolean = b; return v; }
  static Value of(int64_t i) { Value v; v.tag = Tag::Int; v.integer = i; return v; }
  static Value of(double d) { Value v; v.tag = Tag::Float; v.real = d; return v; }
  static Value duration(int64_t ms) { Value v; v.tag = Tag::Duration; v.integer = ms; return v; }
  static Value time(int64_t ms) { Value v; v.tag = Tag::Time; v.integer = ms; return v; }
  static Value callee(CalleeKind kind, int64_t index) {
    Value v; v.tag = Tag::Callee; v.callee_kind = kind; v.integer = index; return v;
  }
  static Value object_of(Tag tag, Object* o) { Value v; v.tag = tag; v.object = o; return v; }
  template <class T>
  static Value of(T* o) { return object_of(T::kTag, reinterpret_cast<Object*>(o)); }

  bool is(Tag t) const { return tag == t; }
  bool is_null() const { return tag == Tag::Null; }
  bool is_absent() const { return tag == Tag::Absent; }
  bool is_object() const { return tag >= Tag::String; }
  bool is_number() const { return tag == Tag::Int || tag == Tag::Float; }
  bool is_function() const { return tag == Tag::Closure || tag == Tag::Callee; }
  double number() const { return tag == Tag::Int ? static_cast<double>(integer) : real; }
  template <class T>
  T* as() const { WF_CHECK(tag == T::kTag); return reinterpret_cast<T*>(object); }
  String* string() const { return reinterpret_cast<String*>(object); }   // unchecked, for hot paths
  List* list() const { return reinterpret_cast<List*>(object); }
  Map* map() const { return reinterpret_cast<Map*>(object); }
};
static_assert(sizeof(Value) == 16);

/// The header of every object. `size` is in bytes, header included, a multiple of 8.
/// A permanent object (of a program image) is never moved nor freed and points only to permanent ones.
struct Object {
  enum class Type : uint8_t {
    String, List, Map, Range, Closure, Handle, Error, Cell, Stream,
    Storage,                        // the Values of a list
    Entries,                        // the entries of a map
    Index                           // the hash index of a map
  };
  Type type{};
  uint8_t flags = 0;                // kPermanent, kFrozen, kForwarded …
  uint16_t spare = 0;
  uint32_t size = 0;
  static constexpr uint8_t kPermanent = 1;
  static constexpr uint8_t kFrozen = 2;      // a top-level `let`, `self`: assignment throws TypeError
  static constexpr uint8_t kForwarded = 4;   // during a collection: the word after the header is the new place
  bool permanent() const { return flags & kPermanent; }
  bool frozen() const { return flags & kFrozen; }
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"  // arrays at the end of objects

/// Immutable UTF-8. Long strings are hashed when somebody asks: most are built, printed and gone.
struct String : Object {
  static constexpr Tag kTag = Tag::String;
  uint32_t bytes;
  uint32_t length;                  // in code points; equal to bytes: pure ASCII
  mutable uint32_t known_hash;      // 0: not computed yet; never 0 in a permanent string
  uint32_t pad;
  char data[];
  std::string_view view() const { return {data, bytes}; }
  uint32_t hash() const { return known_hash ? known_hash : compute_hash(); }   // never 0
  uint32_t compute_hash() const;    // objects.cpp
  bool ascii() const { return bytes == length; }
};

struct Storage : Object {
  Value items[];
};

struct List : Object {
  static constexpr Tag kTag = Tag::List;
  uint32_t count;
  uint32_t capacity;
  Storage* storage;                 // null while capacity is 0
  uint64_t version;                 // grows with every removal, insertion before the end and assignment
  Value* begin() const { return storage->items; }
  Value* end() const { return storage->items + count; }
};

struct Entry {
  String* key;                      // null: removed
  Value value;
};
struct Entries : Object {
  Entry items[];
};
struct MapIndex : Object {
  uint32_t slots[];                 // entry number + 1, 0: free; open addressing, a power of two
};

/// Keeps the order of insertion. Without an index up to 8 entries.
struct Map : Object {
  static constexpr Tag kTag = Tag::Map;
  uint32_t count;                   // live entries
  uint32_t used;                    // entries, removed ones included
  uint32_t capacity;
  uint32_t shape_version;           // grows when a key is added or removed
  Entries* entries;                 // null while capacity is 0
  MapIndex* index;                  // null while small
};

struct Range : Object {
  static constexpr Tag kTag = Tag::Range;
  int64_t begin;
  int64_t end;
  int64_t step;                     // `range(a, b, step)`; never 0
  int64_t count() const;
};

struct Closure : Object {
  static constexpr Tag kTag = Tag::Closure;
  uint32_t function;                // index into the program's functions
  uint32_t upvalue_count;
  Value upvalues[];
};

#pragma GCC diagnostic pop

struct Cell : Object {
  static constexpr Tag kTag = Tag::Cell;
  Value value;
};

/// A script's view of a step (run core): child, activity, effect, strand, timer, signal.
/// The run owns the open step; what it came to is kept here, so that it lives as long as anyone looks.
struct Handle : Object {
  static constexpr Tag kTag = Tag::Handle;
  enum class Kind : uint8_t { Child, Activity, Effect, Strand, Timer, Signal };
  enum class State : uint8_t { Open, Done, Failed };
  Kind kind;
  State state;
  bool taken;                       // its failure was taken by a gather, batch, direct call, cancel
  bool cancelled;                   // cancel was asked, or it ended because of one
  bool unknown;                     // dispatched, but its outcome never came (bound compensate)
  bool handed;                      // what it did is held by a scope, and can be undone
  uint16_t pad;
  uint64_t step;                    // StepId, or the strand's number
  uint64_t end_order;               // when it ended, among all ends of the run; 0 while open
  Value id;                         // string: the child's id, or null
  Value outcome;                    // its value, or its error; of an open signal: a cell, how many are queued
  /// Whether a wait for it would end at once. Of a signal: while one is queued, so it may change again.
  bool finished() const {
    if (state != State::Open) return true;
    return kind == Kind::Signal && outcome.is(Tag::Cell) && outcome.as<Cell>()->value.integer > 0;
  }
};

struct ErrorObject : Object {
  static constexpr Tag kTag = Tag::Error;
  Value kind;                       // string
  Value message;                    // string
  Value data;
  Value cause;                      // error or null
  Value workflow_id;                // string or null
  Value stack;                      // list of strings "Order at order.wf:12:5", innermost first
};

/// The state of `for h in wait_any hs` (run core).
struct Stream : Object {
  static constexpr Tag kTag = Tag::Stream;
  Value handles;                    // the list or map that is watched
  Value seen;                       // list of the handles that were registered
  Value finished;                   // list: those that ended and were not given out yet, in order
  uint64_t version;                 // of the list, when it was last looked at
  uint32_t scanned;                 // how many of its elements were looked at
  uint32_t given;                   // how many of `finished` were given out
};

}  // namespace wakeful
