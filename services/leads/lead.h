// The lead: somebody who may become a customer. Its rules, its fold, and the commands of its own.
//
// Pure: see services/core/decider.h.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/leads/v1/lead.pb.h"
#include "kith/leads/v1/lead_events.pb.h"
#include "kith/leads/v1/leads_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/linked_record.h"
#include "services/core/resource_rules.h"

namespace kith::leads {

struct LeadState : ResourceState<v1::Lead> {
  // When it was converted: the contact, or the company, was not there before.
  bool has_made_contact = false;
  bool has_made_company = false;
};

struct LeadAggregate {
  using Resource = v1::Lead;
  using State = LeadState;
  using Event = v1::LeadEvent;
  static constexpr absl::string_view kCategory = "leads";
};

LeadState Evolve(LeadState state, const Recorded<v1::LeadEvent>& recorded);

// Those of the standard methods: a lead comes into being NEW, or ASSIGNED where a user has it.
const ResourceRules& Rules();

// LEADS_ERROR_LEAD_CONVERTED or LEADS_ERROR_TRANSITION_NOT_ALLOWED, where the lead cannot become
// that.
absl::Status CheckTransition(const v1::Lead& lead, v1::LeadStatus to);

Decision Decide(const LeadState& state, const v1::ContactLeadRequest& command,
                const CommandContext& context);
Decision Decide(const LeadState& state, const v1::NurtureLeadRequest& command,
                const CommandContext& context);
Decision Decide(const LeadState& state, const v1::QualifyLeadRequest& command,
                const CommandContext& context);
Decision Decide(const LeadState& state, const v1::DisqualifyLeadRequest& command,
                const CommandContext& context);
Decision Decide(const LeadState& state, const v1::RecycleLeadRequest& command,
                const CommandContext& context);
Decision Decide(const LeadState& state, const v1::RecordLeadResponseRequest& command,
                const CommandContext& context);

// Whether the caller becomes the owner: false where they are. LEADS_ERROR_NOT_IN_QUEUE where a user
// has it, it is closed, or the caller is no user.
absl::StatusOr<bool> MayTake(const LeadState& state, const v1::TakeLeadRequest& command,
                             const CommandContext& context);

// The caller becomes the owner of a lead that nobody has, by the event of an update. Whoever sees
// it may take it, so it is held against no reach: who writes their own leads only works the new
// ones by making them theirs.
Decision TakeFromNobody(const v1::Lead& lead, const CommandContext& context);

// Whether the lead goes back to the queue that it was taken from, a team's: false where it is in
// one. LEADS_ERROR_NOT_IN_QUEUE where it was in none, or is closed;
// LEADS_ERROR_LINKED_RECORD_NOT_FOUND where that team is gone.
absl::StatusOr<bool> MayHandBack(const LeadState& state, const v1::HandBackLeadRequest& command,
                                 const LinkedRecord& queue);

// What a lead is converted to.
struct Conversion {
  std::string contact;
  bool is_contact_new = false;
  std::string company;  // empty: none
  bool is_company_new = false;
  std::string deal;  // empty: none
};

// Whether the lead may be converted as the command asks: true where it is to be, false where it was
// already, to the same, as far as the lead tells: what is said of a deal is not looked at.
// LEADS_ERROR_LEAD_CONVERTED where it was to something else.
absl::StatusOr<bool> IsToConvert(const LeadState& state, const v1::ConvertLeadRequest& command);
// That it was.
Changes Converted(const v1::Lead& lead, const Conversion& conversion);

}  // namespace kith::leads
