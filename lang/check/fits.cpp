// Values against annotations, and members of what is declared: warnings here, a TypeError or a
// KeyError of the run there. The words are those of the run, with the path to what does not fit.
#include <algorithm>

#include "lang/check/checker.h"

namespace wakeful::checking {

namespace {

using Kind = ast::Type::Kind;

/// Nothing that is `have` can be `wanted`.
bool never_fits(const ast::Type& have, const ast::Type& wanted, int depth = 0) {
  if (have.kind == Kind::Any || wanted.kind == Kind::Any || depth > 20) return false;
  if (have.kind == Kind::Null) return !wanted.optional && wanted.kind != Kind::Null;
  if (have.optional) return false;
  const auto element = [&] {
    return !have.args.empty() && !wanted.args.empty() &&
           never_fits(have.args[0], wanted.args[0], depth + 1);
  };
  switch (wanted.kind) {
    case Kind::Int:
      return have.kind != Kind::Int && !may_be_int(have);
    case Kind::Float:
    case Kind::Number:
      return have.kind != Kind::Int && have.kind != Kind::Float && have.kind != Kind::Number;
    case Kind::List:
      return have.kind != Kind::List || element();
    case Kind::Map:
      return (have.kind != Kind::Map && have.kind != Kind::Record) || element();
    case Kind::Record:
      if (have.kind == Kind::Map) return false;
      if (have.kind != Kind::Record) return true;
      return std::any_of(wanted.fields.begin(), wanted.fields.end(), [&](const auto& field) {
        const ast::Type* mine = field_of(have, field.name.text);
        return mine && never_fits(*mine, field.type, depth + 1);
      });
    default:
      return have.kind != wanted.kind;
  }
}

std::string got(const ast::Expr& e, const ast::Type& type) {
  if (e.kind == ast::ExprKind::String) {
    const std::string& text = ast::as<ast::StringExpr>(e).value;
    if (text.size() <= 40 && text.find_first_of("\"\\\n\t\r") == std::string::npos)
      return "string \"" + text + "\"";
  }
  return type.kind == Kind::Record && type.span.end == 0 ? "map" : text_of(type);
}

}  // namespace

void Checker::foresee_fit(const ast::Expr& e, const ast::Type& wanted, const std::string& path) {
  if (e.kind == ast::ExprKind::List && wanted.kind == Kind::List && !wanted.args.empty()) {
    size_t index = 0;
    for (const auto& item : ast::as<ast::ListExpr>(e).items) {
      if (item.spread) return;
      foresee_fit(*item.value, wanted.args[0], path + "[" + std::to_string(index++) + "]");
    }
    return;
  }
  const bool map = e.kind == ast::ExprKind::Map;
  const auto whole = [&] {
    const auto& entries = ast::as<ast::MapExpr>(e).entries;
    return std::none_of(entries.begin(), entries.end(),
                        [](const auto& entry) { return entry.spread || entry.computed; });
  };
  if (map && wanted.kind == Kind::Map && !wanted.args.empty()) {
    for (const auto& entry : ast::as<ast::MapExpr>(e).entries)
      if (!entry.spread && !entry.computed)
        foresee_fit(*entry.value, wanted.args[0], path + "." + entry.key.text);
    return;
  }
  if (map && wanted.kind == Kind::Record) {
    const auto& entries = ast::as<ast::MapExpr>(e).entries;
    std::vector<std::string> further;
    for (const auto& entry : entries)
      if (!field_of(wanted, entry.key.text)) further.push_back(entry.key.text);
    for (const auto& field : wanted.fields) {
      const std::string& name = field.name.text;
      auto entry = std::find_if(entries.rbegin(), entries.rend(), [&](const auto& each) {
        return !each.spread && !each.computed && each.key.text == name;
      });
      if (entry != entries.rend()) {
        if (whole()) foresee_fit(*entry->value, field.type, path + "." + name);
      } else if (whole() && !field.type.optional) {
        const std::string near = nearest_name(name, further);
        mistake(e.span,
                path + "." + name + ": expected " + text_of(field.type) + ", but it is missing",
                near.empty() ? "add " + ticked(name) : "is " + ticked(near) + " meant as it?");
      }
    }
    return;
  }
  const ast::Type type = type_of(e);
  if (!never_fits(type, wanted)) return foresee_literal(e, wanted, path);
  mistake(e.span, path + ": expected " + text_of(wanted) + ", got " + got(e, type),
          wanted.kind == Kind::Duration && type.kind == Kind::String
              ? "a duration is written like `1h30m`, without quotes"
              : "");
}

/// The name of a literal: its elements, as long as nothing changes them.
void Checker::foresee_literal(const ast::Expr& e, const ast::Type& wanted,
                              const std::string& path) {
  if (e.kind != ast::ExprKind::Name || literal_of_) return;
  const Symbol symbol = resolve(ast::as<ast::NameExpr>(e).name);
  if (symbol.kind != Symbol::Kind::Let || !symbol.value || !symbol.variable) return;
  const bool literal =
      symbol.value->kind == ast::ExprKind::Map || symbol.value->kind == ast::ExprKind::List;
  if (!literal) return;
  literal_of_ = symbol.variable;
  foresee_fit(*symbol.value, wanted, path);
  literal_of_ = nullptr;
}

void Checker::foresee_duration(const ast::ExprPtr& e, const std::string& path) {
  if (!e) return;
  ast::Type wanted;
  wanted.kind = Kind::Duration;
  wanted.optional = true;
  const ast::Type type = type_of(*e);
  if (!never_fits(type, wanted)) return;
  const bool number = e->kind == ast::ExprKind::Int || e->kind == ast::ExprKind::Float;
  mistake(e->span, path + ": expected duration, got " + got(*e, type),
          number ? "write it with its unit: `5s`, `250ms`" : "a duration is written like `1h30m`");
}

/// Of the library only durations are known: `sleep(5)`, `http.get(url, timeout: 5)`.
void Checker::foresee_durations(const ast::CallExpr& e, const Builtin& builtin) {
  for (size_t i = 0; i < e.args.size(); ++i) {
    const auto& arg = e.args[i];
    const std::string name = arg.name                    ? arg.name->text
                             : i < builtin.params.size() ? builtin.params[i].name
                                                         : "";
    // `log.info("late", timeout: 5)`: a field of its own, no parameter.
    const bool known =
        std::any_of(builtin.params.begin(), builtin.params.end(),
                    [&](const auto& param) { return param.name == name && !param.fields; });
    if (known && (name == "duration" || name == "timeout"))
      foresee_duration(arg.value, builtin.qualified() + ": " + name);
  }
}

void Checker::foresee_arguments(const ast::CallExpr& e, const Callee& callee) {
  if (callee.builtin) return foresee_durations(e, *callee.builtin);
  if (!callee.fn) return;
  const auto& params = callee.fn->params;
  size_t position = 0;
  for (const auto& arg : e.args) {
    const ast::Param* param = nullptr;
    if (!arg.name) {
      if (position < params.size()) param = &params[position];
      ++position;
    } else {
      for (const ast::Param& each : params)
        if (each.name.text == arg.name->text) param = &each;
    }
    if (param && param->type)
      foresee_fit(*arg.value, *param->type, callee.name + ": " + param->name.text);
  }
}

// --- results ---

void Checker::foresee_tail(const ast::Expr& e) {
  const auto& tails = result_.tails;
  if (std::find(tails.begin(), tails.end(), &e) != tails.end()) foresee_result(&e, e.span);
}

/// `value` null: nothing is given, which is null.
void Checker::foresee_result(const ast::Expr* value, Span span) {
  const ast::Type& wanted = result_.type;
  if (wanted.kind == Kind::Any) return;
  const std::string path = result_.name + ": result";
  if (value) return foresee_fit(*value, wanted, path);
  if (wanted.optional || wanted.kind == Kind::Null) return;
  mistake(span, path + ": expected " + text_of(wanted) + ", got null",
          "let the last line be the value, or `return` it");
}

void collect_tails(const ast::Block& block, std::vector<const ast::Expr*>& tails) {
  if (block.statements.empty() || block.statements.back()->kind != ast::StmtKind::Expr) return;
  const ast::Expr& last = *ast::as<ast::ExprStmt>(*block.statements.back()).value;
  if (last.kind == ast::ExprKind::If) {
    const auto& branch = ast::as<ast::IfExpr>(last);
    collect_tails(branch.then, tails);
    if (branch.otherwise) collect_tails(*branch.otherwise, tails);
  } else if (last.kind == ast::ExprKind::Try) {
    const auto& attempt = ast::as<ast::TryExpr>(last);
    collect_tails(attempt.body, tails);
    for (const auto& each : attempt.catches) collect_tails(each.body, tails);
  } else {
    tails.push_back(&last);
  }
}

bool ends_with_null(const ast::Block& block) {
  if (block.statements.empty()) return true;
  const ast::Stmt& last = *block.statements.back();
  using Kind = ast::StmtKind;
  switch (last.kind) {
    case Kind::Return:
    case Kind::Throw:
    case Kind::Break:
    case Kind::Continue:
      return false;
    case Kind::While: {
      const auto& condition = *ast::as<ast::WhileStmt>(last).condition;
      return condition.kind != ast::ExprKind::Bool || !ast::as<ast::BoolExpr>(condition).value;
    }
    case Kind::Expr: {
      const ast::Expr& value = *ast::as<ast::ExprStmt>(last).value;
      if (value.kind == ast::ExprKind::If) {
        const auto& branch = ast::as<ast::IfExpr>(value);
        return ends_with_null(branch.then) &&
               (!branch.otherwise || ends_with_null(*branch.otherwise));
      }
      if (value.kind != ast::ExprKind::Try) return false;
      const auto& attempt = ast::as<ast::TryExpr>(value);
      return ends_with_null(attempt.body) &&
             std::all_of(attempt.catches.begin(), attempt.catches.end(),
                         [](const auto& each) { return ends_with_null(each.body); });
    }
    default:
      return true;
  }
}

// --- members ---

/// A declared record has no such field; `object` null: it is taken apart by a pattern.
void Checker::missing_field(const ast::Type& record, const ast::Ident& name,
                            const ast::Expr* object) {
  if (place_.throws) return;
  if (record.span.end == 0 && object && object->kind != ast::ExprKind::Map) return;
  std::vector<std::string> names;
  for (const auto& field : record.fields) names.push_back(field.name.text);
  Pending pending;
  pending.diagnostic = {Severity::Warning,
                        "type-mistake",
                        name.span,
                        text_of(record) + " has no " + ticked(name.text),
                        did_you_mean(name.text, names),
                        {}};
  if (pending.diagnostic.help.empty())
    pending.diagnostic.help = "`m?." + name.text + "` gives null where there is none";
  if (record.span.end > 0) pending.diagnostic.notes.push_back({record.span, "declared here"});
  pending.member = name.text;
  pending.variable = object && object->kind == ast::ExprKind::Name
                         ? resolve(ast::as<ast::NameExpr>(*object).name).variable
                         : nullptr;
  unknown_members_.push_back(std::move(pending));
}

/// `x.name` and `x.name()` where the type of `x` is known.
void Checker::foresee_member(const ast::MemberExpr& e, bool called) {
  const ast::Type type = type_of(*e.object);
  if (type.optional || e.optional) return;
  const std::string& name = e.name.text;
  auto receiver = Builtin::Receiver::None;
  std::vector<std::string> members;
  switch (type.kind) {
    case Kind::String:
      receiver = Builtin::Receiver::String;
      break;
    case Kind::List:
      receiver = Builtin::Receiver::List;
      break;
    case Kind::Record:
      if (field_of(type, name)) return;
      if (!called) return missing_field(type, e.name, e.object.get());
      return;
    case Kind::Error:
      members = {"kind", "message", "data", "cause", "workflow_id", "stack"};
      break;
    case Kind::Bool:
    case Kind::Int:
    case Kind::Float:
    case Kind::Number:
    case Kind::Duration:
    case Kind::Time:
      break;
    default:
      return;
  }
  if (!called && std::find(members.begin(), members.end(), name) != members.end()) return;
  if (called && receiver != Builtin::Receiver::None && find_method(receiver, name)) return;
  for (const Builtin& b : builtins())
    if (b.place == Builtin::Place::Method && b.receiver == receiver) members.emplace_back(b.name);
  const bool method = !called && find_method(receiver, name);
  mistake(e.name.span,
          std::string(name_of(operand_sort(*e.object))) + " has no " +
              (called ? "method " : "member ") + ticked(name),
          method ? "call it: `." + name + "()`" : did_you_mean(name, members));
}

}  // namespace wakeful::checking
