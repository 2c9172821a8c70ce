// Where a read of the log begins: what a request says, as a number of the workspace or of a stream.
//
// Every way to say it comes down to a position; which event of a workspace or stream stands at or
// before a position is found by halving, because both rise with the position.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/event_log.h"
#include "kith/events/v1/events_service.pb.h"

namespace kith::events {

// The revision of the last event of `stream` at or before `position`; 0 when there is none. Reads
// from disk.
absl::StatusOr<Revision> RevisionAt(const eventstore::EventLog& log, WorkspaceId workspace,
                                    absl::string_view stream, Position position);

// A cursor over the events that the request asks for, in its direction, before its filter; null
// when there are none. ERROR_INVALID_TOKEN, ERROR_INVALID_FIELD. Reads from disk.
absl::StatusOr<std::unique_ptr<eventstore::RecordCursor>> OpenCursor(
    const eventstore::EventLog& log, WorkspaceId workspace, const v1::ReadEventsRequest& request);

// The position after which a subscription begins. ERROR_INVALID_TOKEN, ERROR_INVALID_FIELD,
// ERROR_OUT_OF_RANGE for a number beyond the next event. Reads from disk.
absl::StatusOr<Position> SubscriptionStart(const eventstore::EventLog& log, WorkspaceId workspace,
                                           const v1::SubscribeEventsRequest& request);

}  // namespace kith::events
