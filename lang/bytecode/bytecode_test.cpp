#include <catch2/catch.hpp>
#include <random>

#include "lang/bytecode/opcode_table.h"
#include "lang/bytecode/program.h"

using namespace wakeful;

namespace {

uint32_t word(Op op, uint8_t a = 0, uint8_t b = 0, uint8_t c = 0) {
  return static_cast<uint32_t>(op) | a << 8 | b << 16 | static_cast<uint32_t>(c) << 24;
}
uint32_t wide(Op op, uint8_t a, int bx) {
  return static_cast<uint32_t>(op) | a << 8 |
         static_cast<uint32_t>(static_cast<uint16_t>(bx)) << 16;
}

Constant text(std::string value) {
  Constant c;
  c.kind = Constant::Kind::String;
  c.text = std::move(value);
  return c;
}

Program sample() {
  Program p;
  p.sources.files.push_back(std::make_shared<SourceFile>("a.wf", "fn f(x) {\n  x.name\n}\n"));
  Constant list;
  list.kind = Constant::Kind::List;
  list.items = {text("name"), Constant{Constant::Kind::Float, 0, 0, 1.5}};
  Constant map;
  map.kind = Constant::Kind::Map;
  map.keys = {"a"};
  map.items = {list};
  Constant negative;
  negative.kind = Constant::Kind::Int;
  negative.integer = INT64_MIN;
  p.constants = {text("name"), map, negative};
  p.shapes = {{"x", "y"}};
  p.caches = 1;
  Function f;
  f.name = "f";
  TypeDesc record;
  record.kind = TypeDesc::Kind::Record;
  record.args.resize(1);
  record.names = {"id"};
  f.params = {{"x", true, record}};
  f.registers = 2;
  f.code = {word(Op::GetMember, 1, 0), 0, wide(Op::JumpIfNull, 1, 1), word(Op::Return, 1),
            word(Op::ReturnNull)};
  f.places = {{0, {0, 14, 18}}, {3, {0, 12, 18}}};
  f.span = {0, 0, 20};
  p.functions = {f};
  CallableDecl w;
  w.name = "W";
  w.function = 0;
  w.params = f.params;
  w.options = map;
  w.doc = "what it is";
  w.span = {0, 0, 5};
  p.workflows = {w};
  p.own_workflows = 1;
  seal(p);
  return p;
}

}  // namespace

TEST_CASE("a program survives serialise and deserialise") {
  Program p = sample();
  std::string bytes = serialise(p);
  auto back = deserialise(bytes);
  REQUIRE(back);
  CHECK(serialise(*back) == bytes);
  CHECK(back->hash == p.hash);
  CHECK(p.hash.size() == 32);
  CHECK(back->constants == p.constants);
  CHECK(back->functions[0].code == p.functions[0].code);
  CHECK(back->functions[0].place_of(2) == Span{0, 14, 18});
  CHECK(back->functions[0].place_of(4) == Span{0, 12, 18});
  CHECK(back->functions[0].params[0].type.names == std::vector<std::string>{"id"});
  CHECK(verify(*back));
}

TEST_CASE("the hash follows the content") {
  Program p = sample();
  std::string before = p.hash;
  p.constants[0].text = "nam2";
  seal(p);
  CHECK(p.hash != before);
}

TEST_CASE("every cut of a program is refused") {
  std::string bytes = serialise(sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(deserialise(std::string_view(bytes).substr(0, size)));
  }
  auto longer = deserialise(bytes + "x");
  REQUIRE_FALSE(longer);
  CHECK(longer.error().message.find("more than a program") != std::string::npos);
}

TEST_CASE("a newer version is refused with its number") {
  std::string bytes = serialise(sample());
  bytes[4] = 9;
  auto result = deserialise(bytes);
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("version 9") != std::string::npos);
}

TEST_CASE("mutated bytes are read, verified and shown without a crash") {
  std::string bytes = serialise(sample());
  std::mt19937 random(7);
  size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string mutated = bytes;
    for (uint32_t n = random() % 3 + 1; n > 0; --n) {
      mutated[random() % mutated.size()] = static_cast<char>(random());
    }
    auto program = deserialise(mutated);
    if (!program || !verify(*program)) continue;
    ++accepted;
    bool shown = !disassemble(*program).empty();
    CHECK((shown || program->functions.empty() || program->functions[0].prelude));
  }
  CHECK(accepted > 0);  // else the loop tested nothing behind the reader
}

TEST_CASE("verify finds what is out of bounds") {
  auto fault_of = [](std::vector<uint32_t> code, uint8_t registers = 4) {
    Program p = sample();
    p.functions[0].code = std::move(code);
    p.functions[0].places.clear();
    p.functions[0].registers = registers;
    auto result = verify(p);
    return result ? std::string("ok") : result.error().message;
  };
  auto contains = [](const std::string& text, const char* part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
  };
  uint32_t ret = word(Op::ReturnNull);
  CHECK(fault_of({ret}) == "ok");
  contains(fault_of({}), "no code");
  contains(fault_of({word(Op::Move, 4, 0), ret}), "register 4 of 4");
  contains(fault_of({word(Op::Move, 0, 9), ret}), "register 9 of 4");
  contains(fault_of({word(Op::Move, 0, 1)}), "without a return");
  contains(fault_of({200}), "unknown opcode 200");
  contains(fault_of({word(Op::GetMember, 0, 1)}), "extra word");
  contains(fault_of({word(Op::GetMember, 0, 1), 7, ret}), "constant 7");
  contains(fault_of({word(Op::GetMember, 0, 1), 1, ret}), "not a string");
  contains(fault_of({word(Op::GetMember, 0, 1), 0x00010000, ret}), "cache 1");
  contains(fault_of({wide(Op::LoadConst, 0, 3), ret}), "constant 3");
  contains(fault_of({wide(Op::JumpIf, 0, 5), ret}), "a jump to 6");
  contains(fault_of({wide(Op::JumpIf, 0, 1), word(Op::GetMember, 0, 1), 0, ret}), "a jump to 2");
  contains(fault_of({wide(Op::JumpIf, 0, -2), ret}), "a jump to -1");
  contains(fault_of({word(Op::Call, 2, 2), ret}), "register 4 of 4");
  contains(fault_of({word(Op::CallFunction, 0, 2), 0, ret}), "another number of arguments");
  contains(fault_of({word(Op::CallFunction, 0, 1), 1, ret}), "function 1 of 1");
  contains(fault_of({word(Op::CallBuiltin, 0, 0), 65'000, ret}), "unknown builtin");
  contains(fault_of({word(Op::CallNamed, 0, 1), 0, ret}), "more names than arguments");
  contains(fault_of({word(Op::Start, 0, 1, 0), UINT32_MAX, ret}), "ok");
  contains(fault_of({word(Op::Start, 0, 1, 2), UINT32_MAX, ret}), "register 4");
  contains(fault_of({word(Op::Start, 0, 1, 0), 3, ret}), "shape 3");
  contains(fault_of({word(Op::Concat, 0, 2, 3), ret}), "register 4");
  contains(fault_of({word(Op::UpGet, 0, 0), ret}), "upvalue 0");
  contains(fault_of({word(Op::ForNext2, 1), ret}), "register 4");
}

TEST_CASE("disassemble shows source lines, names and jump targets") {
  CHECK(disassemble(sample()) ==
        "#0 f(x)  registers 2\n"
        "  ; a.wf:2: x.name\n"
        "    0  GetMember        r1 r0 \"name\"\n"
        "    2  JumpIfNull       r1 -> 4\n"
        "    3  Return           r1\n"
        "    4  ReturnNull\n");
}

TEST_CASE("an opcode's row says how long it is") {
  CHECK(opcode_info(Op::Start).has_extra());
  CHECK(opcode_info(Op::Start).extra() == 'i');
  CHECK(opcode_info(Op::JumpLess).operands() == "rri");
  CHECK(instruction_words(Op::Move) == 1);
}
