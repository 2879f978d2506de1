// From the first file to all files of a program: reading, parsing, and where imports lead.
#pragma once

#include <string>
#include <vector>

#include "lang/ast/ast.h"
#include "lang/check/check.h"
#include "lang/compile/compile.h"

namespace wakeful {

/// All files that a program is made of. files[i] is parsed from sources.files[i]; 0 was asked for.
struct LoadedFiles {
  std::vector<ast::File> files;
  ImportMap imports;
};

/// Reads and parses `path` and whatever it imports, each file once. Imports that lead nowhere, out
/// of the project or in a circle are diagnostics.
LoadedFiles load_files(const std::string& path, const ReadSource& read, Sources& sources,
                       Diagnostics& diagnostics);

/// `path` of an import, made relative to the project: the folder of `importer` is put before it,
/// `.` and `..` are resolved. "" where it leads out of the project or names no file.
std::string resolve_import(const std::string& importer, const std::string& path);

}  // namespace wakeful
