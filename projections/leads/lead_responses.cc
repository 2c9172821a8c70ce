#include "projections/leads/lead_responses.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/leads/v1/lead.pb.h"
#include "kith/leads/v1/lead_rows.pb.h"
#include "kith/leads/v1/leads_service.pb.h"
#include "kith/meetings/v1/meeting_events.pb.h"
#include "kith/messages/v1/message_events.pb.h"
#include "projections/tables/merged_names.h"
#include "projections/tables/table.h"
#include "services/core/resource_name.h"

namespace kith::leads {
namespace {

using eventstore::EventHeader;
using eventstore::RecordedEvent;
using interactions::v1::Interaction;
using interactions::v1::InteractionEvent;
using meetings::v1::MeetingEvent;
using messages::v1::MessageEvent;
using projections::MergedNames;
using projections::Reactions;
using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;

const Table<v1::UnansweredLeads>& Unanswered() {
  static const auto& table = *new Table<v1::UnansweredLeads>(
      TableBuilder<v1::UnansweredLeads>(1)
          .Key([](const v1::UnansweredLeads& row) -> const std::string& { return row.record(); })
          .Build());
  return table;
}

// What answers the lead, where that is open and waits for an answer. Null: there is no lead.
std::set<std::string> AnsweredBy(const v1::Lead* lead) {
  if (lead == nullptr || lead->has_first_response_time() || lead->has_close_time()) return {};
  std::set<std::string> records = {lead->name()};
  if (!lead->contact().empty()) records.insert(lead->contact());
  return records;
}

// Which names mean the same contact: a lead may name it by another one than what we did.
const MergedNames& ContactNames() {
  static const auto& names =
      *new MergedNames(contacts::v1::Contact::default_instance(), projections::kPolicyNamesTable);
  return names;
}

absl::StatusOr<v1::UnansweredLeads> RowOf(WorkspaceId workspace, const std::string& record,
                                          ViewBatch& batch) {
  KITH_ASSIGN_OR_RETURN(auto row, Unanswered().Get(batch, workspace, record));
  v1::UnansweredLeads leads = row.has_value() ? *std::move(row) : v1::UnansweredLeads();
  leads.set_record(record);
  return leads;
}

absl::Status Remember(WorkspaceId workspace, const std::string& record, const v1::Lead& lead,
                      ViewBatch& batch) {
  KITH_ASSIGN_OR_RETURN(v1::UnansweredLeads row, RowOf(workspace, record, batch));
  if (row.leads_size() >= kUnansweredMax) return absl::OkStatus();
  v1::UnansweredLead& added = *row.add_leads();
  added.set_lead(lead.name());
  *added.mutable_create_time() = lead.create_time();
  return Unanswered().Put(batch, workspace, row);
}

absl::Status Forget(WorkspaceId workspace, const std::string& record, const std::string& lead,
                    ViewBatch& batch) {
  KITH_ASSIGN_OR_RETURN(v1::UnansweredLeads row, RowOf(workspace, record, batch));
  auto& leads = *row.mutable_leads();
  leads.erase(std::remove_if(leads.begin(), leads.end(),
                             [&](const auto& one) { return one.lead() == lead; }),
              leads.end());
  return leads.empty() ? Unanswered().Delete(batch, workspace, record)
                       : Unanswered().Put(batch, workspace, row);
}

absl::Status FollowLead(WorkspaceId workspace, const v1::Lead* before, const v1::Lead* after,
                        ViewBatch& batch) {
  const std::set<std::string> were = AnsweredBy(before);
  const std::set<std::string> are = AnsweredBy(after);
  for (const std::string& record : were) {
    if (are.contains(record)) continue;
    KITH_RETURN_IF_ERROR(Forget(workspace, record, before->name(), batch));
  }
  for (const std::string& record : are) {
    if (were.contains(record)) continue;
    KITH_RETURN_IF_ERROR(Remember(workspace, record, *after, batch));
  }
  return absl::OkStatus();
}

// We began it, or met.
bool IsOurs(const Interaction& interaction) {
  if (interaction.kind() == interactions::v1::NOTE) return false;
  return interaction.direction() == interactions::v1::OUTBOUND ||
         interaction.kind() == interactions::v1::MEETING;
}

// Whom we turned to by what happened; nobody where we did not.
std::set<std::string> TurnedTo(const RecordedEvent& event) {
  const absl::string_view stream = event.header().stream;
  const absl::string_view category = eventstore::CategoryOf(stream);
  if (category == "interactions") {
    const auto& happened = static_cast<const InteractionEvent&>(*event.event);
    if (!happened.has_interaction_recorded()) return {};
    const Interaction& interaction = happened.interaction_recorded().interaction();
    if (!IsOurs(interaction)) return {};
    std::set<std::string> records(interaction.links().begin(), interaction.links().end());
    records.insert(std::string(stream.substr(0, stream.rfind('/'))));
    return records;
  }
  if (category == "messages") {
    const auto& happened = static_cast<const MessageEvent&>(*event.event);
    if (!happened.has_message_sent()) return {};
    return {std::string(ParentOf(stream))};
  }
  if (category == "meetings") {
    const auto& happened = static_cast<const MeetingEvent&>(*event.event);
    const auto& records = happened.meeting_held().records();
    return {records.begin(), records.end()};
  }
  return {};
}

}  // namespace

std::vector<std::string> LeadResponses::Follows() const {
  return {"interactions", "messages", "meetings", "contacts"};
}

bool LeadResponses::Concerns(const RecordedEvent& event) const {
  return ContactNames().IsChangedBy(event) || !TurnedTo(event).empty();
}

absl::Status LeadResponses::React(const RecordedEvent& event, ViewBatch& batch,
                                  Reactions& reactions) const {
  const EventHeader& header = event.header();
  for (const projections::RowChange& change : batch.changes()) {
    KITH_RETURN_IF_ERROR(
        FollowLead(header.workspace, change.before<v1::Lead>(), change.after<v1::Lead>(), batch));
  }
  KITH_RETURN_IF_ERROR(ContactNames().Follow(event, batch));
  std::set<std::string> records;
  for (const std::string& record : TurnedTo(event)) {
    KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          ContactNames().AllOf(batch, header.workspace, record));
    records.insert(names.begin(), names.end());
  }
  std::set<std::string> answered;
  for (const std::string& record : records) {
    KITH_ASSIGN_OR_RETURN(const auto row, Unanswered().Get(batch, header.workspace, record));
    if (!row.has_value()) continue;
    for (const v1::UnansweredLead& one : row->leads()) {
      const bool is_after = FromTimestamp(one.create_time()) <= header.occur_time;
      if (!is_after || answered.size() == projections::kReactionsMax) continue;
      if (!answered.insert(one.lead()).second) continue;
      v1::RecordLeadResponseRequest request;
      request.set_name(one.lead());
      *request.mutable_occur_time() = ToTimestamp(header.occur_time);
      KITH_RETURN_IF_ERROR(reactions.Add(request));
    }
  }
  return absl::OkStatus();
}

}  // namespace kith::leads
