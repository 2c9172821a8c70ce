// kith bench against a whole server: every kind makes calls and none fails. How many, and how fast,
// is not what a test decides.
#include "services/cli/load/bench.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/scoring_models/v1/scoring_models_service.grpc.pb.h"
#include "services/cli/app.h"
#include "services/cli/load/load_kind.h"
#include "tests/testing/test_server.h"

namespace kith::cli {
namespace {

using ::testing::HasSubstr;

double NumberOf(const google::protobuf::Struct& numbers, const std::string& name) {
  const auto found = numbers.fields().find(name);
  return found == numbers.fields().end() ? 0 : found->second.number_value();
}

// A subscription goes on, and so has things without having ended.
double AnswersOf(const google::protobuf::Struct& numbers) {
  return NumberOf(numbers, "calls") + NumberOf(numbers, "items");
}

class BenchTest : public ::testing::Test {
 protected:
  int Run(std::vector<std::string> words) {
    out_.str("");
    err_.str("");
    const std::vector<std::string> before = {"--address", server_.address(), "--key",
                                             server_.secret(), "bench"};
    words.insert(words.begin(), before.begin(), before.end());
    return cli::Run(words, {.out = out_,
                            .err = err_,
                            .environment = [](const char*) { return std::nullopt; },
                            .connect =
                                [](const ClientOptions& options) {
                                  return std::make_unique<Client>(options);
                                }});
  }
  // The numbers of a run of the kind that is as long as it takes for something to be answered.
  google::protobuf::Struct Measure(absl::string_view kind, std::vector<std::string> more = {}) {
    google::protobuf::Struct numbers;
    for (double seconds = 0.2; AnswersOf(numbers) == 0 && seconds < 60; seconds *= 2) {
      std::vector<std::string> words = {
          std::string(kind), "--json", "--seconds",  absl::StrCat(seconds),
          "--warm-up",       "0",      "--contacts", "5",
          "--in-flight",     "4"};
      words.insert(words.end(), more.begin(), more.end());
      if (Run(words) != 0 ||
          !google::protobuf::util::JsonStringToMessage(out_.str(), &numbers).ok()) {
        ADD_FAILURE() << kind << ": " << err_.str() << out_.str();
        break;
      }
    }
    return numbers;
  }
  std::vector<std::string> MakeDeals(int count) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
      deals::v1::CreateDealRequest request;
      request.mutable_deal()->set_display_name(absl::StrCat("Deal ", i));
      request.mutable_deal()->mutable_expected_close_date()->set_year(2027);
      request.mutable_deal()->mutable_expected_close_date()->set_month(1 + i % 12);
      request.mutable_deal()->mutable_expected_close_date()->set_day(1);
      const auto deal = server_.Call(&deals::v1::DealsService::Stub::CreateDeal, request);
      EXPECT_EQ(deal.reason(), "");
      names.push_back(deal->name());
    }
    return names;
  }

  // One that gives a contact a point for each interaction.
  void MakeModel() {
    scoring_models::v1::CreateScoringModelRequest create;
    scoring_models::v1::ScoringModel& model = *create.mutable_scoring_model();
    model.set_display_name("Interest");
    model.set_target(scoring_models::v1::CONTACTS);
    scoring_models::v1::ScoringRule& rule = *model.add_rules();
    rule.set_id("any");
    rule.mutable_event();
    rule.set_points(1);
    using Stub = scoring_models::v1::ScoringModelsService::Stub;
    ASSERT_EQ(server_.Call(&Stub::CreateScoringModel, create).reason(), "");
  }

  testing::TestServer server_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(BenchTest, EveryKindMakesCallsAndNoneFails) {
  MakeDeals(20);
  MakeModel();
  for (const LoadKindEntry& kind : LoadKinds()) {
    const google::protobuf::Struct numbers = Measure(kind.name);
    EXPECT_GT(AnswersOf(numbers), 0) << kind.name;
    EXPECT_EQ(numbers.fields().count("failures"), 1u) << kind.name;
    const bool finds = kind.name != "find-nobody";
    EXPECT_EQ(NumberOf(numbers, "response_bytes") > 0, finds) << kind.name;
  }
}

TEST_F(BenchTest, ReadsAsOfAMomentBeforeAllWasDeleted) {
  const std::vector<std::string> names = MakeDeals(3);
  const std::string before =
      absl::StrCat("@", server_.runtime().log.WorkspaceHead(server_.workspace()).value());
  for (const std::string& name : names) {
    deals::v1::DeleteDealRequest request;
    request.set_name(name);
    ASSERT_EQ(server_.Call(&deals::v1::DealsService::Stub::DeleteDeal, request).reason(), "");
  }
  for (const char* kind : {"get-deal", "list", "list-either", "list-by-amount", "board"}) {
    EXPECT_GT(NumberOf(Measure(kind, {"--as-of", before}), "calls"), 0) << kind;
  }
  EXPECT_EQ(Run({"get-deal", "--as-of", "@1"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("no deals at this moment"));
}

TEST_F(BenchTest, ListsContactsByTheirNames) {
  EXPECT_EQ(Run({"find-contact"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("no contacts at this moment"));
  Measure("get");  // makes contacts
  for (const char* kind : {"list-by-name", "find-contact", "find-nobody"}) {
    EXPECT_GT(NumberOf(Measure(kind), "calls"), 0) << kind;
  }
}

TEST_F(BenchTest, ListsWhatTheFirstModelScores) {
  EXPECT_EQ(Run({"list-by-score"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("there is no scoring model"));
  MakeModel();
  EXPECT_GT(NumberOf(Measure("list-by-score"), "calls"), 0);
}

TEST_F(BenchTest, EachMoveIsOfAnotherDeal) {
  const std::vector<std::string> names = MakeDeals(200);
  const double calls = NumberOf(Measure("move-deal"), "calls");
  int moved = 0;
  for (const std::string& name : names) {
    deals::v1::GetDealRequest request;
    request.set_name(name);
    const auto deal = server_.Call(&deals::v1::DealsService::Stub::GetDeal, request);
    if (deal->stage_intervals_size() > 1) ++moved;
  }
  EXPECT_GE(moved, std::min(calls, 200.0));
}

TEST_F(BenchTest, AnUpdateGivesAContactAnotherCompany) {
  EXPECT_GT(NumberOf(Measure("update-contact"), "calls"), 0);
  contacts::v1::ListContactsRequest request;
  request.set_filter("company_name:*");
  const auto changed = server_.Call(&contacts::v1::ContactsService::Stub::ListContacts, request);
  EXPECT_EQ(changed.reason(), "");
  EXPECT_GT(changed->contacts_size(), 0);
}

TEST_F(BenchTest, CapturesAreOfContactsThatAreThere) {
  EXPECT_GT(NumberOf(Measure("capture"), "calls"), 0);
  const double items = NumberOf(Measure("capture-many"), "items");
  EXPECT_GE(items, 500);
  EXPECT_EQ(static_cast<int64_t>(items) % 500, 0);
  const auto contacts = server_.Call(&contacts::v1::ContactsService::Stub::ListContacts,
                                     contacts::v1::ListContactsRequest());
  EXPECT_EQ(contacts->contacts_size(), 5);
}

TEST_F(BenchTest, BeginsCallsAtARate) {
  const google::protobuf::Struct numbers = Measure("get", {"--rate", "100"});
  EXPECT_GT(NumberOf(numbers, "calls"), 0);
  EXPECT_EQ(NumberOf(numbers, "rate"), 100);
}

TEST_F(BenchTest, PrintsForPeople) {
  ASSERT_EQ(Run({"get", "--seconds", "0.2", "--warm-up", "0", "--contacts", "2"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("calls/s over "));
  EXPECT_THAT(err_.str(), HasSubstr("/s\n"));
}

TEST_F(BenchTest, TellsWrongWordsFromRefusals) {
  EXPECT_EQ(Run({}), 2);
  EXPECT_EQ(Run({"nothing"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("record, ingest"));
  EXPECT_EQ(Run({"record", "--as-of", "@1"}), 2);
  EXPECT_EQ(Run({"record", "--seconds", "0"}), 2);
  EXPECT_EQ(Run({"record", "--channels", "many"}), 2);
  EXPECT_EQ(Run({"record", "--colour", "red"}), 2);
  EXPECT_EQ(Run({"record", "--key", "wrong"}), 1);
}

}  // namespace
}  // namespace kith::cli
