// TimelineReader: answers from the timeline view, whose rows point to the records in the log.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/seal/key_store.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/read_call.h"

namespace kith::interactions {

// Any thread, but not gRPC's: it reads from disk. Borrows everything.
class TimelineReader {
 public:
  TimelineReader(const eventstore::EventLog& log, const eventstore::EventRegistry& registry,
                 const eventstore::KeyStore& keys, const runtime::MethodTable& methods)
      : log_(log), registry_(registry), keys_(keys), methods_(methods) {}

  // INTERACTIONS_ERROR_INTERACTION_NOT_FOUND.
  absl::Status Get(const runtime::ReadContext& context, const v1::GetInteractionRequest& request,
                   v1::Interaction* response) const;
  // The parent's own changes are left out where the caller may not read it.
  // INTERACTIONS_ERROR_LINKED_RECORD_NOT_FOUND when nothing ever happened with the parent, not even
  // its creation; ERROR_INVALID_PAGE_TOKEN, ERROR_INVALID_FIELD.
  absl::Status List(const runtime::ReadContext& context, const v1::ListTimelineRequest& request,
                    v1::ListTimelineResponse* response) const;

 private:
  absl::StatusOr<std::shared_ptr<const eventstore::RecordedEvent>> EventAt(Position position) const;
  void RenderEntry(const eventstore::RecordedEvent& event, v1::TimelineEntry* entry) const;

  const eventstore::EventLog& log_;
  const eventstore::EventRegistry& registry_;
  const eventstore::KeyStore& keys_;
  const runtime::MethodTable& methods_;
};

}  // namespace kith::interactions
