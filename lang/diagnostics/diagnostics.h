// What the language says of a script: collected, sorted by source, never thrown past parse() or check().
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lang/base/source.h"

namespace wakeful {

enum class Severity : uint8_t { Error, Warning };

/// One finding. `code` is a row of diagnostics.def.
struct Diagnostic {
  Severity severity = Severity::Error;
  const char* code = "";
  Span span;
  std::string message;                  // what was found and what was expected
  std::string help;                     // what to do: the remedy, or "did you mean `charge`?"; may be empty
  struct Note { Span span; std::string message; };
  std::vector<Note> notes;              // other places: "first declared here"
};

class Diagnostics {
 public:
  Diagnostic& error(const char* code, Span span, std::string message, std::string help = "");
  Diagnostic& warning(const char* code, Span span, std::string message, std::string help = "");
  bool has_errors() const;
  /// Takes away the warnings that `silenced` is true for; errors stay.
  void silence(const std::function<bool(const Diagnostic&)>& silenced);
  /// Sorted by file and place, without doubles.
  std::vector<Diagnostic> sorted() const;

 private:
  std::vector<Diagnostic> list_;
};

/// The source line, a caret under the span, message and help:
///   error: unknown name `chrage`            [unknown-name]
///     --> order.wf:12:5
///      |
///   12 |     chrage()
///      |     ^^^^^^ did you mean `charge`?
std::string render(const Diagnostic& diagnostic, const Sources& sources, bool colour);

/// The middle of that: the place, its source line, and the caret.
std::string render_place(Span span, const Sources& sources, bool colour);

/// The nearest of `candidates` by edit distance (case and `_` count little), or "" where none is near.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace wakeful
