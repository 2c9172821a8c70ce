#include "services/deals/stage_approval.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "kith/deals/v1/deals_errors.pb.h"
#include "projections/deals/pipeline_fold.h"
#include "services/core/by_itself.h"
#include "services/core/check_as_seen.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/deals/deal_moves.h"
#include "services/deals/stage_gate.h"

namespace kith::deals {
namespace {

// Whether somebody may still answer what was asked for this stage; empty: for any.
bool IsPending(const v1::Deal& deal, absl::string_view stage, absl::Time now) {
  const v1::StageApproval& pending = deal.pending_approval();
  return deal.has_pending_approval() && (stage.empty() || pending.stage() == stage) &&
         (!pending.has_expire_time() || now < FromTimestamp(pending.expire_time()));
}

absl::Status NothingPending(const v1::Deal& deal, absl::string_view stage) {
  return RejectState(
      v1::DEALS_ERROR_NO_APPROVAL_PENDING,
      "No approval is pending: it was answered, was withdrawn or has expired, or the "
      "deal has moved. Read the deal.",
      deal.name(), {{"stage", std::string(stage)}});
}

// The stage that the deal is to enter: an open one, or the won one of its pipeline.
absl::StatusOr<const v1::Stage*> FindAskedStage(const v1::Deal& deal, const PipelineState& to,
                                                const std::string& name) {
  const v1::Stage* stage = FindStage(to.resource, name);
  const bool is_win = to.exists() && to.resource.name() == deal.pipeline() && stage != nullptr &&
                      stage->kind() == v1::WON_STAGE;
  return is_win ? stage : FindEnterableStage(to, name);
}

absl::Status RequesterUnknown() {
  return Reject(
      v1::DEALS_ERROR_REQUESTER_UNKNOWN,
      "Who asks for an approval has to be a user, as who agrees must be another one. Call "
      "with credentials of theirs, or on behalf of them.");
}

// What is agreed to is what was asked for, unless who agrees says by the deal's etag that they have
// seen what it is now.
absl::Status CheckAmount(const v1::Deal& deal, const std::string& etag) {
  const google::type::Money& asked = deal.pending_approval().amount();
  if (!etag.empty() || google::protobuf::util::MessageDifferencer::Equals(asked, deal.amount())) {
    return absl::OkStatus();
  }
  return RejectState(v1::DEALS_ERROR_AMOUNT_CHANGED,
                     "The deal's amount is another one since the approval was asked for. Read the "
                     "deal, and send its etag if it is still to enter the stage.",
                     deal.name(), {{"stage", deal.pending_approval().stage()}});
}

// Who calls is one of those whom the gate names now, and somebody else than who asked; as whom it
// names them. Where the gate needs no approval any more, those who were asked may still answer.
absl::StatusOr<std::string> FindApprover(const v1::Deal& deal, const v1::Stage* stage,
                                         absl::Span<const std::string> groups,
                                         const CommandContext& context) {
  const v1::StageApproval& pending = deal.pending_approval();
  if (pending.requester().empty()) return RequesterUnknown();
  const auto& approvers = stage != nullptr && stage->gate().has_approval()
                              ? stage->gate().approval().approvers()
                              : pending.approvers();
  const auto is_caller = [&](const std::string& one) {
    return one == context.user || std::find(groups.begin(), groups.end(), one) != groups.end();
  };
  const auto named = std::find_if(approvers.begin(), approvers.end(), is_caller);
  if (context.user.empty() || named == approvers.end()) {
    return Reject(v1::DEALS_ERROR_NOT_AN_APPROVER,
                  "The caller is none of those who may agree. They are in metadata.",
                  {{"approvers", absl::StrJoin(approvers, ", ")}, {"stage", pending.stage()}});
  }
  if (pending.requester() != context.user) return *named;
  return Reject(v1::DEALS_ERROR_OWN_APPROVAL,
                "Whoever asked for an approval may not answer it. Somebody else has to.",
                {{"requester", pending.requester()}, {"stage", pending.stage()}});
}

// What is asked of every answer to the approval that a deal waits for; as whom the gate names who
// calls.
template <class Command>
absl::StatusOr<std::string> CheckAnswer(const DealState& state, const MoveScene& scene,
                                        const Command& command,
                                        absl::Span<const std::string> groups,
                                        const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(DealRules(), state, command));
  const v1::Deal& deal = state.resource;
  if (!IsPending(deal, command.stage(), context.now)) return NothingPending(deal, command.stage());
  return FindApprover(deal, FindStage(scene.to.resource, command.stage()), groups, context);
}

// Fills what Granted and Rejected have in common.
template <class Command, class Event>
void Answer(const Command& command, const std::string& named_as, const CommandContext& context,
            Event& event) {
  event.set_name(command.name());
  event.set_stage(command.stage());
  event.set_approver(std::string(context.user));
  event.set_note(command.note());
  event.set_named_as(named_as);
}

}  // namespace

Decision Decide(const DealState& state, const MoveScene& scene,
                const v1::RequestStageApprovalRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(DealRules(), state, command));
  const v1::Deal& deal = state.resource;
  if (context.user.empty()) return RequesterUnknown();
  if (deal.status() != v1::OPEN) return DealClosed(deal);
  if (IsPending(deal, "", context.now)) {
    const v1::StageApproval& pending = deal.pending_approval();
    const bool repeats = pending.stage() == command.stage() &&
                         pending.requester() == context.user && pending.note() == command.note();
    if (repeats) return NoChange();
    return RejectState(v1::DEALS_ERROR_APPROVAL_PENDING,
                       "An approval is pending already. Wait for it, or withdraw it.", deal.name(),
                       {{"stage", pending.stage()}});
  }
  KITH_ASSIGN_OR_RETURN(const v1::Stage* stage, FindAskedStage(deal, scene.to, command.stage()));
  if (!stage->gate().has_approval() || stage->name() == deal.stage()) {
    return RejectState(v1::DEALS_ERROR_APPROVAL_NOT_NEEDED,
                       "The stage needs no approval: use MoveDeal or WinDeal.", stage->name(),
                       {{"stage", stage->name()}});
  }
  KITH_RETURN_IF_ERROR(CheckGates({.deal = deal,
                                   .from = scene.from.resource,
                                   .to = scene.to.resource,
                                   .entered = *stage,
                                   .approval = Approval::kGiven}));

  v1::DealEvent event;
  event.mutable_stage_approval_requested()->set_name(deal.name());
  v1::StageApproval& asked = *event.mutable_stage_approval_requested()->mutable_approval();
  asked.set_stage(stage->name());
  asked.set_requester(std::string(context.user));
  *asked.mutable_request_time() = ToTimestamp(context.now);
  const v1::StageApprovalRule& rule = stage->gate().approval();
  if (rule.expire_hours() > 0) {
    *asked.mutable_expire_time() = ToTimestamp(context.now + absl::Hours(rule.expire_hours()));
  }
  asked.set_note(command.note());
  *asked.mutable_approvers() = rule.approvers();
  if (deal.has_amount()) *asked.mutable_amount() = deal.amount();
  return Changes().Append(deal.name(), std::move(event));
}

Decision Decide(const DealState& state, const MoveScene& scene,
                const v1::GrantStageApprovalRequest& command, absl::Span<const std::string> groups,
                const CommandContext& context) {
  KITH_ASSIGN_OR_RETURN(const std::string named_as,
                        CheckAnswer(state, scene, command, groups, context));
  const v1::Deal& deal = state.resource;
  KITH_ASSIGN_OR_RETURN(const v1::Stage* stage, FindAskedStage(deal, scene.to, command.stage()));
  KITH_RETURN_IF_ERROR(CheckGates({.deal = deal,
                                   .from = scene.from.resource,
                                   .to = scene.to.resource,
                                   .entered = *stage,
                                   .approval = Approval::kGiven}));
  KITH_RETURN_IF_ERROR(CheckAmount(deal, command.etag()));
  KITH_ASSIGN_OR_RETURN(const absl::Time occurred, TimeOfLeaving(deal, context));

  v1::DealEvent granted;
  Answer(command, named_as, context, *granted.mutable_stage_approval_granted());
  Changes changes;
  changes.Append(deal.name(), std::move(granted));
  if (stage->kind() == v1::WON_STAGE) {
    AppendWin(deal, stage->name(), occurred, changes);
  } else {
    AppendMove(deal, stage->name(), "", occurred, changes);
  }
  return std::move(changes).OccurredAt(occurred);
}

Decision Decide(const DealState& state, const MoveScene& scene,
                const v1::RejectStageApprovalRequest& command, absl::Span<const std::string> groups,
                const CommandContext& context) {
  KITH_ASSIGN_OR_RETURN(const std::string named_as,
                        CheckAnswer(state, scene, command, groups, context));
  v1::DealEvent event;
  Answer(command, named_as, context, *event.mutable_stage_approval_rejected());
  return Changes().Append(state.resource.name(), std::move(event));
}

Decision Decide(const DealState& state, const v1::WithdrawStageApprovalRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(DealRules(), state, command));
  const v1::Deal& deal = state.resource;
  if (!deal.has_pending_approval()) {
    return state.approval_is_withdrawn ? NoChange() : NothingPending(deal, "");
  }
  v1::DealEvent event;
  event.mutable_stage_approval_withdrawn()->set_name(deal.name());
  event.mutable_stage_approval_withdrawn()->set_stage(deal.pending_approval().stage());
  return Changes().Append(deal.name(), std::move(event));
}

Decision Decide(const DealState& state, const v1::ExpireStageApprovalRequest& command,
                const CommandContext& context) {
  if (state.lifecycle == Lifecycle::kAbsent) return ResourceNotFound(DealRules(), command.name());
  KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), state.resource.etag()));
  const v1::Deal& deal = state.resource;
  const v1::StageApproval& pending = deal.pending_approval();
  const absl::Time expires = FromTimestamp(command.expire_time());
  const bool is_meant = state.lifecycle == Lifecycle::kActive && pending.has_expire_time() &&
                        FromTimestamp(pending.expire_time()) == expires;
  // The policy's timer has come, whatever was set back since.
  const bool has_come = context.now >= expires || IsDoneByPolicy(context, kApprovalPolicy);
  if (!is_meant || !has_come) return NoChange();
  v1::DealEvent event;
  event.mutable_stage_approval_expired()->set_name(deal.name());
  event.mutable_stage_approval_expired()->set_stage(pending.stage());
  return Changes().Append(deal.name(), std::move(event));
}

}  // namespace kith::deals
