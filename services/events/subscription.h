// Subscription: the messages of one SubscribeEvents call: first what stands in the log, then what
// is appended, until the caller hangs up.
//
// What stands there is read through the workspace's index, so a small workspace in a large store
// does not pay for its neighbours; then a follower of the log takes over at the position the log
// had before, which leaves neither gap nor overlap. Each subscriber has its own place: one that is
// slow is fed from disk and holds up nobody.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/clock.h"
#include "eventstore/log/event_log.h"
#include "services/events/event_filter.h"
#include "services/runtime/calls/stream_call.h"
#include "services/runtime/reads/render_event.h"

namespace kith::events {

// What subscribers are told besides events.
struct SubscriptionOptions {
  // A Checkpoint is due after so many events of the workspace without one that the client could
  // resume at, or so long.
  uint64_t checkpoint_events = 1000;
  absl::Duration checkpoint_interval = absl::Seconds(10);
  // A Heartbeat is due when nothing was sent for so long.
  absl::Duration heartbeat_interval = absl::Seconds(10);
};

// One thread at a time.
class Subscription final : public runtime::StreamSource<v1::SubscribeEventsResponse> {
 public:
  // Borrowed; it outlives the subscription.
  struct Environment {
    eventstore::EventLog& log;
    const eventstore::EventRegistry& registry;
    const runtime::EventRenderer& renderer;
    const Clock& clock;
    SubscriptionOptions options;
  };

  // Reads from disk.
  static absl::StatusOr<std::unique_ptr<Subscription>> Open(
      const Environment& environment, WorkspaceId workspace,
      const v1::SubscribeEventsRequest& request);

  absl::StatusOr<Next> Fill(v1::SubscribeEventsResponse* response) override;
  void Wake(absl::AnyInvocable<void()> wake) override;
  absl::Duration IdleMax() const override;

 private:
  Subscription(const Environment& environment, WorkspaceId workspace, runtime::PayloadFormat format,
               EventFilter filter, absl::Time since)
      : environment_(environment),
        workspace_(workspace),
        format_(format),
        filter_(std::move(filter)),
        since_(since) {}

  // The next record of the log to look at; null when there is none now.
  absl::StatusOr<std::shared_ptr<const eventstore::Record>> NextRecord();
  // Moves on, adding what passes to `events`, until the message is full, a checkpoint is due, the
  // step was long enough or there is no more. False: there is no more now.
  absl::StatusOr<bool> TakeRecords(v1::SubscribeEventsResponse* response);
  bool Passes(const eventstore::EventHeader& header) const;
  // What is due when there is nothing else to send, if anything.
  bool FillWhenIdle(v1::SubscribeEventsResponse* response);
  void FillCheckpoint(v1::SubscribeEventsResponse* response);

  const Environment environment_;
  const WorkspaceId workspace_;
  const runtime::PayloadFormat format_;
  const EventFilter filter_;
  const absl::Time since_;  // events recorded before it are passed over

  std::unique_ptr<eventstore::RecordCursor> standing_;    // null once it was read to its end
  std::unique_ptr<eventstore::EventLog::Follower> live_;  // null until then
  std::deque<std::shared_ptr<const eventstore::Record>> polled_;

  Position position_;         // everything of the workspace up to here was sent or passed over
  Sequence sequence_;         // the workspace's last event up to there
  uint64_t passed_over_ = 0;  // events of the workspace since the last one the client can resume at
  bool caught_up_ = false;    // and the client was told
  bool pausing_ = false;      // idle only between two steps
  absl::Duration sent_;       // when the client was last sent something
  absl::Duration resumable_;  // when it was last sent a place to resume at
};

}  // namespace kith::events
