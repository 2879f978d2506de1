#include "lang/format/spaces.h"

namespace wakeful::format {

using grammar::Shape;
using grammar::Tok;

namespace {

/// Which side of a piece has no space; as its kind says, then as its place says.
struct Sides {
  bool before = false, after = false;
};

Sides tight_sides(Tok kind) {
  switch (kind) {
    case Tok::LeftParen:
    case Tok::Dot:
    case Tok::OptionalDot:
    case Tok::DotDot:
      return {true, true};
    case Tok::RightParen:
    case Tok::RightBracket:
    case Tok::RightBrace:
    case Tok::Colon:
    case Tok::Question:
      return {true, false};
    case Tok::LeftBracket:
    case Tok::LeftBrace:
    case Tok::Ellipsis:
      return {false, true};
    default:
      return {};
  }
}

void adjust(const Node& node, const std::vector<Piece>& pieces, std::vector<Sides>& sides) {
  switch (node.shape) {
    case Shape::Block:
      sides[node.first].after = sides[node.last].before = false;
      break;
    case Shape::Parentheses:
      sides[node.first].before = false;
      break;
    case Shape::Arrow:
      sides[node.first].before = false;
      break;
    case Shape::Index:
      sides[node.first].before = true;
      for (uint32_t i = node.first + 1; i < node.last; ++i) {
        if (pieces[i].kind == Tok::Colon) sides[i].after = true;
        if (pieces[i].pair > i) i = pieces[i].pair;
      }
      break;
    case Shape::Type:
      if (node.first < node.last && pieces[node.first + 1].kind == Tok::Less) {
        const uint32_t close = pieces[node.last].kind == Tok::Question ? node.last - 1 : node.last;
        sides[node.first + 1] = {true, true};
        sides[close].before = true;
      }
      break;
    case Shape::Operand:
      for (uint32_t i = node.first; !node.children.empty() && i < node.children[0]->first; ++i) {
        if (pieces[i].kind == Tok::Minus) sides[i].after = true;
      }
      break;
    case Shape::Bound:
      if (pieces[node.last].kind == Tok::Percent) sides[node.last].before = true;
      break;
    default:
      break;
  }
}

}  // namespace

void mark_spaces(const SyntaxTree& tree, const std::vector<Piece>& pieces, std::vector<Gap>& gaps) {
  std::vector<Sides> sides;
  for (const Piece& piece : pieces) sides.push_back(tight_sides(piece.kind));
  for (const Node& node : tree.nodes()) adjust(node, pieces, sides);
  for (size_t i = 1; i < pieces.size(); ++i)
    gaps[i].space = !sides[i - 1].after && !sides[i].before;
}

}  // namespace wakeful::format
