// The table of the library: its look-ups, and what every row must keep to.
#include "stdlib/builtins.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

using namespace wakeful;
using Receiver = Builtin::Receiver;

TEST_CASE("look-ups find globals, entries of modules and methods") {
  CHECK(find_global("len")->number == 0);
  CHECK(find_global("floor") == nullptr);
  CHECK(find_module_entry("math", "floor")->qualified() == "math.floor");
  CHECK(find_module_entry("math", "pi") == nullptr);
  CHECK(find_method(Receiver::List, "map")->qualified() == "list.map");
  CHECK(find_method(Receiver::Range, "map") == find_method(Receiver::List, "map"));
  CHECK(find_method(Receiver::String, "push") == nullptr);
  CHECK(methods_named("map").size() == 2);
  CHECK(methods_named("nothing").empty());
  CHECK(is_module("http"));
  CHECK_FALSE(is_module("len"));
  CHECK(builtin_by_number(0) == find_global("len"));
  CHECK(builtin_by_number(65535) == nullptr);
  CHECK(builtin_number::http_get == find_module_entry("http", "get")->number);
}

TEST_CASE("parameters are read from the signature") {
  const auto& params = find_module_entry("log", "info")->params;
  REQUIRE(params.size() == 2);
  CHECK(params[0].required);
  CHECK(params[1].name == "fields");
  CHECK(params[1].fields);
  CHECK_FALSE(params[1].required);
  const auto& push = find_method(Receiver::List, "push")->params;
  REQUIRE(push.size() == 2);
  CHECK(push[1].rest);
  CHECK(push[1].name == "rest");
  const auto& pad = find_method(Receiver::String, "pad_left")->params;
  CHECK(pad[1].name == "fill");
  CHECK_FALSE(pad[1].required);
  CHECK(find_global("uuid")->params.empty());
}

TEST_CASE("numbers are unique, optional parameters stand last, each row has a doc line") {
  std::set<uint16_t> numbers;
  for (const Builtin& b : builtins()) {
    INFO(b.qualified());
    CHECK(numbers.insert(b.number).second);
    CHECK(std::string(b.doc).size() > 3);
    bool optional = false;
    for (const auto& param : b.params) {
      CHECK_FALSE(param.name.empty());
      CHECK((!optional || !param.required));
      optional = optional || !param.required;
    }
  }
}

TEST_CASE("members of modules are floats") {
  for (const ModuleMember& m : module_members()) CHECK_FALSE(std::isnan(m.value));
  CHECK(module_members()[0].value > 3.14);
}

TEST_CASE("helpers of the prelude are not public") {
  CHECK_FALSE(is_public(*find_global("__append")));
  CHECK(is_public(*find_global("len")));
}
