// Events of deals, as short as tests of the forecast need them.
#pragma once

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/deals/v1/pipeline_events.pb.h"
#include "projections/deals/deal_list.h"
#include "projections/deals/pipeline_list.h"
#include "projections/forecast/sales_forecast.h"
#include "services/core/default_pipeline.h"
#include "tests/testing/view_spec.h"

namespace kith::forecast {

inline testing::ViewSpec NewForecastSpec() {
  return testing::ViewSpec::Of<SalesForecast, deals::DealList, deals::PipelineList>()
      .Takes<deals::v1::DealEvent>("deals")
      .Takes<deals::v1::PipelineEvent>("pipelines");
}

// "pipelines/default/stages/qualified".
inline std::string StagePath(const std::string& id) {
  return absl::StrCat(kDefaultPipeline, "/stages/", id);
}

inline deals::v1::Deal DealIn(const std::string& name, const std::string& stage_id,
                              const std::string& currency, int64_t units) {
  deals::v1::Deal deal;
  deal.set_name(name);
  deal.set_pipeline(std::string(kDefaultPipeline));
  deal.set_stage(StagePath(stage_id));
  deal.mutable_amount()->set_currency_code(currency);
  deal.mutable_amount()->set_units(units);
  return deal;
}

inline deals::v1::Deal WithOdds(deals::v1::Deal deal, int probability) {
  deal.set_probability(probability);
  return deal;
}

inline deals::v1::DealCreated Created(deals::v1::Deal deal) {
  deals::v1::DealCreated event;
  *event.mutable_deal() = std::move(deal);
  return event;
}

inline google::type::Date DateOn(absl::CivilDay day) {
  google::type::Date date;
  date.set_year(static_cast<int>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

// The field `path` takes the value it has in `values`.
inline deals::v1::DealUpdated Updated(const std::string& name, const std::string& path,
                                      const deals::v1::Deal& values) {
  deals::v1::DealUpdated event;
  event.set_name(name);
  event.mutable_update_mask()->add_paths(path);
  *event.mutable_deal() = values;
  return event;
}

inline deals::v1::DealUpdated Expected(const std::string& name, absl::CivilDay day) {
  deals::v1::Deal values;
  *values.mutable_expected_close_date() = DateOn(day);
  return Updated(name, "expected_close_date", values);
}

inline deals::v1::DealStageChanged Moved(const std::string& stage_id) {
  deals::v1::DealStageChanged event;
  event.set_to_stage(StagePath(stage_id));
  return event;
}

inline deals::v1::DealWon Won() {
  deals::v1::DealWon event;
  event.set_to_stage(StagePath("closed-won"));
  return event;
}

inline deals::v1::DealLost Lost() {
  deals::v1::DealLost event;
  event.set_to_stage(StagePath("closed-lost"));
  return event;
}

inline deals::v1::DealReopened Reopened(const std::string& stage_id) {
  deals::v1::DealReopened event;
  event.set_to_stage(StagePath(stage_id));
  return event;
}

}  // namespace kith::forecast
