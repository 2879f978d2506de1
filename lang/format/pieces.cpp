#include "lang/format/pieces.h"

#include <algorithm>

namespace wakeful::format {

using grammar::Tok;
using grammar::Token;

uint32_t columns_of(std::string_view text) {
  return static_cast<uint32_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

namespace {

bool closes(Tok kind) {
  return kind == Tok::RightParen || kind == Tok::RightBracket || kind == Tok::RightBrace;
}

class Cutter {
 public:
  Cutter(std::string_view source, const grammar::Syntax& syntax)
      : source_(source), tokens_(syntax.tokens.list), comments_(syntax.tokens.comments) {
    piece_of_.resize(tokens_.size(), kNone);
  }

  Pieces run(const std::vector<grammar::Taken>& taken) {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      const Token& token = tokens_[i];
      take_comments(token.begin);
      if (token.kind == Tok::Comma || token.kind == Tok::Semicolon) {
        const bool last = token.kind == Tok::Semicolon || closes(tokens_[i + 1].kind);
        if (!last) out_.list.back().comma = true;
        pass(token.begin, token.end);
        continue;
      }
      const size_t end = token.kind == Tok::StringBegin ? string_end(i) : i;
      add_piece(i, end);
      i = end;
    }
    pair_brackets();
    map_taken(taken);
    return std::move(out_);
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  /// The StringEnd of a StringBegin.
  size_t string_end(size_t i) const {
    size_t open = 0;
    for (;; ++i) {
      if (tokens_[i].kind == Tok::StringBegin) ++open;
      if (tokens_[i].kind == Tok::StringEnd && --open == 0) return i;
    }
  }

  /// Looks at the blanks up to `begin`, then goes on behind `end`.
  uint32_t pass(uint32_t begin, uint32_t end) {
    const std::string_view between = source_.substr(behind_, begin - behind_);
    const auto lines = static_cast<uint32_t>(std::count(between.begin(), between.end(), '\n'));
    newline_ |= lines > 0;
    behind_ = end;
    return lines;
  }

  void take_comments(uint32_t before) {
    for (; next_comment_ < comments_.size() && comments_[next_comment_].begin < before;
         ++next_comment_) {
      const auto& seen = comments_[next_comment_];
      if (seen.begin < behind_) continue;  // within a string
      std::string_view text = source_.substr(seen.begin, seen.end - seen.begin);
      text = text.substr(0, text.find_last_not_of(" \t\f\v") + 1);
      const size_t line = source_.rfind('\n', seen.begin) + 1;
      Comment comment;
      comment.text = text;
      comment.column = columns_of(source_.substr(line, seen.begin - line));
      comment.trailing = !seen.stands_alone && gap_comments_ == 0 && !out_.list.empty();
      comment.blank = pass(seen.begin, seen.end) > 1;
      out_.comments.push_back(comment);
      ++gap_comments_;
    }
  }

  void add_piece(size_t first, size_t last) {
    const Token& token = tokens_[first];
    const uint32_t end = tokens_[last].end;
    Piece piece;
    piece.blank = pass(token.begin, end) > 1;
    piece.newline = newline_;
    piece.kind = token.kind;
    piece.text = source_.substr(token.begin, end - token.begin);
    const size_t line_end = piece.text.find('\n');
    piece.multiline = line_end != std::string_view::npos;
    piece.width = columns_of(piece.text.substr(0, line_end));
    piece.comments = gap_comments_;
    piece.first_comment = static_cast<uint32_t>(out_.comments.size()) - gap_comments_;
    newline_ = false;
    gap_comments_ = 0;
    for (size_t i : {first, last}) piece_of_[i] = static_cast<uint32_t>(out_.list.size());
    out_.list.push_back(piece);
  }

  void pair_brackets() {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (piece_of_[i] == kNone || tokens_[i].pair == 0) continue;
      out_.list[piece_of_[i]].pair = piece_of_[tokens_[i].pair];
    }
  }

  void map_taken(const std::vector<grammar::Taken>& taken) {
    for (const auto& each : taken) {
      const uint32_t first = piece_of_[each.first], last = piece_of_[each.last];
      // What begins within a string is printed with it.
      if (first == kNone || last == kNone || tokens_[each.first].kind == Tok::StringEnd) continue;
      out_.taken.push_back({each.shape, first, last});
    }
  }

  std::string_view source_;
  const std::vector<Token>& tokens_;
  const std::vector<grammar::Tokens::Comment>& comments_;
  std::vector<uint32_t> piece_of_;  // by token
  Pieces out_;
  size_t next_comment_ = 0;
  uint32_t gap_comments_ = 0;
  uint32_t behind_ = 0;  // the end of what was taken last
  bool newline_ = false;
};

}  // namespace

Pieces cut_into_pieces(std::string_view source, const grammar::Syntax& syntax) {
  return Cutter(source, syntax).run(syntax.taken);
}

}  // namespace wakeful::format
