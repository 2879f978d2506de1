#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "runtime/values/heap.h"

using namespace wakeful;

namespace {
std::vector<std::string> keys(Map* map) {
  std::vector<std::string> out;
  for (uint32_t i = 0; i < map->used; ++i) {
    if (map_entries(map)[i].key) out.emplace_back(map_entries(map)[i].key->view());
  }
  return out;
}
std::string key(int i) { return "key " + std::to_string(i); }
}  // namespace

TEST_CASE("a map keeps the order of insertion; setting a known key keeps its place") {
  Heap heap;
  Map* map = make_map(heap);
  map_set(heap, map, "b", Value::of(int64_t{1}));
  map_set(heap, map, "a", Value::of(int64_t{2}));
  map_set(heap, map, "b", Value::of(int64_t{3}));
  CHECK(keys(map) == std::vector<std::string>{"b", "a"});
  CHECK(map_find(map, "b")->integer == 3);
  CHECK(map_find(map, "c") == nullptr);
  CHECK(map->index == nullptr);
}

TEST_CASE("removed keys leave no trace; added again they come last") {
  Heap heap;
  Map* map = make_map(heap);
  for (int i = 0; i < 100; ++i) map_set(heap, map, key(i), Value::of(int64_t{i}));
  CHECK(map->index != nullptr);
  Value removed;
  for (int i = 0; i < 100; ++i) {
    if (i % 10 == 3) continue;
    CHECK(map_remove(map, make_string(heap, key(i)), &removed));
    CHECK(removed.integer == i);
    CHECK_FALSE(map_remove(map, make_string(heap, key(i))));
  }
  CHECK(map->count == 10);
  CHECK(map->used < 40);  // compacted
  map_set(heap, map, key(0), Value::of(int64_t{0}));
  const auto order = keys(map);
  CHECK(order.front() == key(3));
  CHECK(order.back() == key(0));
  for (int i = 0; i < 100; ++i)
    CHECK((map_find(map, key(i)) != nullptr) == (i % 10 == 3 || i == 0));
}

TEST_CASE("a map used as a queue does not grow without end") {
  Heap heap;
  Map* map = make_map(heap);
  for (int i = 0; i < 100'000; ++i) {
    map_set(heap, map, key(i), Value::null());
    if (i >= 5) CHECK(map_remove(map, make_string(heap, key(i - 5))));
  }
  CHECK(map->capacity <= 64);
  CHECK(keys(map) ==
        std::vector<std::string>{key(99'995), key(99'996), key(99'997), key(99'998), key(99'999)});
}

TEST_CASE("a hint is only a guess") {
  Heap heap;
  Map* map = make_map(heap);
  String* a = make_string(heap, "a");
  String* b = make_string(heap, "b");
  map_set(heap, map, a, Value::of(int64_t{1}));
  map_set(heap, map, b, Value::of(int64_t{2}));
  uint16_t hint = 9999;
  CHECK(map_find(map, b, &hint)->integer == 2);
  CHECK(hint == 1);
  CHECK(map_find(map, b, &hint)->integer == 2);
  CHECK(map_find(map, a, &hint)->integer == 1);
  CHECK(hint == 0);
  map_remove(map, a);
  CHECK(map_find(map, a, &hint) == nullptr);
}

TEST_CASE("shape_version changes with the keys, not with the values") {
  Heap heap;
  Map* map = make_map(heap);
  map_set(heap, map, "a", Value::null());
  const uint32_t version = map->shape_version;
  map_set(heap, map, "a", Value::of(true));
  CHECK(map->shape_version == version);
  map_set(heap, map, "b", Value::null());
  CHECK(map->shape_version != version);
}
