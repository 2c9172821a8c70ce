#include "services/events/event_range.h"

#include <algorithm>
#include <limits>
#include <string>

#include "absl/time/time.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "services/core/reject.h"
#include "services/runtime/reads/read_position.h"
#include "services/runtime/requests/validate.h"

namespace kith::events {

using eventstore::Direction;
using eventstore::EventLog;
using eventstore::ReadTier;
using eventstore::RecordCursor;

namespace {

constexpr Position kEnd(std::numeric_limits<uint64_t>::max());

constexpr Position Before(Position position) {
  return Position(position.value() == 0 ? 0 : position.value() - 1);
}

absl::Status CheckNotNegative(absl::string_view field, int64_t value) {
  if (value >= 0) return absl::OkStatus();
  return runtime::ViolationError(field, "must not be negative");
}

// A position between the workspace's event before number `sequence` and that event; kEnd when the
// workspace ends earlier.
absl::StatusOr<Position> BeforeSequence(const EventLog& log, WorkspaceId workspace,
                                        int64_t sequence) {
  KITH_RETURN_IF_ERROR(CheckNotNegative("sequence", sequence));
  if (sequence <= 1) return Position();
  const Sequence before(static_cast<uint64_t>(sequence) - 1);
  if (before > log.WorkspaceHead(workspace)) return kEnd;
  return log.PositionOf(workspace, before, ReadTier::kDisk);
}

// The last position recorded at or before `time`, for ever the same. May wait for an fsync.
absl::StatusOr<Position> PositionAtSettled(const EventLog& log, absl::Time time) {
  KITH_ASSIGN_OR_RETURN(const absl::Time settled, log.SettleAndWait(time));
  return log.PositionAt(settled, ReadTier::kDisk);
}

// The last position recorded before `time`.
absl::StatusOr<Position> BeforeTime(const EventLog& log, const google::protobuf::Timestamp& time) {
  return PositionAtSettled(log, FromTimestamp(time) - absl::Microseconds(1));
}

// A forward read begins after this position.
absl::StatusOr<Position> ForwardStart(const EventLog& log, WorkspaceId workspace,
                                      const v1::ReadEventsRequest& request) {
  switch (request.from_case()) {
    case v1::ReadEventsRequest::kToken:
      return runtime::PositionOfToken(log, request.token());
    case v1::ReadEventsRequest::kSequence:
      return BeforeSequence(log, workspace, request.sequence());
    case v1::ReadEventsRequest::kTime:
      return BeforeTime(log, request.time());
    case v1::ReadEventsRequest::kRevision:  // is no position: OpenCursor uses it as it is
    case v1::ReadEventsRequest::FROM_NOT_SET:
      return Position();
  }
  return Position();
}

// A backward read begins at or before this position.
absl::StatusOr<Position> BackwardStart(const EventLog& log, WorkspaceId workspace,
                                       const v1::ReadEventsRequest& request) {
  switch (request.from_case()) {
    case v1::ReadEventsRequest::kToken: {
      KITH_ASSIGN_OR_RETURN(const Position position,
                            runtime::PositionOfToken(log, request.token()));
      return Before(position);
    }
    case v1::ReadEventsRequest::kSequence:
      KITH_RETURN_IF_ERROR(CheckNotNegative("sequence", request.sequence()));
      if (request.sequence() == 0) return Position();
      return log.PositionOf(workspace, Sequence(static_cast<uint64_t>(request.sequence())),
                            ReadTier::kDisk);
    case v1::ReadEventsRequest::kTime:
      return PositionAtSettled(log, FromTimestamp(request.time()));
    case v1::ReadEventsRequest::kRevision:  // is no position: OpenCursor uses it as it is
    case v1::ReadEventsRequest::FROM_NOT_SET:
      return kEnd;
  }
  return kEnd;
}

// The number, among the events of the stream or of the workspace, of the last one at or before
// `position`.
absl::StatusOr<uint64_t> NumberAt(const EventLog& log, WorkspaceId workspace,
                                  absl::string_view stream, Position position) {
  if (!stream.empty()) {
    KITH_ASSIGN_OR_RETURN(const Revision revision, RevisionAt(log, workspace, stream, position));
    return revision.value();
  }
  KITH_ASSIGN_OR_RETURN(const Sequence sequence,
                        runtime::SequenceAt(log, workspace, position, ReadTier::kDisk));
  return sequence.value();
}

// The number of the first event to read; 0 when there is none.
absl::StatusOr<uint64_t> FirstNumber(const EventLog& log, WorkspaceId workspace,
                                     const v1::ReadEventsRequest& request) {
  KITH_ASSIGN_OR_RETURN(const uint64_t last, NumberAt(log, workspace, request.stream(), kEnd));
  uint64_t first = 0;
  if (request.from_case() == v1::ReadEventsRequest::kRevision) {
    KITH_RETURN_IF_ERROR(CheckNotNegative("revision", request.revision()));
    first = static_cast<uint64_t>(request.revision());
    if (!request.backwards()) first = std::max<uint64_t>(first, 1);
  } else if (request.backwards()) {
    KITH_ASSIGN_OR_RETURN(const Position start, BackwardStart(log, workspace, request));
    KITH_ASSIGN_OR_RETURN(first, NumberAt(log, workspace, request.stream(), start));
  } else {
    KITH_ASSIGN_OR_RETURN(const Position start, ForwardStart(log, workspace, request));
    KITH_ASSIGN_OR_RETURN(first, NumberAt(log, workspace, request.stream(), start));
    ++first;
  }
  if (request.backwards()) return std::min(first, last);
  return first <= last ? first : 0;
}

}  // namespace

absl::StatusOr<Revision> RevisionAt(const EventLog& log, WorkspaceId workspace,
                                    absl::string_view stream, Position position) {
  KITH_ASSIGN_OR_RETURN(const eventstore::StreamHead head,
                        log.HeadOf(workspace, stream, ReadTier::kDisk));
  if (head.position <= position) return head.revision;
  uint64_t low = 0;  // stands at or before the position, or is before the first
  uint64_t high = head.revision.value();  // stands after it
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    const std::unique_ptr<RecordCursor> cursor =
        log.ReadStream(workspace, stream, Revision(middle), Direction::kForwards, ReadTier::kDisk);
    KITH_ASSIGN_OR_RETURN(const std::shared_ptr<const eventstore::Record> record, cursor->Next());
    (record != nullptr && record->header.position <= position ? low : high) = middle;
  }
  return Revision(low);
}

absl::StatusOr<std::unique_ptr<RecordCursor>> OpenCursor(const EventLog& log, WorkspaceId workspace,
                                                         const v1::ReadEventsRequest& request) {
  if (request.from_case() == v1::ReadEventsRequest::kRevision && request.stream().empty()) {
    return runtime::ViolationError("revision", "needs a stream");
  }
  KITH_ASSIGN_OR_RETURN(const uint64_t first, FirstNumber(log, workspace, request));
  if (first == 0) return nullptr;
  const Direction direction = request.backwards() ? Direction::kBackwards : Direction::kForwards;
  if (request.stream().empty()) return log.ReadWorkspace(workspace, Sequence(first), direction);
  return log.ReadStream(workspace, request.stream(), Revision(first), direction, ReadTier::kDisk);
}

absl::StatusOr<Position> SubscriptionStart(const EventLog& log, WorkspaceId workspace,
                                           const v1::SubscribeEventsRequest& request) {
  switch (request.from_case()) {
    case v1::SubscribeEventsRequest::kToken:
      return runtime::PositionOfToken(log, request.token());
    case v1::SubscribeEventsRequest::kSequence: {
      KITH_ASSIGN_OR_RETURN(const Position start,
                            BeforeSequence(log, workspace, request.sequence()));
      if (start != kEnd) return start;
      return Reject(type::v1::ERROR_OUT_OF_RANGE, "The workspace has no such event yet.",
                    {{"sequence", std::to_string(request.sequence())}});
    }
    case v1::SubscribeEventsRequest::kTime:
      return BeforeTime(log, request.time());
    case v1::SubscribeEventsRequest::kNow:
      return log.head();
    case v1::SubscribeEventsRequest::FROM_NOT_SET:
      return Position();
  }
  return Position();
}

}  // namespace kith::events
