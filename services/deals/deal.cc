#include "services/deals/deal.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deals_errors.pb.h"
#include "projections/deals/deal_fold.h"
#include "projections/deals/pipeline_fold.h"
#include "services/core/default_pipeline.h"
#include "services/core/money.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/core/update_mask.h"

namespace kith::deals {
namespace {

absl::Status DealClosed(const v1::Deal& deal) {
  return RejectState(v1::DEALS_ERROR_DEAL_CLOSED,
                     "The deal is not open: it was won or lost. Reopen it first.", deal.name(),
                     {{"status", v1::DealStatus_Name(deal.status())}});
}

// The deal is there, and as the caller last saw it.
template <class Command>
absl::Status CheckDeal(const DealState& state, const Command& command) {
  switch (state.lifecycle) {
    case Lifecycle::kAbsent:
    case Lifecycle::kDeleted:
    case Lifecycle::kMerged:
      return ResourceNotFound(DealRules(), command.name());
    case Lifecycle::kActive:
      return CheckEtag(command.etag(), state.resource.etag());
  }
  KITH_UNREACHABLE();
}

// When a deal leaves its stage: no earlier than it entered it. Only a time that the caller says is
// refused; ours is moved, because a clock that was set back, or was ahead where the deal entered,
// must not hold it there.
absl::StatusOr<absl::Time> TimeOfLeaving(const v1::Deal& deal, const CommandContext& context) {
  const absl::Time entered = FromTimestamp(deal.stage_enter_time());
  if (context.occurred >= entered) return context.occurred;
  if (!context.occurred_is_said) return entered;
  return RejectState(
      v1::DEALS_ERROR_OCCURS_BEFORE_STAGE,
      "The event's time is before the deal entered its present stage. Correct occur_time.",
      deal.name(),
      {{"stage", deal.stage()},
       {"stage_enter_time", absl::FormatTime(absl::RFC3339_full, entered, absl::UTCTimeZone())}});
}

absl::Status CheckFields(const v1::Deal& deal) {
  google::rpc::BadRequest violations;
  if (IsNegative(deal.amount())) {
    AddViolation("deal.amount", "must not be negative", violations);
  }
  // What is won is CLOSED; an open deal that said so would count as sold in a forecast.
  if (deal.forecast_category() == v1::CLOSED) {
    AddViolation("deal.forecast_category", "must not be CLOSED: winning the deal makes it so",
                 violations);
  }
  return RejectFields(violations);
}

// The pipeline a new deal goes to.
absl::string_view PipelineOf(const v1::Deal& wanted) {
  return wanted.pipeline().empty() ? kDefaultPipeline : absl::string_view(wanted.pipeline());
}

absl::Status Place(const PipelineState& pipeline, v1::Deal& deal) {
  if (!pipeline.exists()) return ResourceNotFound(PipelineRules(), PipelineOf(deal));
  const v1::Stage* stage = &FirstOpenStage(pipeline);
  if (!deal.stage().empty()) {
    KITH_ASSIGN_OR_RETURN(stage, FindEnterableStage(pipeline, deal.stage()));
  }
  deal.set_pipeline(pipeline.resource.name());
  deal.set_stage(stage->name());
  return absl::OkStatus();
}

bool IsSame(const google::type::Money& a, const google::type::Money& b) {
  return a.units() == b.units() && a.nanos() == b.nanos() && a.currency_code() == b.currency_code();
}

// The open stage the deal was in last, archived or not.
std::string LastOpenStage(const v1::Deal& deal, const PipelineState& pipeline) {
  const auto& stays = deal.stage_intervals();
  for (auto stay = stays.rbegin(); stay != stays.rend(); ++stay) {
    const v1::Stage* stage = FindStage(pipeline.resource, stay->stage());
    if (stage != nullptr && stage->kind() == v1::OPEN_STAGE) return stay->stage();
  }
  return FirstOpenStage(pipeline).name();
}

v1::DealEvent Repriced(const std::string& name, const google::type::Money& amount) {
  v1::Deal after;
  after.set_name(name);
  *after.mutable_amount() = amount;
  google::protobuf::FieldMask changed;
  changed.add_paths("amount");
  return UpdatedEvent<v1::DealEvent>(after, changed);
}

// Fills what StageChanged, Won and Lost have in common.
template <class Event>
void Leave(const v1::Deal& deal, const std::string& to_stage, absl::Time occurred, Event& event) {
  event.set_name(deal.name());
  event.set_from_stage(deal.stage());
  event.set_to_stage(to_stage);
  *event.mutable_dwell() = ToDuration(occurred - FromTimestamp(deal.stage_enter_time()));
}

}  // namespace

const ResourceRules& DealRules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<DealAggregate>()
                             .NotFound(v1::DEALS_ERROR_DEAL_NOT_FOUND)
                             .Exists(v1::DEALS_ERROR_DEAL_EXISTS)
                             .LinkNotFound(v1::DEALS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .OwnedByCreator()
                             .Within<PipelineAggregate>(PipelineOf, Place)
                             .Check(CheckFields)
                             .FoldedBy<FoldDeal>()
                             .NamedAfter("company_name", "company")
                             .ToldByReads("stage_intervals")
                             .ToldByReads("earlier_stage_interval_count")
                             .Build());
  return rules;
}

Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::MoveDealRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckDeal(state, command));
  const v1::Deal& deal = state.resource;
  if (deal.status() != v1::OPEN) return DealClosed(deal);
  if (deal.stage() == command.stage()) return NoChange();
  KITH_ASSIGN_OR_RETURN(const v1::Stage* stage, FindEnterableStage(pipeline, command.stage()));
  KITH_ASSIGN_OR_RETURN(const absl::Time occurred, TimeOfLeaving(deal, context));

  v1::DealEvent event;
  Leave(deal, stage->name(), occurred, *event.mutable_deal_stage_changed());
  return Changes().Append(deal.name(), std::move(event)).OccurredAt(occurred);
}

Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::WinDealRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckDeal(state, command));
  const v1::Deal& deal = state.resource;
  const bool reprice = command.has_amount() && !IsSame(command.amount(), deal.amount());
  if (deal.status() == v1::WON && !reprice) return NoChange();
  if (deal.status() != v1::OPEN) return DealClosed(deal);
  if (IsNegative(command.amount())) return RejectField("amount", "must not be negative");
  KITH_ASSIGN_OR_RETURN(const absl::Time occurred, TimeOfLeaving(deal, context));

  Changes changes;
  if (reprice) changes.Append(deal.name(), Repriced(deal.name(), command.amount()));
  v1::DealEvent event;
  Leave(deal, ClosedStage(pipeline, v1::WON_STAGE).name(), occurred, *event.mutable_deal_won());
  changes.Append(deal.name(), std::move(event));
  return std::move(changes).OccurredAt(occurred);
}

Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::LoseDealRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckDeal(state, command));
  const v1::Deal& deal = state.resource;
  const bool repeats = deal.status() == v1::LOST && deal.lost_reason() == command.reason() &&
                       deal.lost_notes() == command.notes();
  if (repeats) return NoChange();
  if (deal.status() != v1::OPEN) return DealClosed(deal);
  KITH_ASSIGN_OR_RETURN(const absl::Time occurred, TimeOfLeaving(deal, context));

  v1::DealEvent event;
  v1::DealLost& lost = *event.mutable_deal_lost();
  Leave(deal, ClosedStage(pipeline, v1::LOST_STAGE).name(), occurred, lost);
  lost.set_reason(command.reason());
  lost.set_notes(command.notes());
  return Changes().Append(deal.name(), std::move(event)).OccurredAt(occurred);
}

Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::ReopenDealRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckDeal(state, command));
  const v1::Deal& deal = state.resource;
  if (deal.status() == v1::OPEN) {
    return RejectState(v1::DEALS_ERROR_DEAL_OPEN, "The deal is open: there is nothing to reopen.",
                       deal.name());
  }
  const std::string wanted =
      command.stage().empty() ? LastOpenStage(deal, pipeline) : command.stage();
  KITH_ASSIGN_OR_RETURN(const v1::Stage* stage, FindEnterableStage(pipeline, wanted));
  KITH_ASSIGN_OR_RETURN(const absl::Time occurred, TimeOfLeaving(deal, context));

  v1::DealEvent event;
  v1::DealReopened& reopened = *event.mutable_deal_reopened();
  reopened.set_name(deal.name());
  reopened.set_from_stage(deal.stage());
  reopened.set_to_stage(stage->name());
  return Changes().Append(deal.name(), std::move(event)).OccurredAt(occurred);
}

DealState Evolve(DealState state, const Recorded<v1::DealEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldDeal);
  return state;
}

}  // namespace kith::deals
