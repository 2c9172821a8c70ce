// Decisions about policies: to pause one, and what becomes of what it could not do. Pure and total.
#pragma once

#include "kith/policies/v1/policies_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/policy_state.h"

namespace kith::policies {

Decision Decide(const PolicyState& state, const v1::PausePolicyRequest& command);
Decision Decide(const PolicyState& state, const v1::ResumePolicyRequest& command);
Decision Decide(const PolicyState& state, const v1::RetryReactionRequest& command);
Decision Decide(const PolicyState& state, const v1::SkipReactionRequest& command);

}  // namespace kith::policies
