#include "runtime/values/heap.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace wakeful;

namespace {

struct Roots final : RootSource {
  std::vector<Value> values;
  void visit_roots(RootVisitor& visitor) override { visitor.visit(values.data(), values.size()); }
};

std::string text(Value v) {
  std::string out;
  append_text(out, v);
  return out;
}

}  // namespace

TEST_CASE("a small heap is small") {
  Heap heap;
  CHECK(heap.footprint_bytes() < 200);
  Map* map = make_map(heap);
  map_set(heap, map, "id", Value::of(int64_t{7}));
  map_set(heap, map, "name", string_value(heap, "item"));
  CHECK(heap.footprint_bytes() < 1100);
}

TEST_CASE("a collection keeps what is reachable, with its content, and frees the rest") {
  Heap heap;
  Roots roots;
  List* list = make_list(heap);
  roots.values.push_back(Value::of(list));
  for (int64_t i = 0; i < 1000; ++i) {
    Map* map = make_map(heap);
    map_set(heap, map, "n", Value::of(i));
    map_set(heap, map, "text", string_value(heap, "number " + std::to_string(i)));
    list_push(heap, roots.values[0].list(), Value::of(map));
    make_list(heap, 20);  // garbage
  }
  const std::string before = text(roots.values[0]);
  const size_t used = heap.used_bytes();
  heap.collect(roots);
  CHECK(text(roots.values[0]) == before);
  CHECK(heap.used_bytes() < used * 3 / 4);
  CHECK(heap.live_bytes() == heap.used_bytes());
  heap.collect(roots);
  CHECK(text(roots.values[0]) == before);
}

TEST_CASE("cycles and shared objects survive as they are") {
  Heap heap;
  Roots roots;
  List* list = make_list(heap);
  Map* shared = make_map(heap);
  list_push(heap, list, Value::of(list));
  list_push(heap, list, Value::of(shared));
  list_push(heap, list, Value::of(shared));
  Cell* cell = make_cell(heap, Value::of(list));
  Closure* closure = make_closure(heap, 3, 2);
  closure->upvalues[1] = Value::of(cell);
  roots.values = {Value::of(closure)};
  heap.collect(roots);
  closure = roots.values[0].as<Closure>();
  CHECK(closure->function == 3);
  CHECK(closure->upvalues[0].is_null());
  list = closure->upvalues[1].as<Cell>()->value.list();
  CHECK(list->storage->items[0].list() == list);
  CHECK(list->storage->items[1].map() == list->storage->items[2].map());
}

TEST_CASE("large objects keep their place, and are freed when nothing reaches them") {
  Heap heap;
  Roots roots;
  List* list = make_list(heap, 100'000);
  for (int64_t i = 0; i < 100'000; ++i)
    list_push(heap, list, string_value(heap, std::to_string(i)));
  roots.values = {Value::of(list)};
  Storage* storage = list->storage;
  heap.collect(roots);
  CHECK(roots.values[0].list()->storage == storage);
  CHECK(roots.values[0].list()->storage->items[99'999].string()->view() == "99999");
  CHECK(heap.footprint_bytes() > 1'600'000);
  roots.values.clear();
  heap.collect(roots);
  CHECK(heap.footprint_bytes() < 1000);
}

TEST_CASE("permanent objects are never touched") {
  Heap permanent(SIZE_MAX, true);
  Map* constants = make_map(permanent);
  map_set(permanent, constants, "a", string_value(permanent, "constant"));
  Heap heap;
  Roots roots;
  List* list = make_list(heap);
  list_push(heap, list, Value::of(constants));
  roots.values = {Value::of(list), Value::of(constants)};
  heap.collect(roots);
  CHECK(roots.values[0].list()->storage->items[0].map() == constants);
  CHECK(roots.values[1].map() == constants);
  CHECK(constants->permanent());
  CHECK(text(roots.values[1]) == "{\"a\":\"constant\"}");
}

TEST_CASE("a collection becomes due with what was allocated, and the limit counts live bytes") {
  Heap heap(1 << 20);
  Roots roots;
  roots.values = {Value::of(make_list(heap))};
  CHECK_FALSE(heap.wants_collection());
  while (!heap.wants_collection()) make_map(heap, 8);
  CHECK(heap.used_bytes() >= 200'000);
  heap.collect(roots);
  CHECK_FALSE(heap.wants_collection());
  CHECK_FALSE(heap.over_limit());
  while (heap.used_bytes() < (2 << 20)) {
    list_push(heap, roots.values[0].list(), string_value(heap, std::string(1000, 'x')));
  }
  heap.collect(roots);
  CHECK(heap.over_limit());
  CHECK(heap.fits(1 << 20));
  CHECK_FALSE(heap.fits((1 << 20) + 1));
}

// A random graph next to a model of it in plain C++: both change alike, and after each collection
// every path from the roots must read the same.
TEST_CASE("random graphs read the same after every collection") {
  struct Model {
    bool is_map = false;
    std::vector<std::pair<std::string, int>>
        fields;  // number of another node, or -1-n for the int n
  };
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    auto pick = [&](size_t n) { return static_cast<size_t>(random() % n); };
    Heap heap;
    Roots roots;
    std::vector<Model> models;
    for (int step = 0; step < 400; ++step) {
      const auto choice = pick(10);
      if (models.empty() || choice < 2) {
        models.push_back({choice == 0, {}});
        roots.values.push_back(choice == 0 ? Value::of(make_map(heap))
                                           : Value::of(make_list(heap)));
      } else if (choice < 9) {
        const size_t node = pick(models.size());
        const size_t target = pick(models.size());
        const bool number = pick(3) == 0;
        const std::string key = "k" + std::to_string(pick(30));
        const Value value = number ? Value::of(static_cast<int64_t>(step)) : roots.values[target];
        const int noted = number ? -1 - step : static_cast<int>(target);
        Model& model = models[node];
        if (!model.is_map) {
          list_push(heap, roots.values[node].list(), value);
          model.fields.push_back({"", noted});
          continue;
        }
        auto place = std::find_if(model.fields.begin(), model.fields.end(),
                                  [&](auto& field) { return field.first == key; });
        if (pick(4) == 0) {
          String* name = make_string(heap, key);
          CHECK(map_remove(roots.values[node].map(), name) == (place != model.fields.end()));
          if (place != model.fields.end()) model.fields.erase(place);
        } else {
          map_set(heap, roots.values[node].map(), key, value);
          if (place != model.fields.end())
            place->second = noted;
          else
            model.fields.push_back({key, noted});
        }
      } else {
        make_list(heap, static_cast<uint32_t>(pick(3000)));
        heap.collect(roots);
      }
    }
    heap.collect(roots);
    auto same = [&](Value value, int noted) {
      return noted < 0 ? value.is(Tag::Int) && value.integer == -1 - noted
                       : value.object == roots.values[static_cast<size_t>(noted)].object;
    };
    for (size_t node = 0; node < models.size(); ++node) {
      const Model& model = models[node];
      if (!model.is_map) {
        const List* list = roots.values[node].list();
        REQUIRE(list->count == model.fields.size());
        for (uint32_t i = 0; i < list->count; ++i) {
          CHECK(same(list->storage->items[i], model.fields[i].second));
        }
        continue;
      }
      Map* map = roots.values[node].map();
      REQUIRE(map->count == model.fields.size());
      size_t next = 0;
      for (uint32_t i = 0; i < map->used; ++i) {
        const Entry& entry = map_entries(map)[i];
        if (!entry.key) continue;
        CHECK(entry.key->view() == model.fields[next].first);
        CHECK(same(entry.value, model.fields[next].second));
        CHECK(map_find(map, model.fields[next].first) == &entry.value);
        ++next;
      }
      CHECK(next == model.fields.size());
    }
  }
}
