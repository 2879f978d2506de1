// The rules that the grammar took, as a tree over pieces.
#pragma once

#include <algorithm>
#include <vector>

#include "lang/format/pieces.h"

namespace wakeful::format {

struct Node {
  grammar::Shape shape{};
  uint32_t first = 0, last = 0;  // pieces, both within
  const Node* parent = nullptr;
  std::vector<const Node*> children;  // in the order of the source
};

class SyntaxTree {
 public:
  explicit SyntaxTree(const Pieces& pieces) {
    nodes_.reserve(pieces.taken.size());
    std::vector<Node*> done;  // without parents so far
    for (const grammar::Taken& taken : pieces.taken) {
      nodes_.push_back({taken.shape, taken.first, taken.last, nullptr, {}});
      Node& node = nodes_.back();
      for (; !done.empty() && done.back()->first >= node.first; done.pop_back()) {
        done.back()->parent = &node;
        node.children.push_back(done.back());
      }
      std::reverse(node.children.begin(), node.children.end());
      done.push_back(&node);
    }
  }
  SyntaxTree(const SyntaxTree&) = delete;

  /// Each node stands behind those within it.
  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  std::vector<Node> nodes_;
};

}  // namespace wakeful::format
