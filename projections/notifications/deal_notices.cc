#include "projections/notifications/deal_notices.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/deals/v1/staleness_events.pb.h"
#include "projections/notifications/doers.h"
#include "projections/notifications/notice.h"
#include "projections/notifications/role_holders.h"
#include "projections/notifications/team_members.h"
#include "services/core/resource_name.h"

namespace kith::notifications {

using deals::v1::Deal;
using deals::v1::StalenessEvent;

namespace {

using deals::v1::DealEvent;
using deals::v1::StageApproval;
using eventstore::EventHeader;
using projections::Reactions;
using projections::ViewBatch;

constexpr char kStaleness[] = "staleness";

bool IsOfStaleness(const eventstore::RecordedEvent& event) {
  return eventstore::CategoryOf(event.header().stream) == kStaleness;
}

absl::Status TellStale(const EventHeader& header, const StalenessEvent& event,
                       Reactions& reactions) {
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

absl::Status TellOwner(const EventHeader& header, const Deal& before, const Deal& after,
                       const std::string& doer, Reactions& reactions) {
  if (after.owner().empty() || after.owner() == doer) return absl::OkStatus();
  if (after.owner() != before.owner()) {
    return Tell(header,
                {after.owner(), v1::ASSIGNMENT, after.name(),
                 absl::StrCat("The deal ", after.display_name(), " is yours now.")},
                reactions);
  }
  if (after.stage() == before.stage()) return absl::OkStatus();
  return Tell(header,
              {after.owner(), v1::STAGE_CHANGE, after.name(),
               absl::StrCat("The deal ", after.display_name(), " stands in ", IdOf(after.stage()),
                            " now.")},
              reactions);
}

// Everybody who may agree, as far as there is room.
absl::StatusOr<std::set<std::string>> ApproversOf(const StageApproval& approval,
                                                  WorkspaceId workspace, ViewBatch& batch) {
  std::set<std::string> users;
  for (const std::string& approver : approval.approvers()) {
    if (users.size() >= kApproversMax) break;
    if (!IsTeam(approver) && !IsRole(approver)) {
      users.insert(approver);
      continue;
    }
    const size_t room = kApproversMax - users.size();
    KITH_ASSIGN_OR_RETURN(const auto some, IsTeam(approver)
                                               ? MembersOf(approver, workspace, room, batch)
                                               : HoldersOf(approver, workspace, room, batch));
    users.insert(some.begin(), some.end());
  }
  return users;
}

absl::Status TellApprovers(const EventHeader& header, const Deal& deal, const std::string& doer,
                           ViewBatch& batch, Reactions& reactions) {
  const StageApproval& approval = deal.pending_approval();
  KITH_ASSIGN_OR_RETURN(const auto users, ApproversOf(approval, header.workspace, batch));
  // Who may agree is named by the gate, and may not see the deal: it is not told by its name.
  const std::string text =
      absl::StrCat("A deal waits for your approval to enter ", IdOf(approval.stage()), ".");
  for (const std::string& user : users) {
    if (user == doer || user == approval.requester()) continue;
    KITH_RETURN_IF_ERROR(Tell(header, {user, v1::APPROVAL, deal.name(), text}, reactions));
  }
  return absl::OkStatus();
}

// What became of what somebody asked for; empty where nobody has to be told.
std::string OutcomeOf(const DealEvent& event) {
  switch (event.event_case()) {
    case DealEvent::kStageApprovalGranted:
      return "was granted";
    case DealEvent::kStageApprovalRejected:
      return "was rejected";
    case DealEvent::kStageApprovalExpired:
      return "has expired";
    default:
      return "";
  }
}

absl::Status TellRequester(const EventHeader& header, const DealEvent& event, const Deal& before,
                           const std::string& doer, Reactions& reactions) {
  const StageApproval& approval = before.pending_approval();
  const std::string outcome = OutcomeOf(event);
  if (outcome.empty() || approval.requester().empty() || approval.requester() == doer) {
    return absl::OkStatus();
  }
  return Tell(header,
              {approval.requester(), v1::APPROVAL, before.name(),
               absl::StrCat("The approval for the deal ", before.display_name(), " to enter ",
                            IdOf(approval.stage()), " ", outcome, ".")},
              reactions);
}

}  // namespace

std::vector<std::string> DealNotices::Follows() const {
  return {"users", "teams", kKeyEvents, kStaleness};
}

bool DealNotices::Concerns(const eventstore::RecordedEvent& event) const {
  if (IsOfStaleness(event)) {
    return static_cast<const StalenessEvent&>(*event.event).has_deal_went_stale();
  }
  return IsOfMembers(event) || IsOfKey(event);
}

absl::Status DealNotices::React(const eventstore::RecordedEvent& event,
                                projections::ViewBatch& batch,
                                projections::Reactions& reactions) const {
  const EventHeader& header = event.header();
  if (IsOfStaleness(event)) {
    return TellStale(header, static_cast<const StalenessEvent&>(*event.event), reactions);
  }
  if (IsOfHolders(event)) KITH_RETURN_IF_ERROR(FoldHolders(event, batch));
  if (IsOfMembers(event)) return FoldMembers(event, batch);
  if (IsOfKey(event)) return FoldKey(event, batch);
  if (!IsNews(header)) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const std::string doer, DoerOf(header, batch));
  const bool is_of_deal = eventstore::CategoryOf(header.stream) == "deals";
  for (const projections::RowChange& change : batch.changes()) {
    const auto* const before = change.before<Deal>();
    const auto* const after = change.after<Deal>();
    if (before == nullptr || after == nullptr) continue;
    KITH_RETURN_IF_ERROR(TellOwner(header, *before, *after, doer, reactions));
    if (!is_of_deal) continue;
    const auto& happened = static_cast<const DealEvent&>(*event.event);
    if (happened.has_stage_approval_requested()) {
      KITH_RETURN_IF_ERROR(TellApprovers(header, *after, doer, batch, reactions));
    }
    KITH_RETURN_IF_ERROR(TellRequester(header, happened, *before, doer, reactions));
  }
  return absl::OkStatus();
}

}  // namespace kith::notifications
