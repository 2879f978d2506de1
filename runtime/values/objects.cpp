// Making objects, except maps (map.cpp).
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "runtime/values/heap.h"

namespace wakeful {

namespace {

constexpr uint32_t kHashAtOnceBytes = 128;

uint32_t count_code_points(const char* text, size_t bytes) {
  uint32_t count = 0;
  for (size_t i = 0; i < bytes; ++i) count += (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
  return count;
}

template <class T>
T* allocate(Heap& heap, Object::Type type, size_t extra_bytes = 0) {
  return static_cast<T*>(heap.allocate(type, sizeof(T) + extra_bytes));
}

}  // namespace

uint32_t hash_text(std::string_view text) {
  const auto hash = static_cast<uint32_t>(XXH3_64bits(text.data(), text.size()));
  return hash ? hash : 1;
}

uint32_t String::compute_hash() const { return known_hash = hash_text(view()); }

String* allocate_string(Heap& heap, size_t bytes) {
  auto* string = allocate<String>(heap, Object::Type::String, bytes);
  string->bytes = static_cast<uint32_t>(bytes);
  string->pad = 0;
  return string;
}

void seal_string(String* string, uint32_t length) {
  string->length = length;
  const bool now = string->bytes <= kHashAtOnceBytes || string->permanent();
  string->known_hash = now ? hash_text(string->view()) : 0;
}

void seal_string(String* string) {
  seal_string(string, count_code_points(string->data, string->bytes));
}

String* make_string(Heap& heap, std::string_view utf8) {
  String* string = allocate_string(heap, utf8.size());
  if (!utf8.empty()) std::memcpy(string->data, utf8.data(), utf8.size());
  seal_string(string);
  return string;
}

Value string_value(Heap& heap, std::string_view utf8) { return Value::of(make_string(heap, utf8)); }

String* ascii_string(char c) {
  struct Table {
    Heap heap{SIZE_MAX, true};
    String* strings[128];
    Table() {
      for (int i = 0; i < 128; ++i) {
        const char text = static_cast<char>(i);
        strings[i] = make_string(heap, {&text, 1});
      }
    }
  };
  static const Table table;
  return table.strings[static_cast<unsigned char>(c) & 127];
}

String* concat_strings(Heap& heap, const String* a, const String* b) {
  String* joined = allocate_string(heap, size_t{a->bytes} + b->bytes);
  std::memcpy(joined->data, a->data, a->bytes);
  std::memcpy(joined->data + a->bytes, b->data, b->bytes);
  seal_string(joined, a->length + b->length);
  return joined;
}

List* make_list(Heap& heap, uint32_t capacity) {
  auto* list = allocate<List>(heap, Object::Type::List);
  list->count = 0;
  list->capacity = 0;
  list->storage = nullptr;
  list->version = 0;
  if (capacity) list_grow(heap, list, capacity);
  return list;
}

void list_grow(Heap& heap, List* list, uint32_t capacity) {
  if (capacity <= list->capacity) return;
  capacity = capacity == 1 ? 4 : std::max(capacity, list->capacity * 2);
  auto* storage = allocate<Storage>(heap, Object::Type::Storage, size_t{capacity} * sizeof(Value));
  if (list->count) {
    std::memcpy(static_cast<void*>(storage->items), list->storage->items,
                list->count * sizeof(Value));
  }
  list->storage = storage;
  list->capacity = capacity;
}

Range* make_range(Heap& heap, int64_t begin, int64_t end, int64_t step) {
  auto* range = allocate<Range>(heap, Object::Type::Range);
  range->begin = begin;
  range->end = end;
  range->step = step;
  return range;
}

int64_t Range::count() const {
  uint64_t distance;
  uint64_t stride;
  if (step > 0) {
    if (begin >= end) return 0;
    distance = static_cast<uint64_t>(end) - static_cast<uint64_t>(begin);
    stride = static_cast<uint64_t>(step);
  } else {
    if (begin <= end) return 0;
    distance = static_cast<uint64_t>(begin) - static_cast<uint64_t>(end);
    stride = 0 - static_cast<uint64_t>(step);
  }
  const uint64_t count = (distance - 1) / stride + 1;
  return static_cast<int64_t>(std::min<uint64_t>(count, INT64_MAX));
}

Closure* make_closure(Heap& heap, uint32_t function, uint32_t upvalues) {
  auto* closure = allocate<Closure>(heap, Object::Type::Closure, upvalues * sizeof(Value));
  closure->function = function;
  closure->upvalue_count = upvalues;
  for (uint32_t i = 0; i < upvalues; ++i) closure->upvalues[i] = Value::null();
  return closure;
}

Cell* make_cell(Heap& heap, Value value) {
  auto* cell = allocate<Cell>(heap, Object::Type::Cell);
  cell->value = value;
  return cell;
}

Handle* make_handle(Heap& heap, Handle::Kind kind, uint64_t step) {
  auto* handle = allocate<Handle>(heap, Object::Type::Handle);
  handle->kind = kind;
  handle->state = Handle::State::Open;
  handle->taken = false;
  handle->cancelled = false;
  handle->unknown = false;
  handle->handed = false;
  handle->pad = 0;
  handle->step = step;
  handle->end_order = 0;
  handle->id = Value::null();
  handle->outcome = Value::null();
  return handle;
}

ErrorObject* make_error(Heap& heap, std::string_view kind, std::string_view message) {
  auto* error = allocate<ErrorObject>(heap, Object::Type::Error);
  error->kind = error->message = Value::null();
  error->data = error->cause = error->workflow_id = error->stack = Value::null();
  error->kind = string_value(heap, kind);
  error->message = string_value(heap, message);
  return error;
}

const char* type_name(Value v) {
  switch (v.tag) {
    case Tag::Null:
      return "null";
    case Tag::Bool:
      return "bool";
    case Tag::Int:
      return "int";
    case Tag::Float:
      return "float";
    case Tag::Duration:
      return "duration";
    case Tag::Time:
      return "time";
    case Tag::Callee:
      return "fn";
    case Tag::Absent:
      return "nothing";
    case Tag::String:
      return "string";
    case Tag::List:
      return "list";
    case Tag::Map:
      return "map";
    case Tag::Range:
      return "range";
    case Tag::Closure:
      return "fn";
    case Tag::Handle:
      return "handle";
    case Tag::Error:
      return "error";
    case Tag::Cell:
      return "cell";
    case Tag::Stream:
      return "stream";
  }
  return "value";
}

}  // namespace wakeful
