#include "lang/compile/compile.h"

#include <fmt/format.h>

#include <set>

#include "lang/check/check.h"
#include "lang/compile/function_compiler.h"
#include "lang/compile/globals.h"
#include "lang/compile/load.h"
#include "lang/compile/pool.h"
#include "lang/compile/tests.h"
#include "lang/grammar/parse.h"
#include "lang/lint/lint.h"
#include "stdlib/builtins.h"

namespace wakeful {
namespace {

CallableDecl declaration_of(const Declared& declared, Globals& globals) {
  CallableDecl decl;
  const bool test = declared.decl->kind == ast::Declaration::Kind::Test;
  decl.name = test ? test_workflow(declared.decl->name.text) : declared.decl->name.text;
  decl.function = declared.function;
  decl.params = parameters_of(declared.decl->fn);
  decl.result = type_of(declared.decl->fn.result);
  decl.options = globals.options_of(declared);
  decl.doc = declared.decl->doc;
  decl.span = declared.decl->span;
  return decl;
}

void compile_functions(CompileContext& context) {
  const std::vector<Declared>& list = context.globals.functions();
  context.program.functions.resize(list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    const Declared& declared = list[i];
    const ast::Callable& callable = declared.decl->fn;
    Variables variables = find_variables(callable, context.diagnostics);
    FunctionCompiler compiler(context, declared.file, declared.prelude, variables);
    const bool test = declared.decl->kind == ast::Declaration::Kind::Test;
    Function function = compiler.compile(test ? "test" : declared.decl->name.text, callable,
                                         declared.decl->span);
    context.program.functions[i] = std::move(function);
  }
}

/// The files are those of the program, the prelude last.
Program generate(const std::vector<ast::File>& files, const ImportMap& imports,
                 const Sources& sources, Diagnostics& diagnostics,
                 std::vector<PlannedTest>* tests) {
  Program program;
  Globals globals(files, imports, diagnostics, tests != nullptr);
  globals.evaluate_all();
  for (const Declared& declared : globals.workflows()) {
    program.workflows.push_back(declaration_of(declared, globals));
    const bool test = declared.decl->kind == ast::Declaration::Kind::Test;
    if (declared.file == 0 && !test) ++program.own_workflows;
  }
  for (const Declared& declared : globals.activities()) {
    program.activities.push_back(declaration_of(declared, globals));
  }
  if (diagnostics.has_errors()) return program;
  Pool pool(program);
  CompileContext context{program, globals, pool, diagnostics, sources, {}, {}};
  compile_functions(context);
  if (tests != nullptr) *tests = plan_tests(files.front(), context);
  return program;
}

/// The prelude is part of every program, so that a stored program needs nothing but natives. Its
/// faults are ours.
void add_prelude(LoadedFiles& loaded, Sources& sources, Diagnostics& diagnostics) {
  uint32_t index = static_cast<uint32_t>(sources.files.size());
  sources.files.push_back(std::make_shared<SourceFile>("<prelude>", std::string(prelude_source())));
  loaded.files.push_back(parse(index, sources, diagnostics));
}

/// Histories and the engine know workflows and activities by name, so each name stands once in a
/// program: where two modules declare the same, the first keeps it (the main file's come first) and
/// the others get that of their file in front, `pay.send`, or its path where that is taken too.
void make_names_unique(std::vector<CallableDecl>& declared, const Sources& sources) {
  std::set<std::string> taken;
  for (CallableDecl& decl : declared) {
    std::string path = sources.of(decl.span).name();
    if (path.ends_with(".wf")) path.resize(path.size() - 3);
    const std::string stem = path.substr(path.rfind('/') + 1);
    for (const std::string& name : {decl.name, stem + "." + decl.name, path + "." + decl.name}) {
      if (!taken.insert(name).second) continue;
      decl.name = name;
      break;
    }
  }
}

void seal_and_verify(Compiled& compiled, Program program) {
  program.sources = compiled.sources;
  make_names_unique(program.workflows, program.sources);
  make_names_unique(program.activities, program.sources);
  Result<void> verified = verify(program);
  if (!verified) {
    compiled.diagnostics.error("internal", {0, 0, 0},
                               "the compiler made invalid code: " + verified.error().message,
                               "this is a mistake in wf: please report it with the script");
    return;
  }
  seal(program);
  compiled.program = std::move(program);
}

}  // namespace

Compiled compile(const std::string& path, const ReadSource& read, Purpose purpose) {
  Compiled compiled;
  LoadedFiles loaded = load_files(path, read, compiled.sources, compiled.diagnostics);
  checking::Facts facts;
  check(loaded.files, loaded.imports, compiled.sources, compiled.diagnostics, facts);
  if (purpose == Purpose::Check && !compiled.diagnostics.has_errors())
    lint(loaded.files, facts, compiled.sources, compiled.diagnostics);
  silence_allowed(loaded.files, compiled.sources, compiled.diagnostics);
  add_prelude(loaded, compiled.sources, compiled.diagnostics);
  if (compiled.diagnostics.has_errors()) return compiled;
  std::vector<PlannedTest> tests;
  Program program = generate(loaded.files, loaded.imports, compiled.sources, compiled.diagnostics,
                             purpose == Purpose::Test ? &tests : nullptr);
  if (!compiled.diagnostics.has_errors()) seal_and_verify(compiled, std::move(program));
  if (!compiled.program) return compiled;
  for (const PlannedTest& test : tests) compiled.tests.push_back(test_case(test, *compiled.program));
  return compiled;
}

}  // namespace wakeful
