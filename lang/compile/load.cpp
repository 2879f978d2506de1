#include "lang/compile/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lang/grammar/parse.h"

namespace wakeful {
namespace {

/// Import chains are followed by recursion.
constexpr size_t kImportDepthMax = 200;

class Loader {
 public:
  Loader(const ReadSource& read, Sources& sources, Diagnostics& diagnostics)
      : read_(read), sources_(sources), diagnostics_(diagnostics) {}

  LoadedFiles run(const std::string& path) {
    std::optional<std::string> text = read_(path);
    uint32_t index = add(path, text.value_or(""));
    if (!text) {
      diagnostics_.error("import", {index, 0, 0}, fmt::format("there is no file `{}`", path),
                         "check the path; it is relative to the project's folder");
    }
    follow(index);
    return std::move(loaded_);
  }

 private:
  uint32_t add(const std::string& path, std::string text) {
    uint32_t index = static_cast<uint32_t>(sources_.files.size());
    sources_.files.push_back(std::make_shared<SourceFile>(path, std::move(text)));
    by_path_[path] = index;
    loaded_.files.push_back(parse(index, sources_, diagnostics_));
    return index;
  }

  void follow(uint32_t file) {
    open_.push_back(file);
    // A file's declarations may move when others are added, so they are taken by number.
    for (uint32_t i = 0; i < loaded_.files[file].declarations.size(); ++i) {
      const ast::Declaration& decl = loaded_.files[file].declarations[i];
      if (decl.kind == ast::Declaration::Kind::Import) import(file, i, decl.path);
    }
    open_.pop_back();
  }

  void import(uint32_t file, uint32_t number, ast::Ident written) {
    std::string path = resolve_import(sources_.files[file]->name(), written.text);
    if (path.empty()) {
      diagnostics_.error("import", written.span,
                         fmt::format("`{}` leads out of the project's folder", written.text),
                         "an import is relative to its file and stays inside the project");
      return;
    }
    auto known = by_path_.find(path);
    if (known != by_path_.end()) {
      loaded_.imports[{file, number}] = known->second;
      report_cycle(known->second, written.span);
      return;
    }
    std::optional<std::string> text = read_(path);
    if (!text) {
      diagnostics_.error("import", written.span, fmt::format("there is no file `{}`", path),
                         "an import's path is relative to the file that it stands in");
      return;
    }
    if (open_.size() >= kImportDepthMax) {
      diagnostics_.error("import", written.span,
                         fmt::format("imports nest deeper than {}", kImportDepthMax));
      return;
    }
    uint32_t target = add(path, std::move(*text));
    loaded_.imports[{file, number}] = target;
    follow(target);
  }

  void report_cycle(uint32_t target, Span span) {
    auto begin = std::find(open_.begin(), open_.end(), target);
    if (begin == open_.end()) return;
    std::string circle;
    for (auto it = begin; it != open_.end(); ++it) circle += sources_.files[*it]->name() + " → ";
    circle += sources_.files[target]->name();
    diagnostics_.error("import", span, "imports form a cycle: " + circle,
                       "move what both need into a third file");
  }

  const ReadSource& read_;
  Sources& sources_;
  Diagnostics& diagnostics_;
  LoadedFiles loaded_;
  std::map<std::string, uint32_t> by_path_;
  std::vector<uint32_t> open_;  // the chain of imports that is being followed
};

}  // namespace

std::string resolve_import(const std::string& importer, const std::string& path) {
  if (path.empty() || path.front() == '/') return "";
  size_t slash = importer.rfind('/');
  std::string whole = slash == std::string::npos ? path : importer.substr(0, slash + 1) + path;
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= whole.size();) {
    size_t end = std::min(whole.find('/', begin), whole.size());
    std::string part = whole.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      return "";
    } else {
      parts.pop_back();
    }
  }
  return fmt::format("{}", fmt::join(parts, "/"));
}

LoadedFiles load_files(const std::string& path, const ReadSource& read, Sources& sources,
                       Diagnostics& diagnostics) {
  return Loader(read, sources, diagnostics).run(path);
}

}  // namespace wakeful
