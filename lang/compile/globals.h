// What names outside of functions stand for: declarations of all files, the prelude, the library.
#pragma once

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "lang/ast/ast.h"
#include "lang/bytecode/program.h"
#include "lang/compile/fold.h"
#include "lang/compile/load.h"
#include "stdlib/builtins.h"

namespace wakeful {

/// What a name that is not a local stands for.
struct Global {
  enum class Kind : uint8_t {
    None,
    Callee,  // constant: a function, workflow, activity or builtin
    Let,     // constant: its value
    Self,
    Module,  // of the library: `math`
    Alias,   // of an import: `pay`
  };
  Kind kind{};
  const Constant* constant = nullptr;
  const ast::Callable* callable = nullptr;  // of a declared Callee
  const Builtin* builtin = nullptr;  // of a library Callee, also where it is a prelude function
};

/// A function, workflow or activity that is declared in a file.
struct Declared {
  const ast::Declaration* decl = nullptr;
  uint32_t file = 0;
  int32_t function = -1;  // its number in Program::functions, -1 for an activity without a body
  bool prelude = false;
};

/// The declarations of a program, numbered: functions of the prelude first, then those of the
/// files, then the bodies of workflows and activities.
class Globals {
 public:
  /// The files must outlive this. The prelude is the last of `files`.
  /// `with_tests`: those of the first file are workflows, which no name stands for.
  Globals(const std::vector<ast::File>& files, const ImportMap& imports, Diagnostics& diagnostics,
          bool with_tests = false);

  const std::vector<Declared>& functions() const {
    return functions_;
  }  // in the order of their numbers
  const std::vector<Declared>& workflows() const { return workflows_; }
  const std::vector<Declared>& activities() const { return activities_; }

  Global find(uint32_t file, const std::string& name);
  /// `name.member` where `name` is a module or an alias; kind None otherwise.
  Global find_member(uint32_t file, const std::string& name, const std::string& member);

  /// Evaluates every top-level `let`, also those that nobody uses.
  void evaluate_all();
  /// The options of a declaration: a Null or a Map.
  Constant options_of(const Declared& declared);

 private:
  struct Let {
    const ast::Declaration* decl;
    uint32_t file;
    enum class State : uint8_t { New, Open, Done, Failed } state = State::New;
    Constant value;
  };
  struct Entry {
    Global global;
    Let* let = nullptr;
  };
  using Names = std::unordered_map<std::string, Entry>;
  struct FileNames {
    Names own;
    std::vector<uint32_t> imported;  // files, without alias
    std::unordered_map<std::string, uint32_t> aliases;
  };

  void declare(const std::vector<ast::File>& files);
  void declare_one(const ast::Declaration& decl, uint32_t file);
  void add_callable(const ast::Declaration& decl, uint32_t file, CalleeKind kind,
                    std::vector<Declared>& list);
  void number_bodies(std::vector<Declared>& list);
  Global resolved(Entry& entry);
  Global library(const Builtin* builtin);
  bool evaluate(Let& let);
  /// `what` is named in diagnostics: "the constant `A`".
  std::optional<Constant> evaluate_expr(const ast::Expr& e, uint32_t file, const std::string& what);
  const Constant* keep(Constant constant);

  Diagnostics& diagnostics_;
  uint32_t prelude_;
  bool with_tests_;
  std::vector<FileNames> files_;
  std::vector<Declared> functions_, workflows_, activities_;
  std::deque<Let> lets_;
  std::deque<Constant> constants_;  // of callees; addresses stay
  std::unordered_map<uint32_t, const Constant*> builtins_;
  uint32_t fold_depth_ = 0;
  std::vector<const Let*> open_;  // being evaluated: the way to a cycle
};

/// How many values a constant holds, itself included, and how deep they nest.
struct ConstantSize {
  uint64_t values = 0;
  uint32_t depth = 0;
};
ConstantSize size_of(const Constant& constant);

}  // namespace wakeful
