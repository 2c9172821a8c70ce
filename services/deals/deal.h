// The deal: a sale that may come about. Its rules, its fold, and the commands of its own; those on
// approvals are in stage_approval.h.
//
// Pure: see services/core/decider.h. A decision that lets a deal enter a stage is made over the
// deal and its pipeline; both are conditions of the append, so a stage archived meanwhile is
// refused.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/resource_rules.h"
#include "services/deals/pipeline.h"

namespace kith::deals {

struct DealState : ResourceState<v1::Deal> {
  // When something last happened to it, but for its place within its stage.
  absl::Time touch_time = absl::InfinitePast();
  // The last approval that was asked for ended so.
  bool approval_is_withdrawn = false;
};

struct DealAggregate {
  using Resource = v1::Deal;
  using State = DealState;
  using Event = v1::DealEvent;
  static constexpr absl::string_view kCategory = "deals";
};

DealState Evolve(DealState state, const Recorded<v1::DealEvent>& recorded);

// Those of the standard methods: a deal comes into being open, in an open stage of a pipeline.
const ResourceRules& DealRules();

// A deal beside which another one is to stand.
struct Neighbour {
  std::string name;
  bool is_there = false;  // and the caller may see it
  std::string stage;
  std::string position;
};

// What a move is decided over beside the deal: its pipeline, and that of the stage it is to enter,
// which may be the same. Borrows all.
struct MoveScene {
  const PipelineState& from;
  const PipelineState& to;
  const Neighbour* after = nullptr;  // null: none is said
  const Neighbour* before = nullptr;
};

Decision Decide(const DealState& state, const MoveScene& scene, const v1::MoveDealRequest& command,
                const CommandContext& context);

// `pipeline` is the deal's.
Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::WinDealRequest& command, const CommandContext& context);
Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::LoseDealRequest& command, const CommandContext& context);
Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::ReopenDealRequest& command, const CommandContext& context);

}  // namespace kith::deals
