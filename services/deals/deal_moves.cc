#include "services/deals/deal_moves.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/check.h"
#include "kith/deals/v1/deals_errors.pb.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"

namespace kith::deals {
namespace {

// Of what claims what: a deal that goes to another pipeline is found by that one's deletion.
std::vector<Claim> ClaimsOfMove(absl::string_view from_stage, absl::string_view to_stage) {
  const absl::string_view from = ParentOf(from_stage);
  const absl::string_view to = ParentOf(to_stage);
  if (from == to) return {};
  const auto& links = DealRules().held_links;
  const auto link = std::find_if(links.begin(), links.end(), [](const HeldLink& one) {
    return one.field->number() == v1::Deal::kPipelineFieldNumber;
  });
  KITH_CHECK(link != links.end());
  return {{link->purpose, std::string(from)}, {link->purpose, std::string(to)}};
}

}  // namespace

absl::Status DealClosed(const v1::Deal& deal) {
  return RejectState(v1::DEALS_ERROR_DEAL_CLOSED,
                     "The deal is not open: it was won or lost. Reopen it first.", deal.name(),
                     {{"status", v1::DealStatus_Name(deal.status())}});
}

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

void AppendMove(const v1::Deal& deal, const std::string& to_stage, const std::string& position,
                absl::Time occurred, Changes& changes) {
  v1::DealEvent event;
  v1::DealStageChanged& changed = *event.mutable_deal_stage_changed();
  Leave(deal, to_stage, occurred, changed);
  changed.set_position(position);
  changes.Append(deal.name(), std::move(event), ClaimsOfMove(deal.stage(), to_stage));
}

void AppendWin(const v1::Deal& deal, const std::string& won_stage, absl::Time occurred,
               Changes& changes) {
  v1::DealEvent event;
  Leave(deal, won_stage, occurred, *event.mutable_deal_won());
  changes.Append(deal.name(), std::move(event));
}

}  // namespace kith::deals
