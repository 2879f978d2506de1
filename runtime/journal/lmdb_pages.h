// Checks of LMDB's own pages, by reads of the file with every number checked before it is used.
//
// LMDB 0.9 has no checksums and trusts what it maps: a flipped bit in a page of its tree is wrong
// data, an assertion or a SIGSEGV, and a cut file a SIGBUS. The records carry checksums of their
// own; this file looks after what lies around them, so that a damaged store is an error and never a
// crash:
//   - both meta pages: magic, version, page size, flags, and transaction numbers that fit each
//   other;
//   - the trees of records and of free pages: every page is what its parent takes it for, lies in
//   the file, is
//     used once; nodes lie in their page, keys are in order; the counts are those of the meta page;
//   - the stamp: the newest value in the tree says which transaction wrote it, and that is the meta
//   page's.
//
// The layout is that of MDB_DATA_VERSION 1 on a 64-bit little-endian machine (LMDB 0.9.x).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lang/base/error.h"

namespace wakeful {

/// Why the pages are not sound, as the end of "the store is damaged: …"; none: they are.
using PageFault = std::optional<std::string>;

struct LmdbTree {
  uint32_t pad = 0;
  uint16_t flags = 0;
  uint16_t depth = 0;
  uint64_t branch_pages = 0, leaf_pages = 0, overflow_pages = 0, entries = 0;
  uint64_t root = 0;  // kNoPage: empty
};

struct LmdbMeta {
  static constexpr uint64_t kNoPage = ~uint64_t{0};
  uint32_t page_size = 0;
  LmdbTree free_pages, main;
  uint64_t last_page = 0;
  uint64_t transaction = 0;
  bool operator==(const LmdbMeta& other) const {
    return transaction == other.transaction && main.root == other.main.root;
  }
};

/// Both meta pages. newer(): the one that LMDB will use.
struct LmdbMetas {
  LmdbMeta slot[2];
  const LmdbMeta& newer() const { return slot[slot[1].transaction > slot[0].transaction]; }
  const LmdbMeta& older() const { return slot[slot[1].transaction <= slot[0].transaction]; }
  bool operator==(const LmdbMetas& other) const {
    return slot[0] == other.slot[0] && slot[1] == other.slot[1];
  }
};

/// Reads and checks both meta pages of the file. `newer_format` is set where a newer LMDB wrote it.
PageFault read_metas(int fd, LmdbMetas& metas, bool& newer_format);

/// One state of the trees, named by its meta page. Nobody may reuse its pages while this works.
class LmdbPages {
 public:
  LmdbPages(int fd, const LmdbMeta& meta);

  /// Every page of both trees.
  PageFault check_all();
  /// The pages on the way to the first and the last key: for stores too big for check_all.
  PageFault check_edges();
  /// The pages on the way to the value that a search for `key` finds, its neighbours' included.
  PageFault check_path(std::string_view key);
  /// The value of exactly this key; none where there is none.
  PageFault find(std::string_view key, std::optional<std::string>& value);
  /// The last key and the last 8 bytes of its value.
  PageFault last(std::string& key, std::string& value_end);

 private:
  struct Node {
    std::string_view key;
    uint64_t child = 0;      // branch
    uint32_t size = 0;       // leaf: of the value
    uint64_t overflow = 0;   // leaf: the page where the value lies, or 0
    std::string_view value;  // leaf: where it lies in the leaf itself
  };
  struct Page {
    std::string bytes;
    bool leaf = false;
    std::vector<Node> nodes;  // views into bytes
  };
  /// A page on the way down, and the node taken there.
  struct Turn {
    std::unique_ptr<Page> page;
    size_t index = 0;
  };
  using Path = std::vector<Turn>;

  PageFault read_page(uint64_t number, bool leaf, bool integer_keys, Page& page) const;
  PageFault read_node(const Page& page, size_t offset, bool integer_keys, Node& node) const;
  PageFault check_overflow(const Node& node) const;
  PageFault read_value(const Node& node, uint64_t from, std::string& value) const;
  PageFault use(uint64_t first, uint64_t count);
  PageFault check_tree(const LmdbTree& tree, bool integer_keys);
  PageFault walk(uint64_t number, unsigned depth, bool integer_keys, LmdbTree& counted);
  PageFault walk_leaf(const Page& page, bool integer_keys, LmdbTree& counted);
  PageFault check_free_list(const Node& node);
  /// Continues `path` to a leaf: to where `key` is or would be; without one, to the first or the
  /// last node.
  PageFault descend(Path& path, const std::string_view* key, bool to_last) const;
  /// Moves a path to the leaf before or after. Leaves it empty where there is none.
  PageFault move(Path& path, bool forward) const;

  int fd_;
  LmdbMeta meta_;
  uint64_t file_pages_ = 0;
  std::vector<bool> used_;  // by page number; only check_all
  std::string last_key_;    // of the walk so far
  std::string least_key_;   // what a branch promises of the next leaf
};

}  // namespace wakeful
