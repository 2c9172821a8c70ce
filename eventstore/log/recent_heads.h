// RecentHeads: the heads of the streams that were written or asked for lately, so that who asks
// again need not ask the engine. Most events of a CRM follow others of the same streams, and depend
// on the same few users and pipelines.
//
// Holds what was put, and what was read where nothing can have been put meanwhile: so it never
// holds a head older than the last one published. Two generations of maps: a full one pushes the
// other out whole. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/types.h"

namespace kith::eventstore {

class RecentHeads {
 public:
  // Remembers at least `streams_max` / 2 streams and at most about `streams_max`.
  explicit RecentHeads(size_t streams_max);

  // By the key of the table `heads`; nullopt where it has no word.
  std::optional<StreamHead> Find(absl::string_view head_key) const;
  void Put(std::string head_key, StreamHead head);
  // For who finds no word and reads the head elsewhere: what was asked before the reading is told
  // with what was read. That is left out where the stream was written since, or something was
  // forgotten, which may have been that.
  uint64_t EpochOf(absl::string_view head_key) const;
  void Learn(absl::string_view head_key, StreamHead head, uint64_t epoch);
  void Clear();

 private:
  static constexpr size_t kShards = 16;
  using Heads = absl::flat_hash_map<std::string, StreamHead>;

  struct Shard {
    mutable Mutex mutex;
    Heads current KITH_GUARDED_BY(mutex);
    Heads previous KITH_GUARDED_BY(mutex);
    uint64_t epoch KITH_GUARDED_BY(mutex) = 0;  // how often something was forgotten
  };

  Shard& ShardOf(absl::string_view head_key) const;
  // What is forgotten for it, to be freed without the lock.
  Heads Insert(std::string head_key, StreamHead head, Shard& shard) const
      KITH_REQUIRES(shard.mutex);

  const size_t generation_max_;
  mutable std::array<Shard, kShards> shards_;
};

}  // namespace kith::eventstore
