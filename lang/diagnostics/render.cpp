// A finding as text: the message, the place, the source line with a caret under it, the help.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "lang/diagnostics/diagnostics.h"

namespace wakeful {

namespace {

constexpr size_t kTabWidth = 4;
constexpr size_t kLineColumnsMax = 100;  // longer source lines are cut around the caret
constexpr size_t kColumnsBefore = 40;    // of a cut line, what is shown before the caret

struct Paint {
  bool on;
  std::string operator()(const char* style, std::string_view text) const {
    return on ? fmt::format("\x1b[{}m{}\x1b[0m", style, text) : std::string(text);
  }
};
constexpr const char* kRed = "1;31";
constexpr const char* kYellow = "1;33";
constexpr const char* kBlue = "1;34";
constexpr const char* kBold = "1";

/// A source line as cells of one column each, tabs and control characters made visible, and for
/// each byte of the line the cell that it is in.
struct Cells {
  std::vector<std::string> cells;
  std::vector<size_t> of_byte;

  explicit Cells(std::string_view line) {
    for (size_t i = 0; i < line.size();) {
      size_t length = 1;
      while (i + length < line.size() &&
             (static_cast<unsigned char>(line[i + length]) & 0xC0) == 0x80)
        ++length;
      for (size_t j = 0; j < length; ++j) of_byte.push_back(cells.size());
      const auto byte = static_cast<unsigned char>(line[i]);
      if (byte == '\t') {
        cells.insert(cells.end(), kTabWidth, " ");
      } else if (byte < 0x20 || byte == 0x7F ||
                 (byte == 0xC2 && length == 2 && static_cast<unsigned char>(line[i + 1]) < 0xA0)) {
        cells.emplace_back("·");  // never a terminal's escape sequence
      } else if (byte >= 0x80 && (byte < 0xC0 || length == 1)) {
        cells.emplace_back("·");  // no UTF-8
      } else {
        cells.emplace_back(line.substr(i, length));
      }
      i += length;
    }
    of_byte.push_back(cells.size());
  }
  size_t at(size_t byte) const { return of_byte[std::min(byte, of_byte.size() - 1)]; }
};

std::string one_line(std::string_view text) {
  std::string out;
  for (char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  return out;
}

/// The source line of a span with its caret, in a gutter of that width.
std::string excerpt(Span span, const Sources& sources, const std::string& label, size_t gutter,
                    const Paint& paint, const char* style) {
  const SourceFile& file = sources.of(span);
  const LineColumn at = file.locate(span.begin);
  const std::string_view line = file.line(at.line);
  const auto line_begin = static_cast<size_t>(line.data() - file.text().data());
  const Cells cells(line);
  const size_t first = cells.at(span.begin - line_begin);
  const size_t last =
      std::max(cells.at(span.end > span.begin ? span.end - line_begin : 0), first + 1);

  size_t begin = 0, end = cells.cells.size();
  const bool cut = end > kLineColumnsMax;
  if (cut) {
    begin = first > kColumnsBefore ? first - kColumnsBefore : 0;
    end = std::min(end, begin + kLineColumnsMax);
  }
  std::string shown = begin > 0 ? "…" : "";
  for (size_t i = begin; i < end; ++i) shown += cells.cells[i];
  if (end < cells.cells.size()) shown += "…";
  while (!shown.empty() && shown.back() == ' ') shown.pop_back();

  const size_t indent = first - begin + (begin > 0 ? 1 : 0);
  const size_t carets = std::max<size_t>(1, std::min(last, std::max(end, first + 1)) - first);
  std::string mark = std::string(indent, ' ') + paint(style, std::string(carets, '^'));
  std::string below;
  const bool fits = indent + carets + label.size() < kLineColumnsMax + 20;
  if (!label.empty() && fits) mark += " " + paint(style, label);
  const std::string bar = paint(kBlue, "|");
  std::string out = fmt::format("{:{}} {}\n", "", gutter, bar);
  out +=
      fmt::format("{} {} {}\n", paint(kBlue, fmt::format("{:>{}}", at.line, gutter)), bar, shown);
  out += fmt::format("{:{}} {} {}\n", "", gutter, bar, mark);
  if (!label.empty() && !fits)
    out += fmt::format("{:{}} {} help: {}\n", "", gutter, paint(kBlue, "="), label);
  return out;
}

std::string arrow(Span span, const Sources& sources, size_t gutter, const Paint& paint) {
  return fmt::format("{:{}}{} {}\n", "", gutter, paint(kBlue, "-->"), sources.place(span));
}

}  // namespace

std::string render_place(Span span, const Sources& sources, bool colour) {
  const Paint paint{colour};
  const size_t gutter = std::to_string(sources.of(span).locate(span.begin).line).size();
  return arrow(span, sources, gutter, paint) + excerpt(span, sources, "", gutter, paint, kRed);
}

std::string render(const Diagnostic& d, const Sources& sources, bool colour) {
  const Paint paint{colour};
  const bool error = d.severity == Severity::Error;
  const char* style = error ? kRed : kYellow;
  size_t gutter = std::to_string(sources.of(d.span).locate(d.span.begin).line).size();
  for (const auto& note : d.notes) {
    gutter =
        std::max(gutter, std::to_string(sources.of(note.span).locate(note.span.begin).line).size());
  }
  std::string out = fmt::format("{} {}  [{}]\n", paint(style, error ? "error:" : "warning:"),
                                paint(kBold, one_line(d.message)), d.code);
  out += arrow(d.span, sources, gutter, paint);
  out += excerpt(d.span, sources, one_line(d.help), gutter, paint, style);
  for (const auto& note : d.notes) {
    out += fmt::format("{} {}\n", paint(kBold, "note:"), one_line(note.message));
    out += arrow(note.span, sources, gutter, paint);
    out += excerpt(note.span, sources, "", gutter, paint, kBlue);
  }
  return out;
}

}  // namespace wakeful
