#include "services/runtime/commands/hot_streams.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"

namespace kith::runtime {

std::string HotStreams::KeyOf(WorkspaceId workspace, absl::string_view stream) {
  return absl::StrCat(workspace.value(), "/", stream);
}

HotStreams::Place HotStreams::Join(const std::string& key, Transaction& transaction) {
  MutexLock lock(mutex_);
  const auto found = waiting_.find(key);
  return found == waiting_.end() ? Place::kNone : Wait(found->second, transaction);
}

HotStreams::Place HotStreams::Enter(const std::string& key, Transaction& transaction) {
  MutexLock lock(mutex_);
  const auto [place, is_first] = waiting_.try_emplace(key);
  hot_.store(waiting_.size(), std::memory_order_relaxed);
  return is_first ? Place::kTurn : Wait(place->second, transaction);
}

HotStreams::Place HotStreams::Wait(Waiting& waiting, Transaction& transaction) {
  if (waiting.size() >= kWaitingMax) return Place::kFull;
  waiting.push_back(&transaction);
  return Place::kWaits;
}

Transaction* HotStreams::Leave(const std::string& key) {
  MutexLock lock(mutex_);
  const auto place = waiting_.find(key);
  KITH_CHECK(place != waiting_.end());
  if (place->second.empty()) {
    waiting_.erase(place);
    hot_.store(waiting_.size(), std::memory_order_relaxed);
    return nullptr;
  }
  Transaction* const next = place->second.front();
  place->second.pop_front();
  return next;
}

}  // namespace kith::runtime
