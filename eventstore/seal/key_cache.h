// KeyCache: people's keys as they were unwrapped, so that most sealing and unsealing reads no file.
//
// Of fixed size; a key takes the place that its slot number falls on, from whichever was there.
// Thread-safe.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "eventstore/base/mutex.h"
#include "eventstore/seal/cipher.h"
#include "eventstore/seal/key_slot.h"

namespace kith::eventstore {

class KeyCache {
 public:
  // `keys_max` is a multiple of kShards.
  explicit KeyCache(size_t keys_max);

  using Fetch = absl::FunctionRef<absl::StatusOr<std::optional<SecretKey>>()>;
  // The slot's key, from `fetch` when it is not here; a key that `fetch` finds is kept. `fetch`
  // runs under a lock that Erase takes too, so that a key erased after its slot was overwritten can
  // not come back.
  absl::StatusOr<std::optional<SecretKey>> Get(SlotNumber slot, Fetch fetch);
  void Erase(SlotNumber slot);

  static constexpr size_t kShards = 64;

 private:
  struct Entry {
    SlotNumber slot;  // 0 for none
    SecretKey key;
  };
  struct Shard {
    Mutex mutex;
    std::vector<Entry> entries KITH_GUARDED_BY(mutex);
  };
  Shard& ShardOf(SlotNumber slot) { return shards_[slot.value() % kShards]; }
  size_t PlaceOf(SlotNumber slot) const { return slot.value() / kShards % entries_per_shard_; }

  const size_t entries_per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace kith::eventstore
