// RecentHeads: the heads of the streams that were written lately, so that an append to one of them
// need not ask the engine. Most events of a CRM follow others of the same streams.
//
// Holds what was put and forgets the oldest; it is never filled from reads, so it cannot hold a
// head older than the one on disk. Two generations of maps: a full one pushes the other out whole.
// Thread-safe.
#pragma once

#include <array>
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
  void Clear();

 private:
  static constexpr size_t kShards = 16;
  using Heads = absl::flat_hash_map<std::string, StreamHead>;

  struct Shard {
    mutable Mutex mutex;
    Heads current KITH_GUARDED_BY(mutex);
    Heads previous KITH_GUARDED_BY(mutex);
  };

  const size_t generation_max_;
  std::array<Shard, kShards> shards_;
};

}  // namespace kith::eventstore
