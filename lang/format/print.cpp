#include "lang/format/print.h"

#include <algorithm>

namespace wakeful::format {

using grammar::Tok;

namespace {

constexpr uint32_t kIndent = 2;
constexpr uint32_t kBeforeComment = 2;

struct Line {
  std::string code;
  std::string_view comment;  // behind it
  uint32_t column = 0;       // where the comment stood in the source
};

class Printer {
 public:
  Printer(const Pieces& pieces, const Layout& layout)
      : pieces_(pieces.list),
        comments_(pieces.comments),
        gaps_(layout.gaps),
        groups_(layout.groups),
        modes_(groups_.size(), Mode::Open),
        must_break_(groups_.size(), false) {}

  std::string run() {
    size_t next = 0;
    for (uint32_t i = 0; i < pieces_.size(); ++i) {
      while (!open_.empty() && groups_[open_.back()].last < i) open_.pop_back();
      gap(i);
      for (; next < groups_.size() && groups_[next].first == i; ++next) {
        modes_[next] = decide(static_cast<uint32_t>(next));
        open_.push_back(static_cast<uint32_t>(next));
      }
      write(pieces_[i], indent_);
      if (pieces_[i].comma) put(",");
    }
    return text();
  }

 private:
  enum class Mode : uint8_t { Open, Flat, Broken };

  // --- what fits ---

  uint32_t space(uint32_t i) const { return gaps_[i].separates ? 2 : gaps_[i].space; }
  bool forced(uint32_t i) const {
    const Gap& gap = gaps_[i];
    return gap.hard || pieces_[i].comments > 0 || (gap.group != kNone && groups_[gap.group].forced);
  }
  static uint32_t width(const Piece& piece) { return piece.width + piece.comma; }

  /// The group on this line, with what follows it up to where a line may break.
  bool fits(const Group& group) const {
    uint32_t used = column_;
    for (uint32_t i = group.first;; ++i) {
      used += width(pieces_[i]);
      if (used > kColumns) return false;
      if (pieces_[i].multiline || i + 1 >= pieces_.size() || forced(i + 1)) return true;
      const Gap& gap = gaps_[i + 1];
      if (i + 1 > group.last && gap.group != kNone && modes_[gap.group] != Mode::Flat) {
        const bool comma =
            gap.closes && groups_[gap.group].comma && modes_[gap.group] == Mode::Broken;
        return used + comma <= kColumns;
      }
      used += space(i + 1);
    }
  }

  /// All before `last`, and it.
  bool fits_up_to(uint32_t first, uint32_t last) const {
    uint32_t used = column_ + width(pieces_[first]);
    for (uint32_t i = first + 1; i <= last && used <= kColumns; ++i) {
      used += space(i) + width(pieces_[i]);
    }
    return used <= kColumns;
  }

  Mode decide(uint32_t number) {
    const Group& group = groups_[number];
    if (group.follows != kNone) return modes_[group.follows];
    if (group.forced) return Mode::Broken;
    const bool list = group.kind == Kind::List;
    // A list on one line holds no line break, but in what it hugs.
    const bool whole = !list || group.hug == kNone || !breaks_within(group);
    if (!must_break_[number] && whole && fits(group)) return Mode::Flat;
    if (group.hug != kNone && fits_up_to(group.first, group.hug)) {
      if (list && group.hug_group != kNone) must_break_[group.hug_group] = true;
      return Mode::Flat;
    }
    return group.if_too_wide ? Mode::Broken : Mode::Flat;
  }
  bool breaks_within(const Group& group) const {
    const uint32_t begin = group.hug_group == kNone ? group.hug : groups_[group.hug_group].first;
    for (uint32_t i = begin; i <= group.last; ++i) {
      if (pieces_[i].multiline || (i > begin && forced(i))) return true;
    }
    return false;
  }

  // --- between pieces ---

  bool breaks(uint32_t i) const {
    const Gap& gap = gaps_[i];
    if (gap.hard || pieces_[i].comments > 0) return true;
    if (gap.group == kNone || modes_[gap.group] != Mode::Broken) return false;
    const Group& group = groups_[gap.group];
    if (!group.fill || gap.closes || i == group.first + 1) return true;
    uint32_t last = i;
    while (gaps_[last + 1].group != gap.group) ++last;
    return !fits_after_space(i, last);
  }
  bool fits_after_space(uint32_t first, uint32_t last) const {
    // One column more for the comma behind the last item.
    uint32_t used = column_ + 1;
    for (uint32_t i = first; i <= last; ++i) used += space(i) + width(pieces_[i]);
    return used <= kColumns;
  }

  uint32_t depth(uint32_t i, bool inner) const {
    uint32_t depth = 0;
    for (uint32_t number : open_) {
      const Group& group = groups_[number];
      if (modes_[number] != Mode::Broken || i < group.indent_first) continue;
      if (group.kind != Kind::Branches)
        depth += i <= group.indent_last + (inner ? 1 : 0) ? group.levels : 0;
    }
    return depth;
  }

  void gap(uint32_t i) {
    const Gap& gap = gaps_[i];
    const Piece& piece = pieces_[i];
    if (!breaks(i)) {
      if (i > 0) put(gap.separates ? "; " : gap.space ? " " : "");
      return;
    }
    if (gap.closes && gap.group != kNone && groups_[gap.group].comma &&
        modes_[gap.group] == Mode::Broken)
      put(",");
    const bool soft = gap.hard || gap.group != kNone;
    const bool closes = piece.kind == Tok::RightParen || piece.kind == Tok::RightBracket ||
                        piece.kind == Tok::RightBrace;
    const bool goes_on =
        piece.kind == Tok::Else || piece.kind == Tok::Catch || piece.kind == Tok::Finally;
    const uint32_t deeper = soft || closes || goes_on ? 0 : 1;
    indent_ = kIndent * (depth(i, closes) + deeper + (!soft && closes));
    bool first = i == 0 || opens(i);
    bool blank = gap.declares && i > 0 && wants_blank(i);
    if (gap.declares) declared_ = i;
    for (uint32_t k = piece.first_comment; k < piece.first_comment + piece.comments; ++k) {
      const Comment& comment = comments_[k];
      if (comment.trailing) {
        lines_.back().comment = comment.text;
        lines_.back().column = comment.column;
        continue;
      }
      if (!first && (blank || (comment.blank && keeps_blank(i)))) lines_.emplace_back();
      blank = first = false;
      start_line();
      put(comment.text);
    }
    if (i + 1 == pieces_.size()) return;
    indent_ = kIndent * (depth(i, false) + deeper);
    if (!first && (blank || (piece.blank && keeps_blank(i) && !closes))) lines_.emplace_back();
    start_line();
  }

  bool opens(uint32_t i) const {
    return gaps_[i].group != kNone && i == groups_[gaps_[i].group].first + 1;
  }
  bool keeps_blank(uint32_t i) const {
    if (gaps_[i].group == kNone) return gaps_[i].hard;
    const Kind kind = groups_[gaps_[i].group].kind;
    return kind == Kind::Block || kind == Kind::List;
  }

  /// A blank line stands between declarations, but between short ones of a kind only where it was
  /// written.
  bool wants_blank(uint32_t i) const {
    const Piece& piece = pieces_[i];
    if (piece.blank) return false;
    for (uint32_t k = piece.first_comment; k < piece.first_comment + piece.comments; ++k) {
      if (comments_[k].blank) return false;
    }
    const bool alike = pieces_[declared_].kind == piece.kind && one_line(declared_) && one_line(i);
    return !alike;
  }
  bool one_line(uint32_t i) const {
    uint32_t used = width(pieces_[i]);
    for (++i; !gaps_[i].hard; ++i) {
      used += space(i) + width(pieces_[i]);
      if (pieces_[i].newline || pieces_[i].multiline) return false;
    }
    return used <= kColumns;
  }

  // --- lines ---

  void start_line() {
    lines_.emplace_back();
    lines_.back().code.assign(indent_, ' ');
    column_ = indent_;
  }
  void put(std::string_view text) {
    lines_.back().code += text;
    column_ += columns_of(text);
  }

  void write(const Piece& piece, uint32_t indent) {
    if (piece.kind == Tok::End) return;
    if (!piece.multiline) return put(piece.text);
    write_string(piece.text, indent);
  }

  /// The lines of a `"""` string move together, so that its closing quotes stand one level deeper
  /// than its statement.
  void write_string(std::string_view text, uint32_t indent) {
    const size_t last_line = text.rfind('\n') + 1;
    const size_t quotes = text.find_first_not_of(" \t", last_line);
    const std::string_view old = text.substr(last_line, quotes - last_line);
    const bool moves = can_move(text, old);
    for (bool first = true;; first = false) {
      const size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      if (!first) lines_.emplace_back();
      if (!first && moves) {
        if (line.starts_with(old)) {
          lines_.back().code.assign(indent + kIndent, ' ');
          line.remove_prefix(old.size());
        } else {
          line = {};
        }
      }
      lines_.back().code += line;
      if (end == text.size()) break;
      text.remove_prefix(end + 1);
    }
    column_ = columns_of(lines_.back().code);
  }
  /// Every line but blank ones has the indentation of the last; one within `${…}` may not.
  static bool can_move(std::string_view text, std::string_view old) {
    for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at)) {
      const std::string_view line = text.substr(++at, text.find('\n', at) - at);
      if (!line.starts_with(old) && line.find_first_not_of(" \t\r") != std::string_view::npos)
        return false;
    }
    return true;
  }

  // --- comments behind code ---

  /// Comments of neighbouring lines that stood below each other do so again.
  std::string text() {
    std::string out;
    for (size_t i = 0; i < lines_.size();) {
      size_t end = i + 1;
      uint32_t widest = columns_of(lines_[i].code);
      while (!lines_[i].comment.empty() && end < lines_.size() && !lines_[end].comment.empty() &&
             lines_[end].column == lines_[i].column) {
        widest = std::max(widest, columns_of(lines_[end++].code));
      }
      for (; i < end; ++i) {
        out += lines_[i].code;
        if (!lines_[i].comment.empty()) {
          out.append(widest - columns_of(lines_[i].code) + kBeforeComment, ' ');
          out += lines_[i].comment;
        }
        out += '\n';
      }
    }
    return out;
  }

  const std::vector<Piece>& pieces_;
  const std::vector<Comment>& comments_;
  const std::vector<Gap>& gaps_;
  const std::vector<Group>& groups_;
  std::vector<Mode> modes_;
  std::vector<bool> must_break_;
  std::vector<uint32_t> open_;  // groups
  std::vector<Line> lines_;
  uint32_t indent_ = 0;  // of the current line
  uint32_t column_ = 0;
  uint32_t declared_ = 0;  // the piece that began the last declaration
};

}  // namespace

std::string print(const Pieces& pieces, const Layout& layout) {
  return Printer(pieces, layout).run();
}

}  // namespace wakeful::format
