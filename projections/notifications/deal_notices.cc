#include "projections/notifications/deal_notices.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/notifications/v1/notifications_service.pb.h"
#include "services/core/resource_name.h"

namespace kith::notifications {
namespace {

using deals::v1::Deal;

// What is told so long after it happened is no news: it was imported.
constexpr absl::Duration kNewsMax = absl::Hours(24);

// Whether the owner did it themselves.
bool IsOwn(const eventstore::EventHeader& header, const Deal& deal) {
  return header.actor == deal.owner() || header.on_behalf_of == deal.owner();
}

absl::Status Tell(const eventstore::EventHeader& header, const Deal& deal,
                  v1::NotificationKind kind, std::string text, projections::Reactions& reactions) {
  v1::CreateNotificationRequest request;
  v1::Notification& notification = *request.mutable_notification();
  notification.set_owner(deal.owner());
  notification.set_kind(kind);
  notification.set_record(deal.name());
  notification.set_display_name(std::move(text));
  notification.set_cause(absl::StrCat("events/", header.sequence.value()));
  return reactions.Add(request);
}

}  // namespace

absl::Status DealNotices::React(const eventstore::RecordedEvent& event,
                                projections::ViewBatch& batch,
                                projections::Reactions& reactions) const {
  const eventstore::EventHeader& header = event.header();
  if (header.record_time - header.occur_time > kNewsMax) return absl::OkStatus();
  for (const projections::RowChange& change : batch.changes()) {
    const auto* const before = change.before<Deal>();
    const auto* const after = change.after<Deal>();
    if (before == nullptr || after == nullptr || after->owner().empty()) continue;
    if (IsOwn(header, *after)) continue;
    if (after->owner() != before->owner()) {
      KITH_RETURN_IF_ERROR(Tell(header, *after, v1::ASSIGNMENT,
                                absl::StrCat("The deal ", after->display_name(), " is yours now."),
                                reactions));
    } else if (after->stage() != before->stage()) {
      KITH_RETURN_IF_ERROR(Tell(header, *after, v1::STAGE_CHANGE,
                                absl::StrCat("The deal ", after->display_name(), " stands in ",
                                             IdOf(after->stage()), " now."),
                                reactions));
    }
  }
  return absl::OkStatus();
}

}  // namespace kith::notifications
