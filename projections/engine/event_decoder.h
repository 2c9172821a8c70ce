// EventDecoder: makes chunks of records: decodes an event once for all the views that take it, and
// not at all where none does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/seal/key_store.h"
#include "projections/engine/feed.h"
#include "projections/engine/projection.h"

namespace kith::projections {

using Records = std::vector<std::shared_ptr<const eventstore::Record>>;

// Immutable once every view is added; then any thread. Borrows everything.
class EventDecoder {
 public:
  EventDecoder(const eventstore::EventRegistry& registry, const eventstore::KeyStore& keys)
      : registry_(registry), keys_(keys) {}

  // `view` is its number in FedEvent::takers.
  void Add(size_t view, const Projection& projection);

  // The events of `records`, which are not empty, that some of `views` take.
  std::shared_ptr<const Chunk> Decode(const Records& records, const ViewSet& views) const;

 private:
  struct Taker {
    size_t view;
    const Projection* projection;
  };

  absl::Span<const Taker> TakersOf(const eventstore::EventHeader& header) const;
  FedEvent Decode(const std::shared_ptr<const eventstore::Record>& record,
                  absl::Span<const Taker> takers, const ViewSet& views) const;

  const eventstore::EventRegistry& registry_;
  const eventstore::KeyStore& keys_;
  absl::flat_hash_map<std::string, std::vector<Taker>> takers_;  // by category
};

}  // namespace kith::projections
