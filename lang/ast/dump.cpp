#include "lang/ast/dump.h"

#include <fmt/format.h>

namespace wakeful::ast {

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

const char* sign(BinaryOp op) {
  switch (op) {
    case BinaryOp::Or:
      return "or";
    case BinaryOp::And:
      return "and";
    case BinaryOp::Equal:
      return "==";
    case BinaryOp::NotEqual:
      return "!=";
    case BinaryOp::Less:
      return "<";
    case BinaryOp::LessEqual:
      return "<=";
    case BinaryOp::Greater:
      return ">";
    case BinaryOp::GreaterEqual:
      return ">=";
    case BinaryOp::In:
      return "in";
    case BinaryOp::NotIn:
      return "not-in";
    case BinaryOp::Coalesce:
      return "??";
    case BinaryOp::Range:
      return "..";
    case BinaryOp::Add:
      return "+";
    case BinaryOp::Subtract:
      return "-";
    case BinaryOp::Multiply:
      return "*";
    case BinaryOp::Divide:
      return "/";
    case BinaryOp::FloorDivide:
      return "//";
    case BinaryOp::Modulo:
      return "%";
  }
  return "";
}

/// ` name:value` where there is one.
std::string clause(const char* name, const ExprPtr& value) {
  return value ? fmt::format(" {}:{}", name, dump(*value)) : "";
}

std::string dump_type(const Type& type) {
  static constexpr const char* kNames[] = {"any",    "null",   "bool",   "int",   "float",
                                           "number", "string", "list",   "map",   "duration",
                                           "time",   "fn",     "handle", "error", "{"};
  std::string out = kNames[static_cast<int>(type.kind)];
  for (const Type& arg : type.args) out += "<" + dump_type(arg) + ">";
  if (type.kind == Type::Kind::Record) {
    for (size_t i = 0; i < type.fields.size(); ++i) {
      out += (i ? " " : "") + type.fields[i].name.text + ":" + dump_type(type.fields[i].type);
    }
    out += "}";
  }
  return out + (type.optional ? "?" : "");
}

std::string dump_pattern(const Pattern& pattern) {
  std::string out;
  switch (pattern.kind) {
    case Pattern::Kind::Name:
      return pattern.name.text;
    case Pattern::Kind::Map:
      for (const auto& field : pattern.fields) {
        out += " " + field.key.text + ":" + dump_pattern(*field.target);
        if (field.fallback) out += "=" + dump(*field.fallback);
      }
      break;
    case Pattern::Kind::List:
      for (const auto& item : pattern.items) out += " " + dump_pattern(item);
      break;
  }
  if (pattern.rest) out += " ..." + pattern.rest->text;
  return (pattern.kind == Pattern::Kind::Map ? "{" : "[") + (out.empty() ? out : out.substr(1)) +
         (pattern.kind == Pattern::Kind::Map ? "}" : "]");
}

std::string dump_callable(const Callable& fn) {
  std::string out = "(";
  for (const Param& param : fn.params) {
    if (out.size() > 1) out += ' ';
    out += param.name.text;
    if (param.type) out += ":" + dump_type(*param.type);
    if (param.fallback) out += "=" + dump(*param.fallback);
  }
  out += ")";
  if (fn.result) out += " -> " + dump_type(*fn.result);
  return out;
}

std::string dump_list(const ListExpr& list) {
  std::string out = "(list";
  for (const auto& item : list.items) out += (item.spread ? " ..." : " ") + dump(*item.value);
  return out + ")";
}

std::string dump_map(const MapExpr& map) {
  std::string out = "(map";
  for (const auto& entry : map.entries) {
    if (entry.spread) {
      out += " ..." + dump(*entry.value);
    } else if (entry.computed) {
      out += " [" + dump(*entry.computed) + "]:" + dump(*entry.value);
    } else {
      out += " " + entry.key.text + ":" + dump(*entry.value);
    }
  }
  return out + ")";
}

std::string dump_call(const CallExpr& call) {
  std::string out = "(call " + dump(*call.callee);
  for (const auto& arg : call.args) {
    out += " " + (arg.name ? arg.name->text + ":" : "") + dump(*arg.value);
  }
  out += clause("as", call.as) + clause("with", call.with);
  if (call.compensate) {
    out += " compensate:" + (call.compensate->name ? call.compensate->name->text : "") +
           dump(call.compensate->body);
  }
  return out + ")";
}

std::string dump_try(const TryExpr& expr) {
  std::string out = "(try " + dump(expr.body);
  for (const auto& each : expr.catches) {
    out += " (catch " + (each.name ? each.name->text : "_") + clause("if", each.condition) + " " +
           dump(each.body) + ")";
  }
  if (expr.finally) out += " (finally " + dump(*expr.finally) + ")";
  return out + ")";
}

std::string dump_batch(const BatchExpr& expr) {
  std::string out =
      fmt::format("(batch{} {}", expr.settled ? " settled" : "", dump_pattern(expr.item));
  if (expr.index) out += "," + expr.index->text;
  out += " " + dump(*expr.items) + clause("size", expr.size) + clause("pause", expr.pause);
  out += clause("limit", expr.limit) + clause("tolerate", expr.tolerate) +
         (expr.tolerate_percent ? "%" : "");
  return out + " " + dump(expr.body) + ")";
}

std::string dump_interpolation(const InterpolationExpr& expr) {
  std::string out = "(str";
  for (const auto& part : expr.parts)
    out += " " + (part.value ? dump(*part.value) : quoted(part.text));
  return out + ")";
}

}  // namespace

std::string dump(const Expr& e) {
  switch (e.kind) {
    case ExprKind::Null:
      return "null";
    case ExprKind::Bool:
      return as<BoolExpr>(e).value ? "true" : "false";
    case ExprKind::Int:
      return fmt::format("{}", as<IntExpr>(e).value);
    case ExprKind::Float: {
      const std::string text = fmt::format("{}", as<FloatExpr>(e).value);
      return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
    }
    case ExprKind::Duration:
      return fmt::format("{}ms", as<DurationExpr>(e).ms);
    case ExprKind::String:
      return quoted(as<StringExpr>(e).value);
    case ExprKind::Interpolation:
      return dump_interpolation(as<InterpolationExpr>(e));
    case ExprKind::List:
      return dump_list(as<ListExpr>(e));
    case ExprKind::Map:
      return dump_map(as<MapExpr>(e));
    case ExprKind::Name:
      return as<NameExpr>(e).name;
    case ExprKind::Unary: {
      const auto& unary = as<UnaryExpr>(e);
      return fmt::format("({} {})", unary.op == UnaryOp::Not ? "not" : "neg", dump(*unary.operand));
    }
    case ExprKind::Binary: {
      const auto& binary = as<BinaryExpr>(e);
      return fmt::format("({} {} {})", sign(binary.op), dump(*binary.left), dump(*binary.right));
    }
    case ExprKind::Member: {
      const auto& member = as<MemberExpr>(e);
      return fmt::format("({} {} {})", member.optional ? "?." : ".", dump(*member.object),
                         member.name.text);
    }
    case ExprKind::Index:
      return fmt::format("(at {} {})", dump(*as<IndexExpr>(e).object),
                         dump(*as<IndexExpr>(e).index));
    case ExprKind::Slice: {
      const auto& slice = as<SliceExpr>(e);
      return fmt::format("(slice {} {} {})", dump(*slice.object),
                         slice.begin ? dump(*slice.begin) : "_",
                         slice.end ? dump(*slice.end) : "_");
    }
    case ExprKind::Call:
      return dump_call(as<CallExpr>(e));
    case ExprKind::Lambda: {
      const auto& lambda = as<LambdaExpr>(e);
      return fmt::format("({} {} {})", lambda.arrow ? "=>" : "fn", dump_callable(lambda.fn),
                         dump(lambda.fn.body));
    }
    case ExprKind::If: {
      const auto& branch = as<IfExpr>(e);
      return fmt::format("(if {} {}{})", dump(*branch.condition), dump(branch.then),
                         branch.otherwise ? " " + dump(*branch.otherwise) : "");
    }
    case ExprKind::Try:
      return dump_try(as<TryExpr>(e));
    case ExprKind::Batch:
      return dump_batch(as<BatchExpr>(e));
    case ExprKind::Spawn: {
      const auto& spawn = as<SpawnExpr>(e);
      return fmt::format("(spawn {})", spawn.call ? dump(*spawn.call) : dump(*spawn.block));
    }
    case ExprKind::Gather: {
      const auto& gather = as<GatherExpr>(e);
      return fmt::format("(gather{} {}{})", gather.settled ? " settled" : "", dump(*gather.operand),
                         clause("timeout", gather.timeout));
    }
    case ExprKind::WaitAny:
      return fmt::format("(wait_any {}{})", dump(*as<WaitAnyExpr>(e).operand),
                         clause("timeout", as<WaitAnyExpr>(e).timeout));
    case ExprKind::Race: {
      const auto& race = as<RaceExpr>(e);
      return fmt::format("(race{} {}{})", race.success ? " success" : "", dump(*race.operand),
                         clause("timeout", race.timeout));
    }
  }
  return "";
}

std::string dump(const Stmt& s) {
  switch (s.kind) {
    case StmtKind::Expr:
      return dump(*as<ExprStmt>(s).value);
    case StmtKind::Let: {
      const auto& let = as<LetStmt>(s);
      return fmt::format("({} {}{} {})", let.is_var ? "var" : "let", dump_pattern(let.target),
                         let.type ? ":" + dump_type(*let.type) : "", dump(*let.value));
    }
    case StmtKind::Assign: {
      const auto& assign = as<AssignStmt>(s);
      return fmt::format("({}= {} {})", assign.op ? sign(*assign.op) : "", dump(*assign.target),
                         dump(*assign.value));
    }
    case StmtKind::For: {
      const auto& loop = as<ForStmt>(s);
      return fmt::format("(for {}{} {} {})", dump_pattern(loop.first),
                         loop.second ? "," + dump_pattern(*loop.second) : "", dump(*loop.iterable),
                         dump(loop.body));
    }
    case StmtKind::While:
      return fmt::format("(while {} {})", dump(*as<WhileStmt>(s).condition),
                         dump(as<WhileStmt>(s).body));
    case StmtKind::Break:
      return "(break)";
    case StmtKind::Continue:
      return "(continue)";
    case StmtKind::Return:
      return as<ReturnStmt>(s).value ? "(return " + dump(*as<ReturnStmt>(s).value) + ")"
                                     : "(return)";
    case StmtKind::Throw:
      return "(throw " + dump(*as<ThrowStmt>(s).value) + ")";
    case StmtKind::Fn: {
      const auto& fn = as<FnStmt>(s);
      return fmt::format("(fn {} {} {})", fn.name.text, dump_callable(fn.fn), dump(fn.fn.body));
    }
    case StmtKind::Compensate:
      return "(compensate " + dump(as<CompensateStmt>(s).body) + ")";
    case StmtKind::On: {
      static constexpr const char* kWhat[] = {"signal", "query", "update"};
      const auto& on = as<OnStmt>(s);
      return fmt::format("(on {} {} {} {})", kWhat[static_cast<int>(on.what)], on.name.text,
                         dump_callable(on.fn), dump(on.fn.body));
    }
    case StmtKind::Mock: {
      const auto& mock = as<MockStmt>(s);
      return fmt::format("(mock {} {} {})", dump(*mock.target), dump_callable(mock.fn),
                         dump(mock.fn.body));
    }
    case StmtKind::Expect:
      return "(expect " + dump(*as<ExpectStmt>(s).condition) + ")";
    case StmtKind::ExpectThrows:
      return fmt::format("(expect-throws {} {})", dump(*as<ExpectThrowsStmt>(s).error_kind),
                         dump(as<ExpectThrowsStmt>(s).body));
  }
  return "";
}

std::string dump(const Block& block) {
  std::string out = "{";
  for (const auto& statement : block.statements)
    out += (out.size() > 1 ? " " : "") + dump(*statement);
  return out + "}";
}

std::string dump(const Declaration& d) {
  const std::string body = d.fn.has_body ? " " + dump(d.fn.body) : "";
  switch (d.kind) {
    case Declaration::Kind::Workflow:
      return fmt::format("(workflow {} {}{}{})", d.name.text, dump_callable(d.fn),
                         clause("with", d.with), body);
    case Declaration::Kind::Activity:
      return fmt::format("(activity {} {}{}{})", d.name.text, dump_callable(d.fn),
                         clause("with", d.with), body);
    case Declaration::Kind::Fn:
      return fmt::format("(fn {} {}{})", d.name.text, dump_callable(d.fn), body);
    case Declaration::Kind::Let:
      return fmt::format("(let {} {})", dump_pattern(d.target), dump(*d.value));
    case Declaration::Kind::Import:
      return fmt::format("(import {}{})", quoted(d.path.text),
                         d.name.text.empty() ? "" : " as " + d.name.text);
    case Declaration::Kind::Test:
      return fmt::format("(test {} {})", quoted(d.name.text), dump(d.fn.body));
  }
  return "";
}

std::string dump(const File& file) {
  std::string out;
  for (const auto& declaration : file.declarations) out += dump(declaration) + "\n";
  return out;
}

}  // namespace wakeful::ast
