#include "projections/notifications/lead_notices.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/leads/v1/lead.pb.h"
#include "projections/notifications/doers.h"
#include "projections/notifications/notice.h"
#include "projections/notifications/team_members.h"

namespace kith::notifications {
namespace {

using leads::v1::Lead;

// Converted or disqualified: there is nothing to be done about it.
bool IsClosed(const Lead& lead) { return lead.has_close_time(); }

// Tells nothing of the person: that is sealed, and a notification is not.
std::string TextOf(const Lead& lead, bool is_team) {
  return absl::StrCat("A lead",
                      lead.company_name().empty() ? "" : absl::StrCat(" of ", lead.company_name()),
                      is_team ? " waits in the queue of your team." : " is yours now.");
}

}  // namespace

std::vector<std::string> LeadNotices::Follows() const { return {"users", "teams", kKeyEvents}; }

bool LeadNotices::Concerns(const eventstore::RecordedEvent& event) const {
  return IsOfMembers(event) || IsOfKey(event);
}

absl::Status LeadNotices::React(const eventstore::RecordedEvent& event,
                                projections::ViewBatch& batch,
                                projections::Reactions& reactions) const {
  const eventstore::EventHeader& header = event.header();
  if (IsOfMembers(event)) return FoldMembers(event, batch);
  if (IsOfKey(event)) return FoldKey(event, batch);
  // A lead that was imported waits for whoever has it, however long ago it came in.
  for (const projections::RowChange& change : batch.changes()) {
    const auto* const before = change.before<Lead>();
    const auto* const after = change.after<Lead>();
    if (after == nullptr || after->owner().empty() || IsClosed(*after)) continue;
    if (before != nullptr && before->owner() == after->owner()) continue;
    KITH_ASSIGN_OR_RETURN(const std::string doer, DoerOf(header, batch));
    KITH_RETURN_IF_ERROR(TellOwners(
        header,
        {after->owner(), v1::ASSIGNMENT, after->name(), TextOf(*after, IsTeam(after->owner()))},
        doer, batch, reactions));
  }
  return absl::OkStatus();
}

}  // namespace kith::notifications
