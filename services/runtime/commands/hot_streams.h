// HotStreams: the streams that several commands write at once, and whose turn it is at each.
//
// One append to a stream makes all others outdated that were decided on the state before, so that
// of many who try again together each may lose time after time. Who lost a stream takes its turn
// there instead, and who would write one at which others take turns waits behind them; the next one
// is decided when what the one before appended is folded. Where nobody lost, nothing is kept.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <deque>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/strong_id.h"

namespace kith::runtime {

class Transaction;

class HotStreams {
 public:
  // More do not wait at one stream.
  static constexpr size_t kWaitingMax = 1'000;

  enum class Place {
    kNone,   // nobody takes turns there
    kTurn,   // it is the transaction's turn, until it leaves
    kWaits,  // it has its turn when Leave answers it; another thread may do so at once
    kFull,
  };

  static std::string KeyOf(WorkspaceId workspace, absl::string_view stream);

  // One read of memory: for who lost nothing yet.
  bool none() const { return hot_.load(std::memory_order_relaxed) == 0; }
  // Waits where others take turns; kNone where none do.
  Place Join(const std::string& key, Transaction& transaction) KITH_EXCLUDES(mutex_);
  // Takes its turn, now or behind others; never kNone.
  Place Enter(const std::string& key, Transaction& transaction) KITH_EXCLUDES(mutex_);
  // The turn is over. Answers whose it is now; null where nobody waits.
  Transaction* Leave(const std::string& key) KITH_EXCLUDES(mutex_);

 private:
  using Waiting = std::deque<Transaction*>;
  static Place Wait(Waiting& waiting, Transaction& transaction);

  std::atomic<size_t> hot_ = 0;  // streams of waiting_
  Mutex mutex_;
  // Of the streams at which somebody has the turn, those behind.
  absl::flat_hash_map<std::string, Waiting> waiting_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::runtime
