// StateCache: folded states of the streams that commands touched lately. Bounded; the least
// recently used go first.
//
// States are immutable and shared. An entry is as of some revision, at most the stream's: whoever
// decides on it checks that revision where it matters. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/strong_id.h"
#include "services/runtime/commands/loaded_state.h"

namespace kith::runtime {

class StateCache {
 public:
  struct Found {
    Folded folded;
    bool outdated = false;  // further events are known to follow its revision
  };

  explicit StateCache(size_t entries_max) : shard_entries_max_(entries_max / kShards + 1) {}

  std::optional<Found> Find(const AggregateType& type, WorkspaceId workspace,
                            absl::string_view stream);
  // Keeps the later of this and what is there.
  void Put(const AggregateType& type, WorkspaceId workspace, absl::string_view stream,
           Folded folded);
  // Calls `evolve` with every aggregate that has a state of the stream, under a lock. What it
  // returns takes that state's place; nullopt marks it as outdated.
  using Evolve = absl::FunctionRef<std::optional<Folded>(const AggregateType&, const Folded&)>;
  void Update(WorkspaceId workspace, absl::string_view stream, Evolve evolve);
  // Marks every state of the stream as outdated: it is folded on from there when next asked for.
  void Outdate(WorkspaceId workspace, absl::string_view stream);

 private:
  static constexpr size_t kShards = 16;

  struct State {
    const AggregateType* type;
    Found found;
  };
  // A stream has as many states as there are aggregates folded from it: one, seldom two.
  struct Entry {
    std::string key;  // workspace and stream
    std::vector<State> states;
  };
  using Entries = std::list<Entry>;  // most recently used first

  struct Shard {
    Mutex mutex;
    Entries entries KITH_GUARDED_BY(mutex);
    absl::flat_hash_map<absl::string_view, Entries::iterator> index KITH_GUARDED_BY(mutex);
  };

  static std::string KeyOf(WorkspaceId workspace, absl::string_view stream);
  Shard& ShardOf(absl::string_view key);

  const size_t shard_entries_max_;
  std::array<Shard, kShards> shards_;
};

}  // namespace kith::runtime
