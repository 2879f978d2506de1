// Chunks and the copying collector (Cheney: the copied objects themselves are the queue of work).
#include "runtime/values/heap.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

namespace wakeful {

namespace {
constexpr uint8_t kLarge = 8;  // Object::flags: alone in its chunk; a collection relinks the chunk
}

/// A stretch of memory; its objects follow the header. A large one holds exactly one object.
struct Heap::Chunk {
  Chunk* next;
  size_t bytes;  // header included
  size_t used;   // bytes of objects, once it is not the bump chunk any more
  bool large;
  char* begin() { return reinterpret_cast<char*>(this + 1); }
  char* end() { return reinterpret_cast<char*>(this) + bytes; }
  static Chunk* of_large(Object* object) { return reinterpret_cast<Chunk*>(object) - 1; }
};

void keep_freed_memory() {
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_MMAP_THRESHOLD, 8 << 20);
}

Heap::Heap(size_t limit_bytes, bool permanent) : limit_(limit_bytes), permanent_(permanent) {}

Heap::~Heap() { free_chunks(chunks_); }

void Heap::free_chunks(Chunk* first) {
  while (first) {
    Chunk* next = first->next;
    std::free(first);
    first = next;
  }
}

Heap::Chunk* Heap::new_chunk(size_t bytes, bool large) {
  auto* chunk = static_cast<Chunk*>(std::malloc(bytes));
  if (!chunk) throw std::bad_alloc();
  *chunk = Chunk{chunks_, bytes, 0, large};
  chunks_ = chunk;
  chunk_bytes_ += bytes;
  return chunk;
}

void Heap::retire_chunk() {
  if (!bump_chunk_) return;
  bump_chunk_->used = static_cast<size_t>(bump_ - bump_begin_);
  retired_ += bump_chunk_->used;
  bump_chunk_ = nullptr;
  bump_ = bump_begin_ = bump_end_ = nullptr;
}

void Heap::ask_for_collection() {
  if (permanent_ || retired_ < next_collection_) return;
  due_ = true;
  if (brake_) *brake_ = 0;
}

void Heap::add_chunk(size_t least) {
  retire_chunk();
  const size_t size = std::clamp(chunk_bytes_, kFirstChunkBytes, kChunkBytesMax);
  bump_chunk_ = new_chunk(std::max(size, least + sizeof(Chunk)), false);
  bump_ = bump_begin_ = bump_chunk_->begin();
  bump_end_ = bump_chunk_->end();
  ask_for_collection();
}

Object* Heap::allocate_large(Object::Type type, size_t bytes) {
  Chunk* chunk = new_chunk(bytes + sizeof(Chunk), true);
  chunk->used = bytes;
  retired_ += bytes;
  ask_for_collection();
  return header(chunk->begin(), type, kLarge | (permanent_ ? Object::kPermanent : 0), bytes);
}

Object* Heap::allocate_slowly(Object::Type type, size_t bytes) {
  WF_CHECK(bytes < (size_t{1} << 32));
  if (bytes >= kLargeBytes) return allocate_large(type, bytes);
  add_chunk(bytes);
  return allocate(type, bytes);
}

size_t Heap::footprint_bytes() const { return sizeof(Heap) + chunk_bytes_; }

// --- collection
// --------------------------------------------------------------------------------------

/// Copies into `heap`, whose chunks were taken off it before. A forwarded object's first word after
/// the header is its new place. Large objects stay where they are: their chunk moves to the new
/// list and their object to `pending`, to be scanned.
struct Heap::Collector final : RootVisitor {
  Heap& heap;
  Chunk* scan_chunk = nullptr;  // everything before scan_at has been scanned
  char* scan_at = nullptr;
  std::vector<Object*> pending;
  std::vector<Chunk*> filled;  // chunks of copies that are full but not scanned yet, in order
  size_t next_filled = 0;

  explicit Collector(Heap& to) : heap(to) {}

  static Object*& new_place(Object* object) { return *reinterpret_cast<Object**>(object + 1); }

  template <class T>
  void forward(T*& pointer) {
    if (pointer) pointer = reinterpret_cast<T*>(moved(reinterpret_cast<Object*>(pointer)));
  }
  void visit(Value& value) override {
    if (value.is_object()) value.object = moved(value.object);
  }

  Object* moved(Object* object) {
    if (object->flags & (Object::kPermanent | Object::kForwarded | kLarge)) return special(object);
    Object* copy = room_for(object->size);
    std::memcpy(static_cast<void*>(copy), object, object->size);
    object->flags |= Object::kForwarded;
    new_place(object) = copy;
    return copy;
  }

  Object* special(Object* object) {
    if (object->permanent()) return object;
    if (object->flags & kLarge) {
      keep_large(object);
      return object;
    }
    return new_place(object);
  }

  void keep_large(Object* object) {
    Chunk* chunk = Chunk::of_large(object);
    if (!chunk->large) return;  // cleared: already kept
    chunk->large = false;
    pending.push_back(object);
  }

  Object* room_for(size_t bytes) {
    if (bytes > static_cast<size_t>(heap.bump_end_ - heap.bump_)) {
      if (heap.bump_chunk_) filled.push_back(heap.bump_chunk_);
      heap.add_chunk(bytes);
    }
    char* place = heap.bump_;
    heap.bump_ += bytes;
    return reinterpret_cast<Object*>(place);
  }

  void scan(Object* object);
  void scan_values(Value* first, size_t count) {
    for (size_t i = 0; i < count; ++i) visit(first[i]);
  }

  /// Scans until nothing that was copied or kept is unscanned.
  void drain() {
    for (;;) {
      if (!pending.empty()) {
        Object* object = pending.back();
        pending.pop_back();
        scan(object);
      } else if (!scan_some()) {
        return;
      }
    }
  }

  /// One object of the copies; false where all are scanned.
  bool scan_some() {
    if (!scan_chunk) {
      scan_chunk = next_filled < filled.size() ? filled[next_filled++] : heap.bump_chunk_;
      if (!scan_chunk) return false;
      scan_at = scan_chunk->begin();
    }
    const bool is_bump = scan_chunk == heap.bump_chunk_;
    char* end = is_bump ? heap.bump_ : scan_chunk->begin() + scan_chunk->used;
    if (scan_at < end) {
      auto* object = reinterpret_cast<Object*>(scan_at);
      scan_at += object->size;
      scan(object);
      return true;
    }
    if (is_bump) return false;
    // `filled` gets a chunk when it is left, in order: the next one, or the bump chunk after the
    // last.
    if (next_filled < filled.size() && filled[next_filled] == scan_chunk) ++next_filled;
    scan_chunk = nullptr;
    return scan_some();
  }
};

void Heap::Collector::scan(Object* object) {
  switch (object->type) {
    case Object::Type::String:
    case Object::Type::Range:
    case Object::Type::Index:
      return;
    case Object::Type::List: {
      auto* list = static_cast<List*>(object);
      // The unused rest of the storage is uninitialised: scanned by count, here, not by the storage
      // itself.
      forward(list->storage);
      if (list->storage && !list->storage->permanent()) {
        scan_values(list->storage->items, list->count);
      }
      return;
    }
    case Object::Type::Map: {
      auto* map = static_cast<Map*>(object);
      forward(map->entries);
      forward(map->index);
      if (!map->entries || map->entries->permanent()) return;
      for (uint32_t i = 0; i < map->used; ++i) {
        forward(map->entries->items[i].key);
        visit(map->entries->items[i].value);
      }
      return;
    }
    case Object::Type::Storage:
    case Object::Type::Entries:
      return;  // by their list, their map
    case Object::Type::Closure: {
      auto* closure = static_cast<Closure*>(object);
      scan_values(closure->upvalues, closure->upvalue_count);
      return;
    }
    case Object::Type::Handle:
      visit(static_cast<Handle*>(object)->id);
      visit(static_cast<Handle*>(object)->outcome);
      return;
    case Object::Type::Error: {
      auto* error = static_cast<ErrorObject*>(object);
      visit(error->kind);
      visit(error->message);
      visit(error->data);
      visit(error->cause);
      visit(error->workflow_id);
      visit(error->stack);
      return;
    }
    case Object::Type::Cell:
      visit(static_cast<Cell*>(object)->value);
      return;
    case Object::Type::Stream: {
      auto* stream = static_cast<Stream*>(object);
      visit(stream->handles);
      visit(stream->seen);
      visit(stream->finished);
      return;
    }
  }
}

void Heap::collect(RootSource& roots) {
  WF_CHECK(!permanent_);
  retire_chunk();
  Chunk* old = chunks_;
  chunks_ = nullptr;
  chunk_bytes_ = 0;
  retired_ = 0;

  Collector collector(*this);
  roots.visit_roots(collector);
  collector.drain();

  // Large chunks that were kept change lists; everything else of the old list goes.
  for (Chunk* next; old; old = next) {
    next = old->next;
    auto* object = reinterpret_cast<Object*>(old->begin());
    const bool holds_large = old->used && (object->flags & kLarge);
    if (holds_large && !old->large) {
      old->large = true;
      old->next = chunks_;
      chunks_ = old;
      chunk_bytes_ += old->bytes;
      retired_ += old->used;
    } else {
      std::free(old);
    }
  }
  live_ = used_bytes();
  next_collection_ = std::max(kCollectFirst, live_ * 2);
  // Near the limit sooner, so that what goes beyond it is noticed before it is twice as much.
  if (next_collection_ > limit_) next_collection_ = std::max({kCollectFirst, limit_, live_ + live_ / 4});
  due_ = false;
}

}  // namespace wakeful
