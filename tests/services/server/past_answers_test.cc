// Goal: a past answer never changes, whatever is chosen later. Method: a random history of deals in
// which zone, fiscal year, probabilities, categories and rot days change at random moments; what
// was answered at some of them is asked again at the end, as of each, and after the views were
// folded anew. KITH_PAST_SEED repeats a history.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "absl/strings/numbers.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "kith/forecast/v1/forecast_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::server {
namespace {

using ::kith::testing::Proto;
using ContactStub = contacts::v1::ContactsService::Stub;
using DealStub = deals::v1::DealsService::Stub;
using ForecastStub = forecast::v1::ForecastService::Stub;
using PipelineStub = deals::v1::PipelinesService::Stub;
using WorkspaceStub = workspaces::v1::WorkspacesService::Stub;

constexpr int kSteps = 120;
constexpr int kDeals = 12;

uint64_t Seed() {
  uint64_t seed = std::random_device()();
  const char* const given = std::getenv("KITH_PAST_SEED");
  if (given != nullptr) KITH_CHECK(absl::SimpleAtoi(given, &seed));
  std::printf("KITH_PAST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

class PastAnswersTest : public ::testing::Test {
 protected:
  // What was answered at one moment, and how that moment is named.
  struct Moment {
    std::string token;
    int64_t sequence;
    absl::Time time;
    std::string answers;
    std::string page_token;  // of the second page of a list that was begun then
    std::string second_page;
  };

  // Something happens; what is refused has happened not.
  void Step();
  void CreateDeal();
  void CloseDeal();
  void ChangeDeal();
  void ChangeStage();
  void ChangeWorkspace();

  // Everything that is asked, as of a moment.
  std::string Ask(const type::v1::ReadOptions& read);
  deals::v1::ListDealsRequest FirstPage();
  Moment Now();
  void ExpectUnchanged(const Moment& moment);

  template <class Stub, class Request, class Response>
  void Add(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
           Request request, const type::v1::ReadOptions& read, std::string* answers) {
    *request.mutable_read() = read;
    const auto reply = server_.Call(method, request);
    absl::StrAppend(answers, Request::descriptor()->name(), ": ", reply.reason(), "\n",
                    reply->DebugString());
  }

  uint64_t Upto(uint64_t limit) { return random_() % limit; }
  std::string AnyDeal() { return absl::StrCat("deals/d", Upto(kDeals)); }
  // An hour or so from the turn of a month in 2025, where the zone decides on which side it lies.
  google::protobuf::Timestamp TurnOfAMonth() {
    const absl::CivilMonth month(2025, static_cast<int>(Upto(12)) + 1);
    google::protobuf::Timestamp time;
    time.set_seconds(absl::ToUnixSeconds(absl::FromCivil(month, absl::UTCTimeZone())) +
                     static_cast<int64_t>(Upto(26 * 3600)) - 13 * 3600);
    return time;
  }

  std::mt19937_64 random_{Seed()};
  testing::TestServer server_;
};

void PastAnswersTest::Step() {
  server_.clock().Advance(absl::Hours(Upto(60)));
  switch (Upto(6)) {
    case 0:
      return CreateDeal();
    case 1:
      return CloseDeal();
    case 2:
      return ChangeDeal();
    case 3:
      return ChangeStage();
    default:
      return ChangeWorkspace();
  }
}

void PastAnswersTest::CreateDeal() {
  deals::v1::CreateDealRequest request;
  request.set_deal_id(absl::StrCat("d", Upto(kDeals)));
  deals::v1::Deal& deal = *request.mutable_deal();
  deal.set_display_name(request.deal_id());
  deal.mutable_amount()->set_currency_code(Upto(2) == 0 ? "EUR" : "JPY");
  deal.mutable_amount()->set_units(static_cast<int64_t>(Upto(100'000)));
  if (Upto(3) == 0) deal.set_probability(static_cast<int>(Upto(101)));
  if (Upto(2) == 0) {
    deal.mutable_expected_close_date()->set_year(2025);
    deal.mutable_expected_close_date()->set_month(static_cast<int>(Upto(12)) + 1);
    deal.mutable_expected_close_date()->set_day(static_cast<int>(Upto(28)) + 1);
  }
  request.mutable_occur_time()->set_seconds(
      absl::ToUnixSeconds(absl::FromCivil(absl::CivilDay(2024, 12, 1), absl::UTCTimeZone())));
  server_.Call(&DealStub::CreateDeal, request);
}

void PastAnswersTest::CloseDeal() {
  const auto time = TurnOfAMonth();
  if (Upto(3) > 0) {
    deals::v1::WinDealRequest request;
    request.set_name(AnyDeal());
    *request.mutable_occur_time() = time;
    server_.Call(&DealStub::WinDeal, request);
    return;
  }
  deals::v1::LoseDealRequest request;
  request.set_name(AnyDeal());
  request.set_reason(deals::v1::PRICING);
  *request.mutable_occur_time() = time;
  server_.Call(&DealStub::LoseDeal, request);
}

void PastAnswersTest::ChangeDeal() {
  if (Upto(4) == 0) {
    deals::v1::DeleteDealRequest request;
    request.set_name(AnyDeal());
    server_.Call(&DealStub::DeleteDeal, request);
    return;
  }
  deals::v1::UpdateDealRequest request;
  request.mutable_deal()->set_name(AnyDeal());
  request.mutable_deal()->set_display_name(absl::StrCat("deal ", Upto(1000)));
  request.mutable_deal()->set_probability(static_cast<int>(Upto(101)));
  server_.Call(&DealStub::UpdateDeal, request);
}

void PastAnswersTest::ChangeStage() {
  deals::v1::UpdateStageRequest request;
  constexpr const char* kStages[] = {"new-lead", "contacted", "qualified"};
  request.mutable_stage()->set_name(
      absl::StrCat("pipelines/default/stages/", kStages[Upto(Upto(2) == 0 ? 1 : 3)]));
  switch (Upto(3)) {
    case 0:
      request.mutable_stage()->set_probability(static_cast<int>(Upto(101)));
      request.mutable_update_mask()->add_paths("probability");
      break;
    case 1:
      request.mutable_stage()->set_rot_days(static_cast<int>(Upto(400)));
      request.mutable_update_mask()->add_paths("rot_days");
      break;
    default:
      request.mutable_stage()->set_forecast_category(
          static_cast<deals::v1::ForecastCategory>(Upto(6)));
      request.mutable_update_mask()->add_paths("forecast_category");
      break;
  }
  server_.Call(&PipelineStub::UpdateStage, request);
}

void PastAnswersTest::ChangeWorkspace() {
  workspaces::v1::UpdateWorkspaceRequest request;
  if (Upto(2) == 0) {
    request.mutable_workspace()->set_fiscal_year_start_month(static_cast<int>(Upto(13)));
    request.mutable_update_mask()->add_paths("fiscal_year_start_month");
  } else {
    constexpr const char* kZones[] = {"", "Europe/Berlin", "America/New_York", "Pacific/Auckland"};
    request.mutable_workspace()->set_time_zone(kZones[Upto(4)]);
    request.mutable_update_mask()->add_paths("time_zone");
  }
  if (Upto(4) == 0) {
    request.mutable_workspace()->set_default_region("DE");
    request.mutable_update_mask()->add_paths("default_region");
  }
  server_.Call(&WorkspaceStub::UpdateWorkspace, request);
}

std::string PastAnswersTest::Ask(const type::v1::ReadOptions& read) {
  std::string answers;
  const auto forecast = [&](absl::string_view request) {
    Add(&ForecastStub::QueryForecast, Proto<forecast::v1::QueryForecastRequest>(request), read,
        &answers);
  };
  forecast("group_by: MONTH group_by: QUARTER group_by: CATEGORY");
  forecast("from { year: 2025 month: 3 day: 1 } to { year: 2025 month: 10 day: 1 }");
  forecast("quota { currency_code: 'EUR' units: 100000 } group_by: OWNER");
  Add(&DealStub::GetPipelineBoard, deals::v1::GetPipelineBoardRequest(), read, &answers);
  Add(&DealStub::ListDeals, Proto<deals::v1::ListDealsRequest>("order_by: 'last_activity_time'"),
      read, &answers);
  Add(&DealStub::GetDeal, Proto<deals::v1::GetDealRequest>("name: 'deals/d1'"), read, &answers);
  Add(&PipelineStub::ListPipelines, deals::v1::ListPipelinesRequest(), read, &answers);
  Add(&ContactStub::ListContacts, contacts::v1::ListContactsRequest(), read, &answers);
  return answers;
}

deals::v1::ListDealsRequest PastAnswersTest::FirstPage() {
  return Proto<deals::v1::ListDealsRequest>("page_size: 2 order_by: 'display_name'");
}

PastAnswersTest::Moment PastAnswersTest::Now() {
  Moment moment;
  deals::v1::ListDealsRequest list = FirstPage();
  const auto page = server_.Call(&DealStub::ListDeals, list);
  moment.token = page.token;
  KITH_CHECK(absl::SimpleAtoi(page.sequence, &moment.sequence));
  moment.page_token = page->next_page_token();
  list.set_page_token(moment.page_token);
  moment.second_page = server_.Call(&DealStub::ListDeals, list)->DebugString();
  moment.time = server_.clock().Now();
  // As of this moment from the beginning: ages are those of its last event, not of the clock.
  type::v1::ReadOptions read;
  read.set_token(moment.token);
  moment.answers = Ask(read);
  return moment;
}

void PastAnswersTest::ExpectUnchanged(const Moment& moment) {
  type::v1::ReadOptions read;
  read.set_token(moment.token);
  EXPECT_EQ(Ask(read), moment.answers);
  read.set_sequence(moment.sequence);
  EXPECT_EQ(Ask(read), moment.answers);
  if (moment.page_token.empty()) return;
  deals::v1::ListDealsRequest list = FirstPage();
  list.set_page_token(moment.page_token);
  EXPECT_EQ(server_.Call(&DealStub::ListDeals, list)->DebugString(), moment.second_page);
}

TEST_F(PastAnswersTest, AreTheSameWhateverIsChosenLater) {
  std::vector<Moment> moments = {Now()};
  for (int i = 0; i < kSteps; ++i) {
    Step();
    if (Upto(4) == 0) moments.push_back(Now());
  }
  for (const Moment& moment : moments) ExpectUnchanged(moment);
  server_.Restart(/*new_views=*/true);
  for (const Moment& moment : moments) ExpectUnchanged(moment);
}

// By a time: what was asked when it had just passed.
TEST_F(PastAnswersTest, AreTheSameAsOfATime) {
  std::vector<std::pair<type::v1::ReadOptions, std::string>> asked;
  for (int i = 0; i < kSteps / 2; ++i) {
    Step();
    if (Upto(4) != 0) continue;
    type::v1::ReadOptions read;
    read.mutable_time()->set_seconds(absl::ToUnixSeconds(server_.clock().Now()));
    server_.clock().Advance(absl::Seconds(2));
    asked.emplace_back(read, Ask(read));
  }
  for (const auto& [read, answers] : asked) EXPECT_EQ(Ask(read), answers);
}

// As of a moment that is before anything, and as of one before a later workspace was.
TEST_F(PastAnswersTest, BeforeTheWorkspaceAreUnderTheDefaults) {
  workspaces::v1::CreateWorkspaceRequest create;
  create.mutable_workspace()->set_display_name("Second");
  create.mutable_workspace()->set_fiscal_year_start_month(7);
  const std::string before =
      server_.Call(&DealStub::ListDeals, deals::v1::ListDealsRequest()).token;
  const auto second = server_.Call(&WorkspaceStub::CreateWorkspace, create);
  ASSERT_EQ(second.reason(), "");
  for (const auto& [secret, as_of] :
       {std::pair(server_.secret(), std::string("sequence: 0")),
        std::pair(second->secret(), std::string("sequence: 0")),
        std::pair(second->secret(), absl::StrCat("token: '", before, "'"))}) {
    const auto forecast = server_.CallWith(
        secret, &ForecastStub::QueryForecast,
        Proto<forecast::v1::QueryForecastRequest>(absl::StrCat("read { ", as_of, " }")));
    EXPECT_EQ(forecast.reason(), "");
    EXPECT_EQ(forecast->rows_size(), 0);
  }
}

}  // namespace
}  // namespace kith::server
