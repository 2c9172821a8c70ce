// Feeder: follows the log on a thread of its own, decodes each event once, and feeds every view.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
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

  // A view that takes a category; what it has folded already when the feeder begins is not decoded
  // for it.
  struct Taker {
    uint64_t bit;
    Position after;
    const Projection* projection;
  };

  void Follow();
  absl::Status FeedSome();
  std::shared_ptr<const Chunk> Decode(const Records& records) const;
  absl::Span<const Taker> TakersOf(const eventstore::EventHeader& header) const;
  FedEvent Decode(const std::shared_ptr<const eventstore::Record>& record,
                  absl::Span<const Taker> takers) const;

  const eventstore::EventRegistry& registry_;
  const eventstore::KeyStore& keys_;
  const std::vector<std::unique_ptr<LiveView>>& views_;
  absl::flat_hash_map<std::string, std::vector<Taker>> takers_;  // by category
  std::unique_ptr<eventstore::EventLog::Follower> follower_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace kith::projections
