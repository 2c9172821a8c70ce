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
      return DealNotFound(command.name());
    case Lifecycle::kActive:
      return CheckEtag(command.etag(), state.deal.etag());
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

absl::Status CheckAmount(absl::string_view field, const google::type::Money& amount) {
  const bool negative = amount.units() < 0 || amount.nanos() < 0;
  return negative ? RejectField(field, "must not be negative") : absl::OkStatus();
}

// What is won is CLOSED; an open deal that said so would count as sold in a forecast.
absl::Status CheckForecast(const v1::Deal& deal) {
  if (deal.forecast_category() != v1::CLOSED) return absl::OkStatus();
  return RejectField("deal.forecast_category", "must not be CLOSED: winning the deal makes it so");
}

bool IsSame(const google::type::Money& a, const google::type::Money& b) {
  return a.units() == b.units() && a.nanos() == b.nanos() && a.currency_code() == b.currency_code();
}

// The open stage the deal was in last, archived or not.
std::string LastOpenStage(const v1::Deal& deal, const PipelineState& pipeline) {
  const auto& stays = deal.stage_intervals();
  for (auto stay = stays.rbegin(); stay != stays.rend(); ++stay) {
    const v1::Stage* stage = FindStage(pipeline.pipeline, stay->stage());
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

std::string DealName(absl::string_view id) { return absl::StrCat("deals/", id); }

absl::Status DealNotFound(absl::string_view deal) {
  return RejectResource(v1::DEALS_ERROR_DEAL_NOT_FOUND,
                        "No such deal, or it was deleted. Check the name.", deal);
}

absl::string_view PipelineOf(const v1::CreateDealRequest& command) {
  return command.deal().pipeline().empty() ? kDefaultPipeline
                                           : absl::string_view(command.deal().pipeline());
}

Decision Decide(const DealState& state, const PipelineState& pipeline, LinkedRecords linked,
                const v1::CreateDealRequest& command, const CommandContext& context) {
  switch (state.lifecycle) {
    case Lifecycle::kActive:
    case Lifecycle::kDeleted:
      return RejectResource(v1::DEALS_ERROR_DEAL_EXISTS,
                            "A deal with this id exists, or existed. Choose another id.",
                            state.deal.name());
    case Lifecycle::kAbsent:
      break;
  }
  if (!pipeline.exists()) return PipelineNotFound(PipelineOf(command));
  KITH_RETURN_IF_ERROR(CheckAmount("deal.amount", command.deal().amount()));
  KITH_RETURN_IF_ERROR(CheckForecast(command.deal()));
  const std::string& wanted = command.deal().stage();
  const v1::Stage* stage = &FirstOpenStage(pipeline);
  if (!wanted.empty()) {
    KITH_ASSIGN_OR_RETURN(stage, FindEnterableStage(pipeline, wanted));
  }
  KITH_RETURN_IF_ERROR(
      CheckLinks(v1::DEALS_ERROR_LINKED_RECORD_NOT_FOUND, NewLinks(command), linked));

  v1::DealEvent event;
  v1::Deal& deal = *event.mutable_deal_created()->mutable_deal();
  deal = command.deal();
  ClearOutputOnly(&deal);
  deal.clear_etag();
  deal.set_name(DealName(command.deal_id().empty() ? context.ids.Next() : command.deal_id()));
  deal.set_pipeline(pipeline.pipeline.name());
  deal.set_stage(stage->name());
  return Changes().Append(std::string(deal.name()), std::move(event));
}

Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::MoveDealRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckDeal(state, command));
  const v1::Deal& deal = state.deal;
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
  const v1::Deal& deal = state.deal;
  const bool reprice = command.has_amount() && !IsSame(command.amount(), deal.amount());
  if (deal.status() == v1::WON && !reprice) return NoChange();
  if (deal.status() != v1::OPEN) return DealClosed(deal);
  KITH_RETURN_IF_ERROR(CheckAmount("amount", command.amount()));
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
  const v1::Deal& deal = state.deal;
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
  const v1::Deal& deal = state.deal;
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

Decision Decide(const DealState& state, LinkedRecords linked, const v1::UpdateDealRequest& command,
                const CommandContext&) {
  const v1::Deal& wanted = command.deal();
  KITH_RETURN_IF_ERROR(CheckDeal(state, wanted));
  KITH_ASSIGN_OR_RETURN(const auto changed,
                        ChangedFields(state.deal, wanted, command.update_mask()));
  if (changed.paths().empty()) return NoChange();
  KITH_RETURN_IF_ERROR(CheckAmount("deal.amount", PickFields(wanted, changed).amount()));
  KITH_RETURN_IF_ERROR(CheckForecast(PickFields(wanted, changed)));
  KITH_RETURN_IF_ERROR(
      CheckLinks(v1::DEALS_ERROR_LINKED_RECORD_NOT_FOUND, NewLinks(state, command), linked));
  return Changes().Append(wanted.name(), UpdatedEvent<v1::DealEvent>(wanted, changed));
}

Decision Decide(const DealState& state, const v1::DeleteDealRequest& command,
                const CommandContext&) {
  if (state.lifecycle == Lifecycle::kDeleted) return NoChange();
  KITH_RETURN_IF_ERROR(CheckDeal(state, command));
  return Changes().Append(state.deal.name(), DeletedEvent<v1::DealEvent>(state.deal));
}

DealState Evolve(DealState state, const Recorded<v1::DealEvent>& recorded) {
  switch (FoldDeal({recorded.event, recorded.revision, recorded.occur_time, recorded.erased},
                   state.deal)) {
    case StandardEvent::kCreated:
    case StandardEvent::kUndeleted:
      state.lifecycle = Lifecycle::kActive;
      break;
    case StandardEvent::kDeleted:
      state.lifecycle = Lifecycle::kDeleted;
      break;
    case StandardEvent::kUpdated:
    case StandardEvent::kOther:
      break;
  }
  return state;
}

}  // namespace kith::deals
