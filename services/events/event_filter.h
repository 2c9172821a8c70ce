// EventFilter: which events a reader wants, compiled once from the request.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/log/event_registry.h"
#include "kith/events/v1/events_service.pb.h"

namespace kith::events {

// Immutable; any thread.
class EventFilter {
 public:
  // EVENTS_ERROR_UNKNOWN_EVENT_TYPE when a type is of no category.
  static absl::StatusOr<EventFilter> Compile(const v1::EventFilter& filter,
                                             const eventstore::EventRegistry& registry);

  bool Passes(const eventstore::EventHeader& header) const;

 private:
  // An event type is a number within its category.
  using Type = std::pair<std::string, EventType>;

  std::string stream_prefix_;
  bool every_type_ = true;
  std::vector<Type> types_;
};

}  // namespace kith::events
