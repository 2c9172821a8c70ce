// Predictions of leads over gRPC: of whom they are, and what they follow, by the numbers that
// predictions_service_test.cc asks of deals. How far a lead is, its status says: ASSIGNED,
// CONTACTED and QUALIFIED are the stages of those numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kith/leads/v1/leads_service.grpc.pb.h"
#include "kith/scoring_models/v1/predictions_service.grpc.pb.h"
#include "tests/services/scoring_models/scores_world.h"

namespace kith::scoring_models {
namespace {

using leads::v1::LeadsService;

enum Step { kFirst, kSecond, kThird };

class LeadPredictionsTest : public ScoresWorld {
 protected:
  using Stub = v1::PredictionsService::Stub;
  using LeadStub = LeadsService::Stub;

  LeadPredictionsTest() {
    team_ = CreateTeam("North");
    rep_ = CreateUser("Rita", absl::StrCat("teams: '", team_, "' roles: 'roles/sales-rep'"));
    other_ = CreateUser("Otto", absl::StrCat("teams: '", CreateTeam("South"), "'"));
  }

  std::string CreateLead(const std::string& owner, const std::string& text) {
    leads::v1::CreateLeadRequest request;
    *request.mutable_lead() = testing::Proto<leads::v1::Lead>(text);
    request.mutable_lead()->set_owner(owner);
    request.mutable_lead()->set_last_name(absl::StrCat("Person ", ++count_));
    const auto created = server_.Call(&LeadStub::CreateLead, request);
    EXPECT_EQ(created.reason(), "") << created.status.error_message();
    return created->name();
  }
  template <class Request>
  void Do(grpc::Status (LeadStub::*method)(grpc::ClientContext*, const Request&, leads::v1::Lead*),
          const std::string& lead, const std::string& text = "") {
    Request request = testing::Proto<Request>(text);
    request.set_name(lead);
    const auto done = server_.Call(method, request);
    EXPECT_EQ(done.reason(), "") << done.status.error_message();
  }
  std::string CreateLead(const std::string& owner, const std::string& campaign,
                         const std::string& rating, const std::string& source, Step step) {
    std::string lead = CreateLead(owner, absl::StrCat("first_touch { campaign: '", campaign,
                                                      "' } rating: ", rating, " source: ", source));
    if (step == kSecond) Do<leads::v1::ContactLeadRequest>(&LeadStub::ContactLead, lead);
    if (step == kThird) Do<leads::v1::QualifyLeadRequest>(&LeadStub::QualifyLead, lead);
    return lead;
  }
  void Lose(const std::string& lead) {
    Do<leads::v1::DisqualifyLeadRequest>(&LeadStub::DisqualifyLead, lead, "reason: NO_BUDGET");
  }
  void Win(const std::string& lead) {
    Do<leads::v1::ConvertLeadRequest>(&LeadStub::ConvertLead, lead);
  }
  void Recycle(const std::string& lead) {
    Do<leads::v1::RecycleLeadRequest>(&LeadStub::RecycleLead, lead);
  }
  testing::Reply<v1::LeadPrediction> Predict(const std::string& lead,
                                             absl::Time as_of = absl::InfiniteFuture(),
                                             const std::string& key = "") {
    v1::PredictLeadRequest request;
    request.set_lead(lead);
    if (as_of < absl::InfiniteFuture()) {
      *request.mutable_read()->mutable_time() = ToTimestamp(as_of);
    }
    return server_.CallWith(key.empty() ? server_.secret() : key, &Stub::PredictLead, request);
  }
  double ProbabilityOf(const std::string& lead, absl::Time as_of = absl::InfiniteFuture()) {
    const auto predicted = Predict(lead, as_of);
    EXPECT_EQ(predicted.reason(), "") << predicted.status.error_message();
    return predicted->probability();
  }
  // PL-1: two lost and one won, of the rep's team.
  void CloseSome() {
    Lose(CreateLead(rep_, "c1", "COLD", "WEB_FORM", kFirst));
    Lose(CreateLead(rep_, "c2", "WARM", "EVENT", kSecond));
    Win(CreateLead(rep_, "c3", "HOT", "REFERRAL", kThird));
  }

  int count_ = 0;
  std::string team_;
  std::string rep_;
  std::string other_;
};

// PL-1, PL-2 and PL-3.
TEST_F(LeadPredictionsTest, FollowWhatIsClosedAndRecycledAndStayAsOfBefore) {
  const std::string lead = CreateLead(rep_, "c1", "WARM", "REFERRAL", kSecond);
  EXPECT_FALSE(Predict(lead)->has_probability()) << "nothing was closed yet";
  CloseSome();
  EXPECT_DOUBLE_EQ(ProbabilityOf(lead), 33.49);
  EXPECT_DOUBLE_EQ(ProbabilityOf(CreateLead(rep_, "c1", "WARM", "REFERRAL", kFirst)), 20.87);
  EXPECT_DOUBLE_EQ(ProbabilityOf(CreateLead(rep_, "c1", "WARM", "REFERRAL", kThird)), 84.70);
  server_.clock().Advance(absl::Minutes(1));
  const absl::Time before = server_.clock().Now();
  server_.clock().Advance(absl::Minutes(1));
  const std::string lost = CreateLead(rep_, "c2", "WARM", "EVENT", kFirst);
  EXPECT_DOUBLE_EQ(ProbabilityOf(lost), 0.22);
  Lose(lost);
  EXPECT_DOUBLE_EQ(ProbabilityOf(lead), 43.79);
  EXPECT_DOUBLE_EQ(ProbabilityOf(lead, before), 33.49);
  EXPECT_DOUBLE_EQ(Predict(lost)->probability(), 0);
  Recycle(lost);
  EXPECT_DOUBLE_EQ(ProbabilityOf(lead), 33.49);
  EXPECT_DOUBLE_EQ(ProbabilityOf(lost), 0.22) << "it is open again, and begins anew";
  server_.Restart(/*new_views=*/true);
  EXPECT_DOUBLE_EQ(ProbabilityOf(lead), 33.49);
}

// PL-1, explained.
TEST_F(LeadPredictionsTest, SayWhatTheyAreMadeOf) {
  CloseSome();
  const auto told = Predict(CreateLead(rep_, "c1", "WARM", "REFERRAL", kSecond));
  EXPECT_EQ(told->team(), team_);
  EXPECT_EQ(told->won_count(), 1);
  EXPECT_EQ(told->lost_count(), 2);
  std::vector<std::string> fields;
  for (const v1::PredictionFactor& factor : told->factors()) {
    fields.push_back(absl::StrCat(factor.field(), " ", factor.value(), " ", factor.won_count(), ":",
                                  factor.lost_count()));
  }
  EXPECT_THAT(fields,
              ::testing::ElementsAre("source REFERRAL 1:0", "rating WARM 0:1",
                                     "first_touch.campaign c1 0:1", "status CONTACTED 1:1"));
}

// PL-4 and PL-10.
TEST_F(LeadPredictionsTest, AreOfTheOwnersTeamOrOfEverybody) {
  CloseSome();
  Lose(CreateLead(other_, "c1", "WARM", "EVENT", kThird));
  Lose(CreateLead(other_, "c1", "WARM", "REFERRAL", kSecond));
  Win(CreateLead(other_, "c1", "HOT", "REFERRAL", kFirst));
  EXPECT_DOUBLE_EQ(ProbabilityOf(CreateLead(other_, "c1", "WARM", "REFERRAL", kSecond)), 7.74);
  EXPECT_DOUBLE_EQ(ProbabilityOf(CreateLead(rep_, "c1", "WARM", "REFERRAL", kSecond)), 33.49);
  const std::string nobody = CreateUser("Nora");
  Lose(CreateLead(nobody, "c1", "WARM", "WEB_FORM", kFirst));
  Lose(CreateLead(nobody, "c2", "HOT", "REFERRAL", kFirst));
  Win(CreateLead(nobody, "c2", "WARM", "EVENT", kThird));
  EXPECT_DOUBLE_EQ(ProbabilityOf(CreateLead(nobody, "c1", "WARM", "REFERRAL", kSecond)), 33.37);
  const std::string queued = CreateLead(team_, "c1", "WARM", "REFERRAL", kSecond);
  EXPECT_DOUBLE_EQ(ProbabilityOf(queued), 33.49) << "who waits for a team is compared with its own";
}

// PL-5: each tag counts, and few leads with a tag say nothing.
TEST_F(LeadPredictionsTest, CountEachTagThatManyHad) {
  const std::string one = "tags: 'one'";
  const std::string two = "tags: 'two'";
  const std::string both = absl::StrCat(one, " ", two);
  const auto close = [&](const std::string& tags, int lost, int won) {
    for (int i = 0; i < lost; ++i) Lose(CreateLead(rep_, tags));
    for (int i = 0; i < won; ++i) Win(CreateLead(rep_, tags));
  };
  close(one, 30, 19);
  const auto early = Predict(CreateLead(rep_, one));
  ASSERT_EQ(early->factors_size(), 1) << "49 had it";
  EXPECT_EQ(early->factors(0).field(), "status");
  close(two, 40, 9);
  close(both, 35, 14);
  EXPECT_DOUBLE_EQ(ProbabilityOf(CreateLead(rep_, one)), 33.69);
  EXPECT_DOUBLE_EQ(ProbabilityOf(CreateLead(rep_, two)), 23.51);
  EXPECT_DOUBLE_EQ(ProbabilityOf(CreateLead(rep_, both)), 28.05);
  EXPECT_DOUBLE_EQ(ProbabilityOf(CreateLead(rep_, "")), 28.60);
}

// PL-9: what was converted stays counted when it is deleted.
TEST_F(LeadPredictionsTest, CountWhatWasConvertedAlsoWhenItIsDeleted) {
  CloseSome();
  const std::string open = CreateLead(rep_, "c1", "WARM", "REFERRAL", kSecond);
  const std::string won = CreateLead(rep_, "c1", "WARM", "REFERRAL", kSecond);
  Win(won);
  EXPECT_DOUBLE_EQ(Predict(won)->probability(), 100);
  const double with = ProbabilityOf(open);
  EXPECT_GT(with, 33.49);
  leads::v1::DeleteLeadRequest remove;
  remove.set_name(won);
  ASSERT_EQ(server_.Call(&LeadStub::DeleteLead, remove).reason(), "");
  EXPECT_DOUBLE_EQ(ProbabilityOf(open), with);
  users::v1::UpdateUserRequest moved;
  moved.mutable_user()->set_name(rep_);
  moved.mutable_update_mask()->add_paths("teams");
  ASSERT_EQ(server_.Call(&users::v1::UsersService::Stub::UpdateUser, moved).reason(), "");
  Do<leads::v1::UndeleteLeadRequest>(&LeadStub::UndeleteLead, won);
  const std::string queued = CreateLead(team_, "c1", "WARM", "REFERRAL", kSecond);
  EXPECT_DOUBLE_EQ(ProbabilityOf(queued), with) << "it was won in the team";
}

TEST_F(LeadPredictionsTest, AreToldToWhoeverSeesTheLead) {
  CloseSome();
  const std::string key = KeyOf(rep_);
  const std::string own = CreateLead(rep_, "c1", "WARM", "REFERRAL", kFirst);
  EXPECT_EQ(Predict(own, absl::InfiniteFuture(), key).reason(), "");
  const std::string hidden = CreateLead(other_, "c1", "WARM", "REFERRAL", kFirst);
  EXPECT_EQ(Predict(hidden, absl::InfiniteFuture(), key).reason(), "LEAD_NOT_FOUND");
  const auto counts = [&](const std::string& with, const std::string& filter) {
    v1::ListLeadOutcomeCountsRequest request;
    request.set_filter(filter);
    return server_.CallWith(with, &Stub::ListLeadOutcomeCounts, request);
  };
  EXPECT_EQ(counts(key, "").reason(), "PERMISSION_DENIED");
  const auto listed =
      counts(server_.secret(), absl::StrCat("team = \"", team_, "\" AND field = \"status\""));
  ASSERT_EQ(listed->outcome_counts_size(), 3) << listed.status.error_message();
  EXPECT_EQ(listed->outcome_counts(0).lost_count(), 2);
  EXPECT_EQ(listed->outcome_counts(1).value(), "ASSIGNED");
}

}  // namespace
}  // namespace kith::scoring_models
