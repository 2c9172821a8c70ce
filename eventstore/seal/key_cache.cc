#include "eventstore/seal/key_cache.h"

#include "eventstore/base/check.h"

namespace kith::eventstore {

KeyCache::KeyCache(size_t keys_max) : entries_per_shard_(keys_max / kShards) {
  KITH_CHECK(keys_max > 0 && keys_max % kShards == 0);
  for (Shard& shard : shards_) {
    MutexLock lock(shard.mutex);
    shard.entries.resize(entries_per_shard_);
  }
}

absl::StatusOr<std::optional<SecretKey>> KeyCache::Get(SlotNumber slot, Fetch fetch) {
  Shard& shard = ShardOf(slot);
  MutexLock lock(shard.mutex);
  Entry& entry = shard.entries[PlaceOf(slot)];
  if (entry.slot == slot) return entry.key;
  absl::StatusOr<std::optional<SecretKey>> found = fetch();
  if (found.ok() && found->has_value()) entry = {slot, **found};
  return found;
}

void KeyCache::Erase(SlotNumber slot) {
  Shard& shard = ShardOf(slot);
  MutexLock lock(shard.mutex);
  Entry& entry = shard.entries[PlaceOf(slot)];
  if (entry.slot == slot) entry = Entry();
}

}  // namespace kith::eventstore
