// What is said of deals about which nothing happens: beside a deal, once for each of its stays in a
// stage. The policy projections/deals/stale_deals says when.
//
// Pure: see services/core/decider.h. It is decided over the deal, its pipeline, and what was said
// before; all are conditions of the append. What happens about a deal in other streams, as an
// interaction, is none: one that is recorded in the same moment may be too late.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/deals/v1/staleness_events.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/deals/deal.h"
#include "services/deals/pipeline.h"

namespace kith::deals {

struct StalenessState {
  // When the deal entered the stage in which it was last said to be stale.
  absl::Time stage_enter_time = absl::InfinitePast();
};

struct StalenessAggregate {
  using State = StalenessState;
  using Event = v1::StalenessEvent;
  static constexpr absl::string_view kCategory = "staleness";
};

StalenessState Evolve(StalenessState state, const Recorded<v1::StalenessEvent>& recorded);
// "deals/…/staleness" of "deals/…", and the same of a pipeline.
std::string StalenessOf(absl::string_view record);

// DEALS_ERROR_SAYS_BY_ITSELF where the caller is not the policy.
absl::Status CheckSaysByItself(const CommandContext& context);
// `pipeline` is the deal's, and `said` what was said of it.
Decision Decide(const DealState& deal, const PipelineState& pipeline, const StalenessState& said,
                const v1::RaiseStaleDealRequest& command, const CommandContext& context);

}  // namespace kith::deals
