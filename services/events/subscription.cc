#include "services/events/subscription.h"

#include <algorithm>

#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "services/events/event_range.h"
#include "services/events/event_reader.h"
#include "services/events/event_slots.h"
#include "services/runtime/reads/read_position.h"

namespace kith::events {
namespace {

constexpr size_t kPollRecords = 1024;
// A live subscriber this many events of its workspace behind is no longer caught up.
constexpr uint64_t kBehindEvents = 4096;
// The clock and the timer that ends an idle time need not agree to the last microsecond.
constexpr absl::Duration kIdleMin = absl::Milliseconds(1);

}  // namespace

absl::StatusOr<std::unique_ptr<Subscription>> Subscription::Open(
    const Environment& environment, WorkspaceId workspace,
    const v1::SubscribeEventsRequest& request) {
  eventstore::EventLog& log = environment.log;
  KITH_ASSIGN_OR_RETURN(EventFilter filter,
                        EventFilter::Compile(request.filter(), environment.registry));
  KITH_ASSIGN_OR_RETURN(const Position start, SubscriptionStart(log, workspace, request));
  KITH_ASSIGN_OR_RETURN(const Sequence last_before,
                        runtime::SequenceAt(log, workspace, start, eventstore::ReadTier::kDisk));

  const absl::Time since =
      request.has_time() ? FromTimestamp(request.time()) : absl::InfinitePast();
  auto subscription = std::unique_ptr<Subscription>(new Subscription(
      environment, workspace, runtime::FormatOf(request), std::move(filter), since));
  subscription->position_ = start;
  subscription->sequence_ = last_before;
  subscription->sent_ = subscription->resumable_ = environment.clock.Elapsed();
  if (last_before < log.WorkspaceHead(workspace)) {
    subscription->standing_ =
        log.ReadWorkspace(workspace, last_before.Next(), eventstore::Direction::kForwards);
  }
  return subscription;
}

absl::StatusOr<Subscription::Next> Subscription::Fill(v1::SubscribeEventsResponse* response) {
  KITH_ASSIGN_OR_RETURN(const bool more, TakeRecords(response));
  const uint64_t last = environment_.log.WorkspaceHead(workspace_).value();
  if (last - sequence_.value() > kBehindEvents) caught_up_ = false;
  pausing_ = false;
  if (!response->events().events().empty()) {
    sent_ = resumable_ = environment_.clock.Elapsed();
    return Next::kMessage;
  }
  if (passed_over_ >= environment_.options.checkpoint_events) {
    FillCheckpoint(response);
    return Next::kMessage;
  }
  if (!more && FillWhenIdle(response)) return Next::kMessage;
  pausing_ = more;
  return Next::kIdle;
}

void Subscription::Wake(absl::AnyInvocable<void()> wake) {
  if (pausing_) return wake();
  live_->Wake(std::move(wake));
}

absl::Duration Subscription::IdleMax() const {
  absl::Duration due = sent_ + environment_.options.heartbeat_interval;
  if (passed_over_ > 0) {
    due = std::min(due, resumable_ + environment_.options.checkpoint_interval);
  }
  return std::max(due - environment_.clock.Elapsed(), kIdleMin);
}

absl::StatusOr<bool> Subscription::TakeRecords(v1::SubscribeEventsResponse* response) {
  EventSlots slots(response->mutable_events()->mutable_events());
  size_t bytes = 0;
  for (int scanned = 0; scanned < kStepRecordsMax; ++scanned) {
    KITH_ASSIGN_OR_RETURN(const std::shared_ptr<const eventstore::Record> record, NextRecord());
    if (record == nullptr) return false;
    position_ = record->header.position;
    sequence_ = record->header.sequence;
    if (!Passes(record->header)) {
      if (++passed_over_ >= environment_.options.checkpoint_events) return true;
      continue;
    }
    KITH_RETURN_IF_ERROR(environment_.renderer.Render(*record, format_, slots.Next()));
    passed_over_ = 0;
    bytes += MessageBytesOf(*record);
    if (bytes >= kMessageBytesMax || slots.count() == kMessageEventsMax) return true;
  }
  return true;
}

absl::StatusOr<std::shared_ptr<const eventstore::Record>> Subscription::NextRecord() {
  if (standing_ != nullptr) {
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record, standing_->Next());
    if (record != nullptr) return record;
    standing_ = nullptr;
  }
  if (live_ == nullptr) live_ = environment_.log.FollowWorkspace(workspace_, sequence_);
  if (polled_.empty()) {
    KITH_ASSIGN_OR_RETURN(auto records, live_->Poll(kPollRecords));
    polled_.assign(std::make_move_iterator(records.begin()),
                   std::make_move_iterator(records.end()));
    if (polled_.empty()) return nullptr;
  }
  std::shared_ptr<const eventstore::Record> record = std::move(polled_.front());
  polled_.pop_front();
  return record;
}

bool Subscription::Passes(const eventstore::EventHeader& header) const {
  return header.record_time >= since_ && filter_.Passes(header);
}

bool Subscription::FillWhenIdle(v1::SubscribeEventsResponse* response) {
  const absl::Duration now = environment_.clock.Elapsed();
  if (!caught_up_) {
    caught_up_ = true;
    response->mutable_caught_up()->set_sequence(static_cast<int64_t>(sequence_.value()));
  } else if (passed_over_ > 0 && now - resumable_ >= environment_.options.checkpoint_interval) {
    FillCheckpoint(response);
  } else if (now - sent_ >= environment_.options.heartbeat_interval) {
    const uint64_t last = environment_.log.WorkspaceHead(workspace_).value();
    response->mutable_heartbeat()->set_lag_events(static_cast<int64_t>(last - sequence_.value()));
  } else {
    return false;
  }
  sent_ = now;
  return true;
}

void Subscription::FillCheckpoint(v1::SubscribeEventsResponse* response) {
  v1::SubscribeEventsResponse::Checkpoint& checkpoint = *response->mutable_checkpoint();
  checkpoint.set_token(runtime::TokenAt(environment_.log, position_));
  checkpoint.set_sequence(static_cast<int64_t>(sequence_.value()));
  passed_over_ = 0;
  sent_ = resumable_ = environment_.clock.Elapsed();
}

}  // namespace kith::events
