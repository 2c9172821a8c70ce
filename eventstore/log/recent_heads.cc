#include "eventstore/log/recent_heads.h"

#include <utility>

#include "absl/hash/hash.h"

namespace kith::eventstore {

RecentHeads::RecentHeads(size_t streams_max) : generation_max_(streams_max / (2 * kShards) + 1) {}

std::optional<StreamHead> RecentHeads::Find(absl::string_view head_key) const {
  const Shard& shard = shards_[absl::HashOf(head_key) % kShards];
  MutexLock lock(shard.mutex);
  for (const Heads* heads : {&shard.current, &shard.previous}) {
    if (const auto found = heads->find(head_key); found != heads->end()) return found->second;
  }
  return std::nullopt;
}

void RecentHeads::Put(std::string head_key, StreamHead head) {
  Shard& shard = shards_[absl::HashOf(absl::string_view(head_key)) % kShards];
  Heads forgotten;  // freed without the lock
  MutexLock lock(shard.mutex);
  if (shard.current.size() >= generation_max_) {
    forgotten = std::exchange(shard.previous, std::exchange(shard.current, Heads()));
  }
  shard.current.insert_or_assign(std::move(head_key), head);
}

void RecentHeads::Clear() {
  for (Shard& shard : shards_) {
    MutexLock lock(shard.mutex);
    shard.current.clear();
    shard.previous.clear();
  }
}

}  // namespace kith::eventstore
