#include "lang/compile/globals.h"

#include <fmt/format.h>

#include <algorithm>

#include "lang/bytecode/limits.h"
#include "lang/compile/pool.h"

namespace wakeful {
namespace {

using ast::Declaration;

/// Constants can double from line to line (`let B = A + A`); a program carries them all.
constexpr uint64_t kConstantValuesMax = 1'000'000;
constexpr uint64_t kConstantTextMax = 16'000'000;

uint64_t text_bytes(const Constant& c) {
  uint64_t bytes = c.text.size();
  for (const Constant& item : c.items) bytes += text_bytes(item);
  return bytes;
}

}  // namespace

ConstantSize size_of(const Constant& constant) {
  ConstantSize size{1, 1};
  for (const Constant& item : constant.items) {
    ConstantSize inner = size_of(item);
    size.values += inner.values;
    size.depth = std::max(size.depth, inner.depth + 1);
  }
  return size;
}

Globals::Globals(const std::vector<ast::File>& files, const ImportMap& imports,
                 Diagnostics& diagnostics, bool with_tests)
    : diagnostics_(diagnostics),
      prelude_(static_cast<uint32_t>(files.size() - 1)),
      with_tests_(with_tests) {
  files_.resize(files.size());
  declare(files);
  for (const auto& [import, target] : imports) {
    const Declaration& decl = files[import.first].declarations[import.second];
    if (decl.name.text.empty()) {
      files_[import.first].imported.push_back(target);
    } else {
      files_[import.first].aliases[decl.name.text] = target;
    }
  }
}

void Globals::declare(const std::vector<ast::File>& files) {
  for (const Declaration& decl : files[prelude_].declarations) declare_one(decl, prelude_);
  for (uint32_t file = 0; file < prelude_; ++file) {
    for (const Declaration& decl : files[file].declarations) declare_one(decl, file);
  }
  number_bodies(workflows_);
  number_bodies(activities_);
}

void Globals::number_bodies(std::vector<Declared>& list) {
  for (Declared& declared : list) {
    if (!declared.decl->fn.has_body) continue;
    declared.function = static_cast<int32_t>(functions_.size());
    functions_.push_back(declared);
  }
}

void Globals::declare_one(const Declaration& decl, uint32_t file) {
  switch (decl.kind) {
    case Declaration::Kind::Fn: {
      add_callable(decl, file, CalleeKind::Function, functions_);
      functions_.back().function = static_cast<int32_t>(functions_.size() - 1);
      return;
    }
    case Declaration::Kind::Workflow:
      return add_callable(decl, file, CalleeKind::Workflow, workflows_);
    case Declaration::Kind::Activity:
      return add_callable(decl, file, CalleeKind::Activity, activities_);
    case Declaration::Kind::Let: {
      lets_.push_back({&decl, file});
      Entry entry;
      entry.global.kind = Global::Kind::Let;
      entry.let = &lets_.back();
      files_[file].own.emplace(decl.name.text, entry);
      return;
    }
    case Declaration::Kind::Test:
      if (with_tests_ && file == 0) workflows_.push_back({&decl, file, -1, false});
      return;
    case Declaration::Kind::Import:
      return;
  }
}

void Globals::add_callable(const Declaration& decl, uint32_t file, CalleeKind kind,
                           std::vector<Declared>& list) {
  Entry entry;
  entry.global.kind = Global::Kind::Callee;
  entry.global.constant = keep(callee_constant(kind, static_cast<int64_t>(list.size())));
  entry.global.callable = &decl.fn;
  files_[file].own.emplace(decl.name.text, entry);
  list.push_back({&decl, file, -1, file == prelude_});
}

const Constant* Globals::keep(Constant constant) {
  constants_.push_back(std::move(constant));
  return &constants_.back();
}

Global Globals::find(uint32_t file, const std::string& name) {
  FileNames& names = files_[file];
  if (auto it = names.own.find(name); it != names.own.end()) return resolved(it->second);
  for (uint32_t other : names.imported) {
    auto it = files_[other].own.find(name);
    if (it != files_[other].own.end()) return resolved(it->second);
  }
  if (names.aliases.contains(name)) return {Global::Kind::Alias};
  if (name == "self") return {Global::Kind::Self};
  if (is_module(name)) return {Global::Kind::Module};
  if (name.starts_with("__") && file != prelude_) return {};
  return library(find_global(name));
}

Global Globals::find_member(uint32_t file, const std::string& name, const std::string& member) {
  Global object = find(file, name);
  if (object.kind == Global::Kind::Alias) {
    Names& own = files_[files_[file].aliases[name]].own;
    auto it = own.find(member);
    return it == own.end() ? Global{} : resolved(it->second);
  }
  if (object.kind != Global::Kind::Module) return {};
  for (const ModuleMember& m : module_members()) {
    if (name == m.module && member == m.name) {
      return {Global::Kind::Let, keep(float_constant(m.value))};
    }
  }
  return library(find_module_entry(name, member));
}

Global Globals::library(const Builtin* builtin) {
  if (builtin == nullptr) return {};
  const Constant*& constant = builtins_[builtin->number];
  if (constant == nullptr && builtin->kind == Builtin::Kind::Prelude) {
    auto it = files_[prelude_].own.find(builtin->symbol);
    if (it == files_[prelude_].own.end()) return {};
    constant = it->second.global.constant;
  } else if (constant == nullptr) {
    constant = keep(callee_constant(CalleeKind::Builtin, builtin->number));
  }
  return {Global::Kind::Callee, constant, nullptr, builtin};
}

Global Globals::resolved(Entry& entry) {
  Global global = entry.global;
  if (entry.let != nullptr) {
    if (!evaluate(*entry.let)) return {};
    global.constant = &entry.let->value;
  }
  return global;
}

bool Globals::evaluate(Let& let) {
  if (let.state == Let::State::Done) return true;
  if (let.state == Let::State::Failed) return false;
  if (let.state == Let::State::Open) {
    std::string circle;
    for (auto it = std::find(open_.begin(), open_.end(), &let); it != open_.end(); ++it) {
      circle += (*it)->decl->name.text + " → ";
    }
    diagnostics_.error("not-constant", let.decl->name.span,
                       "this constant needs itself: " + circle + let.decl->name.text);
    let.state = Let::State::Failed;
    return false;
  }
  let.state = Let::State::Open;
  open_.push_back(&let);
  auto value = evaluate_expr(*let.decl->value, let.file,
                             fmt::format("the constant `{}`", let.decl->name.text));
  open_.pop_back();
  bool failed = !value || let.state == Let::State::Failed;
  let.state = failed ? Let::State::Failed : Let::State::Done;
  if (!failed) let.value = std::move(*value);
  return !failed;
}

std::optional<Constant> Globals::evaluate_expr(const ast::Expr& e, uint32_t file,
                                               const std::string& what) {
  bool reported = false;
  ConstantOf constant_of = [&](const ast::NameExpr& name, const ast::Ident* member) {
    Global global = member ? find_member(file, name.name, member->text) : find(file, name.name);
    // A let that failed has been reported where it stands.
    if (!member && global.kind == Global::Kind::None) reported = true;
    return global.constant;
  };
  FoldFault fault;
  auto value = fold(e, constant_of, fault, fold_depth_);
  if (!value) {
    if (!reported) {
      diagnostics_.error("not-constant", fault.span, what + ": " + fault.message, fault.help);
    }
    return std::nullopt;
  }
  if (size_of(*value).values > kConstantValuesMax || text_bytes(*value) > kConstantTextMax) {
    diagnostics_.error(
        "not-constant", e.span, what + " is too large",
        fmt::format("at most {} values; compute it in a function", kConstantValuesMax));
    return std::nullopt;
  }
  if (size_of(*value).depth >= kConstantDepthMax) {
    diagnostics_.error("not-constant", e.span,
                       fmt::format("{} nests deeper than {}", what, kConstantDepthMax - 1));
    return std::nullopt;
  }
  return value;
}

void Globals::evaluate_all() {
  for (Let& let : lets_) {
    if (let.decl->target.kind != ast::Pattern::Kind::Name) {
      diagnostics_.error("not-constant", let.decl->target.span, "a constant has one name",
                         "write `let NAME = …` and take its parts where they are used");
      continue;
    }
    evaluate(let);
  }
}

Constant Globals::options_of(const Declared& declared) {
  if (!declared.decl->with) return null_constant();
  std::string what = fmt::format("the options of `{}`", declared.decl->name.text);
  return evaluate_expr(*declared.decl->with, declared.file, what).value_or(null_constant());
}

}  // namespace wakeful
