#include "lang/check/program.h"

#include "lang/check/facts.h"
#include "stdlib/builtins.h"

namespace wakeful::checking {

namespace {

bool is_predeclared(const std::string& name) {
  return name == "self" || is_module(name) || find_global(name);
}

/// The names that a pattern binds.
void names_of(const ast::Pattern& pattern, std::vector<const ast::Ident*>& out) {
  switch (pattern.kind) {
    case ast::Pattern::Kind::Name:
      out.push_back(&pattern.name);
      break;
    case ast::Pattern::Kind::Map:
      for (const auto& field : pattern.fields) names_of(*field.target, out);
      break;
    case ast::Pattern::Kind::List:
      for (const auto& item : pattern.items) names_of(item, out);
      break;
  }
  if (pattern.rest) out.push_back(&*pattern.rest);
}

std::vector<const ast::Ident*> names_of(const ast::Declaration& declaration) {
  std::vector<const ast::Ident*> names;
  switch (declaration.kind) {
    case ast::Declaration::Kind::Workflow:
    case ast::Declaration::Kind::Activity:
    case ast::Declaration::Kind::Fn:
      names.push_back(&declaration.name);
      break;
    case ast::Declaration::Kind::Let:
      names_of(declaration.target, names);
      break;
    case ast::Declaration::Kind::Import:
    case ast::Declaration::Kind::Test:
      break;
  }
  return names;
}

Span span_of(const Declared& declared, const std::string& name) {
  for (const ast::Ident* ident : names_of(*declared.declaration)) {
    if (ident->text == name) return ident->span;
  }
  return declared.declaration->name.span;
}

}  // namespace

Program::Program(const std::vector<ast::File>& files, const ImportMap& imports,
                 Diagnostics& diagnostics)
    : diagnostics_(diagnostics) {
  for (const ast::File& file : files) {
    FileScope& scope = scopes_[file.index];
    scope.lost.insert(file.lost_names.begin(), file.lost_names.end());
    declare_own(file);
  }
  for (const ast::File& file : files) bring_in(file, imports);
}

void Program::add(FileScope& scope, const std::string& name, Span span, Declared declared) {
  auto [found, added] = scope.names.emplace(name, declared);
  if (added || found->second.declaration == declared.declaration) return;
  const Span first = span_of(found->second, name);
  if (first == span) return;
  diagnostics_
      .error("duplicate-name", span, "`" + name + "` is declared twice",
             "rename one of them, or import the other with `as`")
      .notes.push_back({first, "the other one"});
}

void Program::declare_own(const ast::File& file) {
  FileScope& scope = scopes_[file.index];
  for (const ast::Declaration& declaration : file.declarations) {
    for (const ast::Ident* name : names_of(declaration)) {
      if (is_predeclared(name->text)) {
        diagnostics_.error(
            "predeclared-name", name->span, "`" + name->text + "` is a name of the library",
            "choose another name; only parameters and `let` in a body may shadow it");
        continue;
      }
      auto [found, added] = scope.own.emplace(name->text, Declared{&declaration, file.index});
      if (!added) {
        diagnostics_
            .error("duplicate-name", name->span, "`" + name->text + "` is declared twice",
                   "rename one of them")
            .notes.push_back({span_of(found->second, name->text), "first declared here"});
      }
    }
  }
  scope.names = scope.own;
}

void Program::bring_in(const ast::File& file, const ImportMap& imports) {
  FileScope& scope = scopes_[file.index];
  for (uint32_t i = 0; i < file.declarations.size(); ++i) {
    const ast::Declaration& import = file.declarations[i];
    if (import.kind != ast::Declaration::Kind::Import) continue;
    auto target = imports.find({file.index, i});
    const bool known = target != imports.end() && scopes_.count(target->second) > 0;
    const FileScope* brought = known ? &scopes_.at(target->second) : nullptr;
    if (import.name.text.empty()) {
      if (!brought) {
        scope.import_lost = true;
        continue;
      }
      // A file that could not be parsed in whole may have declared what did not come through.
      scope.lost.insert(brought->lost.begin(), brought->lost.end());
      for (const auto& [name, declared] : brought->own)
        add(scope, name, import.path.span, declared);
      continue;
    }
    const std::string& alias = import.name.text;
    if (is_predeclared(alias)) {
      diagnostics_.error("predeclared-name", import.name.span,
                         "`" + alias + "` is a name of the library", "choose another name");
      continue;
    }
    auto clash = scope.names.find(alias);
    if (clash != scope.names.end() || scope.aliases.count(alias)) {
      Diagnostic& d = diagnostics_.error("duplicate-name", import.name.span,
                                         "`" + alias + "` is declared twice", "rename one of them");
      if (clash != scope.names.end())
        d.notes.push_back({span_of(clash->second, alias), "the other one"});
      continue;
    }
    scope.aliases.emplace(alias, brought);
  }
}

void check_files(const Program& program, const std::vector<ast::File>& files,
                 const Sources& sources, Diagnostics& diagnostics, Facts& facts);

}  // namespace wakeful::checking

namespace wakeful {

void check(const std::vector<ast::File>& files, const ImportMap& imports, const Sources& sources,
           Diagnostics& diagnostics, checking::Facts& facts) {
  const checking::Program program(files, imports, diagnostics);
  checking::check_files(program, files, sources, diagnostics, facts);
}

}  // namespace wakeful
