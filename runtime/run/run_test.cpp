// The run core without an engine: each story is told live and then replayed (world_test.h).
#include <catch2/catch.hpp>

#include "runtime/run/world_test.h"

using namespace wakeful;
using testing::Story;
using testing::tell;

namespace {

const std::string kWorld = R"(
activity ok(x) { null }
activity slow(ms, x) { null }
activity fail(message) { null }
activity hang() { null }
workflow Child(x) { sleep(1s); x * 2 }
workflow Bad(message) { sleep(1s); throw message }
workflow Waits(ms, x) { compensate { print("undo ${x}") }; slow(ms, x) }
)";

std::string result_of(const std::string& body, const std::string& more = "") {
  Story story = tell(kWorld + more + "\nworkflow main() {\n" + body + "\n}");
  INFO(body);
  CHECK(story.problem == "");
  return story.result;
}

std::vector<std::string> prints_of(const std::string& body, const std::string& more = "",
                                   int64_t cancel_at_ms = -1) {
  Story story = tell(kWorld + more + "\nworkflow main() {\n" + body + "\n}", "[]", cancel_at_ms);
  INFO(body);
  CHECK(story.problem == "");
  story.prints.push_back(story.result);
  return story.prints;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a run computes, calls and gathers") {
  CHECK(result_of("1 + 2") == "3");
  CHECK(result_of("Child(21)") == "42");
  CHECK(result_of("ok({a: [1, 2.5, null, \"x\"]}).a") == "[1,2.5,null,\"x\"]");
  CHECK(result_of("gather [spawn Child(1), spawn Child(2)]") == "[2,4]");
  CHECK(result_of("gather {a: spawn Child(1), b: spawn ok(7)}") == "{\"a\":2,\"b\":7}");
  CHECK(result_of("gather []") == "[]");
  CHECK(result_of("[1, 2, 3].map(Child)") == "[2,4,6]");
  CHECK(result_of("[3, 1, 2].sort_by(x => ok(x))") == "[1,2,3]");
  CHECK(result_of("let h = spawn Child(4)\n gather h + gather h") == "16");
}

TEST_CASE("failures are wrapped, taken, and never lost") {
  CHECK(result_of(
            "try { Bad(\"no\") } catch e { [e.kind, e.message, e.workflow_id, e.cause.kind] }") ==
        R"(["ChildFailed","no","root/Bad-1","Error"])");
  CHECK(result_of("try { fail(\"no\") } catch e { [e.kind, e.message, e.cause.kind] }") ==
        R"(["ActivityFailed","no","Error"])");
  CHECK(result_of("spawn Bad(\"lost\")\n 5") == "ChildFailed: lost");
  CHECK(result_of("let h = spawn Bad(\"lost\")\n gather settled h\n 5") == "5");
  CHECK(result_of("let h = spawn Bad(\"lost\")\n wait_any [h]\n 5") == "ChildFailed: lost");
  CHECK(result_of("let h = spawn Bad(\"lost\")\n h.cancel()\n 5") == "5");
  CHECK(result_of("try { gather [spawn Child(1), spawn Bad(\"x\")] } catch e { "
                  "e.data.outcomes.map(o => o.ok) }") == "[true,false]");
  CHECK(result_of("(gather settled [spawn Child(1), spawn Bad(\"x\")]).map(o => o.ok)") ==
        "[true,false]");
  CHECK(result_of(
            "let h = spawn { throw \"mine\" }\n try { gather h } catch e { e.kind + e.message }") ==
        "\"Errormine\"");
}

TEST_CASE("the first failure cancels the rest, which undo before it is thrown") {
  CHECK(prints_of("try { gather [spawn Waits(60000, 1), spawn Bad(\"x\")] } catch e { "
                  "print(e.message) }") == Lines{"undo 1", "x", "null"});
  CHECK(prints_of("try { gather [spawn Waits(60000, 1)] timeout 5s } catch e { print(e.kind) }") ==
        Lines{"undo 1", "Timeout", "null"});
}

TEST_CASE("scopes undo from the last place to the first, before catch and finally") {
  CHECK(prints_of("try { compensate { print(1) }; compensate { print(2) }; throw \"x\" }"
                  " catch e { print(e.message) } finally { print(\"fin\") }") ==
        Lines{"2", "1", "x", "fin", "null"});
  CHECK(prints_of("try { compensate { print(\"outer\") }\n try { compensate { print(\"inner\") } } "
                  "catch { }\n throw \"x\" } catch { }") == Lines{"inner", "outer", "null"});
  CHECK(prints_of("compensate { print(\"no\") }\n 1") == Lines{"1"});
  CHECK(prints_of("compensate { print(1) }\n compensate { throw \"bad\" }\n throw \"x\"") ==
        Lines{"1", "CompensationFailed: 1 compensate block(s) failed while undoing"});
  CHECK(prints_of("var v = 1\n compensate { print(v) }\n v = 2\n throw \"x\"") ==
        Lines{"1", "Error: x"});
  CHECK(prints_of("fn f() { compensate { print(\"f\") } }\n try { f(); throw \"x\" } catch { "
                  "print(\"c\") }") == Lines{"f", "c", "null"});
}

TEST_CASE("wait_any observes, streams give handles in the order of their ends") {
  CHECK(result_of("let a = spawn slow(50, \"a\")\n let b = spawn slow(10, \"b\")\n gather "
                  "(wait_any [a, b])") == "\"b\"");
  CHECK(result_of("wait_any [spawn slow(6000, 1)] timeout 1s") == "null");
  CHECK(result_of("let hs = [30, 10, 20].map(ms => spawn slow(ms, ms))\n var seen = []\n"
                  "for h in wait_any hs { seen.push(gather h); if seen.len() == 1 { hs.push(spawn "
                  "slow(1, 99)) } }\n seen") == "[10,99,20,30]");
  CHECK(result_of("for h in wait_any [] { throw \"x\" }\n 3") == "3");
  CHECK(result_of("try { wait_any [] } catch e { e.kind }") == "\"ArgumentError\"");
}

TEST_CASE("batch keeps the order of the items and its bounds") {
  CHECK(result_of("batch x in [1, 2, 3] limit 2 { Child(x) }") == "[2,4,6]");
  CHECK(result_of("batch x, i in [5, 6, 7] size 2 pause 1s { [x, i] }") == "[[5,0],[6,1],[7,2]]");
  CHECK(result_of("var now = 0\n var most = 0\n batch x in 0..10 limit 3 { now += 1; most = "
                  "max(most, now); sleep(1s); now -= 1 }\n most") == "3");
  CHECK(result_of("(batch settled x in [1, 2] limit 1 { if x == 1 { throw \"a\" } else { x } "
                  "}).map(o => o.ok)") == "[false,true]");
  CHECK(
      result_of(
          "try { batch x in 0..4 limit 2 { if x == 1 { throw \"b\" } else { sleep(1s) } } } catch e"
          " { e.data.outcomes.map(o => if \"skipped\" in o { \"s\" } else { str(o.ok) }) }") ==
      R"(["false","false","s","s"])");
  CHECK(result_of("batch x in [] limit 0 { x }") == "[]");
}

TEST_CASE("strands share variables and run when their spawner waits") {
  CHECK(prints_of("var n = 0\n let h = spawn { print(\"strand\"); n += 1 }\n print(\"first\")\n "
                  "gather h\n n") == Lines{"first", "strand", "1"});
  CHECK(result_of("let h = spawn { sleep(1h) }\n h.cancel()\n (gather settled h).error.kind") ==
        "\"Cancelled\"");
}

TEST_CASE("cancellation strikes where the run waits, undoes, and can be shielded by return") {
  CHECK(prints_of("compensate { print(\"undone\") }\n sleep(1h)", "", 10) ==
        Lines{"undone", "Cancelled: cancelled: enough"});
  CHECK(prints_of("try { sleep(1h) } catch e { print(e.kind); 5 }\n print(\"not here\")", "", 10) ==
        Lines{"Cancelled", "Cancelled: cancelled: enough"});
  CHECK(prints_of("try { sleep(1h) } catch e { return 5 }", "", 10) == Lines{"5"});
  CHECK(
      prints_of("try { try { sleep(1h) } catch { throw \"mess\" } } catch e { print(e.message) }\n "
                "print(\"not here\")",
                "", 10) == Lines{"mess", "Cancelled: cancelled: enough"});
  CHECK(prints_of("Waits(60000, 7)", "", 10) == Lines{"undo 7", "Cancelled: cancelled: enough"});
  CHECK(tell(kWorld + "workflow main() { Waits(60000, 7) }", "[]", 10).status ==
        RunStatus::Cancelled);
}

TEST_CASE("a second cancellation interrupts the clean-up of the first, never a block") {
  const std::string cleans = R"(
workflow Cleans() { try { sleep(1h) } catch { print("clean"); sleep(1m); print("cleaned") } }
workflow Undoes() { compensate { print("undo"); sleep(1m); print("undone") }; sleep(1h) }
)";
  const std::string twice =
      "\n sleep(1s)\n h.cancel()\n sleep(1s)\n h.cancel()\n (gather settled h).ok";
  CHECK(prints_of("let h = spawn Cleans()" + twice, cleans) == Lines{"clean", "false"});
  CHECK(prints_of("let h = spawn Undoes()" + twice, cleans) == Lines{"undo", "undone", "false"});
  CHECK(prints_of("let h = spawn { try { sleep(1h) } catch { print(1); sleep(1m); print(2) } }" +
                  twice) == Lines{"1", "false"});
}

TEST_CASE("parent_close_policy decides what the end of the parent does to its children") {
  CHECK(prints_of("spawn Waits(5000, 1)\n 2") == Lines{"2"});
  CHECK(prints_of("spawn Waits(5000, 1) with {parent_close_policy: \"cancel\"}\n 2") ==
        Lines{"undo 1", "2"});
  CHECK(prints_of("spawn Waits(5000, 1) with {parent_close_policy: \"abandon\"}\n throw \"x\"") ==
        Lines{"Error: x"});
}

TEST_CASE("what cannot leave the run is refused with its path") {
  CHECK(result_of("try { ok({a: [1, x => x]}) } catch e { e.kind + \" \" + e.message }")
            .find("x.a[1]") != std::string::npos);
  CHECK(result_of("{f: x => x}").find("result.f") != std::string::npos);
}

TEST_CASE("a child that ended well hands what it did to its parent, as one unit") {
  const std::string makers = R"(
workflow Made(x) { compensate { print("unmake ${x}") }; compensate { print("first ${x}"); ok(1) }; x }
workflow Maker(x) { Made("${x}/inner"); compensate { print("maker ${x}") }; x }
workflow Stubborn() { compensate { throw "stays" }; 1 }
)";
  CHECK(prints_of("Made(1)\n throw \"x\"", makers) == Lines{"first 1", "unmake 1", "Error: x"});
  CHECK(prints_of("Made(1)\n 5", makers) == Lines{"5"});
  CHECK(prints_of("try { Made(1)\n throw \"x\" } catch e { print(\"caught\") }", makers) ==
        Lines{"first 1", "unmake 1", "caught", "null"});
  CHECK(prints_of("Made(1)\n compensate { print(\"mine\") }\n Made(2)\n throw \"x\"", makers) ==
        Lines{"first 2", "unmake 2", "mine", "first 1", "unmake 1", "Error: x"});
  CHECK(prints_of("Maker(1)\n throw \"x\"", makers) ==
        Lines{"maker 1", "first 1/inner", "unmake 1/inner", "Error: x"});
  CHECK(prints_of("Made(1) with {undo_policy: \"none\"}\n throw \"x\"", makers) ==
        Lines{"Error: x"});
  CHECK(result_of("try { Stubborn()\n throw \"x\" } catch e { [e.kind, e.cause.message, "
                  "e.data.failures[0].kind, "
                  "e.data.failures[0].workflow_id, e.data.failures[0].cause.kind] }",
                  makers) ==
        R"(["CompensationFailed","x","ChildFailed","root/Stubborn-1","CompensationFailed"])");
  CHECK(prints_of("try { gather [spawn Made(1), spawn Bad(\"b\")] } catch e { print(e.message) }",
                  makers) == Lines{"first 1", "unmake 1", "b", "null"});
}
