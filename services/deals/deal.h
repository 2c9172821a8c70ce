// The deal: a sale that may come about. State, decisions, fold.
//
// Pure: see services/core/decider.h. A decision that lets a deal enter a stage is made over the
// deal and its pipeline; both are conditions of the append, so a stage archived meanwhile is
// refused. The same holds for the owner and the contacts that a command makes a deal name.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/lifecycle.h"
#include "services/deals/deal_links.h"
#include "services/deals/pipeline.h"

namespace kith::deals {

struct DealState {
  v1::Deal deal;  // as GetDeal answers it; as it was last, also after it was deleted
  Lifecycle lifecycle = Lifecycle::kAbsent;
};

struct DealAggregate {
  using State = DealState;
  using Event = v1::DealEvent;
  static constexpr absl::string_view kCategory = "deals";
};

// "deals/…" of a deal's id.
std::string DealName(absl::string_view id);
absl::Status DealNotFound(absl::string_view deal);

// The pipeline a new deal goes to.
absl::string_view PipelineOf(const v1::CreateDealRequest& command);

// `linked` are the states of the records that a command's NewLinks name. `state` is that of the id
// the command brings, or a default one where it brings none; `pipeline` that of PipelineOf.
Decision Decide(const DealState& state, const PipelineState& pipeline, LinkedRecords linked,
                const v1::CreateDealRequest& command, const CommandContext& context);

// `pipeline` is the deal's.
Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::MoveDealRequest& command, const CommandContext& context);
Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::WinDealRequest& command, const CommandContext& context);
Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::LoseDealRequest& command, const CommandContext& context);
Decision Decide(const DealState& state, const PipelineState& pipeline,
                const v1::ReopenDealRequest& command, const CommandContext& context);

Decision Decide(const DealState& state, LinkedRecords linked, const v1::UpdateDealRequest& command,
                const CommandContext& context);
Decision Decide(const DealState& state, const v1::DeleteDealRequest& command,
                const CommandContext& context);

DealState Evolve(DealState state, const Recorded<v1::DealEvent>& recorded);

}  // namespace kith::deals
