#include "projections/notifications/deal_notices.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/deals/v1/staleness_events.pb.h"
#include "projections/notifications/doers.h"
#include "projections/notifications/notice.h"
#include "services/core/resource_name.h"

namespace kith::notifications {

using deals::v1::Deal;
using deals::v1::StalenessEvent;

namespace {

constexpr char kStaleness[] = "staleness";

bool IsOfStaleness(const eventstore::RecordedEvent& event) {
  return eventstore::CategoryOf(event.header().stream) == kStaleness;
}

absl::Status TellStale(const eventstore::EventHeader& header, const StalenessEvent& event,
                       projections::Reactions& reactions) {
  const deals::v1::DealWentStale& deal = event.deal_went_stale();
  if (deal.owner().empty()) return absl::OkStatus();
  return Tell(header,
              {deal.owner(), v1::STALE_DEAL, deal.name(),
               absl::StrCat("The deal ", deal.display_name(), " stands in ",
                            deal.stage_display_name(), ", and nothing happened about it for ",
                            deal.rot_days(), deal.rot_days() == 1 ? " day" : " days",
                            Lateness(FromTimestamp(deal.stale_time()), header.record_time), ".")},
              reactions);
}

}  // namespace

std::vector<std::string> DealNotices::Follows() const { return {kKeyEvents, kStaleness}; }

bool DealNotices::Concerns(const eventstore::RecordedEvent& event) const {
  if (IsOfStaleness(event)) {
    return static_cast<const StalenessEvent&>(*event.event).has_deal_went_stale();
  }
  return IsOfKey(event);
}

absl::Status DealNotices::React(const eventstore::RecordedEvent& event,
                                projections::ViewBatch& batch,
                                projections::Reactions& reactions) const {
  const eventstore::EventHeader& header = event.header();
  if (IsOfStaleness(event)) {
    return TellStale(header, static_cast<const StalenessEvent&>(*event.event), reactions);
  }
  if (IsOfKey(event)) return FoldKey(event, batch);
  if (!IsNews(header)) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const std::string doer, DoerOf(header, batch));
  for (const projections::RowChange& change : batch.changes()) {
    const auto* const before = change.before<Deal>();
    const auto* const after = change.after<Deal>();
    if (before == nullptr || after == nullptr || after->owner().empty()) continue;
    if (after->owner() == doer) continue;
    if (after->owner() != before->owner()) {
      KITH_RETURN_IF_ERROR(
          Tell(header,
               {after->owner(), v1::ASSIGNMENT, after->name(),
                absl::StrCat("The deal ", after->display_name(), " is yours now.")},
               reactions));
    } else if (after->stage() != before->stage()) {
      KITH_RETURN_IF_ERROR(Tell(header,
                                {after->owner(), v1::STAGE_CHANGE, after->name(),
                                 absl::StrCat("The deal ", after->display_name(), " stands in ",
                                              IdOf(after->stage()), " now.")},
                                reactions));
    }
  }
  return absl::OkStatus();
}

}  // namespace kith::notifications
