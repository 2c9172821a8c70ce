// Predictions over gRPC: of whom they are, and what they follow. Their formula is asked in
// tests/projections/scoring_models/win_odds_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kith/scoring_models/v1/predictions_service.grpc.pb.h"
#include "tests/services/scoring_models/scores_world.h"

namespace kith::scoring_models {
namespace {

using deals::v1::Deal;
using deals::v1::DealsService;

constexpr char kFirst[] = "new-lead";  // stages of the pipeline that a workspace begins with
constexpr char kSecond[] = "contacted";
constexpr char kThird[] = "qualified";

class PredictionsTest : public ScoresWorld {
 protected:
  using Stub = v1::PredictionsService::Stub;

  PredictionsTest() {
    team_ = CreateTeam("North");
    rep_ = CreateUser("Rita", absl::StrCat("teams: '", team_, "' roles: 'roles/sales-rep'"));
    other_ = CreateUser("Otto", absl::StrCat("teams: '", CreateTeam("South"), "'"));
  }

  std::string CreateDeal(const std::string& owner, const std::string& product,
                         const std::string& type, const std::string& source,
                         const std::string& stage) {
    deals::v1::CreateDealRequest request;
    Deal& deal = *request.mutable_deal();
    deal.set_display_name("Deal");
    deal.set_owner(owner);
    deal.set_pipeline("pipelines/default");
    deal.set_product(product);
    deals::v1::DealType parsed = deals::v1::DEAL_TYPE_UNSPECIFIED;
    EXPECT_TRUE(deals::v1::DealType_Parse(type, &parsed));
    deal.set_type(parsed);
    deal.set_source(source);
    deal.set_stage(absl::StrCat("pipelines/default/stages/", stage));
    const auto created = server_.Call(&DealsService::Stub::CreateDeal, request);
    EXPECT_EQ(created.reason(), "") << created.status.error_message();
    return created->name();
  }
  void Lose(const std::string& deal) {
    deals::v1::LoseDealRequest lose;
    lose.set_name(deal);
    lose.set_reason(deals::v1::PRICING);
    const auto lost = server_.Call(&DealsService::Stub::LoseDeal, lose);
    EXPECT_EQ(lost.reason(), "") << lost.status.error_message();
  }
  void Win(const std::string& deal) {
    deals::v1::WinDealRequest win;
    win.set_name(deal);
    EXPECT_EQ(server_.Call(&DealsService::Stub::WinDeal, win).reason(), "");
  }
  void Reopen(const std::string& deal, const std::string& stage) {
    deals::v1::ReopenDealRequest reopen;
    reopen.set_name(deal);
    reopen.set_stage(absl::StrCat("pipelines/default/stages/", stage));
    const auto reopened = server_.Call(&DealsService::Stub::ReopenDeal, reopen);
    EXPECT_EQ(reopened.reason(), "") << reopened.status.error_message();
  }
  testing::Reply<v1::DealPrediction> Predict(const std::string& deal,
                                             absl::Time as_of = absl::InfiniteFuture(),
                                             const std::string& key = "") {
    v1::PredictDealRequest request;
    request.set_deal(deal);
    if (as_of < absl::InfiniteFuture()) {
      *request.mutable_read()->mutable_time() = ToTimestamp(as_of);
    }
    return server_.CallWith(key.empty() ? server_.secret() : key, &Stub::PredictDeal, request);
  }
  double ProbabilityOf(const std::string& deal, absl::Time as_of = absl::InfiniteFuture()) {
    const auto predicted = Predict(deal, as_of);
    EXPECT_EQ(predicted.reason(), "") << predicted.status.error_message();
    return predicted->automatic_probability();
  }
  // PL-1: two lost and one won, of the rep's team.
  void CloseSome() {
    Lose(CreateDeal(rep_, "c1", "NEW_BUSINESS", "src1", kFirst));
    Lose(CreateDeal(rep_, "c2", "RENEWAL", "src2", kSecond));
    Win(CreateDeal(rep_, "c3", "UPSELL", "src3", kThird));
  }

  std::string team_;
  std::string rep_;
  std::string other_;
};

// PL-1 and PL-3.
TEST_F(PredictionsTest, FollowWhatIsClosedAndReopenedAndStayAsOfBefore) {
  const std::string deal = CreateDeal(rep_, "c1", "RENEWAL", "src3", kSecond);
  EXPECT_FALSE(Predict(deal)->has_probability()) << "nothing was closed yet";
  CloseSome();
  EXPECT_DOUBLE_EQ(ProbabilityOf(deal), 33.49);
  server_.clock().Advance(absl::Minutes(1));
  const absl::Time before = server_.clock().Now();
  EXPECT_DOUBLE_EQ(ProbabilityOf(deal, before), 33.49);
  server_.clock().Advance(absl::Minutes(1));
  const std::string lost = CreateDeal(rep_, "c2", "RENEWAL", "src2", kFirst);
  EXPECT_DOUBLE_EQ(ProbabilityOf(lost), 0.22);
  Lose(lost);
  EXPECT_DOUBLE_EQ(ProbabilityOf(deal), 43.79);
  EXPECT_DOUBLE_EQ(ProbabilityOf(deal, before), 33.49);
  EXPECT_DOUBLE_EQ(Predict(lost)->probability(), 0);
  Reopen(lost, kFirst);
  EXPECT_DOUBLE_EQ(ProbabilityOf(deal), 33.49);
  server_.Restart(/*new_views=*/true);
  EXPECT_DOUBLE_EQ(ProbabilityOf(deal), 33.49);
}

// PL-1, explained.
TEST_F(PredictionsTest, SayWhatTheyAreMadeOf) {
  CloseSome();
  const auto told = Predict(CreateDeal(rep_, "c1", "RENEWAL", "src3", kSecond));
  EXPECT_EQ(told->team(), team_);
  EXPECT_EQ(told->won_count(), 1);
  EXPECT_EQ(told->lost_count(), 2);
  ASSERT_EQ(told->factors_size(), 4);
  EXPECT_EQ(told->factors(0).field(), "source");
  EXPECT_EQ(told->factors(0).won_count(), 1);
  EXPECT_EQ(told->factors(3).field(), "stage");
  EXPECT_EQ(told->factors(3).lost_count(), 1);
}

// PL-4 and PL-10.
TEST_F(PredictionsTest, AreOfTheOwnersTeamOrOfEverybody) {
  CloseSome();
  Lose(CreateDeal(other_, "c1", "RENEWAL", "src2", kThird));
  Lose(CreateDeal(other_, "c1", "RENEWAL", "src3", kSecond));
  Win(CreateDeal(other_, "c1", "UPSELL", "src3", kFirst));
  EXPECT_DOUBLE_EQ(ProbabilityOf(CreateDeal(other_, "c1", "RENEWAL", "src3", kSecond)), 7.74);
  EXPECT_DOUBLE_EQ(ProbabilityOf(CreateDeal(rep_, "c1", "RENEWAL", "src3", kSecond)), 33.49);
  const std::string nobody = CreateUser("Nora");
  Lose(CreateDeal(nobody, "c1", "RENEWAL", "src1", kFirst));
  Lose(CreateDeal(nobody, "c2", "UPSELL", "src3", kFirst));
  Win(CreateDeal(nobody, "c2", "RENEWAL", "src2", kThird));
  EXPECT_DOUBLE_EQ(ProbabilityOf(CreateDeal(nobody, "c1", "RENEWAL", "src3", kSecond)), 33.37);
}

// PL-8 and PL-9.
TEST_F(PredictionsTest, GiveWayToWhatIsSaidByHand) {
  CloseSome();
  const std::string deal = CreateDeal(rep_, "c1", "RENEWAL", "src3", kFirst);
  deals::v1::UpdateDealRequest update;
  update.mutable_deal()->set_name(deal);
  update.mutable_deal()->set_probability(40);
  ASSERT_EQ(server_.Call(&DealsService::Stub::UpdateDeal, update).reason(), "");
  const auto told = Predict(deal);
  EXPECT_DOUBLE_EQ(told->probability(), 40);
  EXPECT_DOUBLE_EQ(told->automatic_probability(), 20.87);
  EXPECT_TRUE(told->overridden());
  Win(deal);
  EXPECT_DOUBLE_EQ(Predict(deal)->probability(), 100);
  EXPECT_FALSE(Predict(deal)->has_automatic_probability());
}

// PL-9: what was won stays counted when it is deleted, and only reopening takes it back.
TEST_F(PredictionsTest, CountWhatWasWonAlsoWhenItIsDeleted) {
  CloseSome();
  const std::string open = CreateDeal(rep_, "c1", "RENEWAL", "src3", kSecond);
  const std::string won = CreateDeal(rep_, "c1", "RENEWAL", "src3", kSecond);
  Win(won);
  const double with = ProbabilityOf(open);
  EXPECT_GT(with, 33.49);
  deals::v1::DeleteDealRequest remove;
  remove.set_name(won);
  ASSERT_EQ(server_.Call(&DealsService::Stub::DeleteDeal, remove).reason(), "");
  EXPECT_DOUBLE_EQ(ProbabilityOf(open), with);
  deals::v1::UndeleteDealRequest undelete;
  undelete.set_name(won);
  ASSERT_EQ(server_.Call(&DealsService::Stub::UndeleteDeal, undelete).reason(), "");
  EXPECT_DOUBLE_EQ(ProbabilityOf(open), with);
  Reopen(won, kSecond);
  EXPECT_DOUBLE_EQ(ProbabilityOf(open), 33.49);
}

TEST_F(PredictionsTest, AreToldToWhoeverSeesTheDeal) {
  CloseSome();
  const std::string key = KeyOf(rep_);
  EXPECT_EQ(Predict(CreateDeal(rep_, "c1", "RENEWAL", "src3", kFirst), absl::InfiniteFuture(), key)
                .reason(),
            "");
  const std::string hidden = CreateDeal(other_, "c1", "RENEWAL", "src3", kFirst);
  EXPECT_EQ(Predict(hidden, absl::InfiniteFuture(), key).reason(), "DEAL_NOT_FOUND");
  const auto counts = [&](const std::string& with, const std::string& filter) {
    v1::ListOutcomeCountsRequest request;
    request.set_filter(filter);
    return server_.CallWith(with, &Stub::ListOutcomeCounts, request);
  };
  EXPECT_EQ(counts(key, "").reason(), "PERMISSION_DENIED");
  const auto listed =
      counts(server_.secret(), absl::StrCat("team = \"", team_, "\" AND field = \"source\""));
  ASSERT_EQ(listed->outcome_counts_size(), 4) << listed.status.error_message();
  EXPECT_EQ(listed->outcome_counts(0).value_count(), 3);
  EXPECT_EQ(listed->outcome_counts(0).lost_count(), 2);
}

}  // namespace
}  // namespace kith::scoring_models
