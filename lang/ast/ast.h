// The tree that the grammar builds and that check/ and compile/ read. Plain data, owned top down.
// Every node has the span of its source text. Nothing here is resolved: names are text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lang/base/source.h"

namespace wakeful::ast {

struct Expr;
struct Stmt;
using ExprPtr = std::unique_ptr<Expr>;
using StmtPtr = std::unique_ptr<Stmt>;

/// A name and where it stands.
struct Ident {
  std::string text;
  Span span;
};

// --- types -------------------------------------------------------------------------------------

/// `int`, `list<T>`, `{id: string, note: string?}`, `T?`.
struct Type {
  enum class Kind : uint8_t {
    Any, Null, Bool, Int, Float, Number, String, List, Map, Duration, Time, Fn, Handle, Error, Record
  };
  struct Field;
  Kind kind = Kind::Any;
  bool optional = false;                // `T?`
  std::vector<Type> args;               // element type of list<T>, map<T>
  std::vector<Field> fields;            // of a Record, in order
  Span span;
};
struct Type::Field {
  Ident name;
  Type type;
};

// --- patterns (left of `let`, `var`, and `for`) ---------------------------------------------------

struct Pattern {
  enum class Kind : uint8_t { Name, Map, List };
  struct Field;
  Kind kind = Kind::Name;
  Ident name;                           // Name
  std::vector<Field> fields;            // Map
  std::vector<Pattern> items;           // List
  std::optional<Ident> rest;            // `...rest`, of a List (and of a Map: what is left over)
  Span span;
};
/// `key`, `key: name` or `key: [a, b]`, with an optional `= default`.
struct Pattern::Field {
  Ident key;
  std::unique_ptr<Pattern> target;      // never null; for a bare `key` a Name pattern of the same text
  ExprPtr fallback;                     // null: a missing key throws
};

// --- blocks, functions, calls ----------------------------------------------------------------------

/// `{ statements }`. Its value is the value of its last statement where that is an expression.
struct Block {
  std::vector<StmtPtr> statements;
  Span span;
};

struct Param {
  Ident name;
  std::optional<Type> type;
  ExprPtr fallback;                     // null: required
};

/// Parameters and body, shared by workflows, activities, functions and lambdas.
struct Callable {
  std::vector<Param> params;
  std::optional<Type> result;
  bool has_body = true;                 // an activity without one is served by a worker
  Block body;                           // for `=>` one ExprStmt
};

struct Argument {
  std::optional<Ident> name;            // named arguments come after positional ones
  ExprPtr value;
};

/// `compensate out { … }` behind a call.
struct BoundCompensate {
  std::optional<Ident> name;
  Block body;
  Span span;
};

// --- expressions -------------------------------------------------------------------------------------

enum class ExprKind : uint8_t {
  Null, Bool, Int, Float, Duration, String, Interpolation, List, Map, Name, Unary, Binary, Member,
  Index, Slice, Call, Lambda, If, Try, Batch, Spawn, Gather, WaitAny, Race
};

enum class UnaryOp : uint8_t { Negate, Not };
enum class BinaryOp : uint8_t {
  Or, And, Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, In, NotIn, Coalesce, Range,
  Add, Subtract, Multiply, Divide, FloorDivide, Modulo
};

struct Expr {
  const ExprKind kind;
  Span span;
  bool parenthesised = false;           // ends a `?.` chain; keeps `(x) as y` readable for fmt
  virtual ~Expr() = default;
 protected:
  explicit Expr(ExprKind k) : kind(k) {}
};

template <ExprKind K>
struct ExprOf : Expr {
  static constexpr ExprKind kKind = K;
  ExprOf() : Expr(K) {}
};

struct NullExpr : ExprOf<ExprKind::Null> {};
struct BoolExpr : ExprOf<ExprKind::Bool> { bool value = false; };
struct IntExpr : ExprOf<ExprKind::Int> { int64_t value = 0; };          // -9223372036854775808 is folded
struct FloatExpr : ExprOf<ExprKind::Float> { double value = 0; };
struct DurationExpr : ExprOf<ExprKind::Duration> { int64_t ms = 0; };
struct StringExpr : ExprOf<ExprKind::String> {                           // escapes resolved
  std::string value;
  bool raw = false;                                                      // written as '…'
};
/// "a${x}b": texts and expressions in order.
struct InterpolationExpr : ExprOf<ExprKind::Interpolation> {
  struct Part { std::string text; ExprPtr value; };                      // value null: text
  std::vector<Part> parts;
};
struct ListExpr : ExprOf<ExprKind::List> {
  struct Item { ExprPtr value; bool spread = false; };
  std::vector<Item> items;
};
struct MapExpr : ExprOf<ExprKind::Map> {
  struct Entry {
    Ident key;                          // `a: 1`, `"two words": 2`, `name`
    ExprPtr computed;                   // `[key]: 3`; then key is empty
    ExprPtr value;                      // never null; for a bare `name` a NameExpr
    bool spread = false;                // `...other`: value only
  };
  std::vector<Entry> entries;
};
struct NameExpr : ExprOf<ExprKind::Name> { std::string name; };          // `self` is a name too
struct UnaryExpr : ExprOf<ExprKind::Unary> { UnaryOp op{}; ExprPtr operand; };
struct BinaryExpr : ExprOf<ExprKind::Binary> {
  BinaryOp op{};
  ExprPtr left, right;
  Span op_span;
};
struct MemberExpr : ExprOf<ExprKind::Member> { ExprPtr object; Ident name; bool optional = false; };
struct IndexExpr : ExprOf<ExprKind::Index> { ExprPtr object, index; };
struct SliceExpr : ExprOf<ExprKind::Slice> { ExprPtr object, begin, end; };  // begin, end may be null
/// A call; a method call has a MemberExpr as its callee.
struct CallExpr : ExprOf<ExprKind::Call> {
  ExprPtr callee;
  std::vector<Argument> args;
  ExprPtr as;                           // null where absent
  ExprPtr with;                         // null where absent
  std::unique_ptr<BoundCompensate> compensate;
};
struct LambdaExpr : ExprOf<ExprKind::Lambda> { Callable fn; bool arrow = false; };  // `=>` or `fn(…) {}`
struct IfExpr : ExprOf<ExprKind::If> {
  ExprPtr condition;
  Block then;
  std::unique_ptr<Block> otherwise;     // for `else if` a block of one IfExpr; null where absent
};
struct TryExpr : ExprOf<ExprKind::Try> {
  struct Catch { std::optional<Ident> name; ExprPtr condition; Block body; Span span; };
  Block body;
  std::vector<Catch> catches;
  std::unique_ptr<Block> finally;
};
struct BatchExpr : ExprOf<ExprKind::Batch> {
  bool settled = false;
  Pattern item;
  std::optional<Ident> index;           // `batch item, i in …`
  ExprPtr items, size, pause, limit, tolerate;   // null where absent
  bool tolerate_percent = false;
  Block body;
};
struct SpawnExpr : ExprOf<ExprKind::Spawn> {
  ExprPtr call;                         // a CallExpr, or null
  std::unique_ptr<Block> block;         // `spawn { … }`, or null
};
struct GatherExpr : ExprOf<ExprKind::Gather> { bool settled = false; ExprPtr operand, timeout; };
struct WaitAnyExpr : ExprOf<ExprKind::WaitAny> { ExprPtr operand, timeout; };
struct RaceExpr : ExprOf<ExprKind::Race> { bool success = false; ExprPtr operand, timeout; };

// --- statements ----------------------------------------------------------------------------------------

enum class StmtKind : uint8_t {
  Expr, Let, Assign, For, While, Break, Continue, Return, Throw, Fn, Compensate, On, Mock, Expect,
  ExpectThrows
};

struct Stmt {
  const StmtKind kind;
  Span span;
  virtual ~Stmt() = default;
 protected:
  explicit Stmt(StmtKind k) : kind(k) {}
};

template <StmtKind K>
struct StmtOf : Stmt {
  static constexpr StmtKind kKind = K;
  StmtOf() : Stmt(K) {}
};

struct ExprStmt : StmtOf<StmtKind::Expr> { ExprPtr value; };
struct LetStmt : StmtOf<StmtKind::Let> {
  bool is_var = false;
  Pattern target;
  std::optional<Type> type;
  ExprPtr value;
};
/// target is a NameExpr, MemberExpr (not optional) or IndexExpr.
struct AssignStmt : StmtOf<StmtKind::Assign> {
  ExprPtr target;
  std::optional<BinaryOp> op;           // of `+=` and the like
  ExprPtr value;
};
struct ForStmt : StmtOf<StmtKind::For> {
  Pattern first;                        // the only one, or the key/index where `second` is there
  std::optional<Pattern> second;
  ExprPtr iterable;                     // a WaitAnyExpr here (not in parentheses) streams
  Block body;
};
struct WhileStmt : StmtOf<StmtKind::While> { ExprPtr condition; Block body; };
struct BreakStmt : StmtOf<StmtKind::Break> {};
struct ContinueStmt : StmtOf<StmtKind::Continue> {};
struct ReturnStmt : StmtOf<StmtKind::Return> { ExprPtr value; };          // may be null
struct ThrowStmt : StmtOf<StmtKind::Throw> { ExprPtr value; };
struct FnStmt : StmtOf<StmtKind::Fn> { Ident name; Callable fn; };        // `fn name(…) { }` in a body
struct CompensateStmt : StmtOf<StmtKind::Compensate> { Block body; };
struct OnStmt : StmtOf<StmtKind::On> {
  enum class What : uint8_t { Signal, Query, Update };
  What what{};
  Ident name;
  Callable fn;
};
struct MockStmt : StmtOf<StmtKind::Mock> { ExprPtr target; Callable fn; };
struct ExpectStmt : StmtOf<StmtKind::Expect> { ExprPtr condition; };
struct ExpectThrowsStmt : StmtOf<StmtKind::ExpectThrows> { ExprPtr error_kind; Block body; };

// --- declarations ----------------------------------------------------------------------------------------

struct Declaration {
  enum class Kind : uint8_t { Workflow, Activity, Fn, Let, Import, Test };
  Kind kind{};
  Ident name;                           // of an Import: its alias, or empty; of a Test: its title
  std::string doc;                      // the `##` lines before it, without the marks
  Callable fn;                          // Workflow, Activity, Fn, Test
  ExprPtr with;                         // Workflow, Activity: a MapExpr, or null
  Pattern target;                       // Let: what it binds (name is the first Name of it)
  ExprPtr value;                        // Let
  Ident path;                           // Import: the text between the quotes
  Span span;
};

/// A parsed file. `allowed` are the lines with `# allow: name` comments (for lints).
struct File {
  uint32_t index = 0;                   // in Sources
  std::vector<Declaration> declarations;
  struct Allow { uint32_t line; std::string name; Span span; };
  std::vector<Allow> allowed;
  std::vector<std::string> lost_names;  // after errors: words in text that was skipped
};

template <class T>
const T& as(const Expr& e) { return static_cast<const T&>(e); }
template <class T>
const T& as(const Stmt& s) { return static_cast<const T&>(s); }

}  // namespace wakeful::ast
