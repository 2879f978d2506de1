#include "lang/check/checker.h"

namespace wakeful::checking {

void Checker::statements(const ast::Block& block) {
  blocks_.push_back(&block);
  for (const auto& stmt : block.statements) statement(*stmt);
  blocks_.pop_back();
}

void Checker::block(const ast::Block& block) {
  scopes_.emplace_back();
  statements(block);
  scopes_.pop_back();
}

/// A block that runs as something of its own: loops around it are out of reach.
void Checker::strand_block(const ast::Block& body, const char* edge) {
  const Place before = place_;
  place_.loops = 0;
  place_.edge = edge;
  Result around = std::move(result_);
  result_ = {};
  block(body);
  result_ = std::move(around);
  place_ = before;
}

void Checker::compensate_block(const ast::Block& body, const std::optional<ast::Ident>& name) {
  const Place before = place_;
  place_.compensate_scopes = scopes_.size();
  scopes_.emplace_back();
  Symbol symbol;
  symbol.kind = Symbol::Kind::Compensate;
  if (name) declare(*name, symbol);
  strand_block(body, "`compensate { }`");
  scopes_.pop_back();
  place_ = before;
}

void Checker::pattern_defaults(const ast::Pattern& pattern) {
  for (const auto& field : pattern.fields) {
    expr(field.fallback);
    pattern_defaults(*field.target);
  }
  for (const auto& item : pattern.items) pattern_defaults(item);
}

void Checker::statement(const ast::Stmt& s) {
  using Kind = ast::StmtKind;
  switch (s.kind) {
    case Kind::Expr:
      expr(ast::as<ast::ExprStmt>(s).value);
      return foresee_tail(*ast::as<ast::ExprStmt>(s).value);
    case Kind::Let: {
      const auto& let = ast::as<ast::LetStmt>(s);
      expr(let.value);
      const auto kind = let.is_var ? Symbol::Kind::Var : Symbol::Kind::Let;
      if (let.type) foresee_fit(*let.value, *let.type, ticked(let.target.name.text));
      ast::Type type = let.type ? *let.type : type_of(*let.value);
      if (let.target.kind != ast::Pattern::Kind::Name)
        return declare_pattern(let.target, kind, type);
      Symbol symbol;
      symbol.kind = kind;
      symbol.value = let.value.get();
      if (!let.is_var && let.value->kind == ast::ExprKind::Lambda)
        symbol.fn = &ast::as<ast::LambdaExpr>(*let.value).fn;
      declare(let.target.name, symbol);
      // A literal may get other elements and keys later; a `var` anything.
      const bool changes = type.span.end == 0 && !let.type && type.kind != ast::Type::Kind::Handle;
      if (changes) type.args.clear();
      if (changes && type.kind == ast::Type::Kind::Record) {
        type.kind = ast::Type::Kind::Map;
        type.fields.clear();
      }
      if (!let.is_var || let.type) scopes_.back().locals.back().symbol.variable->type = type;
      return;
    }
    case Kind::Assign:
      return assign(ast::as<ast::AssignStmt>(s));
    case Kind::For:
      return loop(ast::as<ast::ForStmt>(s));
    case Kind::While: {
      const auto& loop = ast::as<ast::WhileStmt>(s);
      expr(loop.condition);
      foresee_condition(*loop.condition, "the condition of `while`");
      ++place_.loops;
      block(loop.body);
      --place_.loops;
      return;
    }
    case Kind::Break:
      return leave_loop(s, "break");
    case Kind::Continue:
      return leave_loop(s, "continue");
    case Kind::Return:
      expr(ast::as<ast::ReturnStmt>(s).value);
      result_.returns |= ast::as<ast::ReturnStmt>(s).value != nullptr;
      return foresee_result(ast::as<ast::ReturnStmt>(s).value.get(), s.span);
    case Kind::Throw: {
      const auto& value = ast::as<ast::ThrowStmt>(s).value;
      expr(value);
      const Sort sort = sort_of(*value);
      if (sort != Sort::Unknown && sort != Sort::String && sort != Sort::Error) {
        mistake(value->span,
                std::string("`throw` takes a string or an error, this is ") + name_of(sort),
                "write `throw error(kind, message, data)`");
      }
      return;
    }
    case Kind::Fn: {
      const auto& fn = ast::as<ast::FnStmt>(s);
      Symbol symbol;
      symbol.kind = Symbol::Kind::Let;
      symbol.fn = &fn.fn;
      declare(fn.name, symbol);  // first: it may call itself
      const Place before = place_;
      place_.loops = 0;
      place_.edge = "`fn`";
      callable(fn.fn, fn.name.text);
      place_ = before;
      return;
    }
    case Kind::Compensate: {
      durable("compensate", s.span);
      return compensate_block(ast::as<ast::CompensateStmt>(s).body, std::nullopt);
    }
    case Kind::On: {
      if (!durable("on", s.span)) return;
      const auto& on = ast::as<ast::OnStmt>(s);
      if (place_.body != Body::Workflow || scopes_.size() != 2) {
        return error("misplaced", s.span, "`on` stands at the top level of a workflow's body only",
                     "move it there");
      }
      if (on.what == ast::OnStmt::What::Signal && on.fn.params.size() > 1) {
        error(
            "wrong-arguments", on.fn.params[1].name.span,
            "a signal has one payload, so its handler takes one parameter at most",
            "take a map apart: `on signal " + on.name.text + "(payload) { let {a, b} = payload }`");
      }
      const Place before = place_;
      place_.edge = "`on`";
      callable(on.fn);
      place_ = before;
      return;
    }
    case Kind::Mock:
      return mock(ast::as<ast::MockStmt>(s));
    case Kind::Expect:
    case Kind::ExpectThrows:
      return expectation(s);
  }
}

void Checker::leave_loop(const ast::Stmt& s, const char* word) {
  if (place_.loops > 0) return;
  const std::string text = ticked(word);
  if (place_.edge) {
    const bool returns = std::string_view(place_.edge) != "`fn`";
    return error(
        "misplaced", s.span, text + " does not cross the edge of " + place_.edge,
        returns ? "`return` ends this block with a value" : "`return` leaves the function");
  }
  error("misplaced", s.span, text + " stands in a loop only", "put it into a `for` or a `while`");
}

void Checker::loop(const ast::ForStmt& s) {
  expr(s.iterable);
  const Sort sort =
      s.iterable->kind == ast::ExprKind::WaitAny ? Sort::Unknown : sort_of(*s.iterable);
  if (sort == Sort::Int || sort == Sort::Float || sort == Sort::Bool || sort == Sort::Null ||
      sort == Sort::Duration || sort == Sort::Fn) {
    mistake(s.iterable->span,
            std::string("`for` takes a list, a range, a map or a string, this is ") + name_of(sort),
            sort == Sort::Int ? "to count write `for i in 0..n`" : "");
  }
  scopes_.emplace_back();
  const ast::Type element = element_of(*s.iterable), key = key_of(*s.iterable);
  const bool map = sort_of(*s.iterable) == Sort::Map;
  declare_pattern(s.first, Symbol::Kind::Loop, s.second || map ? key : element);
  if (s.second) declare_pattern(*s.second, Symbol::Kind::Loop, element);
  ++place_.loops;
  block(s.body);
  --place_.loops;
  scopes_.pop_back();
}

/// Remembers which keys are added to what, so that nobody is told that there are none.
void Checker::remember_key(const ast::Expr& target) {
  const ast::Expr* object = nullptr;
  if (target.kind == ast::ExprKind::Member) {
    assigned_members_.push_back(ast::as<ast::MemberExpr>(target).name.text);
  } else if (target.kind == ast::ExprKind::Index) {
    const auto& index = ast::as<ast::IndexExpr>(target);
    object = index.object.get();
    if (index.index->kind == ast::ExprKind::String)
      assigned_members_.push_back(ast::as<ast::StringExpr>(*index.index).value);
  }
  if (object && object->kind == ast::ExprKind::Name)
    opened_.push_back(resolve(ast::as<ast::NameExpr>(*object).name).variable);
}

void Checker::assign(const ast::AssignStmt& s) {
  expr(s.value);
  remember_key(*s.target);
  if (s.target->kind != ast::ExprKind::Name) {
    const auto* member =
        s.target->kind == ast::ExprKind::Member ? &ast::as<ast::MemberExpr>(*s.target) : nullptr;
    if (member && member->object->kind == ast::ExprKind::Name) {
      const auto& name = ast::as<ast::NameExpr>(*member->object);
      const Symbol symbol = resolve(name.name);
      const bool fixed = symbol.kind == Symbol::Kind::Module ||
                         symbol.kind == Symbol::Kind::Alias || symbol.kind == Symbol::Kind::Self;
      if (fixed)
        return error("fixed-binding", s.target->span,
                     "the members of " + ticked(name.name) + " cannot be assigned to");
      return expr(member->object);
    }
    return expr(s.target);
  }
  const auto& name = ast::as<ast::NameExpr>(*s.target);
  size_t depth = 0;
  const Symbol symbol = resolve(name.name, &depth);
  if (symbol.variable) {
    symbol.variable->writes.push_back(&s);
    facts_.names[s.target.get()] = symbol.variable;
  }
  const char* what = nullptr;
  switch (symbol.kind) {
    case Symbol::Kind::Unknown:
      return unknown_name(name.name, s.target->span);
    case Symbol::Kind::Lost:
      return;
    case Symbol::Kind::Var:
      if (!s.op) foresee_fit(*s.value, symbol.variable->type, ticked(name.name));
      if (depth < place_.compensate_scopes) {
        error("fixed-binding", s.target->span,
              "a `compensate` block sees the variables as they were when it was registered; "
              "assigning to the outer " +
                  ticked(name.name) + " has no meaning",
              "keep it in a list or map that both share");
      }
      return;
    case Symbol::Kind::Let:
      what = symbol.fn ? "a function" : "a `let`";
      break;
    case Symbol::Kind::Param:
      what = "a parameter";
      break;
    case Symbol::Kind::Loop:
      what = "the variable of a loop";
      break;
    case Symbol::Kind::Catch:
      what = "the error of a `catch`";
      break;
    case Symbol::Kind::Compensate:
      what = "the outcome of a step";
      break;
    case Symbol::Kind::Declaration:
      what = "a declaration";
      break;
    case Symbol::Kind::Alias:
      what = "an import";
      break;
    case Symbol::Kind::Builtin:
    case Symbol::Kind::Module:
    case Symbol::Kind::Self:
      what = "a name of the library";
      break;
  }
  Diagnostic& d = diagnostics_.error(
      "fixed-binding", s.target->span,
      ticked(name.name) + " is " + what + ", which cannot be assigned to",
      symbol.kind == Symbol::Kind::Let && !symbol.fn ? "declare it with `var`"
                                                     : "copy it: `var x = " + name.name + "`");
  if (symbol.span.end > 0) d.notes.push_back({symbol.span, "declared here"});
}

}  // namespace wakeful::checking
