#include "projections/forecast/sales_forecast.h"

#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "projections/forecast/forecast_cells.h"
#include "services/core/default_pipeline.h"
#include "services/forecast/forecast_sum.h"
#include "tests/projections/forecast/forecast_events.h"
#include "tests/testing/view_spec.h"

namespace kith::forecast {
namespace {

using testing::GivenOptions;
using testing::ViewSpec;

absl::Time At(int year, int month, int day, int hour = 12, int minute = 0) {
  return absl::FromCivil(absl::CivilMinute(year, month, day, hour, minute), absl::UTCTimeZone());
}

// What the view holds for a period, computed as the service does.
v1::Forecast Ask(ViewSpec& spec, const projections::ViewSnapshot& snapshot,
                 const v1::QueryForecastRequest& request, const Period& period = {},
                 absl::TimeZone zone = absl::UTCTimeZone()) {
  const auto stages = ReadStages(spec.Beside(snapshot, kPipelineList), WorkspaceId(1));
  EXPECT_TRUE(stages.ok()) << stages.status();
  ForecastSum sum(request, *stages, 1);
  const absl::Status visited = VisitCells(
      snapshot, WorkspaceId(1), period, zone,
      [&](const v1::ForecastCell& cell, std::optional<absl::CivilDay> day) { sum.Add(cell, day); });
  EXPECT_TRUE(visited.ok()) << visited;
  return *sum.Result();
}

v1::ForecastRow Total(const v1::Forecast& forecast) {
  EXPECT_EQ(forecast.totals_size(), 1) << forecast.DebugString();
  return forecast.totals_size() == 1 ? forecast.totals(0) : v1::ForecastRow();
}

// How many deals the forecast of a period has in each month.
std::map<std::string, int64_t> CountsByMonth(const v1::Forecast& forecast) {
  std::map<std::string, int64_t> counts;
  for (const v1::ForecastRow& row : forecast.rows()) {
    counts[row.month()] += row.open_count() + row.won_count() + row.lost_count();
  }
  return counts;
}

v1::QueryForecastRequest ByMonth() {
  v1::QueryForecastRequest request;
  request.add_group_by(v1::MONTH);
  return request;
}

// The five deals of the requirements' vector, all in May 2017.
ViewSpec VectorSpec() {
  ViewSpec spec = NewForecastSpec();
  spec.Given(kDefaultPipeline, DefaultPipelineCreated())
      .Given("deals/1", Created(WithOdds(DealIn("deals/1", "new-lead", "EUR", 10'000), 10)))
      .Given("deals/2", Created(WithOdds(DealIn("deals/2", "new-lead", "EUR", 20'000), 50)))
      .Given("deals/3", Created(DealIn("deals/3", "negotiation", "EUR", 30'000)))
      .Given("deals/4", Created(DealIn("deals/4", "new-lead", "EUR", 15'000)))
      .Given("deals/5", Created(DealIn("deals/5", "new-lead", "EUR", 8'000)));
  for (const char* name : {"deals/1", "deals/2", "deals/3"}) {
    spec.Given(name, Expected(name, absl::CivilDay(2017, 5, 10)));
  }
  spec.Given("deals/4", Won(), GivenOptions{.occur_time = At(2017, 5, 2)})
      .Given("deals/5", Lost(), GivenOptions{.occur_time = At(2017, 5, 3)});
  return spec;
}

TEST(SalesForecast, EqualsTheVector) {
  ViewSpec spec = VectorSpec();
  v1::QueryForecastRequest request;
  request.mutable_quota()->set_currency_code("EUR");
  request.mutable_quota()->set_units(60'000);
  const Period may = {absl::CivilDay(2017, 5, 1), absl::CivilDay(2017, 6, 1)};
  const v1::ForecastRow total = Total(Ask(spec, spec.Then(), request, may));
  EXPECT_EQ(total.weighted_amount().units(), 35'000);
  EXPECT_EQ(total.expected_amount().units(), 50'000);
  EXPECT_EQ(total.open_pipeline().units(), 60'000);
  EXPECT_EQ(total.best_case().units(), 65'000);
  EXPECT_EQ(total.commit().units(), 45'000);
  EXPECT_DOUBLE_EQ(total.attainment_percent(), 25);
  EXPECT_EQ(total.quota_gap().units(), 45'000);
  EXPECT_DOUBLE_EQ(total.quota_coverage(), 1.0);
  EXPECT_NEAR(total.remaining_coverage(), 1.3333, 0.00005);
}

TEST(SalesForecast, WeighsByTheStagesProbabilityOfThatMoment) {
  ViewSpec spec = VectorSpec();
  const Position before = spec.last();
  deals::v1::Stage stage = DefaultPipelineCreated().pipeline_created().pipeline().stages(4);
  ASSERT_EQ(stage.stage_id(), "negotiation");
  stage.set_probability(90);
  deals::v1::StageUpdated updated;
  *updated.mutable_stage() = stage;
  spec.Given(kDefaultPipeline, updated);
  EXPECT_EQ(Total(Ask(spec, spec.Then(), {})).weighted_amount().units(), 38'000);
  EXPECT_EQ(Total(Ask(spec, spec.As(before), {})).weighted_amount().units(), 35'000);
}

TEST(SalesForecast, FollowsADealThroughItsLife) {
  ViewSpec spec = NewForecastSpec();
  spec.Given(kDefaultPipeline, DefaultPipelineCreated())
      .Given("deals/1", Created(DealIn("deals/1", "new-lead", "EUR", 100)));
  const Position created = spec.last();
  spec.Given("deals/1", Moved("negotiation"));
  const Position moved = spec.last();
  spec.Given("deals/1", Won());
  const Position won = spec.last();
  spec.Given("deals/1", Reopened("qualified"));
  const Position reopened = spec.last();
  deals::v1::DealDeleted deleted;
  deleted.set_name("deals/1");
  spec.Given("deals/1", deleted);

  EXPECT_EQ(Ask(spec, spec.Then(), {}).totals_size(), 0);
  EXPECT_EQ(Total(Ask(spec, spec.As(created), {})).weighted_amount().units(), 5);
  EXPECT_EQ(Total(Ask(spec, spec.As(moved), {})).weighted_amount().units(), 80);
  EXPECT_EQ(Total(Ask(spec, spec.As(won), {})).won_amount().units(), 100);
  EXPECT_EQ(Total(Ask(spec, spec.As(won), {})).open_count(), 0);
  EXPECT_EQ(Total(Ask(spec, spec.As(reopened), {})).weighted_amount().units(), 30);
  EXPECT_EQ(Total(Ask(spec, spec.As(reopened), {})).won_count(), 0);
}

TEST(SalesForecast, CountsDealsWithoutADateInPeriodsWithoutEnd) {
  ViewSpec spec = NewForecastSpec();
  spec.Given("deals/1", Created(DealIn("deals/1", "new-lead", "EUR", 1)))
      .Given("deals/2", Created(DealIn("deals/2", "new-lead", "EUR", 1)))
      .Given("deals/2", Expected("deals/2", absl::CivilDay(2017, 5, 31)));
  const auto view = spec.Then();
  using Counts = std::map<std::string, int64_t>;
  EXPECT_EQ(CountsByMonth(Ask(spec, view, ByMonth())), (Counts{{"2017-05", 1}, {"none", 1}}));
  const Period until_june = {.to = absl::CivilDay(2017, 6, 1)};
  EXPECT_EQ(CountsByMonth(Ask(spec, view, ByMonth(), until_june)), (Counts{{"2017-05", 1}}));
  const Period from_june = {.from = absl::CivilDay(2017, 6, 1)};
  EXPECT_EQ(CountsByMonth(Ask(spec, view, ByMonth(), from_june)), (Counts{{"none", 1}}));
}

TEST(SalesForecast, TakesPeriodsAsHalfOpen) {
  ViewSpec spec = NewForecastSpec();
  int n = 0;
  for (const absl::CivilDay day : {absl::CivilDay(2017, 5, 9), absl::CivilDay(2017, 5, 10),
                                   absl::CivilDay(2017, 5, 19), absl::CivilDay(2017, 5, 20)}) {
    const std::string name = absl::StrCat("deals/", ++n);
    spec.Given(name, Created(DealIn(name, "new-lead", "EUR", 1))).Given(name, Expected(name, day));
  }
  const Period period = {absl::CivilDay(2017, 5, 10), absl::CivilDay(2017, 5, 20)};
  EXPECT_EQ(Total(Ask(spec, spec.Then(), {}, period)).open_count(), 2);
}

TEST(SalesForecast, PutsAWinIntoTheMonthOfTheWorkspacesTimeZone) {
  ViewSpec spec = NewForecastSpec();
  spec.Given("deals/1", Created(DealIn("deals/1", "new-lead", "EUR", 1)))
      .Given("deals/1", Won(), GivenOptions{.occur_time = At(2017, 5, 31, 18, 30)});
  const auto view = spec.Then();
  absl::TimeZone kolkata;
  ASSERT_TRUE(absl::LoadTimeZone("Asia/Kolkata", &kolkata));  // 5:30 ahead: midnight exactly
  EXPECT_EQ(Ask(spec, view, ByMonth()).rows(0).month(), "2017-05");
  EXPECT_EQ(Ask(spec, view, ByMonth(), {}, kolkata).rows(0).month(), "2017-06");
  const Period may = {absl::CivilDay(2017, 5, 1), absl::CivilDay(2017, 6, 1)};
  EXPECT_EQ(Ask(spec, view, {}, may).totals_size(), 1);
  EXPECT_EQ(Ask(spec, view, {}, may, kolkata).totals_size(), 0);
}

TEST(SalesForecast, KeepsDealsThatNoForecastTellsApartInOneCell) {
  ViewSpec spec = NewForecastSpec();
  for (int i = 1; i <= 20; ++i) {
    const std::string name = absl::StrCat("deals/", i);
    spec.Given(name, Created(DealIn(name, "new-lead", "EUR", 10)));
  }
  int cells = 0;
  const auto visited = VisitCells(spec.Then(), WorkspaceId(1), {}, absl::UTCTimeZone(),
                                  [&](const v1::ForecastCell& cell, std::optional<absl::CivilDay>) {
                                    ++cells;
                                    EXPECT_EQ(cell.count(), 20);
                                    EXPECT_TRUE(NanosOf(cell) == 200'000'000'000);
                                  });
  EXPECT_TRUE(visited.ok());
  EXPECT_EQ(cells, 1);
}

}  // namespace
}  // namespace kith::forecast
