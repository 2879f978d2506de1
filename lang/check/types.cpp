// What an expression certainly is: literals, annotations, results of what is declared, `let`s of
// these. A small inference over the tree; what it cannot see is Any, and nothing is said of that.
#include <algorithm>

#include "lang/check/checker.h"

namespace wakeful::checking {

namespace {

using Kind = ast::Type::Kind;

ast::Type of_kind(Kind kind) {
  ast::Type type;
  type.kind = kind;
  return type;
}

ast::Type list_of(ast::Type element) {
  ast::Type type = of_kind(Kind::List);
  if (element.kind != Kind::Any) type.args.push_back(std::move(element));
  return type;
}

bool same(const ast::Type& a, const ast::Type& b) {
  return a.kind == b.kind && a.optional == b.optional && a.args.empty() && b.args.empty() &&
         a.fields.empty() && b.fields.empty();
}

struct NamedKind {
  std::string_view name;
  Kind kind;
};
template <size_t N>
Kind kind_in(const NamedKind (&rows)[N], std::string_view name) {
  for (const NamedKind& row : rows)
    if (row.name == name) return row.kind;
  return Kind::Any;
}

/// What functions of the library give, where it is always the same.
constexpr NamedKind kFunctions[] = {
    {"len", Kind::Int},
    {"str", Kind::String},
    {"int", Kind::Int},
    {"float", Kind::Float},
    {"type", Kind::String},
    {"uuid", Kind::String},
    {"error", Kind::Error},
    {"print", Kind::Null},
    {"assert", Kind::Null},
    {"sleep", Kind::Null},
    {"timer", Kind::Handle},
    {"signal", Kind::Handle},
    {"log.debug", Kind::Null},
    {"log.info", Kind::Null},
    {"log.warn", Kind::Null},
    {"log.error", Kind::Null},
    {"time.now", Kind::Time},
    {"time.parse", Kind::Time},
    {"time.format", Kind::String},
    {"json.stringify", Kind::String},
    {"random.int", Kind::Int},
    {"random.float", Kind::Float},
    {"math.floor", Kind::Int},
    {"math.ceil", Kind::Int},
    {"math.sqrt", Kind::Float},
    {"math.is_nan", Kind::Bool},
    {"file.read", Kind::String},
    {"file.exists", Kind::Bool},
    {"file.list", Kind::List},
    {"exec.run", Kind::Map},
};
constexpr NamedKind kStringMethods[] = {
    {"len", Kind::Int},         {"upper", Kind::String},     {"lower", Kind::String},
    {"trim", Kind::String},     {"replace", Kind::String},   {"repeat", Kind::String},
    {"pad_left", Kind::String}, {"pad_right", Kind::String}, {"join", Kind::String},
    {"split", Kind::List},      {"lines", Kind::List},       {"chars", Kind::List},
    {"contains", Kind::Bool},   {"starts_with", Kind::Bool}, {"ends_with", Kind::Bool},
    {"find", Kind::Int},
};
constexpr NamedKind kListMethods[] = {
    {"len", Kind::Int},      {"push", Kind::Null},     {"insert", Kind::Null},
    {"each", Kind::Null},    {"map", Kind::List},      {"flat_map", Kind::List},
    {"flatten", Kind::List}, {"zip", Kind::List},      {"enumerate", Kind::List},
    {"chunk", Kind::List},   {"contains", Kind::Bool}, {"any", Kind::Bool},
    {"all", Kind::Bool},     {"index_of", Kind::Int},  {"join", Kind::String},
    {"group_by", Kind::Map},
};
constexpr NamedKind kMapMethods[] = {
    {"len", Kind::Int},      {"keys", Kind::List},  {"values", Kind::List},
    {"entries", Kind::List}, {"has", Kind::Bool},   {"merge", Kind::Map},
    {"map", Kind::Map},      {"filter", Kind::Map}, {"copy", Kind::Map},
};
constexpr NamedKind kErrorMembers[] = {
    {"kind", Kind::String}, {"message", Kind::String},  {"data", Kind::Any},
    {"cause", Kind::Any},   {"workflow_id", Kind::Any}, {"stack", Kind::Any},
};

ast::Type method_result(const ast::Type& object, std::string_view name) {
  switch (object.kind) {
    case Kind::String: {
      const Kind kind = kind_in(kStringMethods, name);
      return kind == Kind::List ? list_of(of_kind(Kind::String)) : of_kind(kind);
    }
    case Kind::List:
      for (const char* keeps :
           {"filter", "take", "drop", "reverse", "sort", "sort_by", "unique", "copy"})
        if (name == keeps) return object;
      for (const char* one : {"first", "last", "find", "min", "max"})
        if (name == one && !object.args.empty()) {
          ast::Type element = object.args[0];
          element.optional = true;
          return element;
        }
      if (name == "pop" && !object.args.empty()) return object.args[0];
      return of_kind(kind_in(kListMethods, name));
    case Kind::Map:
    case Kind::Record:
      if (name == "keys") return list_of(of_kind(Kind::String));
      return of_kind(kind_in(kMapMethods, name));
    default:
      return {};
  }
}

}  // namespace

bool may_be_int(const ast::Type& type) {
  return type.kind == Kind::Number || (type.kind == Kind::Float && type.span.end > 0);
}

const ast::Type* field_of(const ast::Type& record, const std::string& name) {
  for (const auto& field : record.fields)
    if (field.name.text == name) return &field.type;
  return nullptr;
}

std::string text_of(const ast::Type& type) {
  static constexpr const char* kNames[] = {"any",    "null",   "bool",   "int",  "float",
                                           "number", "string", "list",   "map",  "duration",
                                           "time",   "fn",     "handle", "error"};
  std::string out;
  if (type.kind == Kind::Record) {
    for (const auto& field : type.fields)
      out += (out.empty() ? "{" : ", ") + field.name.text + ": " + text_of(field.type);
    out += out.empty() ? "{}" : "}";
  } else {
    out = kNames[static_cast<size_t>(type.kind)];
    if (!type.args.empty() && type.kind != Kind::Handle) out += "<" + text_of(type.args[0]) + ">";
  }
  return type.optional ? out + "?" : out;
}

ast::Type Checker::type_of(const ast::Expr& e) const {
  using Expr = ast::ExprKind;
  switch (e.kind) {
    case Expr::Null:
      return of_kind(Kind::Null);
    case Expr::Bool:
      return of_kind(Kind::Bool);
    case Expr::Int:
      return of_kind(Kind::Int);
    case Expr::Float:
      return of_kind(Kind::Float);
    case Expr::Duration:
      return of_kind(Kind::Duration);
    case Expr::String:
    case Expr::Interpolation:
      return of_kind(Kind::String);
    case Expr::Lambda:
      return of_kind(Kind::Fn);
    case Expr::Batch:
      return of_kind(Kind::List);
    case Expr::List: {
      const auto& items = ast::as<ast::ListExpr>(e).items;
      if (items.empty() || items[0].spread) return of_kind(Kind::List);
      ast::Type first = type_of(*items[0].value);  // once: nested lists would double it each level
      if (!same(first, first)) return of_kind(Kind::List);
      for (size_t i = 1; i < items.size(); ++i)
        if (items[i].spread || !same(first, type_of(*items[i].value))) return of_kind(Kind::List);
      return list_of(std::move(first));
    }
    case Expr::Map: {
      ast::Type type = of_kind(Kind::Record);
      for (const auto& entry : ast::as<ast::MapExpr>(e).entries) {
        if (entry.spread || entry.computed) return of_kind(Kind::Map);
        type.fields.push_back({entry.key, type_of(*entry.value)});
      }
      return type;
    }
    case Expr::Unary: {
      const auto& unary = ast::as<ast::UnaryExpr>(e);
      if (unary.op == ast::UnaryOp::Not) return of_kind(Kind::Bool);
      const ast::Type type = type_of(*unary.operand);
      const bool number = type.kind == Kind::Int || type.kind == Kind::Float ||
                          type.kind == Kind::Number || type.kind == Kind::Duration;
      return number ? type : ast::Type();
    }
    case Expr::Binary:
      return type_of_binary(ast::as<ast::BinaryExpr>(e));
    case Expr::Name:
      return type_of_name(e);
    case Expr::Member:
      return type_of_member(ast::as<ast::MemberExpr>(e));
    case Expr::Index: {
      const ast::Type type = type_of(*ast::as<ast::IndexExpr>(e).object);
      const bool known = (type.kind == Kind::List || type.kind == Kind::Map) && !type.optional;
      return known && !type.args.empty() ? type.args[0] : ast::Type();
    }
    case Expr::Slice: {
      const ast::Type type = type_of(*ast::as<ast::SliceExpr>(e).object);
      return type.kind == Kind::List || type.kind == Kind::String ? type : ast::Type();
    }
    case Expr::Call:
      return type_of_call(ast::as<ast::CallExpr>(e));
    case Expr::Spawn: {
      const auto& spawn = ast::as<ast::SpawnExpr>(e);
      ast::Type type = of_kind(Kind::Handle);
      if (spawn.call) type.args.push_back(type_of(*spawn.call));
      return type;
    }
    case Expr::Gather: {
      const auto& gather = ast::as<ast::GatherExpr>(e);
      if (gather.settled) return {};
      const ast::Type type = type_of(*gather.operand);
      if (type.kind == Kind::Handle && !type.args.empty()) return type.args[0];
      return {};
    }
    default:
      return {};
  }
}

ast::Type Checker::type_of_binary(const ast::BinaryExpr& e) const {
  using Op = ast::BinaryOp;
  switch (e.op) {
    case Op::Or:
    case Op::And:
    case Op::Equal:
    case Op::NotEqual:
    case Op::Less:
    case Op::LessEqual:
    case Op::Greater:
    case Op::GreaterEqual:
    case Op::In:
    case Op::NotIn:
      return of_kind(Kind::Bool);
    case Op::Coalesce: {
      ast::Type left = type_of(*e.left);
      left.optional = false;
      return same(left, type_of(*e.right)) ? left : ast::Type();
    }
    case Op::Range:
      return {};
    default:
      break;
  }
  const ast::Type left = type_of(*e.left), right = type_of(*e.right);
  if (left.optional || right.optional) return {};
  const auto number = [](const ast::Type& t) {
    return t.kind == Kind::Int || t.kind == Kind::Float || t.kind == Kind::Number;
  };
  const bool both = left.kind == right.kind;
  if (number(left) && number(right)) {
    const auto is_float = [](const ast::Type& t) {
      return t.kind == Kind::Float && !may_be_int(t);
    };
    if (e.op == Op::Divide || is_float(left) || is_float(right))
      return of_kind(e.op == Op::FloorDivide ? Kind::Number : Kind::Float);
    return of_kind(both && left.kind == Kind::Int ? Kind::Int : Kind::Number);
  }
  if (e.op == Op::Add && both && left.kind == Kind::String) return of_kind(Kind::String);
  if (e.op == Op::Add && both && left.kind == Kind::List)
    return !left.args.empty() && !right.args.empty() && same(left.args[0], right.args[0])
               ? left
               : of_kind(Kind::List);
  const bool duration = left.kind == Kind::Duration || right.kind == Kind::Duration;
  if (e.op == Op::Multiply && duration && (number(left) || number(right)))
    return of_kind(Kind::Duration);
  const bool sum = e.op == Op::Add || e.op == Op::Subtract;
  if (sum && both && left.kind == Kind::Duration) return of_kind(Kind::Duration);
  if (e.op == Op::Divide && left.kind == Kind::Duration && number(right))
    return of_kind(Kind::Duration);
  if (e.op == Op::Subtract && both && left.kind == Kind::Time) return of_kind(Kind::Duration);
  if (sum && left.kind == Kind::Time && right.kind == Kind::Duration) return of_kind(Kind::Time);
  return {};
}

ast::Type Checker::type_of_name(const ast::Expr& e) const {
  if (literal_of_) return {};  // the names in a literal mean what they meant there
  const Symbol symbol = resolve(ast::as<ast::NameExpr>(e).name);
  if (symbol.variable) return symbol.variable->type;
  using Declared = ast::Declaration::Kind;
  const ast::Declaration* d = symbol.declaration;
  if (!d) return {};
  if (d->kind != Declared::Let) return of_kind(Kind::Fn);
  using Expr = ast::ExprKind;
  const Expr literal = d->value ? d->value->kind : Expr::Name;
  if (d->target.kind != ast::Pattern::Kind::Name) return {};
  for (Expr kind : {Expr::Null, Expr::Bool, Expr::Int, Expr::Float, Expr::Duration, Expr::String})
    if (literal == kind) return type_of(*d->value);
  if (literal == Expr::List) return of_kind(Kind::List);
  return literal == Expr::Map ? of_kind(Kind::Map) : ast::Type();
}

ast::Type Checker::type_of_member(const ast::MemberExpr& e) const {
  if (e.optional) return {};
  if (e.object->kind == ast::ExprKind::Name) {
    const Symbol symbol = resolve(ast::as<ast::NameExpr>(*e.object).name);
    if (!symbol.variable && !symbol.declaration) return {};
  }
  const ast::Type object = type_of(*e.object);
  if (object.kind == Kind::Error) return of_kind(kind_in(kErrorMembers, e.name.text));
  const ast::Type* field = object.kind == Kind::Record ? field_of(object, e.name.text) : nullptr;
  return field && !object.optional ? *field : ast::Type();
}

ast::Type Checker::type_of_call(const ast::CallExpr& e) const {
  if (literal_of_) return {};
  const Callee callee = callee_of(*e.callee);
  if (callee.kind == Callee::Kind::Builtin) {
    if (std::string_view(callee.builtin->module) == "http") return of_kind(Kind::Map);
    return of_kind(kind_in(kFunctions, callee.name));
  }
  if (callee.fn) return callee.fn->result.value_or(ast::Type());
  if (e.callee->kind != ast::ExprKind::Member) return {};
  const auto& member = ast::as<ast::MemberExpr>(*e.callee);
  if (member.optional) return {};
  const ast::Type object = type_of(*member.object);
  return object.optional ? ast::Type() : method_result(object, member.name.text);
}

ast::Type Checker::element_of(const ast::Expr& e) const {
  if (e.kind == ast::ExprKind::Binary && ast::as<ast::BinaryExpr>(e).op == ast::BinaryOp::Range)
    return of_kind(Kind::Int);
  if (e.kind == ast::ExprKind::WaitAny) return {};
  const ast::Type type = type_of(e);
  if (type.optional) return {};
  if (type.kind == Kind::String) return of_kind(Kind::String);
  const bool holds = type.kind == Kind::List || type.kind == Kind::Map;
  return holds && !type.args.empty() ? type.args[0] : ast::Type();
}

ast::Type Checker::key_of(const ast::Expr& e) const {
  if (e.kind == ast::ExprKind::WaitAny) return {};
  const ast::Type type = type_of(e);
  if (type.kind == Kind::List) return of_kind(Kind::Int);
  return type.kind == Kind::Map || type.kind == Kind::Record ? of_kind(Kind::String) : ast::Type();
}

/// What a list or a map gives to the callback of its method.
std::vector<ast::Type> Checker::callback_params(const ast::CallExpr& e) const {
  if (e.callee->kind != ast::ExprKind::Member) return {};
  if (callee_of(*e.callee).kind != Callee::Kind::Unknown) return {};
  const auto& member = ast::as<ast::MemberExpr>(*e.callee);
  const ast::Type object = type_of(*member.object);
  if (object.optional || object.args.empty()) return {};
  const std::string& name = member.name.text;
  if (object.kind == Kind::Map)
    return name == "map" || name == "filter"
               ? std::vector<ast::Type>{of_kind(Kind::String), object.args[0]}
               : std::vector<ast::Type>();
  if (object.kind != Kind::List) return {};
  for (const char* one :
       {"map", "filter", "each", "any", "all", "find", "sort_by", "group_by", "flat_map"})
    if (name == one) return {object.args[0]};
  if (name == "reduce") return {ast::Type(), object.args[0]};
  return {};
}

Sort Checker::operand_sort(const ast::Expr& e) const {
  const ast::Type type = type_of(e);
  if (type.optional) return Sort::Unknown;
  switch (type.kind) {
    case Kind::Any:
    case Kind::Handle:  // lost-gather speaks of these
      return Sort::Unknown;
    case Kind::Null:
      return Sort::Null;
    case Kind::Bool:
      return Sort::Bool;
    case Kind::Int:
      return Sort::Int;
    case Kind::Float:
    case Kind::Number:
      return may_be_int(type) ? Sort::Number : Sort::Float;
    case Kind::String:
      return Sort::String;
    case Kind::List:
      return Sort::List;
    case Kind::Map:
    case Kind::Record:
      return Sort::Map;
    case Kind::Duration:
      return Sort::Duration;
    case Kind::Time:
      return Sort::Time;
    case Kind::Fn:
      return Sort::Fn;
    case Kind::Error:
      return Sort::Error;
  }
  return Sort::Unknown;
}

Sort Checker::sort_of(const ast::Expr& e) const {
  const Sort sort = operand_sort(e);
  return sort == Sort::Number ? Sort::Unknown : sort;
}

}  // namespace wakeful::checking
