// Program → bytes. The layout is told in FORMAT.md; deserialise.cpp is its mirror.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>

#include "lang/bytecode/format.h"
#include "lang/bytecode/program.h"

namespace wakeful {
namespace {

class Writer {
 public:
  std::string out;

  void byte(uint8_t value) { out.push_back(static_cast<char>(value)); }
  void number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) byte(static_cast<uint8_t>(value) | 0x80);
    byte(static_cast<uint8_t>(value));
  }
  void integer(int64_t value) {
    number((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  void word(uint32_t value) {
    for (int i = 0; i < 4; ++i) byte(static_cast<uint8_t>(value >> (8 * i)));
  }
  void real(double value) {
    uint64_t bits = std::bit_cast<uint64_t>(value);
    word(static_cast<uint32_t>(bits));
    word(static_cast<uint32_t>(bits >> 32));
  }
  void text(std::string_view value) {
    number(value.size());
    out.append(value);
  }
  template <class T, class F>
  void list(const std::vector<T>& items, F each) {
    number(items.size());
    for (const T& item : items) each(item);
  }

  void span(Span span) {
    number(span.file);
    number(span.begin);
    number(span.end - span.begin);
  }

  void constant(const Constant& c) {
    byte(static_cast<uint8_t>(c.kind));
    switch (c.kind) {
      case Constant::Kind::Null:
        break;
      case Constant::Kind::Bool:
      case Constant::Kind::Int:
      case Constant::Kind::Duration:
        integer(c.integer);
        break;
      case Constant::Kind::Float:
        real(c.real);
        break;
      case Constant::Kind::String:
        text(c.text);
        break;
      case Constant::Kind::Callee:
        byte(static_cast<uint8_t>(c.callee));
        integer(c.integer);
        break;
      case Constant::Kind::List:
        list(c.items, [&](const Constant& item) { constant(item); });
        break;
      case Constant::Kind::Map:
        number(c.items.size());
        for (size_t i = 0; i < c.items.size(); ++i) {
          text(c.keys[i]);
          constant(c.items[i]);
        }
        break;
      case Constant::Kind::Range:
        integer(c.integer);
        integer(c.end);
        break;
    }
  }

  void type(const TypeDesc& t) {
    byte(static_cast<uint8_t>(static_cast<uint8_t>(t.kind) << 1 | (t.optional ? 1 : 0)));
    list(t.args, [&](const TypeDesc& arg) { type(arg); });
    list(t.names, [&](const std::string& name) { text(name); });
  }

  void params(const std::vector<Parameter>& params) {
    list(params, [&](const Parameter& p) {
      text(p.name);
      byte(p.required ? 1 : 0);
      type(p.type);
    });
  }

  void places(const Function& f) {
    uint32_t pc = 0;
    Span last{f.span.file, f.span.begin, f.span.begin};
    list(f.places, [&](const Function::Place& place) {
      number(place.pc - pc);
      integer(int64_t{place.span.file} - last.file);
      integer(int64_t{place.span.begin} - last.begin);
      number(place.span.end - place.span.begin);
      pc = place.pc;
      last = place.span;
    });
  }

  void function(const Function& f) {
    text(f.name);
    params(f.params);
    byte(f.registers);
    byte(f.prelude ? 1 : 0);
    list(f.captures, [&](const Capture& c) {
      byte(static_cast<uint8_t>(static_cast<uint8_t>(c.from) << 1 | (c.unbox ? 1 : 0)));
      byte(c.index);
    });
    list(f.code, [&](uint32_t instruction) { word(instruction); });
    span(f.span);
    places(f);
  }

  void callable(const CallableDecl& decl) {
    text(decl.name);
    integer(decl.function);
    params(decl.params);
    type(decl.result);
    constant(decl.options);
    text(decl.doc);
    span(decl.span);
  }
};

}  // namespace

std::string serialise(const Program& program) {
  Writer w;
  w.out.append(kProgramMagic);
  w.byte(kProgramVersion);
  w.list(program.sources.files, [&](const std::shared_ptr<const SourceFile>& file) {
    w.text(file->name());
    w.text(file->text());
  });
  w.list(program.constants, [&](const Constant& c) { w.constant(c); });
  w.list(program.shapes, [&](const std::vector<std::string>& shape) {
    w.list(shape, [&](const std::string& name) { w.text(name); });
  });
  w.list(program.functions, [&](const Function& f) { w.function(f); });
  w.list(program.workflows, [&](const CallableDecl& decl) { w.callable(decl); });
  w.list(program.activities, [&](const CallableDecl& decl) { w.callable(decl); });
  w.number(program.caches);
  w.number(program.own_workflows);
  return std::move(w.out);
}

std::string program_hash(std::string_view bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  std::string hex;
  for (unsigned char byte : canonical.digest) {
    hex.push_back("0123456789abcdef"[byte >> 4]);
    hex.push_back("0123456789abcdef"[byte & 15]);
  }
  return hex;
}

void seal(Program& program) { program.hash = program_hash(serialise(program)); }

}  // namespace wakeful
