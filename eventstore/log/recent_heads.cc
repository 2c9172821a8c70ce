#include "eventstore/log/recent_heads.h"

#include <utility>

#include "absl/hash/hash.h"

namespace kith::eventstore {

RecentHeads::RecentHeads(size_t streams_max) : generation_max_(streams_max / (2 * kShards) + 1) {}

RecentHeads::Shard& RecentHeads::ShardOf(absl::string_view head_key) const {
  return shards_[absl::HashOf(head_key) % kShards];
}

std::optional<StreamHead> RecentHeads::Find(absl::string_view head_key) const {
  const Shard& shard = ShardOf(head_key);
  MutexLock lock(shard.mutex);
  for (const Heads* heads : {&shard.current, &shard.previous}) {
    if (const auto found = heads->find(head_key); found != heads->end()) return found->second;
  }
  return std::nullopt;
}

void RecentHeads::Put(std::string head_key, StreamHead head) {
  Shard& shard = ShardOf(head_key);
  Heads forgotten;
  MutexLock lock(shard.mutex);
  forgotten = Insert(std::move(head_key), head, shard);
}

uint64_t RecentHeads::EpochOf(absl::string_view head_key) const {
  const Shard& shard = ShardOf(head_key);
  MutexLock lock(shard.mutex);
  return shard.epoch;
}

void RecentHeads::Learn(absl::string_view head_key, StreamHead head, uint64_t epoch) {
  Shard& shard = ShardOf(head_key);
  Heads forgotten;
  MutexLock lock(shard.mutex);
  // Whatever was put since the epoch was asked for is still here.
  if (shard.epoch != epoch || shard.current.contains(head_key) ||
      shard.previous.contains(head_key)) {
    return;
  }
  forgotten = Insert(std::string(head_key), head, shard);
}

RecentHeads::Heads RecentHeads::Insert(std::string head_key, StreamHead head, Shard& shard) const {
  Heads forgotten;
  if (shard.current.size() >= generation_max_) {
    forgotten = std::exchange(shard.previous, std::exchange(shard.current, Heads()));
    ++shard.epoch;
  }
  shard.current.insert_or_assign(std::move(head_key), head);
  return forgotten;
}

void RecentHeads::Clear() {
  for (Shard& shard : shards_) {
    MutexLock lock(shard.mutex);
    shard.current.clear();
    shard.previous.clear();
    ++shard.epoch;
  }
}

}  // namespace kith::eventstore
