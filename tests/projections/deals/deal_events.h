// Events of deals, pipelines and interactions, as short as tests of views need them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/deals/v1/pipeline_events.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "services/core/default_pipeline.h"

namespace kith::deals {

// "pipelines/default/stages/qualified".
// Of a BoardQuery: one owner, or where it is empty all.
inline std::optional<std::vector<std::string>> OwnersFor(const std::string& owner) {
  if (owner.empty()) return std::nullopt;
  return std::vector<std::string>{owner};
}

inline std::string StagePath(const std::string& id) {
  return absl::StrCat(kDefaultPipeline, "/stages/", id);
}

inline google::type::Money MoneyIn(const std::string& currency, int64_t units, int32_t nanos = 0) {
  google::type::Money money;
  money.set_currency_code(currency);
  money.set_units(units);
  money.set_nanos(nanos);
  return money;
}

inline v1::Deal DealIn(const std::string& name, const std::string& stage_id,
                       const std::string& owner = "") {
  v1::Deal deal;
  deal.set_name(name);
  deal.set_display_name(name);
  deal.set_pipeline(std::string(kDefaultPipeline));
  deal.set_stage(StagePath(stage_id));
  deal.set_owner(owner);
  return deal;
}

inline v1::DealCreated Created(v1::Deal deal) {
  v1::DealCreated event;
  *event.mutable_deal() = std::move(deal);
  return event;
}

// `values` with the fields of the mask.
inline v1::DealUpdated Updated(const v1::Deal& values, const std::vector<std::string>& mask) {
  v1::DealUpdated event;
  event.set_name(values.name());
  for (const std::string& path : mask) event.mutable_update_mask()->add_paths(path);
  *event.mutable_deal() = values;
  return event;
}

inline v1::DealStageChanged Moved(const std::string& stage_id) {
  v1::DealStageChanged event;
  event.set_to_stage(StagePath(stage_id));
  return event;
}

inline v1::DealWon Won() {
  v1::DealWon event;
  event.set_to_stage(StagePath("closed-won"));
  return event;
}

inline v1::DealLost Lost(v1::LostReason reason = v1::PRICING) {
  v1::DealLost event;
  event.set_to_stage(StagePath("closed-lost"));
  event.set_reason(reason);
  return event;
}

inline v1::DealReopened Reopened(const std::string& stage_id) {
  v1::DealReopened event;
  event.set_to_stage(StagePath(stage_id));
  return event;
}

inline v1::StageUpdated StageChanged(v1::Stage stage) {
  v1::StageUpdated event;
  *event.mutable_stage() = std::move(stage);
  return event;
}

inline interactions::v1::InteractionRecorded InteractionWith(
    const std::string& parent, const std::vector<std::string>& links = {}) {
  interactions::v1::InteractionRecorded event;
  event.set_name(absl::StrCat(parent, "/interactions/1"));
  event.set_subject(parent);
  for (const std::string& link : links) event.mutable_interaction()->add_links(link);
  return event;
}

}  // namespace kith::deals
