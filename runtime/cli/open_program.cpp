#include "runtime/cli/open_program.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime/cli/output.h"

namespace wakeful::cli {
namespace {

namespace fs = std::filesystem;

/// Spans hold 32-bit offsets; no script that a person wrote comes near.
constexpr size_t kSourceBytesMax = size_t{64} << 20;

struct Project {
  fs::path folder;
  std::string path;  // of the file, relative to the folder
};

std::optional<std::string> below(const fs::path& file, const fs::path& folder) {
  const fs::path relative = file.lexically_relative(folder);
  if (relative.empty() || *relative.begin() == "..") return std::nullopt;
  return relative.generic_string();
}

Project find_project(const std::string& file) {
  std::error_code error;
  const fs::path working = fs::current_path(error);
  const fs::path absolute = fs::absolute(file, error).lexically_normal();
  if (auto path = below(absolute, working)) return {working, *path};
  const fs::path real = fs::weakly_canonical(absolute, error);
  if (!error)
    if (auto path = below(real, working)) return {working, *path};
  return {absolute.parent_path(), absolute.filename().generic_string()};
}

/// Also where symbolic links are followed: imports do not leave the project's folder.
bool inside(const fs::path& file, const fs::path& folder) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(file, error);
  const fs::path root = error ? folder : fs::weakly_canonical(folder, error);
  return !error && below(real, root).has_value();
}

std::string count_of(size_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

}  // namespace

Result<std::string> read_source(const std::string& file) {
  std::error_code error;
  if (fs::is_directory(file, error))
    return fail(Fault::Usage, "it is a folder; a script was expected");
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (in && in.peek() != EOF) text << in.rdbuf();
  if (!in.is_open() || in.bad()) return fail(Fault::Usage, std::strerror(errno ? errno : EIO));
  std::string result = text.str();
  if (result.size() > kSourceBytesMax) return fail(Fault::Usage, "it is larger than 64 MB");
  return result;
}

Result<Compiled> compile_file(const std::string& file, Purpose purpose) {
  const Project project = find_project(file);
  // Read once: FILE may be a pipe, and what was checked must be what is compiled.
  const Result<std::string> main_text = read_source(file);
  if (!main_text)
    return fail(Fault::Usage, fmt::format("cannot read `{}`: {}", file, main_text.error().message));
  const auto read = [&](const std::string& path) -> std::optional<std::string> {
    if (path == project.path) return *main_text;
    if (!inside(project.folder / path, project.folder)) return std::nullopt;
    Result<std::string> text = read_source(project.folder / path);
    if (!text) return std::nullopt;
    return std::move(*text);
  };
  return compile(project.path, read, purpose);
}

std::string render_all(const Compiled& compiled, bool colour) {
  std::string out;
  for (const Diagnostic& d : compiled.diagnostics.sorted()) {
    out += render(d, compiled.sources, colour);
    if (!out.ends_with('\n')) out += '\n';
  }
  return out;
}

std::optional<Program> open_program(const CommandLine& line, const std::string& file,
                                    int& exit_code) {
  Result<Compiled> compiled = compile_file(file);
  if (!compiled) {
    exit_code = say_error(compiled.error());
    return std::nullopt;
  }
  write_stderr(render_all(*compiled, wants_colour(line, STDERR_FILENO)));
  if (compiled->program) return std::move(compiled->program);
  size_t errors = 0;
  for (const Diagnostic& d : compiled->diagnostics.sorted())
    errors += d.severity == Severity::Error;
  say(printable(file) + ": " + count_of(errors, "error"));
  exit_code = kExitScript;
  return std::nullopt;
}

}  // namespace wakeful::cli
