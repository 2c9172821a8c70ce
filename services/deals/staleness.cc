#include "services/deals/staleness.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deals_errors.pb.h"
#include "projections/deals/pipeline_fold.h"
#include "projections/deals/stale_deals.h"
#include "services/core/by_itself.h"
#include "services/core/reject.h"

namespace kith::deals {
namespace {

// Whether it is the deal that the command speaks of, in the same stay, and untouched.
bool IsStill(const DealState& state, const v1::RaiseStaleDealRequest& command) {
  const v1::Deal& deal = state.resource;
  return state.lifecycle == Lifecycle::kActive && deal.status() == v1::OPEN &&
         deal.stage() == command.stage() &&
         FromTimestamp(deal.stage_enter_time()) == FromTimestamp(command.stage_enter_time()) &&
         state.touch_time <= FromTimestamp(command.last_activity_time());
}

}  // namespace

StalenessState Evolve(StalenessState state, const Recorded<v1::StalenessEvent>& recorded) {
  if (recorded.event.has_deal_went_stale()) {
    state.stage_enter_time = FromTimestamp(recorded.event.deal_went_stale().stage_enter_time());
  }
  return state;
}

std::string StalenessOf(absl::string_view record) {
  return absl::StrCat(record, "/", StalenessAggregate::kCategory);
}

absl::Status CheckSaysByItself(const CommandContext& context) {
  if (IsDoneByPolicy(context, StaleDeals::kName)) return absl::OkStatus();
  return Reject(v1::DEALS_ERROR_SAYS_BY_ITSELF,
                "Kith says by itself that a deal went stale. Give its stage rot_days, and wait.");
}

Decision Decide(const DealState& state, const PipelineState& pipeline, const StalenessState& said,
                const v1::RaiseStaleDealRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckSaysByItself(context));
  if (state.lifecycle == Lifecycle::kAbsent) return ResourceNotFound(DealRules(), command.name());
  if (!IsStill(state, command)) return NoChange();
  const v1::Deal& deal = state.resource;
  if (said.stage_enter_time == FromTimestamp(deal.stage_enter_time())) return NoChange();
  const v1::Stage* const stage = FindStage(pipeline.resource, deal.stage());
  if (stage == nullptr) return NoChange();
  const absl::Time due = StaleTime(FromTimestamp(command.last_activity_time()), *stage);
  if (due > context.now) return NoChange();
  v1::StalenessEvent event;
  v1::DealWentStale& stale = *event.mutable_deal_went_stale();
  stale.set_name(deal.name());
  stale.set_display_name(deal.display_name());
  stale.set_owner(deal.owner());
  stale.set_stage(deal.stage());
  stale.set_stage_display_name(stage->display_name());
  *stale.mutable_stage_enter_time() = deal.stage_enter_time();
  *stale.mutable_last_activity_time() = command.last_activity_time();
  stale.set_rot_days(stage->rot_days());
  *stale.mutable_stale_time() = ToTimestamp(due);
  return Changes().Append(StalenessOf(deal.name()), std::move(event));
}

}  // namespace kith::deals
