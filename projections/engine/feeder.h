// Feeder: follows the log on a thread of its own, decodes each event once, and feeds every view.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/seal/key_store.h"
#include "projections/engine/feed.h"
#include "projections/engine/live_view.h"

namespace kith::projections {

// Built and stopped by the store; all it borrows outlives it.
class Feeder {
 public:
  // A view's index in `views` is its bit in FedEvent::takers.
  Feeder(eventstore::EventLog& log, const eventstore::EventRegistry& registry,
         const eventstore::KeyStore& keys, const std::vector<std::unique_ptr<LiveView>>& views);
  ~Feeder();  // Stop was called

  void Start();
  // Returns when the thread has ended. The feeds are closed before, so that it waits for none.
  void Stop();

 private:
  using Records = std::vector<std::shared_ptr<const eventstore::Record>>;

  // What a view has folded already when the feeder begins, so that nothing is decoded for it in
  // vain.
  struct Taker {
    uint64_t bit;
    Position after;
  };

  void Follow();
  absl::Status FeedSome();
  std::shared_ptr<const Chunk> Decode(const Records& records) const;
  uint64_t TakersOf(const eventstore::EventHeader& header) const;

  const eventstore::EventRegistry& registry_;
  const eventstore::KeyStore& keys_;
  const std::vector<std::unique_ptr<LiveView>>& views_;
  absl::flat_hash_map<std::string, std::vector<Taker>> takers_;  // by category
  std::unique_ptr<eventstore::EventLog::Follower> follower_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace kith::projections
