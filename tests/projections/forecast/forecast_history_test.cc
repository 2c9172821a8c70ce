// Goal: whatever happens to deals, the forecast by month and owner is what counting deal by deal
// gives, at the end and as of a moment in between; and a rebuilt view equals the live one
// (ViewSpec::Then). Method: random histories; the seed is printed when one fails.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_format.h"
#include "services/forecast/forecast_sum.h"
#include "tests/projections/forecast/forecast_events.h"
#include "tests/testing/histories.h"

namespace kith::forecast {
namespace {

using testing::GivenOptions;
using testing::ViewSpec;

const char* const kStages[] = {"new-lead", "proposal-sent", "negotiation"};
constexpr int kPercent[] = {5, 60, 80};
constexpr absl::CivilDay kFirstDay(2017, 1, 15);

struct NaiveDeal {
  enum { kOpen, kWon, kLost } status = kOpen;
  int stage = 0;
  int64_t units = 0;
  std::string owner;
  std::optional<int> own_percent;
  std::optional<absl::CivilDay> expected;
  absl::CivilDay closed;
};
using NaiveDeals = std::map<std::string, NaiveDeal>;

// Open, won and lost deals, and the amounts of the first two; open ones weighted in hundredths.
using Figures = std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t>;
using Groups = std::map<std::pair<std::string, std::string>, Figures>;  // by month and owner

std::string MonthOf(std::optional<absl::CivilDay> day) {
  if (!day.has_value()) return "none";
  return absl::StrFormat("%04d-%02d", day->year(), day->month());
}

Groups CountByHand(const NaiveDeals& deals) {
  Groups groups;
  for (const auto& [name, deal] : deals) {
    const bool open = deal.status == NaiveDeal::kOpen;
    auto& [opened, won, lost, weighted, won_units] =
        groups[{MonthOf(open ? deal.expected : deal.closed), deal.owner}];
    opened += open;
    won += deal.status == NaiveDeal::kWon;
    lost += deal.status == NaiveDeal::kLost;
    if (open) weighted += deal.units * deal.own_percent.value_or(kPercent[deal.stage]);
    if (deal.status == NaiveDeal::kWon) won_units += deal.units;
  }
  return groups;
}

Groups CountByView(ViewSpec& spec, const projections::ViewSnapshot& snapshot) {
  v1::QueryForecastRequest request;
  request.add_group_by(v1::MONTH);
  request.add_group_by(v1::OWNER);
  const auto stages = ReadStages(spec.Beside(snapshot, kPipelineList), WorkspaceId(1));
  RC_ASSERT(stages.ok());
  ForecastSum sum(request, *stages, 1);
  const auto visited = VisitCells(
      snapshot, WorkspaceId(1), {}, absl::UTCTimeZone(),
      [&](const v1::ForecastCell& cell, std::optional<absl::CivilDay> day) { sum.Add(cell, day); });
  RC_ASSERT(visited.ok());
  const v1::Forecast forecast = *sum.Result();
  Groups groups;
  for (const v1::ForecastRow& row : forecast.rows()) {
    const google::type::Money& weighted = row.weighted_amount();
    groups[{row.month(), row.owner()}] = {row.open_count(), row.won_count(), row.lost_count(),
                                          weighted.units() * 100 + weighted.nanos() / 10'000'000,
                                          row.won_amount().units()};
  }
  return groups;
}

struct Step {
  int deal;
  int what;
  int value;
};

rc::Gen<Step> AnyStep() {
  return rc::gen::build<Step>(rc::gen::set(&Step::deal, rc::gen::inRange(0, 4)),
                              rc::gen::set(&Step::what, rc::gen::inRange(0, 9)),
                              rc::gen::set(&Step::value, rc::gen::inRange(0, 100)));
}

void showValue(const Step& step, std::ostream& out) {
  out << "{deal " << step.deal << ", what " << step.what << ", value " << step.value << "}";
}

std::string OwnerOf(int value) { return value % 3 == 0 ? "" : absl::StrCat("users/", value % 3); }

void Create(const std::string& name, int value, ViewSpec& spec, NaiveDeals& deals) {
  NaiveDeal naive{.stage = value % 3, .units = value, .owner = OwnerOf(value)};
  deals::v1::Deal deal = DealIn(name, kStages[naive.stage], "EUR", value);
  deal.set_owner(naive.owner);
  spec.Given(name, Created(deal));
  deals[name] = naive;
}

void Close(const std::string& name, int value, ViewSpec& spec, NaiveDeal& deal) {
  deal.closed = kFirstDay + value;
  deal.status = value % 2 == 0 ? NaiveDeal::kWon : NaiveDeal::kLost;
  const GivenOptions then{.occur_time = absl::FromCivil(deal.closed, absl::UTCTimeZone())};
  if (deal.status == NaiveDeal::kWon) {
    spec.Given(name, Won(), then);
  } else {
    spec.Given(name, Lost(), then);
  }
}

// Moves an open deal to another stage, or takes up a closed one.
void Enter(const std::string& name, int value, ViewSpec& spec, NaiveDeal& deal) {
  deal.stage = value % 3;
  if (deal.status == NaiveDeal::kOpen) {
    spec.Given(name, Moved(kStages[deal.stage]));
  } else {
    spec.Given(name, Reopened(kStages[deal.stage]));
  }
  deal.status = NaiveDeal::kOpen;
}

// Appends what the step asks for and changes the model alike.
void Take(const Step& step, ViewSpec& spec, NaiveDeals& deals) {
  const std::string name = absl::StrCat("deals/", step.deal);
  const auto found = deals.find(name);
  if (found == deals.end()) return Create(name, step.value, spec, deals);
  NaiveDeal& deal = found->second;
  deals::v1::Deal values;
  switch (step.what) {
    case 0: {
      deals::v1::DealDeleted deleted;
      deleted.set_name(name);
      spec.Given(name, deleted);
      deals.erase(found);
      return;
    }
    case 1:
      deal.units = step.value;
      values = DealIn(name, "", "EUR", step.value);
      spec.Given(name, Updated(name, "amount", values));
      return;
    case 2:
      deal.owner = OwnerOf(step.value);
      values.set_owner(deal.owner);
      spec.Given(name, Updated(name, "owner", values));
      return;
    case 3:
      deal.own_percent.reset();
      if (step.value % 4 != 0) values.set_probability(*(deal.own_percent = step.value));
      spec.Given(name, Updated(name, "probability", values));
      return;
    case 4:
      deal.expected.reset();
      spec.Given(name, Updated(name, "expected_close_date", values));
      return;
    case 5:
      deal.expected = kFirstDay + step.value;
      spec.Given(name, Expected(name, *deal.expected));
      return;
    case 6:
      if (deal.status == NaiveDeal::kOpen) Close(name, step.value, spec, deal);
      return;
    default:
      return Enter(name, step.value, spec, deal);
  }
}

TEST(ForecastHistory, CountsWhatCountingByHandGives) {
  const bool held = testing::HoldsForHistories("the forecast equals the count by hand", [] {
    ViewSpec spec = NewForecastSpec();
    spec.Given(kDefaultPipeline, DefaultPipelineCreated());
    NaiveDeals deals;
    testing::CompareWithModel(
        AnyStep(), spec, deals, [&](const Step& step) { Take(step, spec, deals); },
        [&spec](const projections::ViewSnapshot& snapshot, const NaiveDeals& expected) {
          RC_ASSERT(CountByView(spec, snapshot) == CountByHand(expected));
        });
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace kith::forecast
