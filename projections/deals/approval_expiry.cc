#include "projections/deals/approval_expiry.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/deals/v1/deals_service.pb.h"

namespace kith::deals {
namespace {

using projections::Reactions;

// Null: there is no such deal.
bool Expires(const v1::Deal* deal) {
  return deal != nullptr && deal->pending_approval().has_expire_time();
}

std::string TimerOf(const v1::Deal& deal) { return absl::StrCat(deal.name(), "/approval"); }

absl::Time EndOf(const v1::Deal& deal) {
  return FromTimestamp(deal.pending_approval().expire_time());
}

absl::Status Wait(const v1::Deal* before, const v1::Deal* after, Reactions& reactions) {
  if (Expires(before) && Expires(after) && EndOf(*before) == EndOf(*after)) return absl::OkStatus();
  if (Expires(after)) {
    v1::ExpireStageApprovalRequest request;
    request.set_name(after->name());
    *request.mutable_expire_time() = after->pending_approval().expire_time();
    return reactions.Set(TimerOf(*after), EndOf(*after), request);
  }
  return Expires(before) ? reactions.Cancel(TimerOf(*before)) : absl::OkStatus();
}

}  // namespace

absl::Status ApprovalExpiry::React(const eventstore::RecordedEvent&, projections::ViewBatch& batch,
                                   Reactions& reactions) const {
  for (const projections::RowChange& change : batch.changes()) {
    KITH_RETURN_IF_ERROR(Wait(change.before<v1::Deal>(), change.after<v1::Deal>(), reactions));
  }
  return absl::OkStatus();
}

}  // namespace kith::deals
