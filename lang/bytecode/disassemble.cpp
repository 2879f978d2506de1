// Program → text for `wf disasm`: one line an instruction, made from the operand letters of
// opcodes.def.
#include <fmt/format.h>

#include <algorithm>

#include "lang/bytecode/opcode_table.h"
#include "lang/bytecode/program.h"
#include "stdlib/builtins.h"

namespace wakeful {
namespace {

constexpr size_t kShownTextMax = 40;

std::string quoted(std::string_view text) {
  std::string shown = "\"";
  for (char c : text.substr(0, kShownTextMax)) {
    if (c == '\n') {
      shown += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      shown += c;
    }
  }
  return shown + (text.size() > kShownTextMax ? "…\"" : "\"");
}

template <class T>
std::string name_at(const std::vector<T>& list, int64_t index) {
  bool there = index >= 0 && index < static_cast<int64_t>(list.size());
  return there ? list[index].name : fmt::format("?{}", index);
}

std::string builtin_name(int64_t number) {
  const Builtin* builtin = number >= 0 && number <= UINT16_MAX
                               ? builtin_by_number(static_cast<uint16_t>(number))
                               : nullptr;
  return builtin ? builtin->qualified() : fmt::format("?{}", number);
}

std::string callee_text(const Program& program, const Constant& c) {
  switch (c.callee) {
    case CalleeKind::Function:
      return "fn " + name_at(program.functions, c.integer);
    case CalleeKind::Workflow:
      return "workflow " + name_at(program.workflows, c.integer);
    case CalleeKind::Activity:
      return "activity " + name_at(program.activities, c.integer);
    case CalleeKind::Builtin:
      return "builtin " + builtin_name(c.integer);
  }
  return "?";
}

std::string constant_text(const Program& program, uint32_t index) {
  if (index >= program.constants.size()) return fmt::format("?{}", index);
  const Constant& c = program.constants[index];
  switch (c.kind) {
    case Constant::Kind::Null:
      return "null";
    case Constant::Kind::Bool:
      return c.integer ? "true" : "false";
    case Constant::Kind::Int:
      return std::to_string(c.integer);
    case Constant::Kind::Float:
      return fmt::format("{}", c.real);
    case Constant::Kind::Duration:
      return fmt::format("{}ms", c.integer);
    case Constant::Kind::String:
      return quoted(c.text);
    case Constant::Kind::Callee:
      return callee_text(program, c);
    case Constant::Kind::List:
      return fmt::format("[{} items]", c.items.size());
    case Constant::Kind::Map:
      return fmt::format("{{{} keys}}", c.keys.size());
    case Constant::Kind::Range:
      return fmt::format("{}..{}", c.integer, c.end);
  }
  return "?";
}

std::string shape_text(const Program& program, uint32_t index) {
  if (index == UINT32_MAX) return "";
  if (index >= program.shapes.size()) return fmt::format("names ?{}", index);
  return fmt::format("names {}", fmt::join(program.shapes[index], ","));
}

class Disassembler {
 public:
  explicit Disassembler(const Program& program) : program_(program) {}

  std::string run() {
    for (size_t i = 0; i < program_.functions.size(); ++i) {
      if (!program_.functions[i].prelude) function(i, program_.functions[i]);
    }
    return std::move(out_);
  }

 private:
  void function(size_t index, const Function& f) {
    std::string params;
    for (const Parameter& p : f.params) {
      if (!params.empty()) params += ", ";
      params += p.name + (p.required ? "" : "?");
    }
    out_ += fmt::format("{}#{} {}({})  registers {}", out_.empty() ? "" : "\n", index, f.name,
                        params, f.registers);
    if (!f.captures.empty()) out_ += "  captures" + captures(f);
    out_ += '\n';
    line_ = 0;
    file_ = UINT32_MAX;
    for (uint32_t pc = 0; pc < f.code.size();
         pc += instruction_words(Instruction{f.code[pc]}.op())) {
      source_line(f.place_of(pc));
      instruction(f, pc);
    }
  }

  static std::string captures(const Function& f) {
    std::string text;
    for (const Capture& c : f.captures) {
      text += fmt::format(" {}{}{}", c.from == Capture::From::Register ? 'r' : 'u', c.index,
                          c.unbox ? "*" : "");
    }
    return text;
  }

  void source_line(Span span) {
    if (span.file >= program_.sources.files.size()) return;
    const SourceFile& file = *program_.sources.files[span.file];
    uint32_t line = file.locate(span.begin).line;
    if (span.file == file_ && line == line_) return;
    file_ = span.file;
    line_ = line;
    std::string_view text = file.line(line);
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    out_ += fmt::format("  ; {}:{}: {}\n", file.name(), line, text);
  }

  void add(std::string text) {
    if (!text.empty()) operands_ += (operands_.empty() ? "" : " ") + std::move(text);
  }

  void operand(char letter, uint8_t value) {
    switch (letter) {
      case 'r':
      case 'w':
      case 'm':
        return add(fmt::format("r{}", value));
      case 'n':
        return add(std::to_string(value));
      case 'i':
        return add(std::to_string(static_cast<int8_t>(value)));
      case 'k':
        return add(constant_text(program_, value));
      default:
        return;
    }
  }

  void wide_operand(char letter, Instruction in) {
    switch (letter) {
      case 'I':
        return add(std::to_string(in.sbx()));
      case 'N':
        return add(std::to_string(in.bx()));
      case 'K':
        return add(constant_text(program_, in.bx()));
      case 'F':
        return add(fmt::format("#{} {}", in.bx(), name_at(program_.functions, in.bx())));
      default:
        return;  // J: shown as the target
    }
  }

  void extra_operand(char letter, uint32_t extra) {
    switch (letter) {
      case 'k':
        return add(constant_text(program_, extra & 0xFFFF));
      case 'n':
        return add(constant_text(program_, extra & 0xFFFF));  // CallMethodNamed
      case 'f':
        return add(fmt::format("#{} {}", extra, name_at(program_.functions, extra)));
      case 'b':
        return add(builtin_name(extra));
      case 'i':
        return add(shape_text(program_, extra));
      default:
        return;  // j: shown as the target
    }
  }

  void instruction(const Function& f, uint32_t pc) {
    Instruction in{f.code[pc]};
    const OpcodeInfo& info = opcode_info(in.op());
    std::string_view letters = info.operands();
    operands_.clear();
    if (letters.size() == 3) {
      operand(letters[0], in.a());
      operand(letters[1], in.b());
      operand(letters[2], in.c());
    } else if (letters.size() == 2) {
      operand(letters[0], in.a());
      wide_operand(letters[1], in);
    }
    if (info.has_extra()) extra_operand(info.extra(), f.code[pc + 1]);
    if (int64_t target = jump_target(f.code, pc); target >= 0) add(fmt::format("-> {}", target));
    out_ += fmt::format("{:5}  {:<17}", pc, info.name);
    if (operands_.empty()) out_.erase(out_.find_last_not_of(' ') + 1);
    out_ += operands_ + "\n";
  }

  const Program& program_;
  std::string out_;
  std::string operands_;
  uint32_t file_ = UINT32_MAX;
  uint32_t line_ = 0;
};

}  // namespace

std::string disassemble(const Program& program) { return Disassembler(program).run(); }

}  // namespace wakeful
