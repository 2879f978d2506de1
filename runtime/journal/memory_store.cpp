// A store for tests and --ephemeral: durable for as long as the process lives.
#include <map>
#include <mutex>
#include <unordered_map>

#include "lang/base/check.h"
#include "runtime/journal/store.h"

namespace wakeful {
namespace {

class MemoryStore final : public Store {
 public:
  Result<void> commit(const Commit& commit) override {
    std::lock_guard lock(mutex_);
    if (!commit.group.empty()) {
      WF_CHECK(commit.first == end_);
      groups_.emplace(commit.first.value, std::make_shared<const std::string>(commit.group));
      end_.value += commit.group.size();
    }
    for (const auto& [hash, bytes] : commit.programs) programs_[hash] = bytes;
    if (commit.run_table) run_table_ = commit.run_table;
    return {};
  }

  Result<std::optional<std::pair<Lsn, std::string>>> group_at(Lsn at) const override {
    std::lock_guard lock(mutex_);
    if (!at || at >= end_) return std::nullopt;
    const auto group = std::prev(groups_.upper_bound(at.value));
    return std::pair(Lsn{group->first}, *group->second);
  }

  Result<void> scan(Lsn from, const std::function<bool(Lsn, std::string_view)>& f) const override {
    // Group by group, so that the callback may read this store.
    for (Lsn at = from; at < end();) {
      std::shared_ptr<const std::string> bytes;
      {
        std::lock_guard lock(mutex_);
        const auto group = std::prev(groups_.upper_bound(at.value));
        at = Lsn{group->first};
        bytes = group->second;
      }
      if (!f(at, *bytes)) break;
      at.value += bytes->size();
    }
    return {};
  }

  Result<std::optional<std::string>> program(const std::string& hash) const override {
    std::lock_guard lock(mutex_);
    const auto found = programs_.find(hash);
    if (found == programs_.end()) return std::nullopt;
    return found->second;
  }

  Result<std::optional<std::string>> run_table() const override {
    std::lock_guard lock(mutex_);
    return run_table_;
  }

  Lsn end() const override {
    std::lock_guard lock(mutex_);
    return end_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<const std::string>>
      groups_;  // by the position of the first byte
  std::unordered_map<std::string, std::string> programs_;
  std::optional<std::string> run_table_;
  Lsn end_{1};
};

}  // namespace

std::unique_ptr<Store> open_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace wakeful
