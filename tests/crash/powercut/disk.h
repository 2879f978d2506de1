// A model of a disk under a power cut: what was synced is there, of the rest any part.
//
// Unsynced writes land in any order and in pieces (pages or sectors), the length of a file may be
// the old or the new one, names that were not synced in their folder are there or not. That is
// harsher than most disks, and what POSIX allows.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "trace.h"

namespace wakeful::powercut {

struct TraceEvent {
  Event event{};
  uint64_t inode = 0;
  uint64_t offset = 0;
  std::string path, path2, data;
};

/// The events of a trace file; throws std::runtime_error where it is none.
std::vector<TraceEvent> read_trace(const std::string& file);

/// Which part of what was not synced an image keeps.
struct Keep {
  enum class Part : uint8_t { None, All, Some };
  Part part = Part::All;
  size_t piece_bytes = 4096;  // Some: of each write, pieces of this size are kept or lost
};

class Disk {
 public:
  /// `root`: the absolute path that stands for the disk; it exists from the beginning.
  explicit Disk(std::string root);
  void apply(const TraceEvent& event);
  /// Is there anything that a power cut could lose?
  bool has_unsynced() const;

  /// Files by their path below the root; folders end in '/'.
  using Image = std::map<std::string, std::string>;
  Image image(const Keep& keep, std::mt19937_64& random) const;

 private:
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  struct Change {  // of a file: a write or a truncation; of a folder: a name
    uint64_t offset = 0;
    std::string data;
    bool truncates = false;
    bool durable = false;       // O_DSYNC
    std::string removes, adds;  // names
    NodePtr node;
  };
  struct Node {
    bool folder = false;
    std::string content;                   // durable
    std::map<std::string, NodePtr> names;  // durable
    std::vector<Change> changes;           // since
  };

  static void apply_write(std::string& content, const Change& change);
  static void apply_name(std::map<std::string, NodePtr>& names, const Change& change);
  static void settle(Node& node);
  static std::map<std::string, NodePtr> names_now(const Node& node);
  NodePtr at(const std::string& path, std::string* name = nullptr) const;
  std::string file_image(const Node& node, const Keep& keep, std::mt19937_64& random) const;
  void folder_image(const Node& node, const std::string& prefix, const Keep& keep,
                    std::mt19937_64& random, Image& image, int depth) const;

  std::string root_;
  NodePtr top_;
  std::map<uint64_t, NodePtr> by_inode_;
};

}  // namespace wakeful::powercut
