// Lifecycle: whether a resource is there, and the fold that every aggregate of a resource begins
// with.
//
// Pure functions, any thread.
#pragma once

#include "eventstore/base/check.h"
#include "eventstore/log/standard_events.h"
#include "google/protobuf/message.h"
#include "services/core/decider.h"

namespace kith {

enum class Lifecycle {
  kAbsent,   // nothing happened yet
  kActive,   // there
  kDeleted,  // was there; its history stays
};

// Folds an event of a resource's stream: created, updated and deleted change `resource` as told in
// eventstore/log/standard_events.h, other events its etag and update time only. Returns the
// lifecycle after it.
template <class EventMessage>
Lifecycle FoldResource(const Recorded<EventMessage>& recorded, Lifecycle before,
                       google::protobuf::Message& resource) {
  switch (eventstore::FoldStandardEvent(
      {recorded.event, recorded.revision, recorded.occur_time, recorded.erased}, resource)) {
    case eventstore::StandardEvent::kCreated:
      return Lifecycle::kActive;
    case eventstore::StandardEvent::kDeleted:
      return Lifecycle::kDeleted;
    case eventstore::StandardEvent::kUpdated:
    case eventstore::StandardEvent::kOther:
      return before;
  }
  KITH_UNREACHABLE();
}

}  // namespace kith
