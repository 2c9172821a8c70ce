#include "services/core/policy_state.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/proto_time.h"

namespace kith {
namespace {

using policies::v1::ParkedReaction;
using policies::v1::Policy;
using policies::v1::PolicyEvent;
using policies::v1::PolicyProgressed;
using policies::v1::ReactionOutcome;

void Count(const ReactionOutcome& outcome, Policy& policy) {
  policy.set_last_sequence(std::max(policy.last_sequence(), outcome.sequence()));
  switch (outcome.result()) {
    case policies::v1::DONE:
      policy.set_done_count(policy.done_count() + 1);
      return;
    case policies::v1::UNCHANGED:
      policy.set_unchanged_count(policy.unchanged_count() + 1);
      return;
    default:
      policy.set_refused_count(policy.refused_count() + 1);
      *policy.add_refused() = outcome;
  }
}

void Progress(const PolicyProgressed& progressed, absl::Time time, Policy& policy) {
  for (const ReactionOutcome& outcome : progressed.outcomes()) Count(outcome, policy);
  *policy.mutable_last_time() = ToTimestamp(time);
  const int beyond = policy.refused_size() - kRefusedMax;
  if (beyond > 0) policy.mutable_refused()->DeleteSubrange(0, beyond);
}

void Unpark(absl::string_view reaction, int64_t sequence, Policy& policy) {
  auto& parked = *policy.mutable_parked();
  const auto gone = std::find_if(parked.begin(), parked.end(), [&](const ParkedReaction& one) {
    return one.reaction() == reaction && one.sequence() == sequence;
  });
  if (gone != parked.end()) parked.erase(gone);
}

void Park(const ParkedReaction& parked, absl::Time time, Policy& policy) {
  Unpark(parked.reaction(), parked.sequence(), policy);
  ParkedReaction& added = *policy.add_parked();
  added = parked;
  *added.mutable_park_time() = ToTimestamp(time);
}

}  // namespace

PolicyState Evolve(PolicyState state, const Recorded<PolicyEvent>& recorded) {
  const PolicyEvent& event = recorded.event;
  Policy& policy = state.policy;
  if (policy.state() == policies::v1::POLICY_STATE_UNSPECIFIED) {
    policy.set_state(policies::v1::RUNNING);
  }
  switch (event.event_case()) {
    case PolicyEvent::kPolicyProgressed:
      policy.set_name(event.policy_progressed().name());
      Progress(event.policy_progressed(), recorded.record_time, policy);
      break;
    case PolicyEvent::kReactionParked:
      policy.set_name(event.reaction_parked().name());
      Park(event.reaction_parked().parked(), recorded.record_time, policy);
      break;
    case PolicyEvent::kReactionRetried:
      Unpark(event.reaction_retried().reaction(), event.reaction_retried().sequence(), policy);
      break;
    case PolicyEvent::kReactionSkipped:
      Unpark(event.reaction_skipped().reaction(), event.reaction_skipped().sequence(), policy);
      break;
    case PolicyEvent::kPolicyPaused:
      policy.set_name(event.policy_paused().name());
      policy.set_state(policies::v1::PAUSED);
      break;
    case PolicyEvent::kPolicyResumed:
      policy.set_name(event.policy_resumed().name());
      policy.set_state(policies::v1::RUNNING);
      break;
    case PolicyEvent::EVENT_NOT_SET:
      break;
  }
  return state;
}

Policy NewPolicy(absl::string_view name) {
  Policy policy;
  policy.set_name(std::string(name));
  policy.set_state(policies::v1::RUNNING);
  return policy;
}

const ParkedReaction* FindParked(const Policy& policy, absl::string_view reaction) {
  for (const ParkedReaction& parked : policy.parked()) {
    if (parked.reaction() == reaction) return &parked;
  }
  return nullptr;
}

}  // namespace kith
