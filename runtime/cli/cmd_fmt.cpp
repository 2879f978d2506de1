// wf fmt: scripts in the one style.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "lang/format/format.h"
#include "runtime/cli/line_diff.h"
#include "runtime/cli/open_program.h"
#include "runtime/cli/output.h"

namespace wakeful::cli {
namespace {

constexpr size_t kDiffLinesMax = 20;

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

/// Puts the text into a file beside it, which then takes its place and its mode: a reader sees the
/// one or the other.
bool replace_file(const std::string& path, const std::string& text) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return false;
  std::error_code error;
  const std::string target = std::filesystem::canonical(path, error).string();
  if (error) return false;
  std::string beside = target + ".XXXXXX";
  const int fd = mkstemp(beside.data());
  if (fd < 0) return false;
  const bool written =
      write_all(fd, text) && fchmod(fd, found.st_mode & 07777) == 0 && fsync(fd) == 0;
  const int problem = errno;
  close(fd);
  if (written && rename(beside.c_str(), target.c_str()) == 0) return true;
  if (!written) errno = problem;
  const int why = errno;
  unlink(beside.c_str());
  errno = why;
  return false;
}

struct Formatted {
  std::string before, after;
};

/// Reads and formats. Nothing: said, and `code` is set.
std::optional<Formatted> format_file(const CommandLine& line, const std::string& file, int& code) {
  Result<std::string> text = read_source(file == "-" ? "/dev/stdin" : file);
  if (!text) {
    code =
        say_error({Fault::Usage, fmt::format("cannot read `{}`: {}", file, text.error().message)});
    return std::nullopt;
  }
  Sources sources;
  sources.files.push_back(std::make_shared<SourceFile>(file == "-" ? "<stdin>" : file, *text));
  Diagnostics diagnostics;
  Result<std::string> after = format_source(0, sources, diagnostics);
  if (after) return Formatted{std::move(*text), std::move(*after)};
  if (after.error().fault != Fault::Script) {
    code = say_error(after.error());
    return std::nullopt;
  }
  for (const Diagnostic& d : diagnostics.sorted()) {
    write_stderr(render(d, sources, wants_colour(line, STDERR_FILENO)));
  }
  code = kExitScript;
  return std::nullopt;
}

}  // namespace

int cmd_fmt(const CommandLine& line) {
  const bool check = line.has("--check");
  int code = kExitDone;
  Stdout out;
  for (const std::string& file : line.all("FILE")) {
    int problem = kExitDone;
    const auto formatted = format_file(line, file, problem);
    code = std::max(code, problem);
    if (!formatted) continue;
    const bool differs = formatted->before != formatted->after;
    if (check && differs) {
      say(fmt::format("`{}` is not formatted", file));
      write_stderr(printable(line_diff(formatted->before, formatted->after, kDiffLinesMax)));
      code = std::max<int>(code, kExitFailed);
    } else if (!check && file == "-") {
      out.write(formatted->after);
    } else if (!check && differs && !replace_file(file, formatted->after)) {
      say(fmt::format("cannot write `{}`: {}; it is as it was", file, std::strerror(errno)));
      code = std::max<int>(code, kExitFailed);
    }
  }
  return out.finish(code);
}

}  // namespace wakeful::cli
