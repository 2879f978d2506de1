// Calls: whom they reach, whether the arguments fit, what stands behind them.
#include <algorithm>

#include "lang/check/checker.h"

namespace wakeful::checking {

namespace {

Callee of_declaration(const ast::Declaration& d) {
  Callee callee;
  callee.name = d.name.text;
  callee.declaration = &d;
  callee.declared = d.name.span;
  switch (d.kind) {
    case ast::Declaration::Kind::Workflow:
      callee.kind = Callee::Kind::Workflow;
      break;
    case ast::Declaration::Kind::Activity:
      callee.kind = Callee::Kind::Activity;
      break;
    case ast::Declaration::Kind::Fn:
      callee.kind = Callee::Kind::Fn;
      break;
    default:
      return callee;
  }
  callee.fn = &d.fn;
  return callee;
}

Callee of_builtin(const Builtin& builtin) {
  Callee callee;
  callee.kind = Callee::Kind::Builtin;
  callee.name = builtin.qualified();
  callee.builtin = &builtin;
  return callee;
}

/// What arguments have to fit, whoever declared it.
struct Wanted {
  struct Param {
    std::string name;
    bool required;
  };
  std::vector<Param> params;
  bool rest = false;
  bool fields = false;
};

Wanted wanted_by(const Callee& callee) {
  Wanted wanted;
  if (callee.fn) {
    for (const auto& param : callee.fn->params)
      wanted.params.push_back({param.name.text, !param.fallback});
    return wanted;
  }
  for (const auto& param : callee.builtin->params) {
    if (param.rest) {
      wanted.rest = true;
    } else if (param.fields) {
      wanted.fields = true;
    } else {
      wanted.params.push_back({param.name, param.required});
    }
  }
  return wanted;
}

std::string signature(const Callee& callee, const Wanted& wanted) {
  std::string out = "`" + callee.name + "(";
  for (const auto& param : wanted.params) {
    if (out.back() != '(') out += ", ";
    out += param.name + (param.required ? "" : "?");
  }
  if (wanted.rest || wanted.fields) out += out.back() == '(' ? "…" : ", …";
  return out + ")`";
}

}  // namespace

Callee Checker::callee_of(const ast::Expr& e) const {
  if (e.kind == ast::ExprKind::Lambda) {
    Callee callee;
    callee.kind = Callee::Kind::Fn;
    callee.name = "fn";
    callee.fn = &ast::as<ast::LambdaExpr>(e).fn;
    callee.declared = e.span;
    return callee;
  }
  if (e.kind == ast::ExprKind::Name) {
    const auto& name = ast::as<ast::NameExpr>(e);
    const Symbol symbol = resolve(name.name);
    if (symbol.kind == Symbol::Kind::Declaration) return of_declaration(*symbol.declaration);
    if (symbol.kind == Symbol::Kind::Builtin) return of_builtin(*symbol.builtin);
    if (symbol.kind == Symbol::Kind::Let && symbol.fn) {
      Callee callee;
      callee.kind = Callee::Kind::Fn;
      callee.name = name.name;
      callee.fn = symbol.fn;
      callee.declared = symbol.span;
      return callee;
    }
    return {};
  }
  if (e.kind != ast::ExprKind::Member) return {};
  const auto& member = ast::as<ast::MemberExpr>(e);
  if (member.object->kind != ast::ExprKind::Name) return {};
  const auto& object = ast::as<ast::NameExpr>(*member.object);
  const Symbol symbol = resolve(object.name);
  if (symbol.kind == Symbol::Kind::Module) {
    const Builtin* entry = find_module_entry(object.name, member.name.text);
    return entry ? of_builtin(*entry) : Callee{};
  }
  if (symbol.kind == Symbol::Kind::Alias && symbol.alias) {
    auto found = symbol.alias->own.find(member.name.text);
    if (found == symbol.alias->own.end()) return {};
    Callee callee = of_declaration(*found->second.declaration);
    callee.name = object.name + "." + callee.name;
    return callee;
  }
  return {};
}

void Checker::call(const ast::CallExpr& e, bool spawned) {
  const Callee callee = callee_of(*e.callee);
  facts_.callees[&e] = callee;
  if (e.callee->kind == ast::ExprKind::Member) {
    member(ast::as<ast::MemberExpr>(*e.callee), true);
  } else {
    expr(e.callee);
  }
  const Sort sort = sort_of(*e.callee);
  if (sort != Sort::Unknown && sort != Sort::Fn)
    mistake(e.callee->span, std::string("only functions can be called, this is ") + name_of(sort));
  for (const auto& arg : e.args) {
    if (arg.value->kind == ast::ExprKind::Lambda) hints_ = callback_params(e);
    expr(arg.value);
    // Runs share nothing: these get a copy.
    if (callee.kind == Callee::Kind::Workflow || callee.kind == Callee::Kind::Activity)
      harmless(*arg.value);
  }
  if (callee.kind != Callee::Kind::Unknown) {
    arguments(e, callee);
    foresee_arguments(e, callee);
    callee_in_activity(e, callee);
    if (callee.builtin && callee.name == "calls") calls_of(e);
  }
  clauses(e, callee, spawned);
}

void Checker::callee_in_activity(const ast::CallExpr& e, const Callee& callee) {
  const std::string_view name = callee.name;
  const bool signals = callee.builtin && callee.builtin->place == Builtin::Place::Global &&
                       (name == "receive" || name == "signal");
  const bool durable_builtin = signals || (callee.builtin && name == "timer");
  const bool durable_callee =
      callee.kind == Callee::Kind::Workflow || callee.kind == Callee::Kind::Activity;
  if (place_.body == Body::Activity && (durable_builtin || durable_callee)) {
    const char* what = callee.kind == Callee::Kind::Workflow   ? "the workflow "
                       : callee.kind == Callee::Kind::Activity ? "the activity "
                                                               : "";
    return error(
        "misplaced", e.span,
        what + ticked(callee.name) + " cannot be called in an activity's body, which is one step",
        durable_callee ? "call it from a workflow, or make it a `fn`"
                       : "move it to the workflow that calls the activity");
  }
  const bool heartbeat = callee.builtin && name == "heartbeat";
  if (heartbeat && place_.body == Body::Workflow) {
    error("misplaced", e.span, "`heartbeat` stands in an activity's body only",
          "a workflow needs none");
  }
}

void Checker::arguments(const ast::CallExpr& e, const Callee& callee) {
  const Wanted wanted = wanted_by(callee);
  auto complain = [&](Span span, const std::string& message, const std::string& help) {
    Diagnostic& d = diagnostics_.error("wrong-arguments", span, message, help);
    if (callee.fn && callee.declared.end > 0) d.notes.push_back({callee.declared, "declared here"});
  };
  std::vector<bool> given(wanted.params.size());
  size_t positional = 0;
  for (const auto& arg : e.args) {
    if (!arg.name) {
      if (positional < given.size()) given[positional] = true;
      ++positional;
      continue;
    }
    auto found = std::find_if(wanted.params.begin(), wanted.params.end(),
                              [&](const auto& p) { return p.name == arg.name->text; });
    if (found == wanted.params.end()) {
      if (wanted.fields) continue;
      std::vector<std::string> names;
      for (const auto& param : wanted.params) names.push_back(param.name);
      std::string help = did_you_mean(arg.name->text, names);
      complain(arg.name->span,
               signature(callee, wanted) + " has no parameter " + ticked(arg.name->text), help);
      // What was meant is not missing too.
      const std::string near = nearest_name(arg.name->text, names);
      for (size_t i = 0; i < names.size(); ++i) {
        if (names[i] == near) given[i] = true;
      }
      continue;
    }
    const size_t index = static_cast<size_t>(found - wanted.params.begin());
    if (given[index])
      complain(arg.name->span, "the argument " + ticked(arg.name->text) + " is given twice",
               "leave one of them out");
    given[index] = true;
  }
  if (positional > wanted.params.size() && !wanted.rest) {
    const auto& extra = e.args[wanted.params.size()];
    const std::string takes =
        wanted.params.empty() ? "no arguments"
        : wanted.params.size() == 1
            ? "one argument"
            : "at most " + std::to_string(wanted.params.size()) + " arguments";
    complain(extra.value->span,
             signature(callee, wanted) + " takes " + takes + ", " + std::to_string(positional) +
                 (positional == 1 ? " was given" : " were given"),
             "leave this one out");
  }
  std::string missing;
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i] || !wanted.params[i].required) continue;
    missing += (missing.empty() ? "" : ", ") + ticked(wanted.params[i].name);
  }
  if (missing.empty()) return;
  complain({e.span.file, e.callee->span.begin, e.callee->span.end},
           signature(callee, wanted) + " lacks " + missing, "add " + missing);
}

void Checker::clauses(const ast::CallExpr& e, const Callee& callee, bool) {
  expr(e.as);
  expr(e.with);
  const bool unknown = callee.kind == Callee::Kind::Unknown;
  const bool child = callee.kind == Callee::Kind::Workflow;
  const bool effect = callee.builtin && callee.builtin->kind == Builtin::Kind::Effect;
  const bool step = callee.kind == Callee::Kind::Activity || effect;
  if (e.as && !child && !unknown) {
    error("wrong-option", e.as->span,
          "`as` gives the id of a child workflow; " + ticked(callee.name) + " is none",
          "leave it out");
  }
  if (e.as) {
    const Sort sort = sort_of(*e.as);
    if (sort != Sort::Unknown && sort != Sort::String)
      mistake(e.as->span, std::string("an id is a string, this is ") + name_of(sort),
              "write `as \"item-${x}\"`");
  }
  if (e.with) {
    if (place_.body == Body::Activity && !child && callee.kind != Callee::Kind::Activity) {
      error("misplaced", e.with->span,
            "`with` cannot stand in an activity's body, where effects run directly",
            "give the options to the activity");
    } else if (child || step) {
      options(*e.with, child ? Child : Step);
    } else if (!unknown) {
      error("wrong-option", e.with->span,
            "options are for workflows, activities and effects; " + ticked(callee.name) +
                " takes none",
            "leave `with` out");
    } else {
      options(*e.with, static_cast<Where>(Child | Step));
    }
  }
  if (!e.compensate) return;
  durable("compensate", e.compensate->span);
  if (!child && !step && !unknown) {
    return error("misplaced", e.compensate->span,
                 "`compensate` is bound to a call of a workflow, an activity or an effect; " +
                     ticked(callee.name) + " is none",
                 "put it on a line of its own");
  }
  compensate_block(e.compensate->body, e.compensate->name);
}

namespace {

struct MethodSlip {
  const char* name;
  const char* right;
};
/// Methods of other languages. Called on what is no map they are certainly wrong.
constexpr MethodSlip kMethodSlips[] = {
    {"append", "push(x)"},
    {"length", "len()"},
    {"size", "len()"},
    {"count", "len()"},
    {"forEach", "each(f)"},
    {"indexOf", "index_of(x)"},
    {"includes", "contains(x)"},
    {"toUpperCase", "upper()"},
    {"toLowerCase", "lower()"},
    {"startsWith", "starts_with(s)"},
    {"endsWith", "ends_with(s)"},
    {"strip", "trim()"},
    {"startswith", "starts_with(s)"},
    {"endswith", "ends_with(s)"},
    {"extend", "push(x)` or `xs + ys"},
    {"items", "entries()"},
    {"concat", "push(x)` or `xs + ys"},
    {"flatMap", "flat_map(f)"},
    {"has_key", "has(k)"},
    {"toString", "` as in `str(x)"},
};

}  // namespace

/// `xs.append(1)`, `xs.length`. A map may hold a function or a value under any key, so only
/// `append` and `length()` are taken for slips where nothing is known of the object.
void Checker::method_slips(const ast::MemberExpr& e, bool called) {
  const std::string& name = e.name.text;
  const Sort sort = sort_of(*e.object);
  const bool listlike = sort == Sort::List || sort == Sort::String;
  if (!listlike && sort != Sort::Unknown) return foresee_member(e, called);
  bool slipped = false;
  for (const MethodSlip& slip : kMethodSlips) {
    if (name != slip.name) continue;
    slipped = true;
    const std::string help = "write `." + std::string(slip.right) + "`";
    const bool sure =
        called ? (listlike && methods_named(name).empty()) || name == "append" || name == "length"
               : listlike && name == "length";
    if (sure)
      return error("slip", e.name.span, "there is no " + ticked("." + name + (called ? "()" : "")),
                   help);
    if (name == "length") {
      return mistake(e.name.span, "`.length` reads a map's key of that name",
                     help + " for how many there are; `[\"length\"]` for the key");
    }
  }
  if (!slipped) foresee_member(e, called);
}

}  // namespace wakeful::checking
