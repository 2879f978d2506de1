#include "runtime/cli/output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "runtime/effects/secrets.h"

namespace wakeful::cli {
namespace {

/// 0, or the errno that stopped it.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

/// The code point at the start of `text` and its bytes; 0 bytes where it is no UTF-8.
struct Decoded {
  uint32_t point = 0;
  size_t bytes = 0;
};

Decoded decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < length) return {};
  uint32_t point = byte(0) & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    point = point << 6 | (byte(i) & 0x3F);
  }
  static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < kLeast[length] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return {};
  return {point, length};
}

bool is_control(uint32_t point) { return point < 0x20 || (point >= 0x7F && point < 0xA0); }

/// The blocks that matter in practice; exact tables would be a library of their own.
size_t width_of(uint32_t point) {
  if (is_control(point)) return 0;
  if ((point >= 0x300 && point < 0x370) || (point >= 0x200B && point <= 0x200F) ||
      (point >= 0xFE00 && point <= 0xFE0F))
    return 0;
  const bool wide = (point >= 0x1100 && point <= 0x115F) || (point >= 0x2E80 && point <= 0xA4CF) ||
                    (point >= 0xAC00 && point <= 0xD7A3) || (point >= 0xF900 && point <= 0xFAFF) ||
                    (point >= 0xFE30 && point <= 0xFE6F) || (point >= 0xFF00 && point <= 0xFF60) ||
                    (point >= 0x1F300 && point <= 0x1FAFF) ||
                    (point >= 0x20000 && point <= 0x3FFFD);
  return wide ? 2 : 1;
}

}  // namespace

void prepare_descriptors() {
  for (int fd = 0; fd <= 2; ++fd)
    if (fcntl(fd, F_GETFD) < 0) {
      // Read only: a write to a closed stdout stays an error.
      const int opened = open("/dev/null", O_RDONLY);
      if (opened >= 0 && opened != fd) close(opened);
    }
  signal(SIGPIPE, SIG_IGN);
}

void write_stderr(std::string_view text) { write_all(STDERR_FILENO, show_secrets(text)); }

void say(const std::string& message) { write_stderr("wf: " + message + "\n"); }

int exit_code_of(Fault fault) {
  switch (fault) {
    case Fault::Usage:
      return kExitUsage;
    case Fault::Script:
      return kExitScript;
    case Fault::Store:
      return kExitStore;
    case Fault::Replay:
      return kExitReplay;
    case Fault::NotFound:
      return kExitFailed;
    case Fault::Internal:
      return kExitFailed;
  }
  return kExitFailed;
}

int say_error(const Error& error) {
  say(printable(error.message));
  return exit_code_of(error.fault);
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Decoded d = decode(text);
    if (d.bytes == 0)
      out += fmt::format("\\x{:02x}", static_cast<uint8_t>(text[0]));
    else if (is_control(d.point) && d.point != '\n' && d.point != '\t')
      out += fmt::format("\\x{:02x}", d.point);
    else
      out += text.substr(0, d.bytes);
    text.remove_prefix(std::max<size_t>(d.bytes, 1));
  }
  return out;
}

bool valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t bytes = decode(text).bytes;
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string shell_word(const std::string& word) {
  constexpr std::string_view plain = "-_./:=@%+,";
  const bool safe = !word.empty() && std::all_of(word.begin(), word.end(), [&](unsigned char c) {
    return isalnum(c) || plain.find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (safe) return word;
  std::string quoted = "'";
  for (char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

void Stdout::write(std::string_view text) {
  if (error_ == 0) error_ = write_all(STDOUT_FILENO, show_secrets(text));
}

int Stdout::finish(int code) {
  if (error_ == 0) return code;
  if (error_ != EPIPE || closed_pipe_ == ClosedPipe::Say)
    say(fmt::format("not all output could be written to stdout: {}", std::strerror(error_)));
  return code == kExitDone && error_ != EPIPE ? kExitFailed : code;
}

bool wants_colour(const CommandLine& line, int fd) {
  const std::string when = line.one("--color");
  if (when == "always" || when == "never") return when == "always";
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if ((no_color && *no_color) || (term && std::string_view(term) == "dumb")) return false;
  return isatty(fd) == 1;
}

std::string coloured(bool on, Colour colour, std::string_view text) {
  static constexpr const char* kCodes[] = {"", "1", "2", "31", "32", "33", "36"};
  if (!on || colour == Colour::None) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<int>(colour)], text);
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const Decoded d = decode(text);
    width += d.bytes == 0 ? 1 : width_of(d.point);
    text.remove_prefix(std::max<size_t>(d.bytes, 1));
  }
  return width;
}

std::string cut_to_width(std::string_view text, size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  std::string out;
  size_t width = 0;
  while (!text.empty() && columns > 0) {
    const Decoded d = decode(text);
    width += d.bytes == 0 ? 1 : width_of(d.point);
    if (width > columns - 1) break;
    out += text.substr(0, std::max<size_t>(d.bytes, 1));
    text.remove_prefix(std::max<size_t>(d.bytes, 1));
  }
  return columns > 0 ? out + "…" : out;
}

std::string Table::text(bool colour) const {
  std::vector<size_t> widths(rows_[0].size(), 0);
  for (const auto& row : rows_)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - display_width(row[i]) + 2, ' ');
    }
    out += coloured(colour && &row == &rows_[0], Colour::Dim, line) + "\n";
  }
  return out;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_ += bracket;
  first_ = false;
  return *this;
}

void JsonWriter::separate() {
  if (!first_) out_ += ", ";
  first_ = false;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  text(name);
  out_ += ": ";
  first_ = true;  // no comma before the value
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  out_ += '"';
  while (!value.empty()) {
    const Decoded d = decode(value);
    if (d.bytes == 0)
      out_ += "\uFFFD";
    else if (d.point == '"' || d.point == '\\')
      (out_ += '\\') += static_cast<char>(d.point);
    else if (d.point == '\n')
      out_ += "\\n";
    else if (d.point < 0x20 || d.point == 0x7F)
      out_ += fmt::format("\\u{:04x}", d.point);
    else
      out_ += value.substr(0, d.bytes);
    value.remove_prefix(std::max<size_t>(d.bytes, 1));
  }
  out_ += '"';
  return *this;
}

JsonWriter& JsonWriter::number(int64_t value) { return raw(std::to_string(value)); }
JsonWriter& JsonWriter::boolean(bool value) { return raw(value ? "true" : "false"); }
JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace wakeful::cli
