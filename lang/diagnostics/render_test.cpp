#include <catch2/catch.hpp>

#include "lang/diagnostics/diagnostics.h"

using namespace wakeful;

namespace {

Sources one_file(std::string text) {
  Sources sources;
  sources.files.push_back(std::make_shared<SourceFile>("a.wf", std::move(text)));
  return sources;
}

Diagnostic at(uint32_t begin, uint32_t end, std::string help = "") {
  return {Severity::Error, "syntax", {0, begin, end}, "message", std::move(help), {}};
}

}  // namespace

TEST_CASE("a finding shows its line, a caret and the help") {
  const Sources sources = one_file("one\n  chrage()\n");
  CHECK(render(at(6, 12, "did you mean `charge`?"), sources, false) ==
        "error: message  [syntax]\n"
        " --> a.wf:2:3\n"
        "  |\n"
        "2 |   chrage()\n"
        "  |   ^^^^^^ did you mean `charge`?\n");
}

TEST_CASE("tabs and wide text keep the caret in its place") {
  CHECK(render(at(4, 5), one_file("\tä = b"), false).find("1 |     ä = b\n  |       ^\n") !=
        std::string::npos);
  CHECK(render(at(6, 7), one_file("\tä = b"), false).find("  |         ^\n") != std::string::npos);
}

TEST_CASE("a place behind the end of the line or the file still has a caret") {
  CHECK(render(at(3, 4), one_file("abc\nd"), false).find("1 | abc\n  |    ^\n") !=
        std::string::npos);
  CHECK(render(at(5, 5), one_file("abc\nd"), false).find("2 | d\n  |  ^\n") != std::string::npos);
  CHECK(render(at(0, 0), one_file(""), false).find("1 | \n  | ^\n") != std::string::npos);
}

TEST_CASE("a span over several lines is underlined on its first") {
  CHECK(render(at(0, 7), one_file("abc\ndef"), false).find("1 | abc\n  | ^^^\n") !=
        std::string::npos);
}

TEST_CASE("long lines are cut around the caret") {
  const std::string text = render(at(500, 503), one_file(std::string(1000, 'x')), false);
  CHECK(text.find("1 | …xxx") != std::string::npos);
  CHECK(text.find("x…\n") != std::string::npos);
  CHECK(text.find("^^^\n") != std::string::npos);
  CHECK(text.size() < 400);
}

TEST_CASE("control characters of a script never reach the terminal") {
  CHECK(render(at(0, 1), one_file("\x1b[31m\x07"), false).find('\x1b') == std::string::npos);
  CHECK(render(at(0, 1), one_file("x"), true).find("\x1b[1;31merror:\x1b[0m") == 0);
}

TEST_CASE("notes show their own places") {
  Diagnostic d = at(4, 5);
  d.notes.push_back({{0, 0, 1}, "first declared here"});
  const std::string text = render(d, one_file("a\nb\nc"), false);
  CHECK(text.find("note: first declared here\n --> a.wf:1:1\n  |\n1 | a\n  | ^\n") !=
        std::string::npos);
}

TEST_CASE("findings are sorted by place, without doubles") {
  Diagnostics diagnostics;
  diagnostics.warning("type-mistake", {0, 9, 10}, "c");
  diagnostics.error("syntax", {0, 5, 6}, "b");
  CHECK(diagnostics.has_errors());
  diagnostics.error("syntax", {0, 2, 3}, "a");
  diagnostics.error("syntax", {0, 5, 6}, "b");
  const auto sorted = diagnostics.sorted();
  REQUIRE(sorted.size() == 3);
  CHECK(sorted[0].message == "a");
  CHECK(sorted[2].severity == Severity::Warning);
}

TEST_CASE("the nearest name") {
  const std::vector<std::string> names = {"charge", "change_all", "refund",
                                          "LIMIT",  "order_id",   "x"};
  CHECK(nearest_name("chrage", names) == "charge");
  CHECK(nearest_name("Limit", names) == "LIMIT");
  CHECK(nearest_name("orderId", names) == "order_id");
  CHECK(nearest_name("refnd", names) == "refund");
  CHECK(nearest_name("banana", names) == "");
  CHECK(nearest_name("y", names) == "");
  CHECK(nearest_name("X", names) == "x");
  CHECK(nearest_name("", names) == "");
  CHECK(nearest_name(std::string(100'000, 'a'), names) == "");
}

TEST_CASE("codes are unique") {
  std::vector<std::string> codes;
#define WF_DIAGNOSTIC(code, severity, text) codes.push_back(code);
#include "lang/diagnostics/diagnostics.def"
  for (size_t i = 0; i < codes.size(); ++i) {
    for (size_t j = i + 1; j < codes.size(); ++j) CHECK(codes[i] != codes[j]);
  }
  CHECK(codes.size() > 10);
}
