// Approvals: whether a deal may enter a stage whose gate asks for somebody's agreement. Who moves
// deals asks, and one of those whom the gate names answers; one is pending at a time, as a field of
// the deal.
//
// Pure; any thread. Who agrees moves the deal with that, in one append, if the gates allow it as
// they and the deal are then.
#pragma once

#include <string>

#include "absl/types/span.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/deals/deal.h"

namespace kith::deals {

// The policy that ends what nobody answered. Persisted in its commands.
inline constexpr char kApprovalPolicy[] = "approval_expiry";

Decision Decide(const DealState& state, const MoveScene& scene,
                const v1::RequestStageApprovalRequest& command, const CommandContext& context);

// `groups` are the teams that the caller is in, those that these are parts of, and the roles that
// they have.
Decision Decide(const DealState& state, const MoveScene& scene,
                const v1::GrantStageApprovalRequest& command, absl::Span<const std::string> groups,
                const CommandContext& context);
Decision Decide(const DealState& state, const MoveScene& scene,
                const v1::RejectStageApprovalRequest& command, absl::Span<const std::string> groups,
                const CommandContext& context);

Decision Decide(const DealState& state, const v1::WithdrawStageApprovalRequest& command,
                const CommandContext& context);
Decision Decide(const DealState& state, const v1::ExpireStageApprovalRequest& command,
                const CommandContext& context);

}  // namespace kith::deals
