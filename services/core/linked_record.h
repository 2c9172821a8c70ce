// LinkedRecord: what a decision must know of a resource that its command names: whether it is
// there. Of one that was merged into another whoever loads it by its name is given that one.
//
// The smallest fold of another capability's events, by their protos alone. An aggregate for it is
//
//   struct LinkedUser : LinkedAggregate<users::v1::User, users::v1::UserEvent> {
//     static constexpr absl::string_view kCategory = "users";
//   };
//
// and a pointer to the state of any of them is a pointer to a LinkedRecord. Pure functions, any
// thread.
#pragma once

#include <string>

#include "eventstore/base/check.h"
#include "eventstore/base/standard_events.h"
#include "services/core/decider.h"
#include "services/core/lifecycle.h"

namespace kith {

struct LinkedRecord {
  Lifecycle lifecycle = Lifecycle::kAbsent;
  // The record that its name means; empty unless it is merged.
  std::string merged_into = {};
};

template <class Resource>
struct LinkedState : LinkedRecord {};

template <class Resource, class EventMessage>
struct LinkedAggregate {
  using State = LinkedState<Resource>;
  using Event = EventMessage;
};

template <class Resource, class EventMessage>
LinkedState<Resource> Evolve(LinkedState<Resource> state, const Recorded<EventMessage>& recorded) {
  switch (KindOf(recorded.event, *Resource::descriptor())) {
    case StandardEvent::kCreated:
    case StandardEvent::kUndeleted:
    case StandardEvent::kUnmergedFrom:
      return {{Lifecycle::kActive}};
    case StandardEvent::kDeleted:
      return {{Lifecycle::kDeleted}};
    case StandardEvent::kMergedInto:
      return {{Lifecycle::kMerged, SurvivorIn(recorded.event)}};
    case StandardEvent::kMerged:
    case StandardEvent::kUnmerged:
    case StandardEvent::kUpdated:
    case StandardEvent::kOther:
      return state;
  }
  KITH_UNREACHABLE();
}

}  // namespace kith
