#include "runtime/journal/lmdb_pages.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace wakeful {
namespace {

// LMDB 0.9's layout (mdb.c: MDB_page, MDB_node, MDB_meta). Only little-endian machines with 8-byte
// words read it right, and only those does wf run on.
constexpr uint32_t kMagic = 0xBEEFC0DE;
constexpr uint32_t kDataVersion = 1;
constexpr size_t kPageHeader = 16;
constexpr size_t kNodeHeader = 8;
constexpr size_t kMetaBytes = 136;
constexpr uint16_t kBranch = 0x01, kLeaf = 0x02, kOverflow = 0x04, kMetaPage = 0x08;
constexpr uint16_t kBigData = 0x01;
constexpr uint16_t kIntegerKey = 0x08;
constexpr unsigned kDepthMax = 32;   // LMDB's CURSOR_STACK
constexpr size_t kKeyBytesMax = 64;  // ours are at most 8 + 8 + 32
// Pages past the end of the file that a state may count as its own: given out and given back within
// one commit.
constexpr uint64_t kUnwrittenPagesMax = 1 << 16;

template <class T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

PageFault read_at(int fd, uint64_t offset, size_t size, std::string& bytes) {
  bytes.resize(size);
  size_t done = 0;
  while (done < size) {
    const ssize_t n =
        pread(fd, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      return fmt::format("cannot be read at byte {}: {}", offset + done, std::strerror(errno));
    if (n == 0) return fmt::format("ends at byte {}, in the middle of a page", offset + done);
    done += static_cast<size_t>(n);
  }
  return {};
}

PageFault page_fault(uint64_t page, const char* what) {
  return fmt::format("page {} {}", page, what);
}

LmdbTree load_tree(const char* at) {
  LmdbTree tree;
  tree.pad = load<uint32_t>(at);
  tree.flags = load<uint16_t>(at + 4);
  tree.depth = load<uint16_t>(at + 6);
  tree.branch_pages = load<uint64_t>(at + 8);
  tree.leaf_pages = load<uint64_t>(at + 16);
  tree.overflow_pages = load<uint64_t>(at + 24);
  tree.entries = load<uint64_t>(at + 32);
  tree.root = load<uint64_t>(at + 40);
  return tree;
}

bool is_sound(const LmdbTree& tree, uint64_t last_page) {
  if (tree.root == LmdbMeta::kNoPage) return tree.depth == 0 && tree.entries == 0;
  return tree.root >= 2 && tree.root <= last_page && tree.depth >= 1 && tree.depth <= kDepthMax &&
         tree.entries >= 1;
}

PageFault read_meta(int fd, uint64_t number, uint64_t offset, LmdbMeta& meta, bool& newer_format) {
  std::string bytes;
  if (auto fault = read_at(fd, offset, kPageHeader + kMetaBytes, bytes)) return fault;
  const char* page = bytes.data();
  const char* at = page + kPageHeader;
  if (load<uint64_t>(page) != number || load<uint16_t>(page + 10) != kMetaPage ||
      load<uint32_t>(at) != kMagic)
    return page_fault(number, "is not a meta page of LMDB");
  if (load<uint32_t>(at + 4) != kDataVersion) {
    newer_format = true;
    return page_fault(number, "is of another version of LMDB");
  }
  meta.free_pages = load_tree(at + 24);
  meta.main = load_tree(at + 72);
  meta.last_page = load<uint64_t>(at + 120);
  meta.transaction = load<uint64_t>(at + 128);
  meta.page_size = meta.free_pages.pad;
  const uint32_t size = meta.page_size;
  if (size < 512 || size > 32768 || (size & (size - 1)) != 0)
    return page_fault(number, "has an impossible page size");
  if (meta.free_pages.flags != kIntegerKey || meta.main.flags != 0 || meta.main.pad != 0)
    return page_fault(number, "has unknown flags");
  if (meta.last_page < 1 || !is_sound(meta.free_pages, meta.last_page) ||
      !is_sound(meta.main, meta.last_page))
    return page_fault(number, "contradicts itself");
  return {};
}

/// Transaction t writes meta page t mod 2, so the two always follow each other.
bool follow_each_other(const LmdbMeta& even, const LmdbMeta& odd) {
  if (even.transaction == 0 && odd.transaction == 0) return true;  // no commit yet
  if (even.transaction % 2 != 0 || odd.transaction % 2 != 1) return false;
  return even.transaction + 1 == odd.transaction || odd.transaction + 1 == even.transaction;
}

}  // namespace

PageFault read_metas(int fd, LmdbMetas& metas, bool& newer_format) {
  newer_format = false;
  struct stat status {};
  if (fstat(fd, &status) != 0) return fmt::format("cannot be read: {}", std::strerror(errno));
  if (status.st_size == 0) return "is empty";
  if (auto fault = read_meta(fd, 0, 0, metas.slot[0], newer_format)) return fault;
  const uint32_t size = metas.slot[0].page_size;
  if (auto fault = read_meta(fd, 1, size, metas.slot[1], newer_format)) return fault;
  if (metas.slot[1].page_size != size || !follow_each_other(metas.slot[0], metas.slot[1]))
    return "has two meta pages that do not fit each other";
  const uint64_t pages = static_cast<uint64_t>(status.st_size) / size;
  if (metas.newer().last_page >= pages + kUnwrittenPagesMax)
    return fmt::format("was cut off after page {}", pages);
  return {};
}

LmdbPages::LmdbPages(int fd, const LmdbMeta& meta) : fd_(fd), meta_(meta) {
  struct stat status {};
  if (fstat(fd, &status) == 0) file_pages_ = static_cast<uint64_t>(status.st_size) / meta.page_size;
}

PageFault LmdbPages::use(uint64_t first, uint64_t count) {
  if (first < 2 || count > meta_.last_page || first > meta_.last_page - count + 1)
    return page_fault(first, "is named, but is no page of the file");
  if (used_.empty()) return {};
  for (uint64_t page = first; page < first + count; ++page) {
    if (used_[page]) return page_fault(page, "is used twice");
    used_[page] = true;
  }
  return {};
}

PageFault LmdbPages::read_page(uint64_t number, bool leaf, bool integer_keys, Page& page) const {
  if (number < 2 || number > meta_.last_page)
    return page_fault(number, "is named, but is no page of the file");
  if (number >= file_pages_) return page_fault(number, "is missing: the file was cut off");
  const size_t size = meta_.page_size;
  if (auto fault = read_at(fd_, number * size, size, page.bytes)) return fault;
  const char* bytes = page.bytes.data();
  const size_t lower = load<uint16_t>(bytes + 12);
  const size_t upper = load<uint16_t>(bytes + 14);
  if (load<uint64_t>(bytes) != number || load<uint16_t>(bytes + 10) != (leaf ? kLeaf : kBranch))
    return page_fault(number, "is not what its parent takes it for");
  if (lower <= kPageHeader || lower % 2 != 0 || lower > upper || upper > size)
    return page_fault(number, "has impossible bounds");
  page.leaf = leaf;
  page.nodes.resize((lower - kPageHeader) / 2);
  size_t node_bytes = 0;
  size_t least_offset = size;
  for (size_t i = 0; i < page.nodes.size(); ++i) {
    Node& node = page.nodes[i];
    const size_t offset = load<uint16_t>(bytes + kPageHeader + 2 * i);
    if (offset < upper || offset + kNodeHeader > size)
      return page_fault(number, "has a node outside of it");
    if (auto fault = read_node(page, offset, integer_keys, node))
      return page_fault(number, fault->c_str());
    const size_t held = leaf ? (node.overflow ? sizeof(uint64_t) : node.size) : 0;
    node_bytes += (kNodeHeader + node.key.size() + held + 1) & ~size_t{1};
    least_offset = std::min(least_offset, offset);
  }
  if (least_offset != upper || node_bytes != size - upper)
    return page_fault(number, "has nodes that overlap");
  return {};
}

/// The message is the end of "page 7 …".
PageFault LmdbPages::read_node(const Page& page, size_t offset, bool integer_keys,
                               Node& node) const {
  const char* at = page.bytes.data() + offset;
  const size_t room = meta_.page_size - offset - kNodeHeader;
  const uint64_t low = load<uint16_t>(at);
  const uint64_t high = load<uint16_t>(at + 2);
  const uint16_t flags = load<uint16_t>(at + 4);
  const size_t key_size = load<uint16_t>(at + 6);
  const char* data = at + kNodeHeader + key_size;
  if (key_size > kKeyBytesMax || key_size > room) return "has an impossible key";
  node.key = {at + kNodeHeader, key_size};
  if (!page.leaf) {
    node.child = low | high << 16 | uint64_t{flags} << 32;
    return {};
  }
  if (key_size == 0 || (integer_keys && key_size != sizeof(uint64_t)))
    return "has an impossible key";
  node.size = static_cast<uint32_t>(low | high << 16);
  const size_t held = flags == kBigData ? sizeof(uint64_t) : node.size;
  if ((flags != 0 && flags != kBigData) || held > room - key_size) return "has an impossible value";
  if (flags == kBigData)
    node.overflow = load<uint64_t>(data);
  else
    node.value = {data, node.size};
  if (flags == kBigData && node.overflow < 2) return "has an impossible value";
  return {};
}

PageFault LmdbPages::check_overflow(const Node& node) const {
  if (!node.overflow) return {};
  const uint64_t size = meta_.page_size;
  const uint64_t count = (kPageHeader + node.size + size - 1) / size;
  if (node.overflow > meta_.last_page || count > meta_.last_page - node.overflow + 1)
    return page_fault(node.overflow, "is named, but is no page of the file");
  if (node.overflow + count > file_pages_)
    return page_fault(node.overflow, "is missing: the file was cut off");
  std::string header;
  if (auto fault = read_at(fd_, node.overflow * size, kPageHeader, header)) return fault;
  if (load<uint64_t>(header.data()) != node.overflow ||
      load<uint16_t>(header.data() + 10) != kOverflow ||
      load<uint32_t>(header.data() + 12) != count)
    return page_fault(node.overflow, "is not what its parent takes it for");
  return {};
}

PageFault LmdbPages::read_value(const Node& node, uint64_t from, std::string& value) const {
  from = std::min<uint64_t>(from, node.size);
  if (!node.overflow) {
    value = node.value.substr(from);
    return {};
  }
  if (auto fault = check_overflow(node)) return fault;
  return read_at(fd_, node.overflow * meta_.page_size + kPageHeader + from, node.size - from,
                 value);
}

PageFault LmdbPages::descend(Path& path, const std::string_view* key, bool to_last) const {
  while (path.size() < meta_.main.depth) {
    uint64_t number = meta_.main.root;
    if (!path.empty()) number = path.back().page->nodes[path.back().index].child;
    Turn turn{std::make_unique<Page>(), 0};
    const bool leaf = path.size() + 1 == meta_.main.depth;
    if (auto fault = read_page(number, leaf, false, *turn.page)) return fault;
    const std::vector<Node>& nodes = turn.page->nodes;
    // The first key of a branch stands for everything before the second.
    const auto after = [&](const Node& node) { return leaf ? node.key >= *key : node.key > *key; };
    if (!key)
      turn.index = to_last ? nodes.size() - 1 : 0;
    else
      turn.index = std::find_if(nodes.begin() + !leaf, nodes.end(), after) - nodes.begin() - !leaf;
    if (leaf)
      for (const Node& node : nodes)
        if (auto fault = check_overflow(node)) return fault;
    path.push_back(std::move(turn));
  }
  return {};
}

PageFault LmdbPages::move(Path& path, bool forward) const {
  path.pop_back();
  while (!path.empty()) {
    Turn& turn = path.back();
    if (forward ? turn.index + 1 < turn.page->nodes.size() : turn.index > 0) {
      turn.index += forward ? 1 : -1;
      return descend(path, nullptr, !forward);
    }
    path.pop_back();
  }
  return {};
}

PageFault LmdbPages::check_path(std::string_view key) {
  if (meta_.main.root == LmdbMeta::kNoPage) return {};
  for (const bool forward : {false, true}) {
    Path path;
    if (auto fault = descend(path, &key, false)) return fault;
    if (auto fault = move(path, forward)) return fault;
  }
  return {};
}

PageFault LmdbPages::check_edges() {
  if (meta_.main.root == LmdbMeta::kNoPage) return {};
  for (const bool last : {false, true}) {
    Path path;
    if (auto fault = descend(path, nullptr, last)) return fault;
  }
  return {};
}

PageFault LmdbPages::find(std::string_view key, std::optional<std::string>& value) {
  value.reset();
  if (meta_.main.root == LmdbMeta::kNoPage) return {};
  Path path;
  if (auto fault = descend(path, &key, false)) return fault;
  const Turn& leaf = path.back();
  if (leaf.index == leaf.page->nodes.size() || leaf.page->nodes[leaf.index].key != key) return {};
  return read_value(leaf.page->nodes[leaf.index], 0, value.emplace());
}

PageFault LmdbPages::last(std::string& key, std::string& value_end) {
  key.clear();
  value_end.clear();
  if (meta_.main.root == LmdbMeta::kNoPage) return {};
  Path path;
  if (auto fault = descend(path, nullptr, true)) return fault;
  const Node& node = path.back().page->nodes.back();
  key = node.key;
  return read_value(node, node.size < 8 ? 0 : node.size - 8, value_end);
}

}  // namespace wakeful
