// The formulas of a forecast, over cells as the view keeps them.
#include "services/forecast/forecast_sum.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "gtest/gtest.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/forecast/forecast_cells.h"
#include "tests/testing/decider_spec.h"

namespace kith::forecast {
namespace {

using ::kith::testing::Proto;

constexpr absl::CivilDay kDay(2017, 5, 10);

StagesByName Stages() {
  StagesByName stages;
  for (const auto& [id, percent] : {std::pair("low", 10), {"even", 50}, {"high", 80}}) {
    deals::v1::Stage stage;
    stage.set_name(id);
    stage.set_probability(percent);
    stages.emplace(id, stage);
  }
  deals::v1::Stage likely;
  likely.set_name("likely");
  likely.set_probability(20);
  likely.set_forecast_category(deals::v1::MOST_LIKELY);
  stages.emplace("likely", likely);
  return stages;
}

v1::ForecastCell Cell(absl::string_view deal) { return CellOf(Proto<deals::v1::Deal>(deal)); }

// Sums cells that all lie on kDay.
v1::Forecast Sum(absl::string_view request, std::initializer_list<absl::string_view> deals,
                 int fiscal_year_start_month = 1) {
  const auto asked = Proto<v1::QueryForecastRequest>(request);
  const StagesByName stages = Stages();
  ForecastSum sum(asked, stages, fiscal_year_start_month);
  for (const absl::string_view deal : deals) sum.Add(Cell(deal), kDay);
  return *sum.Result();
}

v1::ForecastRow OnlyTotal(const v1::Forecast& forecast) {
  EXPECT_EQ(forecast.totals_size(), 1) << forecast.DebugString();
  return forecast.totals_size() == 1 ? forecast.totals(0) : v1::ForecastRow();
}

constexpr absl::string_view kD1 = R"pb(status: OPEN
                                       stage: "low"
                                       amount { currency_code: "EUR" units: 10000 })pb";
constexpr absl::string_view kD2 = R"pb(status: OPEN
                                       stage: "even"
                                       amount { currency_code: "EUR" units: 20000 })pb";
constexpr absl::string_view kD3 = R"pb(status: OPEN
                                       stage: "high"
                                       amount { currency_code: "EUR" units: 30000 })pb";
constexpr absl::string_view kD4 = R"pb(status: WON
                                       amount { currency_code: "EUR" units: 15000 })pb";
constexpr absl::string_view kD5 = R"pb(status: LOST
                                       amount { currency_code: "EUR" units: 8000 })pb";

// The vector of the requirements: five deals and a quota of 60,000.
TEST(ForecastSum, EqualsTheVector) {
  const v1::ForecastRow total = OnlyTotal(
      Sum(R"pb(quota { currency_code: "EUR" units: 60000 })pb", {kD1, kD2, kD3, kD4, kD5}));
  EXPECT_EQ(total.open_count(), 3);
  EXPECT_EQ(total.won_count(), 1);
  EXPECT_EQ(total.lost_count(), 1);
  EXPECT_EQ(total.open_amount().units(), 60'000);
  EXPECT_EQ(total.weighted_amount().units(), 35'000);
  EXPECT_EQ(total.won_amount().units(), 15'000);
  EXPECT_EQ(total.expected_amount().units(), 50'000);
  EXPECT_EQ(total.open_pipeline().units(), 60'000);
  EXPECT_EQ(total.best_case().units(), 65'000);
  EXPECT_EQ(total.most_likely().units(), 45'000);
  EXPECT_EQ(total.commit().units(), 45'000);
  EXPECT_DOUBLE_EQ(total.attainment_percent(), 25.0);
  EXPECT_EQ(total.quota_gap().units(), 45'000);
  EXPECT_DOUBLE_EQ(total.quota_coverage(), 1.0);
  EXPECT_NEAR(total.remaining_coverage(), 1.3333, 0.00005);
}

TEST(ForecastSum, DividesByCategory) {
  const v1::Forecast forecast = Sum(R"pb(group_by: CATEGORY)pb", {kD1, kD2, kD3, kD4, kD5});
  ASSERT_EQ(forecast.rows_size(), 5);
  EXPECT_EQ(forecast.rows(0).category(), deals::v1::OMITTED);
  EXPECT_EQ(forecast.rows(0).lost_count(), 1);
  EXPECT_EQ(forecast.rows(1).category(), deals::v1::PIPELINE);
  EXPECT_EQ(forecast.rows(1).open_amount().units(), 10'000);
  EXPECT_EQ(forecast.rows(2).category(), deals::v1::BEST_CASE);
  EXPECT_EQ(forecast.rows(2).open_amount().units(), 20'000);
  EXPECT_EQ(forecast.rows(3).category(), deals::v1::COMMIT);
  EXPECT_EQ(forecast.rows(3).open_amount().units(), 30'000);
  EXPECT_EQ(forecast.rows(4).category(), deals::v1::CLOSED);
  EXPECT_EQ(forecast.rows(4).won_amount().units(), 15'000);
}

TEST(ForecastSum, PrefersTheDealsOwnProbability) {
  const v1::ForecastRow total =
      OnlyTotal(Sum("", {R"pb(
                           status: OPEN
                           stage: "high"
                           probability: 0
                           amount { currency_code: "EUR" units: 100 })pb"}));
  EXPECT_EQ(total.weighted_amount().units(), 0);
  EXPECT_EQ(total.commit().units(), 0);
  EXPECT_EQ(total.open_pipeline().units(), 100);
}

TEST(ForecastSum, PrefersTheDealsOwnCategoryThenTheStagesThenTheProbability) {
  const v1::Forecast forecast = Sum(
      R"pb(group_by: CATEGORY)pb", {R"pb(status: OPEN stage: "likely" forecast_category: COMMIT)pb",
                                    R"pb(status: OPEN stage: "likely" probability: 90)pb",
                                    R"pb(status: OPEN stage: "low" probability: 40)pb",
                                    R"pb(status: OPEN stage: "low" probability: 39)pb",
                                    R"pb(status: OPEN stage: "low" probability: 70)pb"});
  ASSERT_EQ(forecast.rows_size(), 4) << forecast.DebugString();
  EXPECT_EQ(forecast.rows(0).category(), deals::v1::PIPELINE);
  EXPECT_EQ(forecast.rows(1).category(), deals::v1::BEST_CASE);
  EXPECT_EQ(forecast.rows(2).category(), deals::v1::MOST_LIKELY);
  EXPECT_EQ(forecast.rows(3).category(), deals::v1::COMMIT);
  EXPECT_EQ(forecast.rows(3).open_count(), 2);
}

TEST(ForecastSum, LeavesOmittedDealsOut) {
  const v1::Forecast forecast = Sum("", {R"pb(
                                           status: OPEN
                                           stage: "high"
                                           forecast_category: OMITTED
                                           amount { currency_code: "EUR" units: 100 })pb"});
  EXPECT_EQ(forecast.rows_size(), 0);
  EXPECT_EQ(forecast.totals_size(), 0);
}

TEST(ForecastSum, RoundsWeightedSumsOnceAndHalfToEven) {
  // Two halves of a cent make a whole one; each alone would be rounded away.
  constexpr absl::string_view kCent = R"pb(status: OPEN
                                           stage: "even"
                                           amount { currency_code: "EUR" nanos: 10000000 })pb";
  EXPECT_EQ(OnlyTotal(Sum("", {kCent})).weighted_amount().nanos(), 0);
  EXPECT_EQ(OnlyTotal(Sum("", {kCent, kCent})).weighted_amount().nanos(), 10'000'000);
  EXPECT_EQ(OnlyTotal(Sum("", {kCent, kCent, kCent})).weighted_amount().nanos(), 20'000'000);
  // A currency without a minor unit is rounded to whole units.
  constexpr absl::string_view kYen = R"pb(status: OPEN
                                          stage: "even"
                                          amount { currency_code: "JPY" units: 5 })pb";
  EXPECT_EQ(OnlyTotal(Sum("", {kYen})).weighted_amount().units(), 2);
}

TEST(ForecastSum, NeverMixesCurrencies) {
  const v1::Forecast forecast = Sum(R"pb(quota { currency_code: "CHF" units: 10 })pb",
                                    {kD4, R"pb(status: WON
                                               amount { currency_code: "USD" units: 1 })pb",
                                     R"pb(status: WON)pb"});
  ASSERT_EQ(forecast.rows_size(), 3);
  EXPECT_EQ(forecast.rows(0).currency_code(), "");
  EXPECT_EQ(forecast.rows(0).won_count(), 1);
  EXPECT_FALSE(forecast.rows(0).has_won_amount());
  EXPECT_EQ(forecast.rows(1).currency_code(), "EUR");
  EXPECT_EQ(forecast.rows(2).currency_code(), "USD");
  // Nothing was sold in the quota's currency, which is an answer.
  ASSERT_EQ(forecast.totals_size(), 4);
  EXPECT_EQ(forecast.totals(1).currency_code(), "CHF");
  EXPECT_DOUBLE_EQ(forecast.totals(1).attainment_percent(), 0);
  EXPECT_EQ(forecast.totals(1).quota_gap().units(), 10);
  EXPECT_FALSE(forecast.totals(2).has_attainment_percent());
}

TEST(ForecastSum, HasNoCoverageOfAQuotaThatIsReached) {
  const v1::ForecastRow total =
      OnlyTotal(Sum(R"pb(quota { currency_code: "EUR" units: 10000 })pb", {kD1, kD4}));
  EXPECT_EQ(total.quota_gap().units(), -5'000);
  EXPECT_DOUBLE_EQ(total.attainment_percent(), 150);
  EXPECT_FALSE(total.has_remaining_coverage());
}

TEST(ForecastSum, HasNoRatioToAQuotaOfZero) {
  const v1::ForecastRow total = OnlyTotal(Sum(R"pb(quota { currency_code: "EUR" })pb", {kD1}));
  EXPECT_FALSE(total.has_attainment_percent());
  EXPECT_FALSE(total.has_quota_coverage());
}

TEST(ForecastSum, NamesQuartersByTheFiscalYear) {
  EXPECT_EQ(Sum(R"pb(group_by: QUARTER)pb", {kD4}).rows(0).quarter(), "2017-Q2");
  EXPECT_EQ(Sum(R"pb(group_by: QUARTER)pb", {kD4}, 4).rows(0).quarter(), "2018-Q1");
}

TEST(ForecastSum, OrdersMonthsAndPutsDealsWithoutADateLast) {
  const auto request = Proto<v1::QueryForecastRequest>(R"pb(group_by: MONTH group_by: OWNER)pb");
  const StagesByName stages = Stages();
  ForecastSum sum(request, stages, 1);
  sum.Add(Cell(R"pb(status: OPEN owner: "users/b")pb"), std::nullopt);
  sum.Add(Cell(R"pb(status: OPEN owner: "users/b")pb"), absl::CivilDay(2018, 1, 1));
  sum.Add(Cell(R"pb(status: OPEN owner: "users/b")pb"), absl::CivilDay(2017, 12, 31));
  sum.Add(Cell(R"pb(status: OPEN owner: "users/a")pb"), absl::CivilDay(2017, 12, 1));
  const v1::Forecast forecast = *sum.Result();
  ASSERT_EQ(forecast.rows_size(), 4);
  EXPECT_EQ(forecast.rows(0).month(), "2017-12");
  EXPECT_EQ(forecast.rows(0).owner(), "users/a");
  EXPECT_EQ(forecast.rows(1).owner(), "users/b");
  EXPECT_EQ(forecast.rows(2).month(), "2018-01");
  EXPECT_EQ(forecast.rows(3).month(), "none");
}

TEST(ForecastSum, KeepsToThePipelineAndOwnerAskedFor) {
  const v1::ForecastRow total =
      OnlyTotal(Sum(R"pb(pipeline: "pipelines/a" owner: "users/1")pb",
                    {R"pb(status: OPEN pipeline: "pipelines/a" owner: "users/1")pb",
                     R"pb(status: OPEN pipeline: "pipelines/b" owner: "users/1")pb",
                     R"pb(status: OPEN pipeline: "pipelines/a" owner: "users/2")pb"}));
  EXPECT_EQ(total.open_count(), 1);
}

// 90,000,000,000,000,000 EUR is just below 2^63 cents.
TEST(ForecastSum, IsExactBeyond64BitsOfMinorUnits) {
  constexpr absl::string_view kWon = R"pb(
    status: WON
    amount { currency_code: "EUR" units: 90000000000000000 nanos: 10000000 })pb";
  const v1::ForecastRow total = OnlyTotal(
      Sum(R"pb(quota { currency_code: "EUR" units: 90000000000000000 })pb", {kWon, kWon, kWon}));
  EXPECT_EQ(total.won_amount().units(), 270'000'000'000'000'000);
  EXPECT_EQ(total.won_amount().nanos(), 30'000'000);
  EXPECT_EQ(total.quota_gap().units(), -180'000'000'000'000'000);
  EXPECT_DOUBLE_EQ(total.attainment_percent(), 300);
}

TEST(ForecastSum, IsRefusedWhereASumIsBeyondAnAmount) {
  const v1::QueryForecastRequest all;
  const StagesByName stages;
  ForecastSum sum(all, stages, 1);
  const v1::ForecastCell cell =
      Cell(R"pb(status: WON
                amount { currency_code: "JPY" units: 9000000000000000000 })pb");
  sum.Add(cell, kDay);
  EXPECT_TRUE(sum.Result().ok());
  sum.Add(cell, kDay);
  EXPECT_TRUE(IsError(sum.Result().status(), type::v1::ERROR_OUT_OF_RANGE));
}

TEST(ForecastSum, IsRefusedWhereItHasTooManyRows) {
  const auto by_owner = Proto<v1::QueryForecastRequest>("group_by: OWNER");
  const StagesByName stages;
  ForecastSum sum(by_owner, stages, 1);
  const auto add = [&](size_t owner) {
    v1::ForecastCell cell = Cell("status: WON");
    cell.set_owner(absl::StrCat("users/", owner));
    sum.Add(cell, kDay);
  };
  for (size_t owner = 0; owner < kForecastRowsMax; ++owner) add(owner);
  const auto largest = sum.Result();
  ASSERT_TRUE(largest.ok()) << largest.status();
  EXPECT_LT(largest->ByteSizeLong(), 2u << 20);
  add(kForecastRowsMax);
  EXPECT_TRUE(IsError(sum.Result().status(), type::v1::ERROR_LIMIT_REACHED));
}

TEST(ForecastCell, SumsBeyond64BitsExactly) {
  const v1::ForecastCell large = Cell(R"pb(
    status: WON
    amount { currency_code: "EUR" units: 90000000000000000 nanos: 10000000 })pb");
  v1::ForecastCell cell;
  for (int i = 0; i < 1000; ++i) AddCell(large, 1, cell);
  EXPECT_EQ(cell.count(), 1000);
  EXPECT_TRUE(NanosOf(cell) == NanosOf(large) * 1000);
  for (int i = 0; i < 999; ++i) AddCell(large, -1, cell);
  EXPECT_TRUE(NanosOf(cell) == NanosOf(large));
}

TEST(CloseSlot, RoundsDownAlsoBefore1970) {
  const absl::Time time = absl::UnixEpoch() - absl::Seconds(1);
  EXPECT_EQ(CloseSlotOf(time), -1);
  EXPECT_EQ(StartOfSlot(-1), absl::UnixEpoch() - absl::Minutes(15));
  EXPECT_EQ(CloseSlotOf(absl::UnixEpoch() + absl::Minutes(15)), 1);
}

}  // namespace
}  // namespace kith::forecast
