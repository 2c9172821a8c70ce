#include "services/notifications/notification_watch.h"

#include <algorithm>
#include <optional>

#include "eventstore/base/status_macros.h"
#include "projections/notifications/notification_directory.h"
#include "services/notifications/notification.h"

namespace kith::notifications {
namespace {

constexpr size_t kPollRecords = 1024;
// The connection is alive: said when nothing else was for so long.
constexpr absl::Duration kHeartbeat = absl::Seconds(10);
// The clock and the timer that ends an idle time need not agree to the last microsecond.
constexpr absl::Duration kIdleMin = absl::Milliseconds(1);

}  // namespace

NotificationWatch::NotificationWatch(const runtime::Runtime& runtime,
                                     const projections::TableCore& deleted, WorkspaceId workspace,
                                     std::string owner)
    : runtime_(runtime),
      view_(runtime.views.Find(NotificationDirectory::kName)),
      deleted_(deleted),
      workspace_(workspace),
      owner_(std::move(owner)),
      follower_(runtime.log.FollowWorkspace(workspace, runtime.log.WorkspaceHead(workspace))),
      awaited_(runtime.log.head()),
      sent_(runtime.clock.Elapsed()) {}

absl::StatusOr<NotificationWatch::Next> NotificationWatch::Fill(
    v1::WatchNotificationsResponse* response) {
  response->Clear();
  pausing_ = false;
  if (view_.position() < awaited_) return Next::kIdle;
  bool tells = !std::exchange(has_begun_, true);
  while (!tells) {
    if (happened_.empty()) {
      KITH_ASSIGN_OR_RETURN(const bool is_all, Poll());
      if (happened_.empty()) {
        pausing_ = !is_all;
        tells = is_all && runtime_.clock.Elapsed() - sent_ >= kHeartbeat;
        if (!tells) return Next::kIdle;
        break;
      }
    }
    awaited_ = happened_.front().position;
    if (view_.position() < awaited_) return Next::kIdle;
    KITH_ASSIGN_OR_RETURN(tells, Tell(happened_.front(), response));
    happened_.pop_front();
  }
  KITH_RETURN_IF_ERROR(Count(response));
  sent_ = runtime_.clock.Elapsed();
  return Next::kMessage;
}

void NotificationWatch::Wake(absl::AnyInvocable<void()> wake) {
  if (pausing_) return wake();
  if (view_.position() >= awaited_) return follower_->Wake(std::move(wake));
  // One that cannot get there now is looked at again after IdleMax.
  view_.WhenAt(awaited_, runtime_.clock.Elapsed() + kHeartbeat,
               [wake = std::move(wake)](const absl::Status& there) mutable {
                 if (there.ok()) wake();
               });
}

absl::Duration NotificationWatch::IdleMax() const {
  return std::clamp(sent_ + kHeartbeat - runtime_.clock.Elapsed(), kIdleMin, kHeartbeat);
}

absl::StatusOr<bool> NotificationWatch::Poll() {
  KITH_ASSIGN_OR_RETURN(const auto records, follower_->Poll(kPollRecords));
  for (const auto& record : records) {
    const eventstore::EventHeader& header = record->header;
    if (eventstore::CategoryOf(header.stream) != NotificationAggregate::kCategory) continue;
    // Several events of one in a row are one change.
    if (!happened_.empty() && happened_.back().name == header.stream) happened_.pop_back();
    happened_.push_back({header.stream, header.position});
  }
  return records.size() < kPollRecords;
}

absl::StatusOr<bool> NotificationWatch::Tell(const Happened& happened,
                                             v1::WatchNotificationsResponse* response) {
  const projections::ViewSnapshot snapshot = view_.Latest();
  KITH_ASSIGN_OR_RETURN(const std::optional<v1::Notification> row,
                        NotificationDirectory::Notifications().Get(
                            snapshot, workspace_, happened.name, eventstore::ReadTier::kDisk));
  if (row.has_value()) {
    if (row->owner() != owner_) return false;
    *response->mutable_notification() = *row;
    return true;
  }
  KITH_ASSIGN_OR_RETURN(
      const std::optional<std::string> bytes,
      deleted_.Get(snapshot, workspace_, happened.name, eventstore::ReadTier::kDisk));
  v1::Notification gone;
  if (!bytes.has_value()) return false;
  if (!gone.ParseFromString(*bytes)) return projections::MalformedRow();
  if (gone.owner() != owner_) return false;
  response->set_deleted(happened.name);
  return true;
}

absl::Status NotificationWatch::Count(v1::WatchNotificationsResponse* response) const {
  int unread = 0;
  KITH_RETURN_IF_ERROR(NotificationDirectory::Notifications().ScanIndex(
      view_.Latest(), workspace_, NotificationDirectory::kByOwnerAndRead,
      projections::KeyRange::Prefix(projections::KeyOf(owner_, false)),
      [&](const v1::Notification&) { return ++unread < kUnreadMax; }));
  response->set_unread_count(unread);
  return absl::OkStatus();
}

}  // namespace kith::notifications
