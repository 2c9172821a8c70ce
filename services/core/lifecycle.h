// Lifecycle: whether a resource is there, and the fold that every aggregate of a resource begins
// with.
//
// Pure functions, any thread.
#pragma once

#include "eventstore/base/check.h"
#include "eventstore/base/standard_events.h"
#include "google/protobuf/message.h"
#include "services/core/decider.h"

namespace kith {

enum class Lifecycle {
  kAbsent,   // nothing happened yet
  kActive,   // there
  kDeleted,  // was there; its history stays
  kMerged,   // was merged into another, which its name means; its history stays
};

// Folds an event of a resource's stream: standard events change `resource` as told in
// eventstore/base/standard_events.h, other events its etag and update time only, unless `fold`
// knows more of them. Returns the lifecycle after it.
template <class EventMessage, class Resource, class Fold = decltype(&FoldStandardEvent)>
Lifecycle FoldResource(const Recorded<EventMessage>& recorded, Lifecycle before, Resource& resource,
                       Fold fold = FoldStandardEvent) {
  switch (
      fold({recorded.event, recorded.revision, recorded.occur_time, recorded.erased}, resource)) {
    case StandardEvent::kCreated:
    case StandardEvent::kUndeleted:
    case StandardEvent::kUnmergedFrom:
      return Lifecycle::kActive;
    case StandardEvent::kDeleted:
      return Lifecycle::kDeleted;
    case StandardEvent::kMergedInto:
      return Lifecycle::kMerged;
    case StandardEvent::kMerged:
    case StandardEvent::kUnmerged:
    case StandardEvent::kUpdated:
    case StandardEvent::kOther:
      return before;
  }
  KITH_UNREACHABLE();
}

}  // namespace kith
