// What became of what a policy did in a workspace: the fold of the stream "policies/…", which the
// policy's commands, its view and who carries it out have in common. Pure.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/policies/v1/policy.pb.h"
#include "kith/policies/v1/policy_events.pb.h"
#include "services/core/decider.h"

namespace kith {

// Parked reactions of a policy in a workspace, beyond which it does nothing more there until
// somebody has retried or skipped some.
inline constexpr int kParkedMax = 1'000;
// Refused reactions that are told.
inline constexpr int kRefusedMax = 20;

// Of the policies that a new workspace has from its beginning (WorkspaceCreated.policy_generation).
// Raised with each policy that reacts to events which there were before it.
inline constexpr int kPolicyGeneration = 2;

struct PolicyState {
  policies::v1::Policy policy;  // without its description
};

struct PolicyAggregate {
  using State = PolicyState;
  using Event = policies::v1::PolicyEvent;
  static constexpr absl::string_view kCategory = "policies";
};

PolicyState Evolve(PolicyState state, const Recorded<policies::v1::PolicyEvent>& recorded);

// One that runs, and did nothing yet.
policies::v1::Policy NewPolicy(absl::string_view name);
// The parked reaction of this name; null where there is none.
const policies::v1::ParkedReaction* FindParked(const policies::v1::Policy& policy,
                                               absl::string_view reaction);

}  // namespace kith
