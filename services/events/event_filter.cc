#include "services/events/event_filter.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kith/events/v1/events_errors.pb.h"
#include "services/core/reject.h"

namespace kith::events {

absl::StatusOr<EventFilter> EventFilter::Compile(const v1::EventFilter& filter,
                                                 const eventstore::EventRegistry& registry) {
  EventFilter compiled;
  compiled.stream_prefix_ = filter.stream_prefix();
  compiled.every_type_ = filter.types().empty();
  for (const std::string& name : filter.types()) {
    const size_t before = compiled.types_.size();
    for (std::string& category : registry.Categories()) {
      const EventType type = registry.TypeOf(category, name);
      if (type != EventType()) compiled.types_.emplace_back(std::move(category), type);
    }
    if (compiled.types_.size() == before) {
      return Reject(v1::EVENTS_ERROR_UNKNOWN_EVENT_TYPE,
                    absl::StrCat("There is no event type \"", name, "\"."), {{"type", name}});
    }
  }
  return compiled;
}

bool EventFilter::Passes(const eventstore::EventHeader& header) const {
  if (!absl::StartsWith(header.stream, stream_prefix_)) return false;
  if (every_type_) return true;
  const absl::string_view category = eventstore::CategoryOf(header.stream);
  return std::any_of(types_.begin(), types_.end(), [&](const Type& type) {
    return type.second == header.type && type.first == category;
  });
}

}  // namespace kith::events
