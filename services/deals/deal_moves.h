// What the commands have in common that take a deal from stage to stage. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/proto_time.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/deals/deal.h"

namespace kith::deals {

absl::Status DealClosed(const v1::Deal& deal);

// When a deal leaves its stage: no earlier than it entered it. Only a time that the caller says is
// refused; ours is moved, because a clock that was set back, or was ahead where the deal entered,
// must not hold it there.
absl::StatusOr<absl::Time> TimeOfLeaving(const v1::Deal& deal, const CommandContext& context);

// Fills what StageChanged, Won and Lost have in common.
template <class Event>
void Leave(const v1::Deal& deal, const std::string& to_stage, absl::Time occurred, Event& event) {
  event.set_name(deal.name());
  event.set_from_stage(deal.stage());
  event.set_to_stage(to_stage);
  *event.mutable_dwell() = ToDuration(occurred - FromTimestamp(deal.stage_enter_time()));
}

// Takes an open deal into an open stage, which may be one of another pipeline. `position` is where
// it stands there; empty: behind the others.
void AppendMove(const v1::Deal& deal, const std::string& to_stage, const std::string& position,
                absl::Time occurred, Changes& changes);
// Takes it into the won stage of its pipeline.
void AppendWin(const v1::Deal& deal, const std::string& won_stage, absl::Time occurred,
               Changes& changes);

}  // namespace kith::deals
