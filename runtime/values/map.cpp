// Maps: entries in the order of insertion, and beyond kSmall of them an index by hash.
//
// A removed entry keeps its place with a null key; index slots that lead to it are passed over.
// Growing and compacting drop such entries, so the number of places is at most about twice the
// number of keys.
#include <algorithm>
#include <cstring>

#include "runtime/values/heap.h"

namespace wakeful {

namespace {

constexpr uint32_t kSmall = 8;  // up to so many places are searched one by one
constexpr uint32_t kNotFound = UINT32_MAX;

uint32_t index_mask(const MapIndex* index) {
  return (index->size - static_cast<uint32_t>(sizeof(MapIndex))) / 4 - 1;
}

uint32_t power_of_two_from(uint32_t n) {
  uint32_t power = 16;
  while (power < n) power *= 2;
  return power;
}

bool same_key(const String* a, const String* b) {
  return a == b || (a->hash() == b->hash() && a->bytes == b->bytes &&
                    std::memcmp(a->data, b->data, a->bytes) == 0);
}

bool same_key(const String* a, std::string_view b) { return a->view() == b; }

template <class Key>
uint32_t find_small(const Map* map, const Key& key) {
  for (uint32_t i = 0; i < map->used; ++i) {
    const String* k = map->entries->items[i].key;
    if (k && same_key(k, key)) return i;
  }
  return kNotFound;
}

template <class Key>
uint32_t find_indexed(const Map* map, const Key& key, uint32_t hash) {
  const uint32_t mask = index_mask(map->index);
  for (uint32_t slot = hash & mask;; slot = (slot + 1) & mask) {
    const uint32_t number = map->index->slots[slot];
    if (number == 0) return kNotFound;
    const String* k = map->entries->items[number - 1].key;
    if (k && same_key(k, key)) return number - 1;
  }
}

uint32_t find(const Map* map, const String* key) {
  return map->index ? find_indexed(map, key, key->hash()) : find_small(map, key);
}

uint32_t find(const Map* map, std::string_view key) {
  return map->index ? find_indexed(map, key, hash_text(key)) : find_small(map, key);
}

void index_add(Map* map, uint32_t entry) {
  const uint32_t mask = index_mask(map->index);
  uint32_t slot = map->entries->items[entry].key->hash() & mask;
  while (map->index->slots[slot]) slot = (slot + 1) & mask;
  map->index->slots[slot] = entry + 1;
}

void rebuild_index(Map* map) {
  if (!map->index) return;
  std::memset(map->index->slots, 0, (size_t{index_mask(map->index)} + 1) * 4);
  for (uint32_t i = 0; i < map->used; ++i) index_add(map, i);
}

/// Closes the gaps of removed entries; `to` may be the map's own entries.
void move_entries(Map* map, Entries* to) {
  uint32_t next = 0;
  for (uint32_t i = 0; i < map->used; ++i) {
    const Entry entry = map->entries->items[i];
    if (entry.key) to->items[next++] = entry;
  }
  map->entries = to;
  map->used = next;
}

void grow(Heap& heap, Map* map, uint32_t capacity) {
  const size_t entry_bytes = sizeof(Entries) + size_t{capacity} * sizeof(Entry);
  auto* entries = static_cast<Entries*>(heap.allocate(Object::Type::Entries, entry_bytes));
  if (map->entries) {
    move_entries(map, entries);
  } else {
    map->entries = entries;
  }
  map->capacity = capacity;
  if (capacity <= kSmall) return;
  const size_t slots = power_of_two_from(capacity + capacity / 2);
  map->index =
      static_cast<MapIndex*>(heap.allocate(Object::Type::Index, sizeof(MapIndex) + slots * 4));
  rebuild_index(map);
}

void make_room(Heap& heap, Map* map) {
  if (map->used < map->capacity) return;
  if (map->used > 4 && map->count <= map->used / 2) {
    move_entries(map, map->entries);
    rebuild_index(map);
    return;
  }
  grow(heap, map, map->capacity ? map->capacity * 2 : 4);
}

void append(Heap& heap, Map* map, String* key, Value value) {
  make_room(heap, map);
  map->entries->items[map->used] = Entry{key, value};
  if (map->index) index_add(map, map->used);
  ++map->used;
  ++map->count;
  ++map->shape_version;
}

}  // namespace

Map* make_map(Heap& heap, uint32_t capacity) {
  auto* map = static_cast<Map*>(heap.allocate(Object::Type::Map, sizeof(Map)));
  map->count = map->used = map->capacity = map->shape_version = 0;
  map->entries = nullptr;
  map->index = nullptr;
  if (capacity) grow(heap, map, capacity);
  return map;
}

Value* map_find(Map* map, const String* key, uint16_t* hint) {
  if (hint) {
    const uint32_t guess = *hint;
    if (guess < map->used) {
      const String* guessed = map->entries->items[guess].key;
      if (guessed && same_key(guessed, key)) return &map->entries->items[guess].value;
    }
  }
  const uint32_t place = find(map, key);
  if (place == kNotFound) return nullptr;
  if (hint && place <= UINT16_MAX) *hint = static_cast<uint16_t>(place);
  return &map->entries->items[place].value;
}

Value* map_find(Map* map, std::string_view key) {
  const uint32_t place = find(map, key);
  return place == kNotFound ? nullptr : &map->entries->items[place].value;
}

void map_set(Heap& heap, Map* map, String* key, Value value) {
  const uint32_t place = find(map, key);
  if (place != kNotFound) {
    map->entries->items[place].value = value;
  } else {
    append(heap, map, key, value);
  }
}

void map_set(Heap& heap, Map* map, std::string_view key, Value value) {
  const uint32_t place = find(map, key);
  if (place != kNotFound) {
    map->entries->items[place].value = value;
  } else {
    append(heap, map, make_string(heap, key), value);
  }
}

bool map_remove(Map* map, const String* key, Value* removed) {
  const uint32_t place = find(map, key);
  if (place == kNotFound) return false;
  Entry& entry = map->entries->items[place];
  if (removed) *removed = entry.value;
  entry = Entry{nullptr, Value::null()};
  --map->count;
  ++map->shape_version;
  if (place + 1 == map->used && !map->index) --map->used;
  if (map->used > 2 * kSmall && map->count < map->used / 4) {
    move_entries(map, map->entries);
    rebuild_index(map);
  }
  return true;
}

}  // namespace wakeful
