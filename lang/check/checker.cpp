#include "lang/check/checker.h"

#include <algorithm>
#include <utility>

namespace wakeful::checking {

std::string ticked(const std::string& name) { return "`" + name + "`"; }

std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates) {
  std::string near = nearest_name(name, candidates);
  return near.empty() ? "" : "did you mean `" + near + "`?";
}

// --- names ---

void Checker::declare(const ast::Ident& name, Symbol symbol) {
  symbol.span = name.span;
  Scope& scope = scopes_.back();
  if (name.text != "_") {
    for (const Local& local : scope.locals) {
      if (local.name != name.text) continue;
      diagnostics_
          .error("duplicate-name", name.span,
                 ticked(name.text) + " is declared twice in this block",
                 "rename one of them, or assign to a `var`")
          .notes.push_back({local.symbol.span, "first declared here"});
    }
  }
  symbol.variable = &remember(name, symbol);
  scope.locals.push_back({name.text, symbol});
}

Variable& Checker::remember(const ast::Ident& name, const Symbol& symbol) {
  Variable& variable = facts_.variables.emplace_back();
  switch (symbol.kind) {
    case Symbol::Kind::Var:
      variable.kind = Variable::Kind::Var;
      break;
    case Symbol::Kind::Param:
      variable.kind = Variable::Kind::Param;
      break;
    case Symbol::Kind::Loop:
      variable.kind = Variable::Kind::Loop;
      break;
    case Symbol::Kind::Catch:
      variable.kind = Variable::Kind::Catch;
      break;
    case Symbol::Kind::Compensate:
      variable.kind = Variable::Kind::Outcome;
      break;
    default:
      if (symbol.fn && !symbol.value) variable.kind = Variable::Kind::Fn;
      break;
  }
  variable.name = name.text;
  variable.span = name.span;
  variable.value = symbol.value;
  variable.fn = symbol.fn;
  const Symbol outer = resolve(name.text);
  const bool named = outer.variable || outer.kind == Symbol::Kind::Declaration;
  if (named && !(outer.span == name.span)) variable.hides = outer.span;
  return variable;
}

void Checker::declare_pattern(const ast::Pattern& pattern, Symbol::Kind kind,
                              const ast::Type& type) {
  Symbol symbol;
  symbol.kind = kind;
  const bool record = type.kind == ast::Type::Kind::Record && !type.optional;
  const ast::Type unknown;
  const ast::Type& element =
      type.kind == ast::Type::Kind::List && !type.args.empty() ? type.args[0] : unknown;
  switch (pattern.kind) {
    case ast::Pattern::Kind::Name:
      declare(pattern.name, symbol);
      if (kind != Symbol::Kind::Var) scopes_.back().locals.back().symbol.variable->type = type;
      break;
    case ast::Pattern::Kind::Map:
      for (const auto& field : pattern.fields) {
        expr(field.fallback);  // may use the names before it
        const ast::Type* known = record ? field_of(type, field.key.text) : nullptr;
        if (record && !known && !field.fallback) missing_field(type, field.key, nullptr);
        declare_pattern(*field.target, kind, known && !field.fallback ? *known : unknown);
      }
      break;
    case ast::Pattern::Kind::List:
      for (const auto& item : pattern.items) declare_pattern(item, kind, element);
      break;
  }
  if (pattern.rest) declare(*pattern.rest, symbol);
}

Symbol Checker::resolve(const std::string& name, size_t* depth) const {
  for (size_t i = scopes_.size(); i-- > 0;) {
    const auto& locals = scopes_[i].locals;
    for (size_t j = locals.size(); j-- > 0;) {
      if (locals[j].name != name) continue;
      if (depth) *depth = i;
      return locals[j].symbol;
    }
  }
  Symbol symbol;
  if (auto found = file_.names.find(name); found != file_.names.end()) {
    symbol.kind = Symbol::Kind::Declaration;
    symbol.declaration = found->second.declaration;
    symbol.span = symbol.declaration->name.span;
  } else if (auto alias = file_.aliases.find(name); alias != file_.aliases.end()) {
    symbol.kind = Symbol::Kind::Alias;
    symbol.alias = alias->second;
  } else if (name == "self") {
    symbol.kind = Symbol::Kind::Self;
  } else if (const Builtin* builtin = find_global(name); builtin && name.compare(0, 2, "__") != 0) {
    symbol.kind = Symbol::Kind::Builtin;
    symbol.builtin = builtin;
  } else if (is_module(name)) {
    symbol.kind = Symbol::Kind::Module;
  } else if (file_.import_lost || file_.lost.count(name)) {
    symbol.kind = Symbol::Kind::Lost;
  }
  return symbol;
}

Symbol Checker::use(const std::string& name, Span span) {
  Symbol symbol = resolve(name);
  if (symbol.kind == Symbol::Kind::Unknown) unknown_name(name, span);
  return symbol;
}

std::vector<std::string> Checker::visible_names() const {
  std::vector<std::string> names;
  for (const Scope& scope : scopes_) {
    for (const Local& local : scope.locals) names.push_back(local.name);
  }
  for (const auto& [name, declared] : file_.names) names.push_back(name);
  for (const auto& [name, alias] : file_.aliases) names.push_back(name);
  for (const Builtin& builtin : builtins()) {
    if (builtin.place == Builtin::Place::Module) names.emplace_back(builtin.module);
    if (builtin.place == Builtin::Place::Global &&
        std::string_view(builtin.name).substr(0, 2) != "__")
      names.emplace_back(builtin.name);
  }
  names.emplace_back("self");
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

namespace {

struct NameSlip {
  const char* name;
  const char* help;
};
constexpr NameSlip kNameSlips[] = {
    {"None", "write `null`"},
    {"nil", "write `null`"},
    {"NULL", "write `null`"},
    {"undefined", "write `null`"},
    {"True", "write `true`"},
    {"False", "write `false`"},
    {"NaN", "write `math.inf - math.inf`, and test with `math.is_nan(x)`"},
    {"this", "write `self` for the run; maps have no `this`"},
    {"console", "write `print(…)` or `log.info(…)`"},
    {"JSON", "write `json.parse(…)`, `json.stringify(…)`"},
    {"Math", "write `math.floor(…)` and the like"},
    {"Date", "write `time.now()`"},
    {"datetime", "write `time.now()`"},
    {"fetch", "write `http.get(url)`"},
    {"requests", "write `http.get(url)`"},
    {"setTimeout", "write `sleep(1s)`, or `spawn { sleep(1s) … }`"},
    {"Promise", "write `gather [h1, h2]` over the handles that `spawn` gives"},
};

}  // namespace

void Checker::unknown_name(const std::string& name, Span span) {
  for (const NameSlip& slip : kNameSlips) {
    if (name == slip.name) return error("slip", span, "there is no " + ticked(name), slip.help);
  }
  // `x = 5 // price`: a comment of another language, read as a division.
  const SourceFile& source = sources_.of(span);
  const LineColumn at = source.locate(span.begin);
  std::string_view line = source.line(at.line);
  const size_t line_begin = source.text().rfind('\n', span.begin == 0 ? 0 : span.begin - 1);
  const size_t column =
      span.begin - (line_begin == std::string::npos || span.begin == 0 ? 0 : line_begin + 1);
  std::string_view before = line.substr(0, std::min(column, line.size()));
  while (!before.empty() && before.back() == ' ') before.remove_suffix(1);
  if (before.size() >= 2 && before.substr(before.size() - 2) == "//") {
    return error("slip", span,
                 "unknown name " + ticked(name) + " behind `//`, which is floor division",
                 "begin comments with `#`");
  }
  std::string help =
      declared_below(name)
          ? "it is declared further down; a name can be seen after its `let` or `fn` only"
          : did_you_mean(name, visible_names());
  error("unknown-name", span, "unknown name " + ticked(name), help);
}

bool Checker::declared_below(const std::string& name) const {
  for (const ast::Block* block : blocks_) {
    for (const auto& stmt : block->statements) {
      const bool fn =
          stmt->kind == ast::StmtKind::Fn && ast::as<ast::FnStmt>(*stmt).name.text == name;
      const bool let =
          stmt->kind == ast::StmtKind::Let && ast::as<ast::LetStmt>(*stmt).target.name.text == name;
      if (fn || let) return true;
    }
  }
  return false;
}

// --- declarations ---

void Checker::declaration(const ast::Declaration& d) {
  using Kind = ast::Declaration::Kind;
  place_ = {};
  scopes_.clear();
  blocks_.clear();
  switch (d.kind) {
    case Kind::Import:
      return;
    case Kind::Let:
      scopes_.emplace_back();
      pattern_defaults(d.target);
      return expr(d.value);
    case Kind::Test:
      place_.test = true;
      [[fallthrough]];
    case Kind::Workflow:
      place_.body = Body::Workflow;
      break;
    case Kind::Activity:
      place_.body = Body::Activity;
      break;
    case Kind::Fn:
      place_.body = Body::Fn;
      break;
  }
  if (d.with) {
    scopes_.emplace_back();
    expr(d.with);
    options(*d.with, d.kind == Kind::Workflow ? Child : Step);
    scopes_.clear();
  }
  callable(d.fn, d.name.text);
}

void Checker::callable(const ast::Callable& fn, const std::string& name) {
  const std::vector<ast::Type> hints = std::exchange(hints_, {});
  Result around = std::exchange(result_, {});
  result_.type = fn.result.value_or(ast::Type());
  result_.name = name;
  if (fn.result) collect_tails(fn.body, result_.tails);
  scopes_.emplace_back();
  for (const ast::Param& param : fn.params) {
    expr(param.fallback);  // may use earlier parameters
    Symbol symbol;
    symbol.kind = Symbol::Kind::Param;
    declare(param.name, symbol);
    const size_t position = static_cast<size_t>(&param - fn.params.data());
    ast::Type& type = scopes_.back().locals.back().symbol.variable->type;
    if (param.type) {
      type = *param.type;
      type.optional |= param.fallback && param.fallback->kind == ast::ExprKind::Null;
      if (param.fallback && param.fallback->kind != ast::ExprKind::Null)
        foresee_fit(*param.fallback, *param.type, name + ": " + param.name.text);
    } else if (position < hints.size()) {
      type = hints[position];
    }
  }
  bool optional = false;
  for (const ast::Param& param : fn.params) {
    if (optional && !param.fallback) {
      error("syntax", param.name.span,
            "a parameter without a default stands behind one with a default",
            "give it a default, or move it forward");
    }
    optional |= param.fallback != nullptr;
  }
  if (fn.has_body) {
    block(fn.body);
    if (!result_.returns && ends_with_null(fn.body) && fn.result)
      foresee_result(nullptr, fn.result->span);
  }
  scopes_.pop_back();
  result_ = std::move(around);
}

/// Unknown members are certain only when no assignment anywhere adds them.
void Checker::finish() {
  for (const Pending& each : unknown_members_) {
    const auto& names = assigned_members_;
    if (std::find(names.begin(), names.end(), each.member) != names.end()) continue;
    const bool open =
        each.variable && std::find(opened_.begin(), opened_.end(), each.variable) != opened_.end();
    if (open) continue;
    const Diagnostic& d = each.diagnostic;
    diagnostics_.warning(d.code, d.span, d.message, d.help).notes = d.notes;
  }
  for (const Pending& each : of_literals_) {
    if (each.variable->harmless_reads != each.variable->reads.size()) continue;
    const Diagnostic& d = each.diagnostic;
    diagnostics_.warning(d.code, d.span, d.message, d.help);
  }
}

void Checker::mistake(Span span, std::string message, std::string help) {
  if (place_.throws) return;
  if (literal_of_)
    of_literals_.push_back(
        {{Severity::Warning, "type-mistake", span, message, help, {}}, "", literal_of_});
  else
    diagnostics_.warning("type-mistake", span, std::move(message), std::move(help));
}

void Checker::harmless(const ast::Expr& read) {
  if (read.kind != ast::ExprKind::Name) return;
  const Symbol symbol = resolve(ast::as<ast::NameExpr>(read).name);
  if (symbol.variable) ++symbol.variable->harmless_reads;
}

void check_files(const Program& program, const std::vector<ast::File>& files,
                 const Sources& sources, Diagnostics& diagnostics, Facts& facts) {
  for (const ast::File& file : files) {
    Checker checker(program.scope(file.index), sources, diagnostics, facts);
    for (const ast::Declaration& declaration : file.declarations) {
      // Tests of an imported file are its own affair.
      const bool test = declaration.kind == ast::Declaration::Kind::Test;
      if (!test || file.index == 0) checker.declaration(declaration);
    }
    checker.finish();
  }
}

}  // namespace wakeful::checking
