// bench_main FILE.wf: compiles a script and runs its `workflow main` on the bare machine, without
// engine, journal or effects. The host of the machine is this file; it answers `print` and
// collects. For measuring and profiling.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "lang/compile/compile.h"
#include "runtime/vm/machine.h"

using namespace wakeful;

namespace {

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Host final : RootSource {
  Image image;
  Heap heap;
  Machine machine{heap, image};
  Strand strand;
  uint64_t collections = 0;

  explicit Host(Program program) : image(std::move(program)) {}

  void visit_roots(RootVisitor& visitor) override {
    strand.visit_roots(visitor);
    machine.visit_roots(visitor);
  }

  /// Only `print` and `try` are answered.
  bool answer() {
    const Machine::Trap& trap = machine.trap();
    if (trap.instruction.op() == Op::EnterTry) {
      strand.handlers.push_back(Handler{Handler::Kind::Try, trap.instruction.a(),
                                        static_cast<uint32_t>(strand.frames.size() - 1), trap.jump,
                                        1});
      return true;
    }
    if (trap.instruction.op() == Op::ExitTry) {
      strand.handlers.pop_back();
      return true;
    }
    if (!trap.callee.is(Tag::Callee) || trap.callee.callee_kind != CalleeKind::Builtin ||
        image.builtin(static_cast<uint32_t>(trap.callee.integer)).builtin->qualified() != "print") {
      return false;
    }
    std::string line;
    if (trap.args[0].is(Tag::List)) {
      for (Value value :
           std::vector<Value>(trap.args[0].list()->begin(), trap.args[0].list()->end())) {
        if (!line.empty()) line += ' ';
        append_text(line, value);
      }
    }
    std::cout << line << '\n';
    machine.resume_with(strand, trap.result, Value::null());
    return true;
  }

  int run(int32_t function) {
    machine.start(strand, Value::callee(CalleeKind::Function, function), nullptr, 0);
    for (;;) {
      switch (machine.run(strand)) {
        case Machine::Exit::Finished:
          return 0;
        case Machine::Exit::Budget:
          heap.collect(*this);
          ++collections;
          if (heap.over_limit()) return fail("heap limit");
          break;
        case Machine::Exit::Trap:
          if (!answer()) return fail("the script wants what this host has not");
          break;
        case Machine::Exit::Threw: {
          Value error = strand.error;
          std::string text;
          append_text(text, error);
          if (error.as<ErrorObject>()->stack.is(Tag::List))
            append_text(text, error.as<ErrorObject>()->stack);
          Handler handler;
          if (!machine.unwind(strand, error, handler)) return fail(text.c_str());
          machine.enter_handler(strand, handler, error);
          break;
        }
      }
    }
  }

  static int fail(const char* what) {
    std::fprintf(stderr, "bench_main: %s\n", what);
    return 1;
  }
};

}  // namespace

int main(int argc, char** argv) {
  keep_freed_memory();
  if (argc != 2) return Host::fail("usage: bench_main FILE.wf");
  Compiled compiled = compile(argv[1], read_file);
  for (const Diagnostic& d : compiled.diagnostics.sorted()) {
    if (d.severity == Severity::Error)
      std::cerr << compiled.sources.place(d.span) << ": " << d.message << '\n';
  }
  if (!compiled.program) return 3;
  const int workflow = compiled.program->find_workflow("main");
  if (workflow < 0) return Host::fail("no workflow main");
  const int32_t function = compiled.program->workflows[static_cast<size_t>(workflow)].function;
  Host host(std::move(*compiled.program));
  const int code = host.run(function);
  if (std::getenv("WF_BENCH_STATS")) {
    std::fprintf(stderr, "ticks %llu, collections %llu, live %zu\n",
                 static_cast<unsigned long long>(host.machine.ticks),
                 static_cast<unsigned long long>(host.collections), host.heap.live_bytes());
  }
  return code;
}
