// Feeder: follows the log on a thread of its own, decodes each event once, and feeds the views that
// are near.
//
// It begins at the head and never waits for a view. Those that are behind, because they are new or
// slow or because it had to leave a stretch out, read what they lack by themselves
// (catch_up.h) and join.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"
#include "projections/engine/event_decoder.h"
#include "projections/engine/lane.h"

namespace kith::projections {

// Built and stopped by the store; all it borrows outlives it.
class Feeder {
 public:
  // It begins after `begin`.
  Feeder(eventstore::EventLog& log, const EventDecoder& decoder,
         const std::vector<std::unique_ptr<Lane>>& lanes, Position begin);
  ~Feeder();  // Stop was called

  void Start();
  // Returns when the thread has ended.
  void Stop();

 private:
  void Follow();
  absl::Status FeedSome();
  // Leaves out what cannot be read here, up to the head.
  void LeaveOut();
  void Offer(const std::shared_ptr<const Chunk>& chunk);
  eventstore::EventLog::Follower& follower();

  eventstore::EventLog& log_;
  const EventDecoder& decoder_;
  const std::vector<std::unique_ptr<Lane>>& lanes_;
  Mutex mutex_;
  std::unique_ptr<eventstore::EventLog::Follower> follower_
      KITH_GUARDED_BY(mutex_);  // replaced by the thread
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace kith::projections
