#include "services/core/default_pipeline.h"

#include "absl/strings/str_cat.h"

namespace kith {
namespace {

struct StageDefaults {
  const char* id;
  const char* display_name;
  int probability_percent;
  int rot_days;
  deals::v1::StageKind kind;
  deals::v1::ForecastCategory category;
};

// Open stages leave their category to the probability; a month without a touch is rot.
constexpr StageDefaults kStages[] = {
    {"new-lead", "New Lead", 5, 30, deals::v1::OPEN_STAGE,
     deals::v1::FORECAST_CATEGORY_UNSPECIFIED},
    {"contacted", "Contacted", 15, 30, deals::v1::OPEN_STAGE,
     deals::v1::FORECAST_CATEGORY_UNSPECIFIED},
    {"qualified", "Qualified", 30, 30, deals::v1::OPEN_STAGE,
     deals::v1::FORECAST_CATEGORY_UNSPECIFIED},
    {"proposal-sent", "Proposal Sent", 60, 30, deals::v1::OPEN_STAGE,
     deals::v1::FORECAST_CATEGORY_UNSPECIFIED},
    {"negotiation", "Negotiation", 80, 30, deals::v1::OPEN_STAGE,
     deals::v1::FORECAST_CATEGORY_UNSPECIFIED},
    {"closed-won", "Closed Won", 100, 0, deals::v1::WON_STAGE, deals::v1::CLOSED},
    {"closed-lost", "Closed Lost", 0, 0, deals::v1::LOST_STAGE, deals::v1::OMITTED},
};

// Those of LostReason, in the words that people change.
struct LostReasonDefaults {
  const char* id;
  const char* display_name;
};
constexpr LostReasonDefaults kLostReasons[] = {{"pricing", "Pricing"},
                                               {"competition", "Competition"},
                                               {"budget", "Budget"},
                                               {"missing-features", "Missing features"},
                                               {"long-cycle", "Long cycle"},
                                               {"no-decision-maker", "No decision maker"},
                                               {"unresponsive", "Unresponsive"},
                                               {"poor-fit", "Poor fit"},
                                               {"other-reason", "Other"}};

}  // namespace

deals::v1::PipelineEvent DefaultPipelineCreated() {
  deals::v1::PipelineEvent event;
  auto& pipeline = *event.mutable_pipeline_created()->mutable_pipeline();
  pipeline.set_name(std::string(kDefaultPipeline));
  pipeline.set_display_name("Sales");
  for (const StageDefaults& defaults : kStages) {
    auto& stage = *pipeline.add_stages();
    stage.set_name(absl::StrCat(kDefaultPipeline, "/stages/", defaults.id));
    stage.set_stage_id(defaults.id);
    stage.set_display_name(defaults.display_name);
    stage.set_probability(defaults.probability_percent);
    stage.set_rot_days(defaults.rot_days);
    stage.set_kind(defaults.kind);
    stage.set_forecast_category(defaults.category);
  }
  for (const LostReasonDefaults& defaults : kLostReasons) {
    auto& reason = *pipeline.add_lost_reasons();
    reason.set_name(absl::StrCat(kDefaultPipeline, "/lostReasons/", defaults.id));
    reason.set_lost_reason_id(defaults.id);
    reason.set_display_name(defaults.display_name);
  }
  return event;
}

}  // namespace kith
