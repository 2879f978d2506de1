// Turns the tree of one function into its code. Closures get a FunctionCompiler of their own,
// linked to the one around them.
//
// Registers are a stack: parameters, then locals in the order of their declaration, then
// temporaries. An expression is compiled either into a register that its user chose (`to`) or into
// whichever holds it already
// (`any`). A call's window begins at the top of the stack, so nothing that lives lies above it.
//
// The methods are spread by concept: expressions.cpp, conditions.cpp, chains.cpp, calls.cpp,
// durable.cpp, statements.cpp, loops.cpp, try.cpp, patterns.cpp, closures.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/ast/ast.h"
#include "lang/compile/captures.h"
#include "lang/compile/emitter.h"
#include "lang/compile/globals.h"
#include "lang/compile/pool.h"

namespace wakeful {

/// "No names" where an instruction takes the shape of its named arguments.
inline constexpr uint32_t kNoShape = UINT32_MAX;

/// The instruction of an arithmetic operator (or `..`) on two registers.
Op arithmetic_op(ast::BinaryOp op);

/// Parameters as the runtime sees them.
std::vector<Parameter> parameters_of(const ast::Callable& callable);
TypeDesc type_of(const std::optional<ast::Type>& type);

/// What all functions of a program are compiled with.
struct CompileContext {
  Program& program;
  Globals& globals;
  Pool& pool;
  Diagnostics& diagnostics;
  const Sources& sources;
  std::map<std::string, uint32_t> thunks;  // functions made for `spawn x.f()`: durable.cpp
  std::map<const ast::MockStmt*, int32_t> mocks;  // bodies that are functions: tests.cpp
};

class FunctionCompiler {
 public:
  /// `file`: whose names it sees. `variables` must outlive this.
  FunctionCompiler(CompileContext& context, uint32_t file, bool prelude, const Variables& variables,
                   FunctionCompiler* outer = nullptr);

  /// Compiles parameters (with their defaults) and body. `name` is shown in stacks.
  Function compile(const std::string& name, const ast::Callable& callable, Span span);

 private:
  // --- variables (closures.cpp)
  struct Local {
    std::string_view name;
    const ast::Ident* id;
    Reg reg;
    bool cell;
  };
  struct Upvalue {
    const ast::Ident* id;
    bool cell;
    bool callee;  // the function around it itself: LoadCallee just before the Closure
  };
  struct Variable {
    enum class Where : uint8_t { None, Local, Upvalue, Callee };
    Where where{};
    uint8_t index = 0;  // register or upvalue
    bool cell = false;
    const ast::Ident* id = nullptr;
  };
  Variable find_variable(std::string_view name);
  Variable capture(const Variable& outer);
  bool is_local(std::string_view name) {
    return find_variable(name).where != Variable::Where::None;
  }
  /// Makes the value in `reg` the variable `id`; wraps it into a cell where it needs one.
  void declare(const ast::Ident& id, Reg reg);
  void load_variable(const Variable& v, Reg to, Span span);
  void store_variable(const Variable& v, Reg from, Span span);

  // --- closures (closures.cpp)
  void closure(const std::string& name, const ast::Callable& callable, Span span, Reg to,
               const ast::Ident* self = nullptr);
  enum class BlockKind : uint8_t { Spawn, Compensate };
  void block_closure(BlockKind kind, const ast::Block& body, Span span, Reg to,
                     const ast::Ident* parameter = nullptr);
  void batch_closure(const ast::BatchExpr& e, Reg to);
  void emit_closure(FunctionCompiler& inner, Function function, Span span, Reg to);
  void parameters(const ast::Callable& callable);
  Function finish(Span span);

  // --- expressions
  void expr(const ast::Expr& e, Reg to);
  Reg any(const ast::Expr& e);
  /// As any(), for an operand that is used after `later` was computed: copied if that may change
  /// it.
  Reg operand(const ast::Expr& e, const ast::Expr* later);
  void discard(const ast::Expr& e);
  void expr_or_absent(const ast::Expr* e, Reg to, Span span);
  void load_constant(const Constant& c, Reg to, Span span);
  void load_int(int64_t value, Reg to, Span span);
  std::optional<Constant> folded(const ast::Expr& e);
  std::optional<int8_t> small_int(const ast::Expr& e);
  void name(const ast::NameExpr& e, Reg to);
  void global_value(const Global& global, const std::string& shown, Reg to, Span span);
  void unary(const ast::UnaryExpr& e, Reg to);
  void binary(const ast::BinaryExpr& e, Reg to);
  void arithmetic(ast::BinaryOp op, Reg left, const ast::Expr& right, Span span, Reg to);
  void comparison(const ast::BinaryExpr& e, Reg to);
  void compare(ast::BinaryOp op, Reg left, Reg right, Span span, Reg to);
  void logical(const ast::BinaryExpr& e, Reg to);
  void interpolation(const ast::InterpolationExpr& e, Reg to);
  void list(const ast::ListExpr& e, Reg to);
  void map(const ast::MapExpr& e, Reg to);
  void map_entry(const ast::MapExpr::Entry& entry, Reg to);
  /// The extra word of an instruction that names a member: its constant and a fresh cache slot.
  uint32_t member_word(std::string_view name);

  // --- conditions
  /// Jumps where the value of `e` is `sense`, else goes on.
  void jump_if(const ast::Expr& e, bool sense, Label& to);
  void jump_if_compare(const ast::BinaryExpr& e, bool sense, Label& to);
  bool jump_if_immediate(const ast::BinaryExpr& e, bool sense, Label& to);
  bool jump_if_null(const ast::BinaryExpr& e, bool sense, Label& to);

  // --- members, indexes, `?.` (chains.cpp)
  struct Chain {
    Label skip;
  };  // where a `?.` on null goes
  void chain(const ast::Expr& e, Reg to);
  void link(const ast::Expr& e, Reg to, Chain* chain);
  void member(const ast::MemberExpr& e, Reg to, Chain* chain);
  void index(const ast::IndexExpr& e, Reg to, Chain* chain);
  void slice(const ast::SliceExpr& e, Reg to, Chain* chain);
  Reg object(const ast::Expr& e, Chain* chain, const ast::Expr* later);
  /// As object(), into `to`.
  void object_to(const ast::Expr& e, Reg to, Chain* chain);

  // --- calls
  void call(const ast::CallExpr& e, Reg to, Chain* chain);
  std::optional<Global> known_callee(const ast::Expr& callee);
  Reg window(Reg to);
  void close_window(Reg base, Reg to, uint32_t top, Span span);
  void call_function(const ast::CallExpr& e, uint32_t function,
                     const std::vector<Builtin::Param>& params, Reg base);
  void call_builtin(const ast::CallExpr& e, const Builtin& builtin, Reg base);
  void call_value(const ast::CallExpr& e, Reg base);
  void call_method(const ast::CallExpr& e, Reg base, Chain* chain);
  /// Puts each argument into the register of its parameter, absent where there is none.
  uint32_t bind_arguments(const ast::CallExpr& e, const std::vector<Builtin::Param>& params,
                          const char* callee, bool absent_rest);
  void collect_arguments(const std::vector<const ast::Argument*>& args, const Builtin::Param& param,
                         Reg reg);
  /// Arguments in the order of the call; gives the shape of the names, kNoShape without.
  uint32_t pass_arguments(const ast::CallExpr& e);
  Span call_span(const ast::CallExpr& e) const;

  // --- durable
  void start(const ast::CallExpr& e, bool wait, Reg to);
  void start_callee(const ast::CallExpr& e, bool wait, Reg base);
  uint32_t thunk(const ast::CallExpr& e, const Builtin* builtin);
  void spawn(const ast::SpawnExpr& e, Reg to);
  void wait_for(Op op, const ast::Expr& operand, const ast::Expr* timeout, bool flag, Span span,
                Reg to);
  void batch(const ast::BatchExpr& e, Reg to);
  void compensate(const ast::CompensateStmt& s);
  void on(const ast::OnStmt& s);

  // --- what stands in tests (tests.cpp)
  void mock(const ast::MockStmt& s);
  void mock_function(const ast::MockStmt& s, const std::string& name);
  void expect(const ast::ExpectStmt& s);
  void expect_throws(const ast::ExpectThrowsStmt& s);
  void call_native(const char* name, Reg base, uint32_t count, Span span);
  std::string source_text(Span span) const;

  // --- statements, blocks
  /// Compiles the block; its value goes to `to`, or nowhere.
  void block(const ast::Block& b, std::optional<Reg> to);
  void block_to_return(const ast::Block& b);
  void statement(const ast::Stmt& s);
  void let(const ast::LetStmt& s);
  void assign(const ast::AssignStmt& s);
  void assign_name(const ast::AssignStmt& s, const ast::NameExpr& target);
  void assign_member(const ast::AssignStmt& s, const ast::MemberExpr& target);
  void assign_index(const ast::AssignStmt& s, const ast::IndexExpr& target);
  void local_function(const ast::FnStmt& s);
  void return_value(const ast::Expr* e, Span span);
  /// `left op right` of `left op= right`, where `right` was computed already unless it is constant.
  void compound(const ast::AssignStmt& s, Reg left, std::optional<Reg> right, Reg to);
  std::optional<Reg> compound_operand(const ast::AssignStmt& s, const ast::Expr* later);
  void if_expr(const ast::IfExpr& e, std::optional<Reg> to);
  /// What lang/check has not refused: at the latest here it is a diagnostic.
  void error(Span span, std::string message, std::string help = "");

  // --- loops
  void for_loop(const ast::ForStmt& s);
  void for_range(const ast::ForStmt& s, const ast::BinaryExpr& range);
  void for_each(const ast::ForStmt& s);
  void for_stream(const ast::ForStmt& s, const ast::WaitAnyExpr& stream);
  void while_loop(const ast::WhileStmt& s);
  void leave_loop(Span span, bool next_turn);
  /// Where a block that is only `break` or `continue` jumps to, if nothing must be done on the way.
  Label* plain_loop_exit(const ast::Block& body);

  // --- try, and what a jump out of it must do
  struct Region {
    enum class Kind : uint8_t { Loop, Try, Guard, Catch, Finally };
    Kind kind;
    Reg error = 0;                        // Catch, Finally: holds the error
    const ast::Block* finally = nullptr;  // Guard
    size_t locals = 0;                    // Guard: how many are visible in its block
    Label* next = nullptr;                // Loop: where `continue` and `break` go
    Label* end = nullptr;
  };
  void try_expr(const ast::TryExpr& e, std::optional<Reg> to);
  void try_catch(const ast::TryExpr& e, std::optional<Reg> to);
  void catch_block(const ast::TryExpr::Catch& c, Reg error, std::optional<Reg> to, Label& end);
  /// Emits what leaving all regions from `keep` on needs, innermost first.
  void leave_regions(size_t keep, bool by_return, Span span);
  void inline_finally(const Region& guard, size_t outer_regions);

  // --- patterns
  /// Takes the value in `from` apart into new locals.
  void destructure(const ast::Pattern& p, Reg from);
  /// Binds a pattern to a value that has a register of its own.
  void bind_pattern(const ast::Pattern& p, Reg reg);
  void map_pattern(const ast::Pattern& p, Reg from);
  void list_pattern(const ast::Pattern& p, Reg from);

  CompileContext& context_;
  Program& program_;
  Pool& pool_;
  uint32_t file_;
  const Variables& variables_;
  FunctionCompiler* outer_;
  const ast::Ident* self_ = nullptr;  // of `fn name(…) {}` in a body
  bool compensate_ = false;
  Function function_;
  Emitter out_;
  std::vector<Local> locals_;
  std::vector<Upvalue> upvalues_;
  std::vector<Region> regions_;
};

}  // namespace wakeful
