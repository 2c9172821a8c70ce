#include "projections/notifications/notice.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "kith/notifications/v1/notifications_service.pb.h"

namespace kith::notifications {
namespace {

constexpr absl::Duration kNewsMax = absl::Hours(24);
constexpr absl::Duration kLateMin = absl::Minutes(1);

}  // namespace

bool IsNews(const eventstore::EventHeader& header) {
  return header.record_time - header.occur_time <= kNewsMax;
}

absl::Status Tell(const eventstore::EventHeader& header, Notice notice,
                  projections::Reactions& reactions) {
  v1::CreateNotificationRequest request;
  v1::Notification& notification = *request.mutable_notification();
  notification.set_owner(notice.owner);
  notification.set_kind(notice.kind);
  notification.set_record(notice.record);
  notification.set_display_name(std::move(notice.text));
  notification.set_cause(absl::StrCat("events/", header.sequence.value()));
  return reactions.Add(request);
}

std::string Lateness(absl::Time planned, absl::Time told) {
  const absl::Duration late = told - planned;
  if (late < kLateMin) return "";
  return absl::StrCat(" (told ", absl::FormatDuration(absl::Trunc(late, kLateMin)), " late)");
}

}  // namespace kith::notifications
