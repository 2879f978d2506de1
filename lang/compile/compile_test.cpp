#include "lang/compile/compile.h"

#include <catch2/catch.hpp>
#include <map>

#include "lang/compile/load.h"

using namespace wakeful;

namespace {

using Files = std::map<std::string, std::string>;

Compiled compile_files(const Files& files, const std::string& path = "main.wf") {
  return compile(path, [&](const std::string& name) -> std::optional<std::string> {
    auto it = files.find(name);
    if (it == files.end()) return std::nullopt;
    return it->second;
  });
}

/// Compiles one file that must be right, and verifies what came out (compile() does that too).
Program program_of(const std::string& source) {
  Compiled compiled = compile_files({{"main.wf", source}});
  std::string said;
  for (const Diagnostic& d : compiled.diagnostics.sorted()) said += d.message + "\n";
  INFO(said);
  REQUIRE(compiled.program);
  CHECK(verify(*compiled.program));
  return std::move(*compiled.program);
}

/// The instructions of the function `name`, one a line, without source lines and padding.
std::string code_of(const std::string& source, const std::string& name = "f") {
  std::string text = disassemble(program_of(source));
  size_t at = 0;
  while (text[at] != '#' ||
         text.compare(text.find(' ', at) + 1, name.size() + 1, name + "(") != 0) {
    at = text.find('\n', at) + 1;
    REQUIRE(at != 0);
  }
  at = text.find('\n', at) + 1;
  std::string code;
  while (at < text.size() && text[at] == ' ') {
    size_t end = text.find('\n', at);
    std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("  ;")) continue;
    std::string packed;
    for (char c : line) {
      if (c != ' ' || (!packed.empty() && packed.back() != ' ')) packed += c;
    }
    code += packed + "\n";
  }
  return code;
}

std::string first_error(const Files& files) {
  Compiled compiled = compile_files(files);
  CHECK_FALSE(compiled.program);
  for (const Diagnostic& d : compiled.diagnostics.sorted()) {
    if (d.severity == Severity::Error) return d.message;
  }
  return "";
}
std::string first_error(const std::string& source) {
  return first_error(Files{{"main.wf", source}});
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const Constant& option(const Program& p, size_t activity, const std::string& name) {
  const Constant& options = p.activities[activity].options;
  for (size_t i = 0; i < options.keys.size(); ++i) {
    if (options.keys[i] == name) return options.items[i];
  }
  FAIL("no such option");
  return options;
}

}  // namespace

// --- expressions

TEST_CASE("compile: a recursive function has no needless moves") {
  CHECK(code_of("fn f(n) { if n < 2 { n } else { f(n - 1) + f(n - 2) } }") ==
        "0 JumpLessI r0 2 0 -> 3\n"
        "2 Return r0\n"
        "3 SubI r3 r0 1\n"
        "4 CallFunction r2 1 #" +
            std::to_string(program_of("fn f(n) { n }").find_function("f")) +
            " f\n"
            "6 SubI r4 r0 2\n"
            "7 CallFunction r3 1 #" +
            std::to_string(program_of("fn f(n) { n }").find_function("f")) +
            " f\n"
            "9 Add r1 r2 r3\n"
            "10 Return r1\n");
}

TEST_CASE("compile: a loop over a literal range keeps its numbers in registers") {
  CHECK(code_of("fn f(n) { var t = 0\n for i in 0..n { t += i }\n t }") ==
        "0 LoadInt r1 0\n"
        "1 LoadInt r2 0\n"
        "2 Move r3 r0\n"
        "3 RangePrep r2 -> 6\n"
        "4 Add r1 r1 r4\n"
        "5 RangeLoop r2 -> 4\n"
        "6 Return r1\n");
}

TEST_CASE("compile: conditions are one instruction with their jump") {
  CHECK(code_of("fn f(a, b) { while a < b and not (a == 3 or b != null) { a }\n 1 }") ==
        "0 JumpLess r0 r1 0 -> 6\n"
        "2 JumpEqualI r0 3 1 -> 6\n"
        "4 JumpIfNotNull r1 -> 6\n"
        "5 Loop -> 0\n"
        "6 LoadInt r2 1\n"
        "7 Return r2\n");
  CHECK(contains(code_of("fn f(a) { if 3 < a { 1 } else { 2 } }"), "JumpGreaterI r0 3 0"));
  CHECK(contains(code_of("fn f(a) { if a { 1 } else { 2 } }"), "JumpIfNot r0"));
}

TEST_CASE("compile: and, or and ?? as values") {
  CHECK(code_of("fn f(a, b) { a and b }") ==
        "0 Move r2 r0\n"
        "1 JumpIfNot r2 -> 4\n"
        "2 Move r2 r1\n"
        "3 CheckBool r2\n"
        "4 Return r2\n");
  CHECK_FALSE(contains(code_of("fn f(a, b) { a or b > 1 }"), "CheckBool"));
  CHECK(code_of("fn f(a, b) { a ?? b }") ==
        "0 Move r2 r0\n"
        "1 JumpIfNotNull r2 -> 3\n"
        "2 Move r2 r1\n"
        "3 Return r2\n");
}

TEST_CASE("compile: literals are folded, what would throw is left to the run") {
  CHECK(code_of("fn f() { 60 * 60 * 24 + 1 }") == "0 LoadConst r0 86401\n1 Return r0\n");
  CHECK(code_of("fn f() { \"a\" + \"b\" }") == "0 LoadConst r0 \"ab\"\n1 Return r0\n");
  CHECK(code_of("fn f() { -7 // 2 }") == "0 LoadInt r0 -4\n1 Return r0\n");
  CHECK(code_of("fn f() { -7 % 3 }") == "0 LoadInt r0 2\n1 Return r0\n");
  CHECK(contains(code_of("fn f() { 1 // 0 }"), "FloorDivI"));
  CHECK(contains(code_of("fn f() { 9223372036854775807 + 1 }"), "AddI"));
}

TEST_CASE("compile: an optional chain skips its rest") {
  CHECK(code_of("fn f(m) { m?.a.b }") ==
        "0 JumpIfNull r0 -> 8\n"
        "1 GetMemberAbsent r2 r0 \"a\"\n"
        "3 JumpIfPresent r2 -> 5\n"
        "4 Jump -> 8\n"
        "5 GetMember r1 r2 \"b\"\n"
        "7 Jump -> 9\n"
        "8 LoadNull r1\n"
        "9 Return r1\n");
  CHECK(code_of("fn f(m) { (m?.a).b }") ==
        "0 JumpIfNull r0 -> 4\n"
        "1 GetMemberAbsent r2 r0 \"a\"\n"
        "3 JumpIfPresent r2 -> 5\n"
        "4 LoadNull r2\n"
        "5 GetMember r1 r2 \"b\"\n"
        "7 Return r1\n");
}

TEST_CASE("compile: a texts' parts lie side by side") {
  CHECK(code_of("fn f(a, b) { \"${a}-${b}\" }") ==
        "0 Move r3 r0\n"
        "1 LoadConst r4 \"-\"\n"
        "2 Move r5 r1\n"
        "3 Concat r2 r3 3\n"
        "4 Return r2\n");
}

TEST_CASE("compile: an operand keeps the value it had") {
  // The block assigns x after it was read.
  CHECK(code_of("fn f(c) { var x = 1\n x + if c { x = 5\n 1 } else { 2 } }") ==
        "0 LoadInt r1 1\n"
        "1 Move r3 r1\n"
        "2 JumpIfNot r0 -> 6\n"
        "3 LoadInt r1 5\n"
        "4 LoadInt r4 1\n"
        "5 Jump -> 7\n"
        "6 LoadInt r4 2\n"
        "7 Add r2 r3 r4\n"
        "8 Return r2\n");
}

TEST_CASE("compile: an assignment whose value throws leaves the variable as it was") {
  std::string code = code_of("fn f(g) { var x = 1\n x = [x, g()]\n x }");
  CHECK(contains(code, "NewList r2"));
  CHECK(contains(code, "Move r1 r2"));
}

// --- calls

TEST_CASE("compile: arguments of known functions are bound to parameters") {
  std::string head = "fn g(a, b = 2, c = 3) { a }\n";
  std::string named = code_of(head + "fn f(x) { g(x, c: 1) }");
  CHECK(contains(named, "0 Move r2 r0\n1 LoadAbsent r3\n2 LoadInt r4 1\n3 CallFunction r1 3"));
  // Evaluated as written, placed as declared.
  std::string swapped = code_of(head + "fn f(x, y) { g(c: x(), a: y()) }");
  CHECK(contains(swapped, "0 Move r5 r0\n1 Call r5 0\n2 Move r6 r1\n3 Call r6 0\n4 Move r3 r6"));
}

TEST_CASE("compile: defaults are evaluated by the callee") {
  CHECK(code_of("fn f(a, b = a + 1) { b }") ==
        "0 JumpIfPresent r1 -> 2\n"
        "1 AddI r1 r0 1\n"
        "2 Return r1\n");
}

TEST_CASE("compile: library functions collect further arguments") {
  CHECK(code_of("fn f(x) { log.info(\"done\", id: x) }") ==
        "0 LoadConst r2 \"done\"\n"
        "1 NewMap r3 1\n"
        "2 MapPut r3 r0 \"id\"\n"
        "4 CallBuiltin r1 2 log.info\n"
        "6 Return r1\n");
  CHECK(contains(code_of("fn f(x) { print(x, 1) }"), "NewList r2 2"));
}

TEST_CASE("compile: methods, unknown callees and named arguments") {
  CHECK(code_of("fn f(xs, g) { xs.get(1, default: g(2)) }") ==
        "0 Move r3 r0\n"
        "1 LoadInt r4 1\n"
        "2 Move r5 r1\n"
        "3 LoadInt r6 2\n"
        "4 Call r5 1\n"
        "5 CallMethodNamed r2 3 0 \"get\"\n"
        "7 Return r2\n");
  CHECK(contains(code_of("fn f(g) { g(a: 1) }"), "CallNamed r1 1 names a"));
}

TEST_CASE("compile: a prelude function is called by its number and cannot be named") {
  Program p = program_of("fn f(xs) { xs.map(str) }");
  CHECK(p.functions[p.find_function("__list_map")].prelude);
  CHECK(p.sources.files.back()->name() == "<prelude>");
  CHECK_FALSE(compile_files({{"main.wf", "fn f(xs) { __list_map(xs, str) }"}}).program);
}

// --- durable

TEST_CASE("compile: workflows are called, or started") {
  std::string head = "workflow W(a, b = 1) { a }\nactivity act(x) { x }\n";
  CHECK(code_of(head + "fn f() { W(1) }") ==
        "0 LoadConst r0 workflow W\n1 LoadInt r1 1\n2 Call r0 1\n3 Return r0\n");
  CHECK(code_of(head + "fn f() { spawn W(1, b: 2) as \"id\" with {memo: {}} }") ==
        "0 LoadConst r0 workflow W\n"
        "1 LoadInt r1 1\n"
        "2 LoadInt r2 2\n"
        "3 LoadConst r3 \"id\"\n"
        "4 NewMap r4 1\n"
        "5 NewMap r5 0\n"
        "6 MapPut r4 r5 \"memo\"\n"
        "8 Start r0 2 0 names b\n"
        "10 Return r0\n");
  CHECK(contains(code_of(head + "fn f() { act(1) with {start_to_close_timeout: 1s} }"),
                 "Start r0 1 1"));
}

TEST_CASE("compile: spawn of what only a frame can call goes through a function") {
  Program p = program_of("fn f(xs) { spawn xs.map(str)\n spawn print(1)\n spawn f(1) }");
  std::string text = disassemble(p);
  CHECK(contains(text, "LoadConst        r1 fn spawn"));
  CHECK(contains(text, "LoadConst        r1 fn f"));
}

TEST_CASE("compile: gather, wait_any and batch have their windows") {
  CHECK(code_of("fn f(hs) { gather settled hs timeout 5s }") ==
        "0 Move r1 r0\n1 LoadConst r2 5000ms\n2 Gather r1 1\n3 Return r1\n");
  std::string batch = code_of("workflow f(xs) { batch settled x in xs limit 10 { x } }");
  CHECK(contains(batch, "LoadInt r3 10\n"));
  CHECK(contains(batch, "Batch r1 3\n"));
}

// --- variables and closures

TEST_CASE("compile: what is not assigned is captured by value, what is lives in a cell") {
  Program p = program_of(
      "fn f(a) { let b = 1\n var c = 2\n var d = 3\n"
      "let g = () => a + b + d\n fn() { c += 1 } }");
  const Function& reads = p.functions[p.functions.size() - 2];
  REQUIRE(reads.captures.size() == 3);
  const Function& writes = p.functions.back();
  REQUIRE(writes.captures.size() == 1);
  std::string text = disassemble(p);
  CHECK(contains(text, "NewCell          r2 r2"));
  CHECK_FALSE(contains(text, "NewCell          r3 r3"));
  CHECK(contains(text, "UpCellSet"));
}

TEST_CASE("compile: a compensate block takes the content of cells") {
  Program p = program_of(
      "workflow f() { var x = 1\n let g = fn() { x = 2 }\n x = 3\n compensate { print(x) } }");
  const Function& undo = p.functions.back();
  REQUIRE(undo.name == "compensate");
  REQUIRE(undo.captures.size() == 1);
  CHECK(undo.captures[0].unbox);
  // A variable that only compensate blocks see needs no cell.
  CHECK_FALSE(
      contains(code_of("workflow f() { var x = 1\n x = 3\n compensate { print(x) } }"), "NewCell"));
  CHECK(contains(first_error("workflow f() { var x = 1\n compensate { x = 2 } }"), "x"));
}

TEST_CASE("compile: a local function calls itself, also from inside a closure") {
  CHECK(contains(code_of("fn f() { fn g(n) { g(n - 1) }\n g }", "g"), "LoadCallee r1"));
  Program p = program_of("fn f() { fn g(xs) { xs.map(x => g(x)) }\n g }");
  const Function& lambda = p.functions[p.functions.size() - 2];
  REQUIRE(lambda.captures.size() == 1);
  CHECK(lambda.captures[0].index > 0);  // a register that got LoadCallee, not the parameter
  CHECK(contains(disassemble(p), "LoadCallee"));
}

// --- statements

TEST_CASE("compile: destructuring") {
  CHECK(code_of("fn f(m) { let {id, qty: n = 1, ...rest} = m\n n }") ==
        "0 CheckMap r0\n"
        "1 GetMember r1 r0 \"id\"\n"
        "3 GetMemberAbsent r2 r0 \"qty\"\n"
        "5 JumpIfPresent r2 -> 7\n"
        "6 LoadInt r2 1\n"
        "7 LoadConst r4 \"id\"\n"
        "8 LoadConst r5 \"qty\"\n"
        "9 MapRest r3 r0 2\n"
        "10 Return r2\n");
  CHECK(contains(code_of("fn f(xs) { let [a, ...r] = xs\n r }"), "CheckList r0 1 1\n"));
  CHECK(contains(code_of("fn f(xs) { let [a, b] = xs\n a }"), "CheckList r0 2 0\n"));
}

TEST_CASE("compile: compound assignment evaluates its right side first") {
  CHECK(code_of("fn f(m, g) { m.n += g() }") ==
        "0 Move r2 r1\n"
        "1 Call r2 0\n"
        "2 GetMember r3 r0 \"n\"\n"
        "4 Add r3 r3 r2\n"
        "5 SetMember r0 r3 \"n\"\n"
        "7 ReturnNull\n");
}

TEST_CASE("compile: code that cannot be reached is left out") {
  CHECK(code_of("fn f() { return 1\n print(2) }") == "0 LoadInt r0 1\n1 Return r0\n");
  CHECK(code_of("fn f() { while true { 1 } }") == "0 LoadInt r0 1\n1 Loop -> 0\n");
}

TEST_CASE("compile: try, catch and its condition") {
  CHECK(code_of("fn f(g) { try { g() } catch e if e.kind == \"A\" { 1 } }") ==
        "0 EnterTry r2 -> 6\n"
        "1 Move r3 r0\n"
        "2 Call r3 0\n"
        "3 Move r1 r3\n"
        "4 ExitTry\n"
        "5 Jump -> 18\n"
        "6 EnterCatch r2\n"
        "7 GetMember r3 r2 \"kind\"\n"
        "9 LoadConst r4 \"A\"\n"
        "10 JumpEqual r3 r4 0 -> 16\n"
        "12 LoadInt r1 1\n"
        "13 ExitHandler\n"
        "14 EndCatch r2\n"
        "15 Jump -> 18\n"
        "16 ExitHandler\n"
        "17 Rethrow r2\n"
        "18 Return r1\n");
}

TEST_CASE("compile: finally runs on every way out, innermost first") {
  std::string code =
      code_of("fn f(g) { for x in g { try { if x { break }\n return 1 } finally { g() } }\n 2 }");
  size_t calls = 0;
  for (size_t at = 0; (at = code.find("Call ", at)) != std::string::npos; ++at) ++calls;
  CHECK(calls == 3);  // break, return, error: the normal end cannot be reached
  CHECK(contains(code, "ExitTry\n"));
  CHECK(contains(code, "Rethrow"));
  std::string shadowed =
      code_of("fn f() { let x = 1\n try { let x = 2\n return 3 } finally { print(x) } }");
  CHECK(contains(shadowed, "ListAppend r7 r0\n"));
}

TEST_CASE("compile: a return out of a catch ends a cancellation, a break does not") {
  CHECK(contains(code_of("fn f(g) { try { g() } catch { return 1 } }"), "AbsorbCancel"));
  std::string code = code_of("fn f(g) { while true { try { g() } catch { break } }\n 1 }");
  CHECK_FALSE(contains(code, "AbsorbCancel"));
  CHECK(contains(code, "EndCatch"));
}

TEST_CASE("compile: places name the member that is looked up and the call that is made") {
  std::string source = "fn f(m, g) { g(m.abc) }";
  Program p = program_of(source);
  const Function& f = p.functions[p.find_function("f")];
  auto text_at = [&](uint32_t pc) {
    Span span = f.place_of(pc);
    return source.substr(span.begin, span.end - span.begin);
  };
  CHECK(text_at(0) == "g");
  CHECK(text_at(1) == "abc");
  CHECK(text_at(3) == "g(m.abc)");
}

// --- constants and declarations

TEST_CASE("compile: top-level constants may use each other in any order") {
  CHECK(code_of("let A = B * 2\nlet B = C + 1\nlet C = 4\nfn f() { A }") ==
        "0 LoadInt r0 10\n1 Return r0\n");
  CHECK(code_of("let A = \"x\" + \"${N}\"\nlet N = 3\nfn f() { A }") ==
        "0 LoadConst r0 \"x3\"\n1 Return r0\n");
  CHECK(contains(code_of("let L = [1, 2] + [3]\nfn f() { L }"), "LoadConst r0 [3 items]"));
  CHECK(contains(code_of("let M = {a: 1, ...{b: 2}}\nfn f() { M.b }"), "GetMember"));
  CHECK(contains(first_error("let A = B\nlet B = A"), "needs itself"));
  CHECK(contains(first_error("let A = 1 // 0"), "divides by zero"));
  CHECK(contains(first_error("let A = 9223372036854775807 + 1"), "overflows"));
}

TEST_CASE("compile: constants cannot grow without bound") {
  std::string source = "let A0 = [1, 2, 3, 4]\n";
  for (int i = 1; i < 40; ++i) {
    source += "let A" + std::to_string(i) + " = A" + std::to_string(i - 1) + " + A" +
              std::to_string(i - 1) + "\n";
  }
  CHECK(contains(first_error(source), "too large"));
  std::string chain;
  for (int i = 0; i < 50'000; ++i) {
    chain += "let A" + std::to_string(i) + " = A" + std::to_string(i + 1) + "\n";
  }
  CHECK(contains(first_error(chain + "let A50000 = 1"), "too deeply"));
}

TEST_CASE("compile: declared options are constants") {
  Program p =
      program_of("let LIMIT = 30s\nactivity act(x) with {start_to_close_timeout: LIMIT * 2}");
  CHECK(option(p, 0, "start_to_close_timeout") == Constant{Constant::Kind::Duration, 60'000});
  CHECK(p.activities[0].function == -1);
}

TEST_CASE("compile: types are handed on") {
  Program p = program_of("workflow W(a: {id: string, n: list<int>?}, b = 1) -> float? { 1.0 }");
  const Parameter& a = p.workflows[0].params[0];
  CHECK(a.type.kind == TypeDesc::Kind::Record);
  CHECK(a.type.names == std::vector<std::string>{"id", "n"});
  CHECK(a.type.args[1].optional);
  CHECK(a.type.args[1].args[0].kind == TypeDesc::Kind::Int);
  CHECK_FALSE(p.workflows[0].params[1].required);
  CHECK(p.workflows[0].result.kind == TypeDesc::Kind::Float);
}

// --- imports

TEST_CASE("compile: imports are relative to their file and read once") {
  Files files = {
      {"main.wf",
       "import \"lib/a.wf\"\nimport \"lib/b.wf\" as b\nworkflow main() { a() + b.twice(C) }"},
      {"lib/a.wf", "import \"b.wf\"\nlet C = 2\nfn a() { twice(1) }"},
      {"lib/b.wf", "fn twice(x) { x * 2 }\nworkflow Other() { 1 }"}};
  Compiled compiled = compile_files(files);
  for (const Diagnostic& d : compiled.diagnostics.sorted()) UNSCOPED_INFO(d.message);
  REQUIRE(compiled.program);
  CHECK(compiled.program->sources.files.size() == 4);
  CHECK(compiled.program->workflows.size() == 2);
  CHECK(compiled.program->own_workflows == 1);
  CHECK(compiled.program->workflows[0].name == "main");
}

TEST_CASE("compile: imports that cannot be followed") {
  CHECK(contains(first_error(Files{{"main.wf", "import \"no.wf\""}}), "no.wf"));
  CHECK(contains(first_error(Files{{"main.wf", "import \"../x.wf\""}}), "project"));
  CHECK(contains(first_error(Files{}), "main.wf"));
  CHECK(contains(first_error(Files{{"main.wf", "import \"a.wf\""},
                                   {"a.wf", "import \"b.wf\""},
                                   {"b.wf", "import \"a.wf\""}}),
                 "a.wf → b.wf → a.wf"));
  CHECK(resolve_import("a/b/c.wf", "../x/./y.wf") == "a/x/y.wf");
  CHECK(resolve_import("c.wf", "../x.wf").empty());
  CHECK(resolve_import("c.wf", "/x.wf").empty());
}

// --- limits

TEST_CASE("compile: too many variables, too long jumps") {
  std::string many = "fn f() {\n";
  for (int i = 0; i < 260; ++i) many += "let v" + std::to_string(i) + " = 1\n";
  CHECK(contains(first_error(many + "}"), "250 variables"));
  std::string lengthy = "fn f(x) {\nif x {\n";
  for (int i = 0; i < 20'000; ++i) lengthy += "x.a = 1\n";
  CHECK(contains(first_error(lengthy + "}\n}"), "too long"));
}

TEST_CASE("compile: a long text or list needs few registers") {
  std::string text = "fn f(x) { \"", list = "fn g(x) { [";
  for (int i = 0; i < 600; ++i) {
    text += "${x},";
    list += "x, ";
  }
  Program p = program_of(text + "\" }\n" + list + "] }");
  CHECK(p.functions[p.find_function("f")].registers < 50);
  CHECK(p.functions[p.find_function("g")].registers < 10);
}

TEST_CASE("compile: one program has one hash") {
  std::string source = "fn f(a) { a.map(x => x + 1) }\nworkflow main() { f([1]) }";
  CHECK(program_of(source).hash == program_of(source).hash);
  CHECK(program_of(source).hash != program_of(source + " ").hash);
  auto back = deserialise(serialise(program_of(source)));
  REQUIRE(back);
  CHECK(verify(*back));
  CHECK(back->hash == program_of(source).hash);
}
