#include "services/events/event_reader.h"

#include <limits>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "services/events/event_range.h"
#include "services/events/event_slots.h"
#include "services/runtime/requests/validate.h"

namespace kith::events {

absl::StatusOr<std::unique_ptr<EventReader>> EventReader::Open(
    const eventstore::EventLog& log, const eventstore::EventRegistry& registry,
    const runtime::EventRenderer& renderer, WorkspaceId workspace,
    const v1::ReadEventsRequest& request) {
  if (request.limit() < 0) return runtime::ViolationError("limit", "must not be negative");
  KITH_ASSIGN_OR_RETURN(EventFilter filter, EventFilter::Compile(request.filter(), registry));
  KITH_ASSIGN_OR_RETURN(std::unique_ptr<eventstore::RecordCursor> cursor,
                        OpenCursor(log, workspace, request));
  const int64_t limit =
      request.limit() == 0 ? std::numeric_limits<int64_t>::max() : request.limit();
  return std::unique_ptr<EventReader>(new EventReader(renderer, runtime::FormatOf(request),
                                                      std::move(filter), std::move(cursor), limit));
}

absl::StatusOr<EventReader::Next> EventReader::Fill(v1::ReadEventsResponse* response) {
  EventSlots slots(response->mutable_events());
  size_t bytes = 0;
  for (int scanned = 0; cursor_ != nullptr && scanned < kStepRecordsMax; ++scanned) {
    KITH_ASSIGN_OR_RETURN(const std::shared_ptr<const eventstore::Record> record, cursor_->Next());
    if (record == nullptr) {
      cursor_ = nullptr;
      break;
    }
    if (!filter_.Passes(record->header)) continue;
    KITH_RETURN_IF_ERROR(renderer_.Render(*record, format_, slots.Next()));
    if (--left_ == 0) cursor_ = nullptr;
    bytes += MessageBytesOf(*record);
    if (bytes >= kMessageBytesMax || slots.count() == kMessageEventsMax) break;
  }
  if (slots.count() > 0) return Next::kMessage;
  return cursor_ == nullptr ? Next::kEnd : Next::kIdle;
}

size_t MessageBytesOf(const eventstore::Record& record) {
  constexpr size_t kHeaderBytes = 256;
  size_t bytes = kHeaderBytes + record.payload.size();
  for (const eventstore::SealedPart& part : record.sealed) bytes += part.ciphertext.size();
  return bytes;
}

}  // namespace kith::events
