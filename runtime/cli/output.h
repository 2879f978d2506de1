// What leaves the program: data to stdout, everything else to stderr. JSON documents, tables,
// colours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lang/base/error.h"
#include "runtime/cli/command_line.h"

namespace wakeful::cli {

/// Puts /dev/null where 0, 1 or 2 is closed, so that no file of the store gets such a number and a
/// print ends up in it; ignores SIGPIPE: a reader who leaves shows as an error of write().
void prepare_descriptors();

/// `wf: message` to stderr.
void say(const std::string& message);
void write_stderr(std::string_view text);
/// Says it and gives the exit code of its fault.
int say_error(const Error& error);
int exit_code_of(Fault fault);

/// Text of others for messages: control characters (terminal escapes) and bad UTF-8 made visible;
/// line breaks and tabs stay.
std::string printable(std::string_view text);
bool valid_utf8(std::string_view text);
/// A word as a POSIX shell reads it back.
std::string shell_word(const std::string& word);

/// Data for stdout. One write() a call; what could not be written is remembered, and said by finish().
class Stdout {
 public:
  /// What to do where the reader has left (`wf list | head -1`): nothing, or say that what a workflow
  /// printed did not arrive. Neither is a failure of the command.
  enum class ClosedPipe : uint8_t { Ignore, Say };
  explicit Stdout(ClosedPipe closed_pipe = ClosedPipe::Ignore) : closed_pipe_(closed_pipe) {}
  void write(std::string_view text);
  /// The exit code: `code`, or kExitFailed where all went well but the output could not be written.
  int finish(int code);

 private:
  ClosedPipe closed_pipe_;
  int error_ = 0;
};

enum class Colour : uint8_t { None, Bold, Dim, Red, Green, Yellow, Cyan };

/// Whether to colour what goes to a descriptor: --color, NO_COLOR, TERM=dumb, a terminal.
bool wants_colour(const CommandLine& line, int fd);
std::string coloured(bool on, Colour colour, std::string_view text);

/// Columns that a terminal needs for a text: wide and combining characters count as they are shown.
size_t display_width(std::string_view text);
/// Cut to `columns`, with `…` where something is missing.
std::string cut_to_width(std::string_view text, size_t columns);

/// Rows of cells, aligned by their longest. The first row is the head.
class Table {
 public:
  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.size() == 1; }
  std::string text(bool colour) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// Writes one JSON document, in the order of the calls.
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_list() { return open('['); }
  JsonWriter& end_list() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& text(std::string_view value);
  JsonWriter& number(int64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  /// A value that is JSON already.
  JsonWriter& raw(std::string_view json);
  /// The document and a line break.
  std::string document() const { return out_ + "\n"; }
  const std::string& json() const { return out_; }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();
  std::string out_;
  bool first_ = true;
};

}  // namespace wakeful::cli
