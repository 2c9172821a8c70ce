// EventReader: the messages of one ReadEvents call.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "eventstore/log/event_log.h"
#include "services/events/event_filter.h"
#include "services/runtime/calls/stream_call.h"
#include "services/runtime/reads/render_event.h"

namespace kith::events {

// A message holds at most this many events and, but for a single large one, about this many bytes.
inline constexpr int kMessageEventsMax = 512;
inline constexpr size_t kMessageBytesMax = 256 << 10;
// One step looks at no more records than this: a filter that passes little must not hold up the
// reads of others.
inline constexpr int kStepRecordsMax = 4096;

// One thread at a time.
class EventReader final : public runtime::StreamSource<v1::ReadEventsResponse> {
 public:
  // Where a request begins, and how far it goes. Borrows the renderer.
  static absl::StatusOr<std::unique_ptr<EventReader>> Open(
      const eventstore::EventLog& log, const eventstore::EventRegistry& registry,
      const runtime::EventRenderer& renderer, WorkspaceId workspace,
      const v1::ReadEventsRequest& request);

  absl::StatusOr<Next> Fill(v1::ReadEventsResponse* response) override;
  // It is idle only between two steps.
  void Wake(absl::AnyInvocable<void()> wake) override { wake(); }

 private:
  EventReader(const runtime::EventRenderer& renderer, runtime::PayloadFormat format,
              EventFilter filter, std::unique_ptr<eventstore::RecordCursor> cursor, int64_t limit)
      : renderer_(renderer),
        format_(format),
        filter_(std::move(filter)),
        cursor_(std::move(cursor)),
        left_(limit) {}

  const runtime::EventRenderer& renderer_;
  const runtime::PayloadFormat format_;
  const EventFilter filter_;
  std::unique_ptr<eventstore::RecordCursor> cursor_;  // null at the end
  int64_t left_;                                      // how many events may still be sent
};

// About what an event adds to a message.
size_t MessageBytesOf(const eventstore::Record& record);

}  // namespace kith::events
