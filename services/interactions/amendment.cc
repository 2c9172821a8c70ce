#include "services/interactions/amendment.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/interactions/v1/interactions_errors.pb.h"
#include "services/core/personal.h"
#include "services/core/reject.h"
#include "services/core/update_mask.h"

namespace kith::interactions {
namespace {

using google::protobuf::RepeatedPtrField;
using Names = RepeatedPtrField<std::string>;

bool Contains(const Names& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Each once, and not what the interaction belongs to, as when it is recorded.
void KeepEachOnce(absl::string_view parent, Names& links) {
  Names kept;
  for (std::string& link : links) {
    if (link != parent && !Contains(kept, link)) *kept.Add() = std::move(link);
  }
  links.Swap(&kept);
}

void AddMissing(const Names& from, const Names& in, Names* missing) {
  for (const std::string& name : from) {
    if (!Contains(in, name)) *missing->Add() = name;
  }
}

absl::string_view ParentOf(absl::string_view name) {
  return absl::StripSuffix(name.substr(0, name.rfind('/')), "/interactions");
}

// As an event keeps it: without what its stream, its record or its type say.
v1::Interaction Kept(v1::Interaction interaction) {
  interaction.clear_name();
  interaction.clear_etag();
  interaction.clear_amend_time();
  interaction.clear_redacted();
  interaction.clear_redact_reason();
  interaction.clear_erased();
  return interaction;
}

// Of its external id, which it gives up and takes.
std::vector<Claim> ChangedClaims(const v1::Interaction& before, const v1::Interaction& after) {
  std::vector<Claim> claims;
  if (before.external_id() == after.external_id()) return claims;
  for (const std::string& id : {before.external_id(), after.external_id()}) {
    if (!id.empty()) claims.push_back({std::string(kExternalIdClaim), id});
  }
  return claims;
}

absl::Status Redacted(absl::string_view message, const v1::Interaction& interaction) {
  return RejectState(v1::INTERACTIONS_ERROR_INTERACTION_REDACTED, message, interaction.name());
}

}  // namespace

AmendedAggregate::State Evolve(AmendedAggregate::State,
                               const Recorded<v1::InteractionEvent>& recorded) {
  return {recorded.revision};
}

absl::Status PlanAmendment(const InteractionNow& now, const v1::AmendInteractionRequest& command,
                           AmendmentPlan* plan) {
  const v1::Interaction& before = now.interaction;
  const v1::Interaction& wanted = command.interaction();
  KITH_RETURN_IF_ERROR(CheckEtag(wanted.etag(), before.etag()));
  if (before.erased()) {
    return Redacted("The person of the interaction was erased, and it cannot be amended.", before);
  }
  KITH_ASSIGN_OR_RETURN(const google::protobuf::FieldMask meant,
                        ChangedFields(before, wanted, command.update_mask()));
  plan->after = before;
  ApplyFields(wanted, meant, &plan->after);
  v1::Interaction text;
  if (before.redacted()) MovePersonal(&plan->after, &text);
  if (text.ByteSizeLong() > 0) {
    return Redacted(
        "The text of the interaction was taken away, and there is no other. Its other fields can "
        "be amended.",
        before);
  }
  KeepEachOnce(ParentOf(before.name()), *plan->after.mutable_links());
  plan->changed = DifferingFields(before, plan->after);
  plan->links = NewLinks(before, plan->after, "interaction");
  return absl::OkStatus();
}

Decision DecideAmendment(const InteractionNow& now, const AmendmentPlan& plan,
                         LinkedRecords linked) {
  KITH_RETURN_IF_ERROR(
      CheckLinks(v1::INTERACTIONS_ERROR_LINKED_RECORD_NOT_FOUND, plan.links, linked));
  if (plan.changed.paths().empty()) return NoChange();
  v1::InteractionEvent event;
  v1::InteractionAmended& amended = *event.mutable_interaction_amended();
  amended.set_name(now.interaction.name());
  amended.set_subject(now.subject);
  *amended.mutable_update_mask() = plan.changed;
  PersonalSplit<v1::Interaction> split = SplitPersonal(Kept(plan.after));
  *amended.mutable_interaction() = std::move(split.clear);
  // It stays redacted; as a rule both are empty.
  amended.mutable_interaction()->set_redacted(now.interaction.redacted());
  amended.mutable_interaction()->set_redact_reason(now.interaction.redact_reason());
  if (split.personal.ByteSizeLong() > 0) *amended.mutable_personal() = std::move(split.personal);
  amended.set_recorded_sequence(now.recorded_sequence);
  AddMissing(plan.after.links(), now.interaction.links(), amended.mutable_added_links());
  AddMissing(now.interaction.links(), plan.after.links(), amended.mutable_removed_links());
  return Changes().Append(now.interaction.name(), std::move(event),
                          ChangedClaims(now.interaction, plan.after));
}

Decision Decide(const InteractionNow& now, const v1::RedactInteractionRequest& command) {
  KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), now.interaction.etag()));
  if (now.interaction.redacted()) return NoChange();
  v1::InteractionEvent event;
  v1::InteractionRedacted& redacted = *event.mutable_interaction_redacted();
  redacted.set_name(now.interaction.name());
  *redacted.mutable_interaction() = SplitPersonal(Kept(now.interaction)).clear;
  redacted.set_recorded_sequence(now.recorded_sequence);
  redacted.set_reason(command.reason());
  return Changes().Append(now.interaction.name(), std::move(event));
}

v1::Interaction RenderAmended(const Recorded<v1::InteractionEvent>& recorded) {
  v1::Interaction interaction;
  if (recorded.event.has_interaction_redacted()) {
    const v1::InteractionRedacted& redacted = recorded.event.interaction_redacted();
    interaction = redacted.interaction();
    interaction.set_name(redacted.name());
    interaction.set_redacted(true);
    interaction.set_redact_reason(redacted.reason());
  } else {
    const v1::InteractionAmended& amended = recorded.event.interaction_amended();
    interaction = amended.interaction();
    interaction.MergeFrom(amended.personal());
    interaction.set_name(amended.name());
  }
  // It was 1 when it was recorded.
  interaction.set_etag(EtagOf(recorded.revision.Next()));
  interaction.set_erased(recorded.erased);
  *interaction.mutable_amend_time() = ToTimestamp(recorded.occur_time);
  return interaction;
}

void HideText(v1::Interaction& interaction) {
  v1::Interaction personal;
  MovePersonal(&interaction, &personal);
}

}  // namespace kith::interactions
