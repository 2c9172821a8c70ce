#include "services/runtime/commands/state_cache.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"

namespace kith::runtime {

std::string StateCache::KeyOf(WorkspaceId workspace, absl::string_view stream) {
  return absl::StrCat(workspace.value(), "/", stream);
}

StateCache::Shard& StateCache::ShardOf(absl::string_view key) {
  return shards_[absl::HashOf(key) % kShards];
}

std::optional<StateCache::Found> StateCache::Find(const AggregateType& type, WorkspaceId workspace,
                                                  absl::string_view stream) {
  const std::string key = KeyOf(workspace, stream);
  Shard& shard = ShardOf(key);
  MutexLock lock(shard.mutex);
  const auto at = shard.index.find(key);
  if (at == shard.index.end()) return std::nullopt;
  shard.entries.splice(shard.entries.begin(), shard.entries, at->second);
  for (const State& state : at->second->states) {
    if (state.type == &type) return state.found;
  }
  return std::nullopt;
}

void StateCache::Put(const AggregateType& type, WorkspaceId workspace, absl::string_view stream,
                     Folded folded) {
  std::string key = KeyOf(workspace, stream);
  Shard& shard = ShardOf(key);
  Entry evicted;  // freed without the lock
  MutexLock lock(shard.mutex);
  auto at = shard.index.find(key);
  if (at == shard.index.end()) {
    if (shard.entries.size() >= shard_entries_max_) {
      shard.index.erase(shard.entries.back().key);
      evicted = std::move(shard.entries.back());
      shard.entries.pop_back();
    }
    shard.entries.push_front({std::move(key), {}});
    at = shard.index.emplace(shard.entries.front().key, shard.entries.begin()).first;
  } else {
    shard.entries.splice(shard.entries.begin(), shard.entries, at->second);
  }
  std::vector<State>& states = at->second->states;
  const auto state = std::find_if(states.begin(), states.end(),
                                  [&](const State& known) { return known.type == &type; });
  if (state == states.end()) {
    states.push_back({&type, {std::move(folded), false}});
  } else if (state->found.folded.revision <= folded.revision) {
    // An equal one was read again, and nothing had followed it: it is not outdated any more.
    state->found = {std::move(folded), false};
  }
}

void StateCache::Update(WorkspaceId workspace, absl::string_view stream, Evolve evolve) {
  const std::string key = KeyOf(workspace, stream);
  Shard& shard = ShardOf(key);
  MutexLock lock(shard.mutex);
  const auto at = shard.index.find(key);
  if (at == shard.index.end()) return;
  for (State& state : at->second->states) {
    std::optional<Folded> next = evolve(*state.type, state.found.folded);
    if (next.has_value()) {
      state.found = {*std::move(next), false};
    } else {
      state.found.outdated = true;
    }
  }
}

void StateCache::Outdate(WorkspaceId workspace, absl::string_view stream) {
  Update(workspace, stream,
         [](const AggregateType&, const Folded&) { return std::optional<Folded>(); });
}

}  // namespace kith::runtime
