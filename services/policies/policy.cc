#include "services/policies/policy.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/policies/v1/policies_errors.pb.h"
#include "services/core/reject.h"

namespace kith::policies {
namespace {

absl::StatusOr<const v1::ParkedReaction*> Parked(const PolicyState& state, absl::string_view policy,
                                                 absl::string_view reaction) {
  if (const auto* const parked = FindParked(state.policy, reaction)) return parked;
  return RejectState(
      v1::POLICIES_ERROR_REACTION_NOT_PARKED,
      absl::StrCat("No reaction \"", reaction, "\" of ", policy, " is parked. Get the policy."),
      policy, {{"reaction", std::string(reaction)}});
}

}  // namespace

Decision Decide(const PolicyState& state, const v1::PausePolicyRequest& command) {
  if (state.policy.state() == v1::PAUSED) return NoChange();
  v1::PolicyEvent event;
  event.mutable_policy_paused()->set_name(command.name());
  return Changes().Append(command.name(), event);
}

Decision Decide(const PolicyState& state, const v1::ResumePolicyRequest& command) {
  if (state.policy.state() != v1::PAUSED) return NoChange();
  v1::PolicyEvent event;
  event.mutable_policy_resumed()->set_name(command.name());
  return Changes().Append(command.name(), event);
}

Decision Decide(const PolicyState& state, const v1::RetryReactionRequest& command) {
  KITH_ASSIGN_OR_RETURN(const v1::ParkedReaction* const parked,
                        Parked(state, command.name(), command.reaction()));
  v1::PolicyEvent event;
  event.mutable_reaction_retried()->set_name(command.name());
  event.mutable_reaction_retried()->set_reaction(parked->reaction());
  event.mutable_reaction_retried()->set_sequence(parked->sequence());
  return Changes().Append(command.name(), event);
}

Decision Decide(const PolicyState& state, const v1::SkipReactionRequest& command) {
  KITH_ASSIGN_OR_RETURN(const v1::ParkedReaction* const parked,
                        Parked(state, command.name(), command.reaction()));
  v1::PolicyEvent event;
  event.mutable_reaction_skipped()->set_name(command.name());
  event.mutable_reaction_skipped()->set_reaction(parked->reaction());
  event.mutable_reaction_skipped()->set_sequence(parked->sequence());
  return Changes().Append(command.name(), event);
}

}  // namespace kith::policies
