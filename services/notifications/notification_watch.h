// NotificationWatch: the messages of one WatchNotifications call: how many of a user's
// notifications are unread, and each that comes or changes, until the caller hangs up.
//
// It follows the workspace's events, and tells a notification as the directory has it, which it
// waits for: so what it tells is what a list that is asked afterwards shows.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/log/event_log.h"
#include "kith/notifications/v1/notifications_service.pb.h"
#include "projections/engine/view.h"
#include "projections/tables/table_core.h"
#include "services/runtime/calls/stream_call.h"
#include "services/runtime/runtime.h"

namespace kith::notifications {

// Of the unread ones so many are counted.
inline constexpr int kUnreadMax = 1'000;

// One thread at a time.
class NotificationWatch final : public runtime::StreamSource<v1::WatchNotificationsResponse> {
 public:
  // Borrows the runtime, and the table of those that were deleted.
  NotificationWatch(const runtime::Runtime& runtime, const projections::TableCore& deleted,
                    WorkspaceId workspace, std::string owner);

  absl::StatusOr<Next> Fill(v1::WatchNotificationsResponse* response) override;
  void Wake(absl::AnyInvocable<void()> wake) override;
  absl::Duration IdleMax() const override;

 private:
  // A notification to which something happened.
  struct Happened {
    std::string name;
    Position position;
  };

  // Takes what there is to look at now; false where it is only a part of it.
  absl::StatusOr<bool> Poll();
  // Tells the first that happened, where it is the user's.
  absl::StatusOr<bool> Tell(const Happened& happened, v1::WatchNotificationsResponse* response);
  absl::Status Count(v1::WatchNotificationsResponse* response) const;

  const runtime::Runtime& runtime_;
  projections::View& view_;
  const projections::TableCore& deleted_;
  const WorkspaceId workspace_;
  const std::string owner_;
  const std::unique_ptr<eventstore::EventLog::Follower> follower_;
  std::deque<Happened> happened_;
  Position awaited_;        // what the view has to have next
  bool has_begun_ = false;  // the first message was told
  bool pausing_ = false;    // idle only between two steps
  absl::Duration sent_;     // when something was last told
};

}  // namespace kith::notifications
