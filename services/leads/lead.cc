#include "services/leads/lead.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/leads/v1/leads_errors.pb.h"
#include "projections/leads/lead_fold.h"
#include "services/core/check_as_seen.h"
#include "services/core/identity_claims.h"
#include "services/core/links.h"
#include "services/core/owner_field.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/core/update_mask.h"
#include "services/leads/lead_fields.h"
#include "services/leads/lead_status.h"

namespace kith::leads {
namespace {

absl::Status ExternalIdTaken(const v1::Lead& holder, size_t index) {
  return RejectTaken(v1::LEADS_ERROR_EXTERNAL_ID_TAKEN, "Another lead has this external id.",
                     "lead", holder.name(), absl::StrCat("lead.external_ids[", index, "]"));
}

absl::Status LeadConverted(const v1::Lead& lead) {
  return RejectState(v1::LEADS_ERROR_LEAD_CONVERTED,
                     "The lead was converted, and stays so. Go on with what it became.",
                     lead.name(),
                     {{"contact", lead.converted_contact()},
                      {"company", lead.converted_company()},
                      {"deal", lead.converted_deal()}});
}

// The lead goes from its status to one that says nothing more.
template <class Command>
Decision Step(const LeadState& state, const Command& command, v1::LeadStatus to) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Lead& lead = state.resource;
  if (lead.status() == to) return NoChange();
  KITH_RETURN_IF_ERROR(CheckTransition(lead, to));
  v1::LeadEvent event;
  v1::LeadStatusChanged& changed = *event.mutable_lead_status_changed();
  changed.set_name(lead.name());
  changed.set_from_status(lead.status());
  changed.set_to_status(to);
  return Changes().Append(lead.name(), std::move(event));
}

// The command asks for what the lead was converted to, or leaves it open.
bool AsksForTheSame(const LeadState& state, const v1::ConvertLeadRequest& command) {
  const v1::Lead& lead = state.resource;
  const auto is_same = [](const std::string& asked, const std::string& is) {
    return asked.empty() || asked == is;
  };
  return is_same(command.contact(), lead.converted_contact()) &&
         (!command.new_contact() || state.has_made_contact) &&
         is_same(command.company(), lead.converted_company()) &&
         (!command.new_company() || state.has_made_company) &&
         (!command.create_deal() || !lead.converted_deal().empty());
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules = *new ResourceRules(
      ResourceRulesBuilder<LeadAggregate>()
          .NotFound(v1::LEADS_ERROR_LEAD_NOT_FOUND)
          .LinkNotFound(v1::LEADS_ERROR_LINKED_RECORD_NOT_FOUND)
          .OwnedByCreator()
          .Complete(CompleteFields)
          .Check(CheckFields)
          .NamedAfter("display_name", "contact")
          .UniqueClaim(kExternalIdClaim, ExternalIdKeys, IsAlwaysUnique, ExternalIdTaken)
          .Claim(kLeadEmailClaim, EmailKeys)
          .IdentifiedBy("external_ids", kExternalIdClaim)
          .FoldedBy<FoldLead>()
          .Build());
  return rules;
}

absl::StatusOr<bool> MayTake(const LeadState& state, const v1::TakeLeadRequest& command,
                             const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Lead& lead = state.resource;
  const std::string& owner = lead.owner();
  if (!context.user.empty() && owner == context.user) return false;
  const bool is_taken = absl::StartsWith(owner, "users/");
  if (!context.user.empty() && !is_taken && !lead.has_close_time()) return true;
  return RejectState(
      v1::LEADS_ERROR_NOT_IN_QUEUE,
      context.user.empty()    ? "The caller is no user, who could have the lead. Call with "
                                "credentials of theirs, or on behalf of them."
      : lead.has_close_time() ? "Nothing is to be done about the lead any more."
                              : "Somebody has the lead. An update gives it to another.",
      lead.name(), {{"owner", owner}});
}

Decision TakeFromNobody(const v1::Lead& lead, const CommandContext& context) {
  v1::Lead after = lead;
  after.set_owner(std::string(context.user));
  CompleteFields(lead, context.settings, after);
  auto event = std::make_unique<v1::LeadEvent>(
      UpdatedEvent<v1::LeadEvent>(after, DifferingFields(lead, after)));
  return Changes().Add({lead.name(),
                        std::move(event),
                        {{OwnerPurpose(LeadAggregate::kCategory), after.owner()}},
                        std::nullopt,
                        /*is_consequence=*/true});
}

absl::StatusOr<bool> MayHandBack(const LeadState& state, const v1::HandBackLeadRequest& command,
                                 const LinkedRecord& queue) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Lead& lead = state.resource;
  if (!lead.has_close_time() && absl::StartsWith(lead.owner(), "teams/")) return false;
  if (!lead.has_close_time() && !lead.queue().empty()) {
    const Links links = {{"queue", lead.queue()}};
    const LinkedRecord* const teams[] = {&queue};
    KITH_RETURN_IF_ERROR(CheckLinks(v1::LEADS_ERROR_LINKED_RECORD_NOT_FOUND, links, teams));
    return true;
  }
  return RejectState(v1::LEADS_ERROR_NOT_IN_QUEUE,
                     lead.has_close_time()
                         ? "Nothing is to be done about the lead any more."
                         : "The lead was in no queue before, so it goes back to none. An update "
                           "gives it to another.",
                     lead.name(), {{"owner", lead.owner()}});
}

absl::Status CheckTransition(const v1::Lead& lead, v1::LeadStatus to) {
  if (lead.status() == v1::CONVERTED) return LeadConverted(lead);
  if (MayBecome(lead.status(), to)) return absl::OkStatus();
  const std::string& from_name = v1::LeadStatus_Name(lead.status());
  const std::string& to_name = v1::LeadStatus_Name(to);
  const std::string allowed = AllowedAfter(lead.status());
  return RejectState(v1::LEADS_ERROR_TRANSITION_NOT_ALLOWED,
                     absl::StrCat("A lead that is ", from_name, " cannot become ", to_name,
                                  ", only: ", allowed, "."),
                     lead.name(), {{"from", from_name}, {"to", to_name}, {"allowed", allowed}});
}

Decision Decide(const LeadState& state, const v1::ContactLeadRequest& command,
                const CommandContext&) {
  return Step(state, command, v1::CONTACTED);
}

Decision Decide(const LeadState& state, const v1::NurtureLeadRequest& command,
                const CommandContext&) {
  return Step(state, command, v1::NURTURING);
}

Decision Decide(const LeadState& state, const v1::QualifyLeadRequest& command,
                const CommandContext&) {
  return Step(state, command, v1::QUALIFIED);
}

Decision Decide(const LeadState& state, const v1::RecycleLeadRequest& command,
                const CommandContext&) {
  return Step(state, command, v1::RECYCLED);
}

Decision Decide(const LeadState& state, const v1::DisqualifyLeadRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Lead& lead = state.resource;
  const bool is_so = lead.status() == v1::DISQUALIFIED &&
                     lead.disqualify_reason() == command.reason() &&
                     lead.disqualify_note() == command.note();
  if (is_so) return NoChange();
  KITH_RETURN_IF_ERROR(CheckTransition(lead, v1::DISQUALIFIED));
  if (command.reason() == v1::OTHER_REASON && command.note().empty()) {
    return RejectField("note", "is required where the reason is OTHER_REASON");
  }
  v1::LeadEvent event;
  v1::LeadDisqualified& disqualified = *event.mutable_lead_disqualified();
  disqualified.set_name(lead.name());
  disqualified.set_from_status(lead.status());
  disqualified.set_reason(command.reason());
  if (!command.note().empty()) {
    disqualified.mutable_personal()->set_disqualify_note(command.note());
  }
  return Changes().Append(lead.name(), std::move(event));
}

Decision Decide(const LeadState& state, const v1::RecordLeadResponseRequest& command,
                const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  if (state.resource.has_first_response_time()) return NoChange();
  if (context.occurred < FromTimestamp(state.resource.create_time())) {
    return RejectField("occur_time", "is before the lead came into being");
  }
  v1::LeadEvent event;
  event.mutable_lead_responded()->set_name(command.name());
  return Changes().Append(command.name(), std::move(event));
}

absl::StatusOr<bool> IsToConvert(const LeadState& state, const v1::ConvertLeadRequest& command) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(Rules(), state, command));
  const v1::Lead& lead = state.resource;
  if (lead.status() == v1::CONVERTED && AsksForTheSame(state, command)) return false;
  KITH_RETURN_IF_ERROR(CheckTransition(lead, v1::CONVERTED));
  return true;
}

Changes Converted(const v1::Lead& lead, const Conversion& conversion) {
  v1::LeadEvent event;
  v1::LeadConverted& converted = *event.mutable_lead_converted();
  converted.set_name(lead.name());
  converted.set_from_status(lead.status());
  converted.set_contact(conversion.contact);
  converted.set_contact_created(conversion.is_contact_new);
  converted.set_company(conversion.company);
  converted.set_company_created(conversion.is_company_new);
  converted.set_deal(conversion.deal);
  return Changes().Append(lead.name(), std::move(event));
}

LeadState Evolve(LeadState state, const Recorded<v1::LeadEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldLead);
  if (recorded.event.has_lead_converted()) {
    state.has_made_contact = recorded.event.lead_converted().contact_created();
    state.has_made_company = recorded.event.lead_converted().company_created();
  }
  return state;
}

}  // namespace kith::leads
