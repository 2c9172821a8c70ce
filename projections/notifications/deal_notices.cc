#include "projections/notifications/deal_notices.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deal.pb.h"
#include "projections/notifications/doers.h"
#include "projections/notifications/notice.h"
#include "services/core/resource_name.h"

namespace kith::notifications {

using deals::v1::Deal;

std::vector<std::string> DealNotices::Follows() const { return {kKeyEvents}; }

bool DealNotices::Concerns(const eventstore::RecordedEvent& event) const { return IsOfKey(event); }

absl::Status DealNotices::React(const eventstore::RecordedEvent& event,
                                projections::ViewBatch& batch,
                                projections::Reactions& reactions) const {
  const eventstore::EventHeader& header = event.header();
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
