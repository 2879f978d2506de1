#include <catch2/catch.hpp>

#include "lang/grammar/testing.h"

using wakeful::testing::body;
using wakeful::testing::Parsed;

TEST_CASE("numbers") {
  CHECK(body("42; 1_000_000; 0xff; 0b1010; 007") == "42 1000000 255 10 7");
  CHECK(body("3.14; 1e-9; 1.5e3") == "3.14 1e-09 1500.0");
  CHECK(body("1..2; 1.len(); 1.5.len()") == "(.. 1 2) (call (. 1 len)) (call (. 1.5 len))");
  CHECK(body("9223372036854775807; -9223372036854775808; 0x7fffffffffffffff") ==
        "9223372036854775807 -9223372036854775808 9223372036854775807");
  CHECK(body("9223372036854775808") == "2:1 bad-number\n");
  CHECK(body("5 - 9223372036854775808") == "2:5 bad-number\n");
  CHECK(body("- -9223372036854775808") == "(neg -9223372036854775808)");
  for (const char* bad : {"1__0", "1_", "0x", "0b2", "12abc", "1.5x", "1e5s", "5min", "1.2.3",
                          "99999999999999999999", "1e999"}) {
    CAPTURE(bad);
    CHECK(body(bad) == "2:1 bad-number\n");
  }
}

TEST_CASE("durations") {
  CHECK(body("250ms; 1.5s; 1h30m; 7d; 0.5ms; 1d2h3m4s5ms") ==
        "250ms 1500ms 5400000ms 604800000ms 1ms 93784005ms");
  CHECK(body("1_000ms") == "1000ms");
  for (const char* bad : {"30m1h", "1s1s", "1.5h30m", "1h30", "106751991168d"}) {
    CAPTURE(bad);
    CHECK(body(bad) == "2:1 bad-number\n");
  }
}

TEST_CASE("strings") {
  CHECK(body(R"("a\n\t\\\"\$\u{1F600}$b $")") == "\"a\\n\t\\\\\\\"$\xF0\x9F\x98\x80$b $\"");
  CHECK(body(R"('a\n\'\\${b}\d')") == "\"a\\\\n'\\\\${b}\\\\d\"");
  CHECK(body(R"("${a}")") == "(str a)");
  CHECK(body(R"("x${"y${{a: "}"}.a}"}z")") == "(str \"x\" (str \"y\" (. (map a:\"}\") a)) \"z\")");
  CHECK(body(R"("\q")") == "2:2 bad-string\n");
  CHECK(body(R"("\u{110000}\u{d800}\u{}\u12")") ==
        "2:2 bad-string\n2:12 bad-string\n2:20 bad-string\n2:24 bad-string\n");
  CHECK(body("\"a\nb\n'c") == "2:1 bad-string\n4:1 bad-string\n");
  CHECK(body("\"a${b\n\"") == "2:1 bad-string\n3:1 bad-string\n");
  CHECK(body(R"("${}")") == "2:4 syntax\n");
  CHECK(body(R"("${a b}")") == "2:6 syntax\n");
}

TEST_CASE("triple-quoted strings lose the indentation of their closing quotes") {
  CHECK(body("\"\"\"\n  a\n    b ${x\n} c\n\n  d\n  \"\"\"") ==
        "(str \"a\\n  b \" x \" c\\n\\nd\")");
  CHECK(body("\"\"\"\n\ta\n\t\"\"\"") == "\"a\"");
  CHECK(body("\"\"\"\na\n\n\"\"\"") == "\"a\\n\"");
  CHECK(body("\"\"\"\n\"\"\"") == "\"\"");
  CHECK(body("\"\"\"a ${b} \"c\" d\"\"\"") == "(str \"a \" b \" \\\"c\\\" d\")");
  CHECK(body("\"\"\"\n a\n  b\n  \"\"\"") == "3:1 bad-string\n");
  CHECK(body("\"\"\"\r\n  a\r\n  b\r\n  \"\"\"") == "\"a\\nb\"");
  CHECK(body("\"\"\"\n  ${a}\n${b}\n  \"\"\"") == "4:1 bad-string\n");
  CHECK(body("\"\"\"\n  a\\n  b\n  \"\"\"") == "\"a\\n  b\"");
  CHECK(Parsed("workflow main() { \"\"\"a").findings().find("bad-string") != std::string::npos);
}

TEST_CASE("files that are no text") {
  CHECK(Parsed("let A = \"\xFF\"").findings() == "1:10 not-utf8\n");
  CHECK(Parsed("let A = 1 @").findings() == "1:11 bad-character\n");
  CHECK(Parsed("\xEF\xBB\xBFlet A = 1").findings() == "");
  CHECK(Parsed("").findings() == "");
  CHECK(Parsed("let A = 1\r\nlet B = 2\r\n").findings() == "");
}
