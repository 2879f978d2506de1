// The whole trees of one state of an LMDB file, page by page: LmdbPages::check_all.
#include <fmt/format.h>

#include <cstring>

#include "runtime/journal/lmdb_pages.h"

namespace wakeful {
namespace {

uint64_t integer(std::string_view bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}

/// LMDB's order of keys: bytes, or native integers in the tree of free pages.
bool less(std::string_view a, std::string_view b, bool integer_keys) {
  return integer_keys ? integer(a) < integer(b) : a < b;
}

}  // namespace

PageFault LmdbPages::check_all() {
  used_.assign(meta_.last_page + 1, false);
  PageFault fault = check_tree(meta_.main, false);
  if (!fault) fault = check_tree(meta_.free_pages, true);
  used_.clear();
  return fault;
}

PageFault LmdbPages::check_tree(const LmdbTree& tree, bool integer_keys) {
  last_key_.clear();
  least_key_.clear();
  LmdbTree counted;
  if (tree.root != LmdbMeta::kNoPage)
    if (auto fault = walk(tree.root, tree.depth, integer_keys, counted)) return fault;
  if (counted.branch_pages != tree.branch_pages || counted.leaf_pages != tree.leaf_pages ||
      counted.overflow_pages != tree.overflow_pages || counted.entries != tree.entries)
    return "has other pages than its meta page counts";
  return {};
}

/// `depth` levels are left, this one included: at most kDepthMax (is_sound).
PageFault LmdbPages::walk(uint64_t number, unsigned depth, bool integer_keys, LmdbTree& counted) {
  Page page;
  if (auto fault = use(number, 1)) return fault;
  if (auto fault = read_page(number, depth == 1, integer_keys, page)) return fault;
  if (page.leaf) return walk_leaf(page, integer_keys, counted);
  ++counted.branch_pages;
  for (size_t i = 0; i < page.nodes.size(); ++i) {
    const Node& node = page.nodes[i];
    if (i > 0) {
      if (node.key.empty() || !less(last_key_, node.key, integer_keys))
        return fmt::format("page {} has keys out of order", number);
      least_key_ = node.key;
    }
    if (auto fault = walk(node.child, depth - 1, integer_keys, counted)) return fault;
  }
  return {};
}

PageFault LmdbPages::walk_leaf(const Page& page, bool integer_keys, LmdbTree& counted) {
  ++counted.leaf_pages;
  counted.entries += page.nodes.size();
  for (const Node& node : page.nodes) {
    if (!last_key_.empty() && !less(last_key_, node.key, integer_keys))
      return "has keys out of order";
    if (!least_key_.empty() && less(node.key, least_key_, integer_keys))
      return "has keys out of order";
    least_key_.clear();
    last_key_ = node.key;
    if (auto fault = check_overflow(node)) return fault;
    if (node.overflow) {
      const uint64_t count = (16 + uint64_t{node.size} + meta_.page_size - 1) / meta_.page_size;
      if (auto fault = use(node.overflow, count)) return fault;
      counted.overflow_pages += count;
    }
    if (integer_keys)
      if (auto fault = check_free_list(node)) return fault;
  }
  return {};
}

/// A value of the tree of free pages: their count, then their numbers, falling.
PageFault LmdbPages::check_free_list(const Node& node) {
  if (integer(node.key) > meta_.transaction) return "has free pages of a later transaction";
  std::string list;
  if (auto fault = read_value(node, 0, list)) return fault;
  const uint64_t count = integer(list);
  if (list.size() < 8 || count > list.size() / 8 - 1)
    return "has a list of free pages that ends too early";
  uint64_t before = LmdbMeta::kNoPage;
  for (uint64_t i = 1; i <= count; ++i) {
    const uint64_t page = integer(std::string_view(list).substr(8 * i, 8));
    if (page >= before) return "has a list of free pages out of order";
    if (auto fault = use(page, 1)) return fault;
    before = page;
  }
  return {};
}

}  // namespace wakeful
