// The declarations of all files, and what each file sees of them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "lang/check/check.h"

namespace wakeful::checking {

/// A declaration and the file that it stands in.
struct Declared {
  const ast::Declaration* declaration = nullptr;
  uint32_t file = 0;
};

/// What the names of one file mean outside of all bodies.
struct FileScope {
  std::map<std::string, Declared> names;            // its own, and those of imports without alias
  std::map<std::string, const FileScope*> aliases;  // null: the import could not be read
  std::map<std::string, Declared> own;
  bool import_lost = false;    // an import without alias could not be read
  std::set<std::string> lost;  // words in text that did not parse
};

/// Builds the scope of each file and complains of names that clash. The scopes live as long as
/// this.
class Program {
 public:
  Program(const std::vector<ast::File>& files, const ImportMap& imports, Diagnostics& diagnostics);
  const FileScope& scope(uint32_t file) const { return scopes_.at(file); }

 private:
  void declare_own(const ast::File& file);
  void bring_in(const ast::File& file, const ImportMap& imports);
  void add(FileScope& scope, const std::string& name, Span span, Declared declared);

  std::map<uint32_t, FileScope> scopes_;
  Diagnostics& diagnostics_;
};

}  // namespace wakeful::checking
