#include "disk.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace wakeful::powercut {

std::vector<TraceEvent> read_trace(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("no trace " + file + ": was the recorder loaded?");
  std::vector<TraceEvent> events;
  EventHeader header;
  while (in.read(reinterpret_cast<char*>(&header), sizeof header)) {
    if (header.magic != EventHeader::kMagic) throw std::runtime_error("not a trace: " + file);
    TraceEvent event{header.event, header.inode, header.offset, {}, {}, {}};
    event.path.resize(header.path_bytes);
    event.path2.resize(header.path2_bytes);
    event.data.resize(header.data_bytes);
    in.read(event.path.data(), header.path_bytes);
    in.read(event.path2.data(), header.path2_bytes);
    in.read(event.data.data(), static_cast<std::streamsize>(header.data_bytes));
    if (!in) throw std::runtime_error("the trace " + file + " ends in the middle of an event");
    events.push_back(std::move(event));
  }
  return events;
}

Disk::Disk(std::string root) : root_(std::move(root)), top_(std::make_shared<Node>()) {
  top_->folder = true;
}

/// The node of a path; with `name`, the folder that holds it, and its name there.
Disk::NodePtr Disk::at(const std::string& path, std::string* name) const {
  if (path.compare(0, root_.size(), root_) != 0)
    throw std::runtime_error(path + " lies outside of the disk");
  NodePtr node = top_;
  size_t begin = root_.size() + 1;
  while (node && begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    if (name && end == path.size()) {
      *name = part;
      return node;
    }
    const auto names = names_now(*node);
    const auto found = names.find(part);
    node = found == names.end() ? nullptr : found->second;
    begin = end + 1;
  }
  return node;
}

std::map<std::string, Disk::NodePtr> Disk::names_now(const Node& node) {
  auto names = node.names;
  for (const Change& change : node.changes) apply_name(names, change);
  return names;
}

void Disk::apply_name(std::map<std::string, NodePtr>& names, const Change& change) {
  if (!change.removes.empty()) names.erase(change.removes);
  if (!change.adds.empty()) names[change.adds] = change.node;
}

void Disk::apply_write(std::string& content, const Change& change) {
  if (change.truncates) {
    content.resize(change.offset);
    return;
  }
  if (content.size() < change.offset + change.data.size())
    content.resize(change.offset + change.data.size());
  content.replace(change.offset, change.data.size(), change.data);
}

void Disk::settle(Node& node) {
  for (const Change& change : node.changes)
    if (node.folder)
      apply_name(node.names, change);
    else
      apply_write(node.content, change);
  node.changes.clear();
}

void Disk::apply(const TraceEvent& event) {
  std::string name, old_name;
  Change change;
  switch (event.event) {
    case Event::CreateFile:
    case Event::MakeFolder: {
      const NodePtr parent = at(event.path, &name);
      if (!parent) throw std::runtime_error(event.path + " is made in a folder that is not there");
      change.adds = name;
      change.node = std::make_shared<Node>();
      change.node->folder = event.event == Event::MakeFolder;
      by_inode_[event.inode] = change.node;
      parent->changes.push_back(change);
      break;
    }
    case Event::Rename: {
      const NodePtr parent = at(event.path2, &name);
      if (at(event.path, &old_name) != parent)
        throw std::runtime_error("a rename between folders: not modelled");
      change.removes = old_name;
      change.adds = name;
      change.node = at(event.path);
      parent->changes.push_back(change);
      break;
    }
    case Event::Remove: {
      const NodePtr parent = at(event.path, &name);
      change.removes = name;
      if (parent) parent->changes.push_back(change);
      break;
    }
    case Event::Write:
    case Event::WriteSynced:
    case Event::Truncate: {
      change.offset = event.offset;
      change.data = event.data;
      change.truncates = event.event == Event::Truncate;
      change.durable = event.event == Event::WriteSynced;
      const auto found = by_inode_.find(event.inode);
      if (found == by_inode_.end())
        throw std::runtime_error("a write to a file that was not created");
      found->second->changes.push_back(change);
      break;
    }
    case Event::Sync: {
      const auto found = by_inode_.find(event.inode);
      settle(found == by_inode_.end() ? *top_ : *found->second);
      break;
    }
    case Event::SyncAll:
      settle(*top_);
      for (auto& [inode, node] : by_inode_) settle(*node);
      break;
    case Event::Release:
      break;
  }
}

bool Disk::has_unsynced() const {
  if (!top_->changes.empty()) return true;
  return std::any_of(by_inode_.begin(), by_inode_.end(), [](const auto& entry) {
    const auto& changes = entry.second->changes;
    return std::any_of(changes.begin(), changes.end(),
                       [](const Change& change) { return !change.durable; });
  });
}

std::string Disk::file_image(const Node& node, const Keep& keep, std::mt19937_64& random) const {
  std::string content = node.content;
  std::string full = node.content;
  for (const Change& change : node.changes) {
    apply_write(full, change);
    if (keep.part == Keep::Part::All || change.durable) {
      apply_write(content, change);
    } else if (keep.part == Keep::Part::Some && change.truncates) {
      if (random() % 2) apply_write(content, change);
    } else if (keep.part == Keep::Part::Some) {
      for (size_t begin = 0; begin < change.data.size();) {
        const uint64_t place = change.offset + begin;
        const size_t size =
            std::min(change.data.size() - begin, keep.piece_bytes - place % keep.piece_bytes);
        if (random() % 2) {
          Change piece;
          piece.offset = place;
          piece.data = change.data.substr(begin, size);
          apply_write(content, piece);
        }
        begin += size;
      }
    }
  }
  if (keep.part != Keep::Part::Some) return content;
  // The length goes its own way: as far as the pieces reach, the new one with zeros, or the old
  // one.
  const uint64_t length = random() % 3;
  if (length == 1) content.resize(full.size());
  if (length == 2 && std::none_of(node.changes.begin(), node.changes.end(),
                                  [](const Change& c) { return c.durable; }))
    content.resize(std::min(content.size(), node.content.size()));
  return content;
}

void Disk::folder_image(const Node& node, const std::string& prefix, const Keep& keep,
                        std::mt19937_64& random, Image& image, int depth) const {
  if (depth > 16) throw std::runtime_error("folders nested too deep");
  auto names = node.names;
  for (const Change& change : node.changes)
    if (keep.part == Keep::Part::All || (keep.part == Keep::Part::Some && random() % 2))
      apply_name(names, change);
  for (const auto& [name, child] : names) {
    if (!child) continue;
    if (child->folder) {
      image[prefix + name + "/"];
      folder_image(*child, prefix + name + "/", keep, random, image, depth + 1);
    } else {
      image[prefix + name] = file_image(*child, keep, random);
    }
  }
}

Disk::Image Disk::image(const Keep& keep, std::mt19937_64& random) const {
  Image image;
  folder_image(*top_, "", keep, random, image, 0);
  return image;
}

}  // namespace wakeful::powercut
