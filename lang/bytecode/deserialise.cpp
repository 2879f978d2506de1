// Bytes → Program. Trusts nothing: counts, enums, spans and depths are checked before use.
// use.
#include <fmt/format.h>

#include <bit>

#include "lang/bytecode/format.h"
#include "lang/bytecode/limits.h"
#include "lang/bytecode/program.h"

namespace wakeful {
namespace {

/// Reads forward; after the first fault every read gives zeros and `fault()` says what it was.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  const std::string& fault() const { return fault_; }
  bool failed() const { return !fault_.empty(); }
  size_t at() const { return at_; }
  bool at_end() const { return at_ == bytes_.size(); }

  void fail(std::string_view what) {
    if (fault_.empty()) fault_ = fmt::format("{} at byte {}", what, at_);
  }

  uint8_t byte() {
    if (failed() || at_ >= bytes_.size()) {
      fail("the end came too early");
      return 0;
    }
    return static_cast<uint8_t>(bytes_[at_++]);
  }
  uint64_t number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      uint8_t part = byte();
      value |= uint64_t{part & 0x7Fu} << shift;
      if (!(part & 0x80)) return value;
    }
    fail("a number is longer than 64 bits");
    return 0;
  }
  uint64_t number_to(uint64_t max, std::string_view what) {
    uint64_t value = number();
    if (value > max) {
      fail(fmt::format("{} is {}, at most {} expected", what, value, max));
      return 0;
    }
    return value;
  }
  int64_t integer() {
    uint64_t value = number();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  uint32_t word() {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value |= uint32_t{byte()} << (8 * i);
    return value;
  }
  double real() {
    uint64_t low = word();
    return std::bit_cast<double>(low | uint64_t{word()} << 32);
  }
  std::string text() {
    uint64_t size = number();
    if (failed() || size > bytes_.size() - at_) {
      fail("a text is longer than what is left");
      return {};
    }
    at_ += size;
    return std::string(bytes_.substr(at_ - size, size));
  }
  /// Calls `each` as often as the count that it reads says. An element has at least
  /// `element_bytes`.
  template <class F>
  void repeat(F each, size_t element_bytes = 1) {
    uint64_t count = number();
    if (failed() || count > (bytes_.size() - at_) / element_bytes) {
      fail("a list is longer than what is left");
      return;
    }
    for (uint64_t i = 0; i < count && !failed(); ++i) each();
  }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
  std::string fault_;
};

class ProgramReader {
 public:
  explicit ProgramReader(std::string_view bytes) : r_(bytes) {}

  Result<Program> read() {
    header();
    if (!r_.failed()) body();
    if (!r_.failed() && !r_.at_end()) r_.fail("there is more than a program");
    if (r_.failed())
      return wakeful::fail(Fault::Store, "the stored program is damaged: " + r_.fault());
    return std::move(program_);
  }

 private:
  void header() {
    for (char expected : kProgramMagic) {
      if (r_.byte() != static_cast<uint8_t>(expected))
        return r_.fail("it does not begin with WFPR");
    }
    uint8_t version = r_.byte();
    if (version != kProgramVersion) {
      r_.fail(fmt::format(
          "its format is version {}, this wf reads version {}; use the wf that wrote it,", version,
          kProgramVersion));
    }
  }

  void body() {
    r_.repeat([&] {
      std::string name = r_.text();
      std::string text = r_.text();
      if (!r_.failed()) {
        program_.sources.files.push_back(
            std::make_shared<SourceFile>(std::move(name), std::move(text)));
      }
    });
    r_.repeat([&] { program_.constants.push_back(constant(0)); });
    r_.repeat([&] {
      auto& shape = program_.shapes.emplace_back();
      r_.repeat([&] { shape.push_back(r_.text()); });
    });
    r_.repeat([&] { program_.functions.push_back(function()); });
    r_.repeat([&] { program_.workflows.push_back(callable()); });
    r_.repeat([&] { program_.activities.push_back(callable()); });
    program_.caches = static_cast<uint16_t>(r_.number_to(UINT16_MAX, "the number of caches"));
    program_.own_workflows = static_cast<uint32_t>(
        r_.number_to(program_.workflows.size(), "the number of own workflows"));
  }

  template <class E>
  E enumerator(E last, std::string_view what) {
    return static_cast<E>(enumerator_number(r_.byte(), static_cast<uint8_t>(last), what));
  }
  uint8_t enumerator_number(uint8_t value, uint8_t last, std::string_view what) {
    if (value <= last) return value;
    r_.fail(fmt::format("unknown {} {}", what, value));
    return 0;
  }

  bool too_deep(uint32_t depth) {
    if (depth < kConstantDepthMax) return false;
    r_.fail(fmt::format("values nest deeper than {}", kConstantDepthMax));
    return true;
  }

  Constant constant(uint32_t depth) {
    Constant c;
    if (too_deep(depth)) return c;
    c.kind = enumerator(Constant::Kind::Range, "kind of constant");
    switch (c.kind) {
      case Constant::Kind::Null:
        break;
      case Constant::Kind::Bool:
      case Constant::Kind::Int:
      case Constant::Kind::Duration:
        c.integer = r_.integer();
        break;
      case Constant::Kind::Float:
        c.real = r_.real();
        break;
      case Constant::Kind::String:
        c.text = r_.text();
        break;
      case Constant::Kind::Callee:
        c.callee = enumerator(CalleeKind::Builtin, "kind of callee");
        c.integer = r_.integer();
        break;
      case Constant::Kind::List:
        r_.repeat([&] { c.items.push_back(constant(depth + 1)); });
        break;
      case Constant::Kind::Map:
        r_.repeat([&] {
          c.keys.push_back(r_.text());
          c.items.push_back(constant(depth + 1));
        });
        break;
      case Constant::Kind::Range:
        c.integer = r_.integer();
        c.end = r_.integer();
        break;
    }
    return c;
  }

  TypeDesc type(uint32_t depth) {
    TypeDesc t;
    if (too_deep(depth)) return t;
    uint8_t first = r_.byte();
    t.kind = static_cast<TypeDesc::Kind>(enumerator_number(
        first >> 1, static_cast<uint8_t>(TypeDesc::Kind::Record), "kind of type"));
    t.optional = first & 1;
    r_.repeat([&] { t.args.push_back(type(depth + 1)); });
    r_.repeat([&] { t.names.push_back(r_.text()); });
    bool record = t.kind == TypeDesc::Kind::Record;
    if (t.names.size() != (record ? t.args.size() : 0)) r_.fail("a type's fields have no names");
    if (!record && t.args.size() > 1) r_.fail("a type has too many arguments");
    return t;
  }

  std::vector<Parameter> params() {
    std::vector<Parameter> list;
    r_.repeat([&] {
      Parameter p;
      p.name = r_.text();
      p.required = r_.byte() != 0;
      p.type = type(0);
      list.push_back(std::move(p));
    });
    return list;
  }

  Span checked(uint64_t file, uint64_t begin, uint64_t bytes) {
    const auto& files = program_.sources.files;
    if (r_.failed()) return {};
    if (file >= files.size() || begin > files[file]->text().size() ||
        bytes > files[file]->text().size() - begin) {
      r_.fail("a place lies outside its source");
      return {};
    }
    return {static_cast<uint32_t>(file), static_cast<uint32_t>(begin),
            static_cast<uint32_t>(begin + bytes)};
  }
  Span span() {
    uint64_t file = r_.number();
    uint64_t begin = r_.number();
    return checked(file, begin, r_.number());
  }

  void places(Function& f) {
    uint64_t pc = 0;
    Span last{f.span.file, f.span.begin, f.span.begin};
    r_.repeat([&] {
      pc += r_.number_to(f.code.size(), "a place's pc");
      uint64_t file = static_cast<uint64_t>(last.file) + static_cast<uint64_t>(r_.integer());
      uint64_t begin = static_cast<uint64_t>(last.begin) + static_cast<uint64_t>(r_.integer());
      last = checked(file, begin, r_.number());
      if (pc >= f.code.size() || (!f.places.empty() && pc <= f.places.back().pc)) {
        r_.fail("places are not in order");
      }
      f.places.push_back({static_cast<uint32_t>(pc), last});
    });
  }

  Function function() {
    Function f;
    f.name = r_.text();
    f.params = params();
    f.registers = r_.byte();
    f.prelude = r_.byte() != 0;
    r_.repeat([&] {
      Capture c;
      uint8_t first = r_.byte();
      c.from = static_cast<Capture::From>(enumerator_number(first >> 1, 1, "kind of capture"));
      c.unbox = first & 1;
      c.index = r_.byte();
      f.captures.push_back(c);
    });
    r_.repeat([&] { f.code.push_back(r_.word()); }, 4);
    f.span = span();
    places(f);
    return f;
  }

  CallableDecl callable() {
    CallableDecl decl;
    decl.name = r_.text();
    int64_t function = r_.integer();
    if (function < -1 || function >= static_cast<int64_t>(program_.functions.size())) {
      r_.fail("a declaration names a function that is not there");
    }
    decl.function = static_cast<int32_t>(function);
    decl.params = params();
    decl.result = type(0);
    decl.options = constant(0);
    decl.doc = r_.text();
    decl.span = span();
    return decl;
  }

  Reader r_;
  Program program_;
};

}  // namespace

Result<Program> deserialise(std::string_view bytes) {
  Result<Program> program = ProgramReader(bytes).read();
  if (program) program->hash = program_hash(bytes);
  return program;
}

}  // namespace wakeful
