// The forecast over gRPC, against a whole server over a log in memory.
#include <gtest/gtest.h>

#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/forecast/v1/forecast_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::forecast {
namespace {

using ::kith::testing::Proto;
using ::kith::testing::Reply;
using DealStub = deals::v1::DealsService::Stub;

class ForecastServiceTest : public ::testing::Test {
 protected:
  void Create(const std::string& id, absl::string_view deal) {
    deals::v1::CreateDealRequest request;
    request.set_deal_id(id);
    *request.mutable_deal() = Proto<deals::v1::Deal>(deal);
    request.mutable_deal()->set_display_name(id);
    request.mutable_occur_time()->set_seconds(
        absl::ToUnixSeconds(absl::FromCivil(absl::CivilDay(2017, 3, 1), absl::UTCTimeZone())));
    ASSERT_EQ(server_.Call(&DealStub::CreateDeal, request).reason(), "");
  }
  void Win(const std::string& id, absl::Time time) {
    deals::v1::WinDealRequest request;
    request.set_name("deals/" + id);
    request.mutable_occur_time()->set_seconds(absl::ToUnixSeconds(time));
    ASSERT_EQ(server_.Call(&DealStub::WinDeal, request).reason(), "");
  }
  void Lose(const std::string& id, absl::Time time) {
    deals::v1::LoseDealRequest request;
    request.set_name("deals/" + id);
    request.set_reason(deals::v1::PRICING);
    request.mutable_occur_time()->set_seconds(absl::ToUnixSeconds(time));
    ASSERT_EQ(server_.Call(&DealStub::LoseDeal, request).reason(), "");
  }
  // The deals of the requirements' vector, in May 2017.
  void CreateVector() {
    Create("d1", R"pb(
      probability: 10
      amount { currency_code: "EUR" units: 10000 }
      expected_close_date { year: 2017 month: 5 day: 10 })pb");
    Create("d2", R"pb(
      probability: 50
      amount { currency_code: "EUR" units: 20000 }
      expected_close_date { year: 2017 month: 5 day: 11 })pb");
    Create("d3", R"pb(
      probability: 80
      amount { currency_code: "EUR" units: 30000 }
      expected_close_date { year: 2017 month: 5 day: 12 })pb");
    Create("d4", R"pb(amount { currency_code: "EUR" units: 15000 })pb");
    Create("d5", R"pb(amount { currency_code: "EUR" units: 8000 })pb");
    Win("d4", kMay);
    Lose("d5", kMay);
  }
  Reply<v1::Forecast> Query(absl::string_view request) {
    return server_.Call(&v1::ForecastService::Stub::QueryForecast,
                        Proto<v1::QueryForecastRequest>(request));
  }

  const absl::Time kMay = absl::FromCivil(absl::CivilDay(2017, 5, 20), absl::UTCTimeZone());
  testing::TestServer server_;
};

TEST_F(ForecastServiceTest, EqualsTheVector) {
  CreateVector();
  const auto forecast = Query(R"pb(
    from { year: 2017 month: 5 day: 1 }
    to { year: 2017 month: 6 day: 1 }
    quota { currency_code: "EUR" units: 60000 })pb");
  ASSERT_EQ(forecast.reason(), "");
  ASSERT_EQ(forecast->totals_size(), 1);
  const v1::ForecastRow& total = forecast->totals(0);
  EXPECT_EQ(total.open_count(), 3);
  EXPECT_EQ(total.won_count(), 1);
  EXPECT_EQ(total.lost_count(), 1);
  EXPECT_EQ(total.weighted_amount().units(), 35'000);
  EXPECT_EQ(total.expected_amount().units(), 50'000);
  EXPECT_EQ(total.open_pipeline().units(), 60'000);
  EXPECT_EQ(total.best_case().units(), 65'000);
  EXPECT_EQ(total.commit().units(), 45'000);
  EXPECT_DOUBLE_EQ(total.attainment_percent(), 25);
  EXPECT_EQ(total.quota_gap().units(), 45'000);
  EXPECT_DOUBLE_EQ(total.quota_coverage(), 1.0);
  EXPECT_NEAR(total.remaining_coverage(), 1.3333, 0.00005);
  EXPECT_EQ(forecast->read_time().seconds(), absl::ToUnixSeconds(server_.clock().Now()));
}

TEST_F(ForecastServiceTest, AnswersForThePast) {
  CreateVector();
  const std::string then = Query("").token;
  Win("d1", kMay);
  EXPECT_EQ(Query("")->totals(0).won_count(), 2);
  EXPECT_EQ(Query(absl::StrCat("read { token: '", then, "' }"))->totals(0).won_count(), 1);
}

TEST_F(ForecastServiceTest, FollowsTheWorkspacesCalendar) {
  Create("d1", R"pb(amount { currency_code: "EUR" units: 1 })pb");
  Win("d1", absl::FromCivil(absl::CivilHour(2017, 3, 31, 23), absl::UTCTimeZone()));
  const auto groups = R"pb(group_by: MONTH group_by: QUARTER)pb";
  EXPECT_EQ(Query(groups)->rows(0).month(), "2017-03");
  EXPECT_EQ(Query(groups)->rows(0).quarter(), "2017-Q1");

  const auto settings = Proto<workspaces::v1::UpdateWorkspaceRequest>(R"pb(
    workspace { time_zone: "Europe/Berlin" fiscal_year_start_month: 4 })pb");
  ASSERT_EQ(
      server_.Call(&workspaces::v1::WorkspacesService::Stub::UpdateWorkspace, settings).reason(),
      "");
  EXPECT_EQ(Query(groups)->rows(0).month(), "2017-04");
  EXPECT_EQ(Query(groups)->rows(0).quarter(), "2018-Q1");
}

TEST_F(ForecastServiceTest, RefusesAPeriodThatEndsBeforeItBegins) {
  const auto refused = Query(R"pb(
    from { year: 2017 month: 6 day: 1 }
    to { year: 2017 month: 5 day: 1 })pb");
  EXPECT_EQ(refused.reason(), "PERIOD_REVERSED");
  EXPECT_EQ(refused.metadata("from"), "2017-06-01");
  EXPECT_EQ(refused.metadata("to"), "2017-05-01");
}

// Goal: nobody takes the forecast of somebody who is not there for one of who sells nothing.
TEST_F(ForecastServiceTest, RefusesAnOwnerWhomNobodyIs) {
  const std::string before = Query("").token;
  users::v1::CreateUserRequest create;
  create.mutable_user()->set_display_name("Yuki");
  create.mutable_user()->add_roles("roles/admin");
  const auto yuki = server_.Call(&users::v1::UsersService::Stub::CreateUser, create);
  ASSERT_EQ(yuki.reason(), "");
  Create("d1",
         absl::StrCat("owner: '", yuki->name(), "' amount { currency_code: 'EUR' units: 9 }"));
  Create("d2", R"pb(amount { currency_code: "EUR" units: 1 })pb");
  const auto of = [](absl::string_view owner) { return absl::StrCat("owner: '", owner, "' "); };
  for (const std::string& owner : {yuki->name(), std::string("users/yuki")}) {
    const auto own = Query(of(owner));
    ASSERT_EQ(own.reason(), "") << own.status.error_message();
    EXPECT_EQ(own->totals(0).open_amount().units(), 9);
  }
  const auto nobody = Query(of("users/yuko"));
  EXPECT_EQ(nobody.reason(), "UNKNOWN_ALIAS");
  EXPECT_EQ(nobody.metadata("field"), "owner");
  EXPECT_EQ(nobody.metadata("nearest"), "Yuki");
  EXPECT_EQ(Query(of("users/me")).reason(), "UNKNOWN_ALIAS") << "a service is nobody";
  const auto then = Query(absl::StrCat(of(yuki->name()), "read { token: '", before, "' }"));
  EXPECT_EQ(then.reason(), "UNKNOWN_ALIAS") << "they were not there yet";

  workspaces::v1::CreateApiKeyRequest key;
  key.mutable_api_key()->set_display_name("Yuki's");
  key.mutable_api_key()->set_user(yuki->name());
  key.mutable_api_key()->add_permissions("forecast.read");
  const std::string secret =
      server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  const auto mine = server_.CallWith(secret, &v1::ForecastService::Stub::QueryForecast,
                                     Proto<v1::QueryForecastRequest>(of("users/me")));
  ASSERT_EQ(mine.reason(), "") << mine.status.error_message();
  EXPECT_EQ(mine->totals(0).open_amount().units(), 9);
}

TEST_F(ForecastServiceTest, RefusesADateThatIsNone) {
  EXPECT_EQ(Query(R"pb(from { year: 2017 month: 2 day: 30 })pb").reason(), "INVALID_FIELD");
  EXPECT_EQ(Query(R"pb(from { month: 2 day: 3 })pb").reason(), "INVALID_FIELD");
  EXPECT_EQ(Query(R"pb(quota { currency_code: "XXX1" units: 1 })pb").reason(), "INVALID_FIELD");
}

}  // namespace
}  // namespace kith::forecast
