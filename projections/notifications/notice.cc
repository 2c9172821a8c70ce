#include "projections/notifications/notice.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/clock_lag.h"
#include "kith/notifications/v1/notifications_service.pb.h"

namespace kith::notifications {
namespace {

constexpr absl::Duration kNewsMax = absl::Hours(24);
constexpr absl::Duration kLateMin = absl::Minutes(1);

void Write(const eventstore::EventHeader& header, Notice notice, v1::Notification& notification) {
  notification.set_kind(notice.kind);
  notification.set_record(notice.record);
  notification.set_display_name(std::move(notice.text));
  notification.set_cause(absl::StrCat("events/", header.sequence.value()));
}

}  // namespace

bool IsNews(const eventstore::EventHeader& header) {
  return eventstore::AgeWhenRecorded(header) <= kNewsMax;
}

absl::Status Tell(const eventstore::EventHeader& header, Notice notice,
                  projections::Reactions& reactions) {
  v1::CreateNotificationRequest request;
  request.mutable_notification()->set_owner(notice.owner);
  Write(header, std::move(notice), *request.mutable_notification());
  return reactions.Add(request);
}

absl::Status TellAll(const eventstore::EventHeader& header, Notice notice,
                     const std::vector<std::string>& users, projections::Reactions& reactions) {
  v1::TellUsersRequest request;
  Write(header, std::move(notice), *request.mutable_notification());
  for (const std::string& user : users) {
    request.add_users(user);
    const bool is_full = static_cast<size_t>(request.users_size()) == kToldAtOnceMax;
    if (!is_full && &user != &users.back()) continue;
    KITH_RETURN_IF_ERROR(reactions.Add(request));
    request.clear_users();
  }
  return absl::OkStatus();
}

std::string Lateness(absl::Time planned, absl::Time told) {
  const absl::Duration late = told - planned;
  if (late < kLateMin) return "";
  return absl::StrCat(" (told ", absl::FormatDuration(absl::Trunc(late, kLateMin)), " late)");
}

}  // namespace kith::notifications
