#include <cctype>

#include "lang/check/checker.h"

namespace wakeful::checking {

bool Checker::durable(const char* word, Span span) {
  if (place_.body != Body::Activity) return true;
  error("misplaced", span, ticked(word) + " cannot stand in an activity's body, which is one step",
        "move it to the workflow that calls the activity");
  return false;
}

void Checker::expr(const ast::Expr& e) {
  using Kind = ast::ExprKind;
  switch (e.kind) {
    case Kind::Null:
    case Kind::Bool:
    case Kind::Int:
    case Kind::Float:
    case Kind::Duration:
      return;
    case Kind::String:
      return raw_string(ast::as<ast::StringExpr>(e));
    case Kind::Interpolation:
      for (const auto& part : ast::as<ast::InterpolationExpr>(e).parts) expr(part.value);
      return;
    case Kind::List:
      for (const auto& item : ast::as<ast::ListExpr>(e).items) expr(item.value);
      return;
    case Kind::Map:
      for (const auto& entry : ast::as<ast::MapExpr>(e).entries) {
        expr(entry.computed);
        expr(entry.value);
      }
      return;
    case Kind::Name: {
      const auto& name = ast::as<ast::NameExpr>(e);
      const Symbol symbol = use(name.name, e.span);
      if (symbol.variable) {
        symbol.variable->reads.push_back(&e);
        facts_.names[&e] = symbol.variable;
      }
      if (symbol.declaration) facts_.declared[&e] = symbol.declaration;
      if (symbol.kind == Symbol::Kind::Module || symbol.kind == Symbol::Kind::Alias) {
        error("misplaced", e.span, ticked(name.name) + " is a module, not a value",
              "name one of its members: `" + name.name + ".…`");
      }
      return;
    }
    case Kind::Unary: {
      const auto& unary = ast::as<ast::UnaryExpr>(e);
      expr(unary.operand);
      if (unary.op == ast::UnaryOp::Not)
        return foresee_condition(*unary.operand, "the operand of `not`");
      const Sort sort = operand_sort(*unary.operand);
      const bool number = sort == Sort::Unknown || sort == Sort::Int || sort == Sort::Float ||
                          sort == Sort::Number || sort == Sort::Duration;
      if (!number)
        mistake(e.span, std::string("`-` takes a number or a duration, this is ") + name_of(sort));
      return;
    }
    case Kind::Binary: {
      const auto& binary = ast::as<ast::BinaryExpr>(e);
      expr(binary.left);
      expr(binary.right);
      return foresee_binary(binary);
    }
    case Kind::Member:
      return member(ast::as<ast::MemberExpr>(e), false);
    case Kind::Index: {
      const auto& index = ast::as<ast::IndexExpr>(e);
      expr(index.object);
      expr(index.index);
      return foresee_index(index);
    }
    case Kind::Slice: {
      const auto& slice = ast::as<ast::SliceExpr>(e);
      expr(slice.object);
      expr(slice.begin);
      return expr(slice.end);
    }
    case Kind::Call:
      return call(ast::as<ast::CallExpr>(e), false);
    case Kind::Lambda: {
      const Place before = place_;
      place_.loops = 0;
      place_.edge = "`fn`";
      callable(ast::as<ast::LambdaExpr>(e).fn);
      place_ = before;
      return;
    }
    case Kind::If: {
      const auto& branch = ast::as<ast::IfExpr>(e);
      expr(branch.condition);
      foresee_condition(*branch.condition, "the condition of `if`");
      block(branch.then);
      if (branch.otherwise) block(*branch.otherwise);
      return;
    }
    case Kind::Try:
      return try_expr(ast::as<ast::TryExpr>(e));
    case Kind::Batch:
      return batch(ast::as<ast::BatchExpr>(e));
    case Kind::Spawn:
      return spawn(ast::as<ast::SpawnExpr>(e));
    case Kind::Gather: {
      const auto& gather = ast::as<ast::GatherExpr>(e);
      durable("gather", e.span);
      expr(gather.operand);
      expr(gather.timeout);
      return foresee_duration(gather.timeout, "timeout");
    }
    case Kind::WaitAny: {
      const auto& wait = ast::as<ast::WaitAnyExpr>(e);
      durable("wait_any", e.span);
      expr(wait.operand);
      expr(wait.timeout);
      return foresee_duration(wait.timeout, "timeout");
    }
    case Kind::Race: {
      const auto& race = ast::as<ast::RaceExpr>(e);
      durable("race", e.span);
      expr(race.operand);
      expr(race.timeout);
      return foresee_duration(race.timeout, "timeout");
    }
  }
}

/// '…${x}…', where `x` can be seen: that was not meant to stay as it is written.
void Checker::raw_string(const ast::StringExpr& e) {
  if (!e.raw) return;
  for (size_t at = e.value.find("${"); at != std::string::npos; at = e.value.find("${", at + 2)) {
    size_t end = at + 2;
    while (end < e.value.size() &&
           (std::isalnum(static_cast<unsigned char>(e.value[end])) || e.value[end] == '_'))
      ++end;
    const std::string name = e.value.substr(at + 2, end - at - 2);
    if (name.empty() || end == e.value.size() || e.value.find('}', end) == std::string::npos)
      continue;
    const Symbol symbol = resolve(name);
    const bool library =
        symbol.kind == Symbol::Kind::Builtin || symbol.kind == Symbol::Kind::Module;
    if (symbol.kind == Symbol::Kind::Unknown || symbol.kind == Symbol::Kind::Lost) continue;
    if (library && e.value[end] != '.' && e.value[end] != '(') continue;
    return facts_.raw_interpolations.push_back(&e);
  }
}

namespace {

/// `order.id` where `let order = {id: "o-1"}`: nothing that could be changed by way of it.
bool reads_a_scalar(const Symbol& symbol, const std::string& key) {
  if (!symbol.value || symbol.value->kind != ast::ExprKind::Map) return false;
  for (const auto& entry : ast::as<ast::MapExpr>(*symbol.value).entries) {
    using Kind = ast::ExprKind;
    const Kind kind = entry.value->kind;
    if (entry.key.text == key)
      return kind == Kind::String || kind == Kind::Int || kind == Kind::Float ||
             kind == Kind::Bool || kind == Kind::Duration || kind == Kind::Null;
  }
  return false;
}

}  // namespace

void Checker::member(const ast::MemberExpr& e, bool called) {
  if (e.object->kind != ast::ExprKind::Name) {
    expr(e.object);
    return method_slips(e, called);
  }
  const auto& object = ast::as<ast::NameExpr>(*e.object);
  const Symbol symbol = resolve(object.name);
  if (symbol.kind == Symbol::Kind::Module) {
    if (find_module_entry(object.name, e.name.text)) return;
    std::vector<std::string> members;
    for (const ModuleMember& m : module_members()) {
      if (object.name != m.module) continue;
      if (e.name.text == m.name) return;
      members.emplace_back(m.name);
    }
    for (const Builtin& b : builtins()) {
      if (b.place == Builtin::Place::Module && object.name == b.module)
        members.emplace_back(b.name);
    }
    return error("unknown-member", e.name.span,
                 "the module " + ticked(object.name) + " has no " + ticked(e.name.text),
                 did_you_mean(e.name.text, members));
  }
  if (symbol.kind == Symbol::Kind::Alias) {
    if (!symbol.alias || symbol.alias->lost.count(e.name.text)) return;
    auto found = symbol.alias->own.find(e.name.text);
    if (found == symbol.alias->own.end()) {
      std::vector<std::string> members;
      for (const auto& [name, declared] : symbol.alias->own) members.push_back(name);
      return error("unknown-name", e.name.span,
                   ticked(object.name) + " declares no " + ticked(e.name.text),
                   did_you_mean(e.name.text, members));
    }
    facts_.declared[&e] = found->second.declaration;
    return;
  }
  expr(e.object);
  if (!called && reads_a_scalar(symbol, e.name.text)) harmless(*e.object);
  method_slips(e, called);
}

void Checker::try_expr(const ast::TryExpr& e) {
  block(e.body);
  for (const auto& each : e.catches) {
    scopes_.emplace_back();
    Symbol symbol;
    symbol.kind = Symbol::Kind::Catch;
    if (each.name) {
      declare(*each.name, symbol);
      scopes_.back().locals.back().symbol.variable->type.kind = ast::Type::Kind::Error;
    }
    expr(each.condition);
    if (each.condition) foresee_condition(*each.condition, "the condition of `catch`");
    block(each.body);
    scopes_.pop_back();
  }
  if (e.finally) block(*e.finally);
}

void Checker::batch(const ast::BatchExpr& e) {
  durable("batch", e.span);
  for (const auto* each : {&e.items, &e.size, &e.pause, &e.limit, &e.tolerate}) expr(*each);
  if (e.tolerate) {
    const Sort sort = sort_of(*e.tolerate);
    const bool fits = sort == Sort::Int || (sort == Sort::Float && e.tolerate_percent);
    if (sort != Sort::Unknown && !fits)
      mistake(e.tolerate->span,
              std::string("`tolerate` takes an int or a percentage, this is ") + name_of(sort),
              "write it as `tolerate 3` or `tolerate 10%`");
  }
  foresee_at_least_one(e.size, "size");
  foresee_at_least_one(e.limit, "limit");
  if (e.pause) {
    const Sort sort = sort_of(*e.pause);
    if (sort != Sort::Unknown && sort != Sort::Duration)
      mistake(e.pause->span, std::string("`pause` takes a duration, this is ") + name_of(sort),
              "write it as `1s`");
  }
  scopes_.emplace_back();
  const bool keys = sort_of(*e.items) == Sort::Map;
  declare_pattern(e.item, Symbol::Kind::Loop, keys ? key_of(*e.items) : element_of(*e.items));
  Symbol symbol;
  symbol.kind = Symbol::Kind::Loop;
  if (e.index) declare(*e.index, symbol);
  strand_block(e.body, "`batch { }`");
  scopes_.pop_back();
}

void Checker::spawn(const ast::SpawnExpr& e) {
  durable("spawn", e.span);
  if (e.block) return strand_block(*e.block, "`spawn { }`");
  call(ast::as<ast::CallExpr>(*e.call), true);
}

}  // namespace wakeful::checking
