// Source files and places in them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wakeful {

/// A stretch of bytes of one source file: [begin, end), file is an index into Sources.
struct Span {
  uint32_t file = 0;
  uint32_t begin = 0;
  uint32_t end = 0;
  auto operator<=>(const Span&) const = default;
};

/// Line and column, both from 1; the column counts code points.
struct LineColumn {
  uint32_t line = 1;
  uint32_t column = 1;
};

/// One file of a program. Lines are computed once, on construction.
class SourceFile {
 public:
  SourceFile(std::string name, std::string text);
  const std::string& name() const {
    return name_;
  }  // as shown to the user, relative to the project
  const std::string& text() const { return text_; }
  LineColumn locate(uint32_t offset) const;
  /// The text of a line (from 1) without its line break.
  std::string_view line(uint32_t number) const;
  uint32_t line_count() const { return static_cast<uint32_t>(line_starts_.size()); }

 private:
  std::string name_;
  std::string text_;
  std::vector<uint32_t> line_starts_;
};

/// The files of a program, by the index that spans carry. Index 0 is the file that was asked for.
/// The prelude (the part of the library that is written in the language) is the file `<prelude>`.
struct Sources {
  std::vector<std::shared_ptr<const SourceFile>> files;
  const SourceFile& of(Span span) const { return *files[span.file]; }
  /// `order.wf:12:5`
  std::string place(Span span) const;
};

}  // namespace wakeful
