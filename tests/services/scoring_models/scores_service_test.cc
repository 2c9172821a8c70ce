// Scores over gRPC: what counts, since when, for whom, and what is told of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kith/leads/v1/leads_service.grpc.pb.h"
#include "tests/services/scoring_models/scores_world.h"

namespace kith::scoring_models {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr absl::Duration kDay = absl::Hours(24);

class ScoresTest : public ScoresWorld {};

TEST_F(ScoresTest, CountWhatHappensAndWhatTheRecordIsLike) {
  const std::string model = Scored(R"(
      rules { id: 'call' event { kind: CALL direction: INBOUND } points: 5 }
      rules { id: 'mail' event { kind: EMAIL condition: 'outcome = "opened"' } points: 2 }
      rules { id: 'lead' record { condition: 'lifecycle_stage = LEAD' } points: 10 })");
  const std::string ada = CreateContact("lifecycle_stage: LEAD");
  EXPECT_EQ(ScoreOf(model, ada), 10);
  Record(ada, "kind: CALL direction: INBOUND");
  Record(ada, "kind: CALL direction: OUTBOUND");
  Record(ada, "kind: EMAIL outcome: 'opened'");
  Record(ada, "kind: EMAIL");
  EXPECT_EQ(ScoreOf(model, ada), 17);
  UpdateContact(ada, "lifecycle_stage: CUSTOMER");
  EXPECT_EQ(ScoreOf(model, ada), 7);
}

TEST_F(ScoresTest, CountWhatIsLinkedOnceForEachRecord) {
  const std::string model = Scored("rules { id: 'note' event { kind: NOTE } points: 3 }");
  const std::string ada = CreateContact();
  const std::string ben = CreateContact();
  Record(ada, absl::StrCat("kind: NOTE links: '", ben, "' links: '", ada, "'"));
  EXPECT_EQ(ScoreOf(model, ada), 3);
  EXPECT_EQ(ScoreOf(model, ben), 3);
}

// Goal: a model that is made later counts what was there before it, each event once.
TEST_F(ScoresTest, CountWhatWasThereBeforeTheModel) {
  const std::string ada = CreateContact("lifecycle_stage: LEAD");
  const std::string ben = CreateContact("lifecycle_stage: CUSTOMER");
  for (int i = 0; i < 3; ++i) Record(ada, "kind: CALL");
  Record(ben, absl::StrCat("kind: CALL links: '", ada, "'"));
  const std::string model = Scored(R"(
      rules { id: 'call' event { kind: CALL } points: 5 }
      rules { id: 'first' event { kind: CALL once: true } points: 100 }
      rules { id: 'lead' record { condition: 'lifecycle_stage = LEAD' } points: 10 })");
  EXPECT_EQ(ScoreOf(model, ada), 4 * 5 + 100 + 10);
  EXPECT_EQ(ScoreOf(model, ben), 105);
  Record(ada, "kind: CALL");
  EXPECT_EQ(ScoreOf(model, ada), 5 * 5 + 100 + 10);
  EXPECT_THAT(Scores(model), ElementsAre(135, 105));
}

TEST_F(ScoresTest, AreTheSameWhenTheViewsAreFoldedAnew) {
  const std::string ada = CreateContact("lifecycle_stage: LEAD");
  Record(ada, "kind: CALL");
  const std::string model = Scored(R"(
      rules { id: 'call' event { kind: CALL half_life_days: 3 } points: 5 }
      rules { id: 'lead' record { condition: 'lifecycle_stage = LEAD' } points: 10 })");
  Record(ada, "kind: CALL");
  const v1::ScoreExplanation before = Explain(model, ada);
  server_.Restart(/*new_views=*/true);
  EXPECT_EQ(Explain(model, ada).DebugString(), before.DebugString());
}

// A model's change scores every record anew; what was before it stays.
TEST_F(ScoresTest, OfBeforeAChangeOfTheRulesStayAsTheyWere) {
  const std::string model = Scored("rules { id: 'call' event { kind: CALL } points: 5 }");
  const std::string ada = CreateContact();
  Record(ada, "kind: CALL");
  Record(ada, "kind: NOTE");
  server_.clock().Advance(absl::Minutes(1));
  const absl::Time before = server_.clock().Now();
  EXPECT_EQ(ScoreOf(model, ada, before), 5);
  server_.clock().Advance(absl::Minutes(1));
  v1::UpdateScoringModelRequest update;
  *update.mutable_scoring_model() = testing::Proto<v1::ScoringModel>(R"(
      rules { id: 'call' event { kind: CALL } points: 7 }
      rules { id: 'note' event { kind: NOTE } points: 20 })");
  update.mutable_scoring_model()->set_name(model);
  ASSERT_EQ(server_.Call(&ModelStub::UpdateScoringModel, update).reason(), "");
  AwaitScored(model);
  EXPECT_EQ(ScoreOf(model, ada), 27);
  Record(ada, "kind: NOTE");
  EXPECT_EQ(ScoreOf(model, ada), 47);
  EXPECT_EQ(ScoreOf(model, ada, before), 5);
  EXPECT_THAT(Explain(model, ada, before).lines(), SizeIs(1));
  // A second change while nothing waits, and one to the former rules again.
  update.mutable_scoring_model()->mutable_rules()->RemoveLast();
  ASSERT_EQ(server_.Call(&ModelStub::UpdateScoringModel, update).reason(), "");
  AwaitScored(model);
  EXPECT_EQ(ScoreOf(model, ada), 7);
  server_.Restart(/*new_views=*/true);
  EXPECT_EQ(ScoreOf(model, ada), 7);
  EXPECT_EQ(ScoreOf(model, ada, before), 5);
}

// SC-1.
TEST_F(ScoresTest, TellTheOwnerOfEachThresholdOnce) {
  const std::string eva = CreateUser("Eva");
  const std::string model = Scored(R"(
      rules { id: 'five' event { kind: CALL } points: 5 }
      rules { id: 'two' event { kind: NOTE } points: 2 }
      rules { id: 'less' event { kind: SOCIAL } points: -7 }
      thresholds { id: 'a' display_name: 'Warm' value: 5 }
      thresholds { id: 'b' display_name: 'Hot' value: 6 })");
  const std::string ada = CreateContact(absl::StrCat("owner: '", eva, "'"));
  Record(ada, "kind: CALL");
  AwaitTold(eva, 1);
  EXPECT_THAT(Told(eva), ElementsAre("The score by Fit is 5 now, and reached Warm (5)."));
  Record(ada, "kind: NOTE");
  AwaitTold(eva, 2);
  EXPECT_THAT(Told(eva)[1], HasSubstr("Hot (6)"));
  Record(ada, "kind: SOCIAL");
  EXPECT_EQ(ScoreOf(model, ada), 0);
  Record(ada, "kind: CALL");
  Record(ada, "kind: NOTE");
  EXPECT_THAT(Get(model, ada)->reached(), ElementsAre("a", "b"));
  AwaitRest();
  EXPECT_THAT(Told(eva), SizeIs(2)) << "falling and rising again tells nothing";
  server_.Restart(/*new_views=*/true);
  AwaitRest();
  EXPECT_THAT(Told(eva), SizeIs(2));
}

TEST_F(ScoresTest, TellARepeatableThresholdEachTimeItIsReached) {
  const std::string eva = CreateUser("Eva");
  const std::string model = Scored(R"(
      rules { id: 'more' event { kind: CALL } points: 5 }
      rules { id: 'less' event { kind: SOCIAL } points: -5 }
      thresholds { id: 'a' value: 5 repeatable: true })");
  const std::string ada = CreateContact(absl::StrCat("owner: '", eva, "'"));
  for (int i = 0; i < 3; ++i) {
    Record(ada, "kind: CALL");
    AwaitTold(eva, static_cast<size_t>(i) + 1);
    Record(ada, "kind: SOCIAL");
  }
  Record(ada, "kind: CALL");
  Record(ada, "kind: CALL");
  AwaitTold(eva, 4);
  AwaitRest();
  EXPECT_THAT(Told(eva), SizeIs(4));
}

// SC-2.
TEST_F(ScoresTest, OfGroupsThatCountApartHaveThresholdsOfTheirOwn) {
  const std::string eva = CreateUser("Eva");
  const std::string model = Scored(R"(
      rules { id: 'a' event { kind: CALL } points: 5 group: 'a' }
      rules { id: 'b' event { kind: NOTE } points: 5 group: 'b' }
      rules { id: 'c' event { kind: SOCIAL } points: 5 }
      groups { id: 'a' apart: true } groups { id: 'b' apart: true }
      thresholds { id: 'in_a' value: 5 group: 'a' }
      thresholds { id: 'in_b' value: 5 group: 'b' }
      thresholds { id: 'general' value: 5 })");
  const std::string ada = CreateContact(absl::StrCat("owner: '", eva, "'"));
  Record(ada, "kind: CALL");
  AwaitTold(eva, 1);
  EXPECT_THAT(Get(model, ada)->reached(), ElementsAre("in_a"));
  EXPECT_EQ(ScoreOf(model, ada), 0);
  EXPECT_EQ(Get(model, ada)->groups(0).score(), 5);
  EXPECT_EQ(Get(model, ada)->groups(1).score(), 0);
}

// SC-5.
TEST_F(ScoresTest, AreListedAndFilteredTheMostFirst) {
  const std::string model = Scored("rules { id: 'call' event { kind: CALL } points: 5 }");
  for (const int calls : {2, 5, 4}) {
    const std::string contact = CreateContact();
    for (int i = 0; i < calls; ++i) Record(contact, "kind: CALL");
  }
  EXPECT_THAT(Scores(model), ElementsAre(25, 20, 10));
  EXPECT_THAT(Scores(model, "score >= 20"), ElementsAre(25, 20));
  v1::ListScoresRequest request;
  request.set_model(model);
  request.set_page_size(2);
  request.mutable_summary()->set_total_size(true);
  const auto first = server_.Call(&ScoreStub::ListScores, request);
  ASSERT_EQ(first.reason(), "") << first.status.error_message();
  EXPECT_EQ(first->scores_size(), 2);
  EXPECT_EQ(first->summary().total_size(), 3);
  request.set_page_token(first->next_page_token());
  const auto second = server_.Call(&ScoreStub::ListScores, request);
  ASSERT_EQ(second->scores_size(), 1) << second.reason();
  EXPECT_EQ(second->scores(0).score(), 10);
}

// Goal: people are named in filters as they are called, and by nobody who may not look for them.
TEST_F(ScoresTest, AreFilteredByWhatPeopleAreCalled) {
  const std::string model = Scored("rules { id: 'call' event { kind: CALL } points: 5 }");
  const std::string ada = CreateUser("Ada", "roles: 'roles/admin'");
  const std::string mine = CreateContact(absl::StrCat("owner: '", ada, "' first_name: 'Cy'"));
  CreateContact("first_name: 'Di'");
  Record(mine, "kind: CALL");
  EXPECT_THAT(Scores(model, "owner = Ada"), ElementsAre(5));
  EXPECT_THAT(Scores(model, "owner = me", KeyOf(ada)), ElementsAre(5));
  EXPECT_EQ(List(model, "owner = Nobody").reason(), "UNKNOWN_ALIAS");
}

TEST_F(ScoresTest, OfOneRecordAreToldByEveryModel) {
  const std::string owner = CreateUser("Ula");
  const std::string contact = CreateContact(absl::StrCat("owner: '", owner, "'"));
  const std::string calls = Scored("rules { id: 'call' event { kind: CALL } points: 5 }");
  const std::string notes = Scored("rules { id: 'note' event { kind: NOTE } points: 3 }");
  Record(contact, "kind: CALL");
  v1::QueryRecordScoresRequest request;
  request.set_record(contact);
  const auto told = server_.Call(&ScoreStub::QueryRecordScores, request);
  ASSERT_EQ(told.reason(), "") << told.status.error_message();
  ASSERT_EQ(told->scores_size(), 2);
  EXPECT_EQ(told->scores(0).model(), calls);
  EXPECT_EQ(told->scores(0).score(), 5);
  EXPECT_EQ(told->scores(1).model(), notes);
  EXPECT_EQ(told->scores(1).score(), 0);
  const std::string stranger = CreateUser("Eve", "roles: 'roles/sales-rep'");
  EXPECT_EQ(server_.CallWith(KeyOf(stranger), &ScoreStub::QueryRecordScores, request).reason(),
            "CONTACT_NOT_FOUND");
}

// Goal: points lapse by themselves on their days, in lists too, and a score that rises by that is
// told of.
TEST_F(ScoresTest, LapseByThemselvesOnTheirDays) {
  const std::string eva = CreateUser("Eva");
  const std::string model = Scored(R"(
      rules { id: 'call' event { kind: CALL half_life_days: 10 } points: 8 }
      rules { id: 'bad' event { kind: SOCIAL expire_days: 5 } points: -6 }
      thresholds { id: 'warm' value: 7 })");
  const std::string ada = CreateContact(absl::StrCat("owner: '", eva, "'"));
  Record(ada, "kind: SOCIAL");
  Record(ada, "kind: CALL");
  EXPECT_THAT(Scores(model), ElementsAre(2));
  const absl::Time begin = server_.clock().Now();
  server_.clock().Advance(5 * kDay);
  AwaitTold(eva, 1);
  EXPECT_THAT(Scores(model), ElementsAre(8));
  server_.clock().Advance(6 * kDay);
  AwaitThat([&] { return Scores(model) == std::vector<int64_t>{4}; });
  server_.clock().Advance(30 * kDay);
  AwaitThat([&] { return Scores(model) == std::vector<int64_t>{0}; });
  EXPECT_EQ(ScoreOf(model, ada, begin), 2);
  EXPECT_EQ(ScoreOf(model, ada, begin + 6 * kDay), 8);
  EXPECT_EQ(ScoreOf(model, ada, begin + 11 * kDay), 4);
  const v1::ScoreExplanation told = Explain(model, ada, begin + 11 * kDay);
  ASSERT_EQ(told.lines_size(), 2);
  EXPECT_EQ(told.lines(0).points(), 8);
  EXPECT_EQ(told.lines(0).points_now(), 4);
  EXPECT_EQ(told.lines(1).points_now(), 0);
}

TEST_F(ScoresTest, OfWhatHappenedLongAgoBeginLow) {
  const std::string model =
      Scored("rules { id: 'call' event { kind: CALL half_life_days: 10 } points: 8 }");
  const std::string ada = CreateContact();
  Record(ada, "kind: CALL", 25 * kDay);
  EXPECT_EQ(ScoreOf(model, ada), 2);
}

TEST_F(ScoresTest, SetByHandStayUntilThatIsTakenBack) {
  const std::string eva = CreateUser("Eva");
  const std::string model = Scored(R"(
      rules { id: 'call' event { kind: CALL } points: 5 } thresholds { id: 'hot' value: 50 })");
  const std::string ada = CreateContact(absl::StrCat("owner: '", eva, "'"));
  v1::SetScoreOverrideRequest set;
  set.set_model(model);
  set.set_record(ada);
  set.set_score(60);
  set.set_reason("Ada is an old friend");
  const auto done = server_.Call(&ScoreStub::SetScoreOverride, set);
  ASSERT_EQ(done.reason(), "") << done.status.error_message();
  EXPECT_EQ(done->reason(), "Ada is an old friend");
  AwaitTold(eva, 1);
  Record(ada, "kind: CALL");
  const auto score = Get(model, ada);
  EXPECT_EQ(score->score(), 60);
  EXPECT_EQ(score->automatic_score(), 5);
  EXPECT_TRUE(score->overridden());
  EXPECT_EQ(Explain(model, ada).score_override().reason(), "Ada is an old friend");
  EXPECT_EQ(Explain(model, ada).score_override().etag(), done->etag());
  v1::UpdateScoringModelRequest update;
  *update.mutable_scoring_model() = testing::Proto<v1::ScoringModel>(
      "rules { id: 'call' event { kind: CALL } points: 6 } thresholds { id: 'hot' value: 50 }");
  update.mutable_scoring_model()->set_name(model);
  ASSERT_EQ(server_.Call(&ModelStub::UpdateScoringModel, update).reason(), "");
  AwaitScored(model);
  EXPECT_EQ(ScoreOf(model, ada), 60);
  v1::ClearScoreOverrideRequest clear;
  clear.set_model(model);
  clear.set_record(ada);
  clear.set_etag("\"99\"");
  EXPECT_EQ(server_.Call(&ScoreStub::ClearScoreOverride, clear).reason(), "ETAG_MISMATCH");
  clear.set_etag(done->etag());
  ASSERT_EQ(server_.Call(&ScoreStub::ClearScoreOverride, clear).reason(), "");
  EXPECT_EQ(ScoreOf(model, ada), 6);
  EXPECT_FALSE(Explain(model, ada).has_score_override());
}

TEST_F(ScoresTest, GoAndComeBackWithTheirRecords) {
  const std::string model = Scored(R"(
      rules { id: 'call' event { kind: CALL } points: 5 }
      rules { id: 'lead' record { condition: 'lifecycle_stage = LEAD' } points: 10 })");
  const std::string ada = CreateContact("lifecycle_stage: LEAD");
  Record(ada, "kind: CALL");
  DeleteContact(ada);
  EXPECT_THAT(Scores(model), IsEmpty());
  EXPECT_EQ(Get(model, ada).reason(), "CONTACT_NOT_FOUND");
  UndeleteContact(ada);
  EXPECT_THAT(Scores(model), ElementsAre(15));
}

TEST_F(ScoresTest, OfAModelThatComesBackAreMadeAnew) {
  const std::string model = Scored("rules { id: 'call' event { kind: CALL } points: 5 }");
  const std::string ada = CreateContact();
  Record(ada, "kind: CALL");
  v1::DeleteScoringModelRequest remove;
  remove.set_name(model);
  ASSERT_EQ(server_.Call(&ModelStub::DeleteScoringModel, remove).reason(), "");
  EXPECT_EQ(List(model).reason(), "SCORING_MODEL_NOT_FOUND");
  Record(ada, "kind: CALL");
  const std::string ben = CreateContact();
  v1::UndeleteScoringModelRequest undelete;
  undelete.set_name(model);
  ASSERT_EQ(server_.Call(&ModelStub::UndeleteScoringModel, undelete).reason(), "");
  AwaitScored(model);
  EXPECT_THAT(Scores(model), ElementsAre(10, 0));
}

// Goal: nobody is told more of a score than of its record.
TEST_F(ScoresTest, AreSeenByWhoeverSeesTheRecord) {
  const std::string rep = CreateUser("Rita", "roles: 'roles/sales-rep'");
  const std::string stranger = CreateUser("Stan");
  const std::string key = KeyOf(rep);
  const std::string model = Scored("rules { id: 'call' event { kind: CALL } points: 5 }");
  const std::string own = CreateContact(absl::StrCat("owner: '", rep, "'"));
  const std::string hidden = CreateContact(absl::StrCat("owner: '", stranger, "'"));
  Record(own, "kind: CALL");
  Record(hidden, absl::StrCat("kind: CALL links: '", own, "'"));
  EXPECT_THAT(Scores(model, "", key), ElementsAre(10));
  EXPECT_THAT(Scores(model), ElementsAre(10, 5));
  EXPECT_EQ(Get(model, hidden, absl::InfiniteFuture(), key).reason(), "CONTACT_NOT_FOUND");
  const v1::ScoreExplanation told = Explain(model, own, absl::InfiniteFuture(), key);
  ASSERT_EQ(told.lines_size(), 2);
  EXPECT_THAT(told.lines(0).interaction(), HasSubstr(own));
  EXPECT_EQ(told.lines(1).interaction(), "") << "it would tell of a contact that is hidden";
  v1::SetScoreOverrideRequest set;
  set.set_model(model);
  set.set_record(hidden);
  set.set_score(1);
  set.set_reason("x");
  EXPECT_EQ(server_.CallWith(key, &ScoreStub::SetScoreOverride, set).reason(), "RECORD_NOT_FOUND");
  set.set_record(own);
  EXPECT_EQ(server_.CallWith(key, &ScoreStub::SetScoreOverride, set).reason(), "");
  UpdateContact(own, absl::StrCat("owner: '", stranger, "'"));
  EXPECT_THAT(Scores(model, "", key), IsEmpty());
  EXPECT_THAT(Scores(model, absl::StrCat("owner = \"", stranger, "\"")), SizeIs(2));
}

TEST_F(ScoresTest, AreOfLeadsToo) {
  const std::string eva = CreateUser("Eva");
  leads::v1::CreateLeadRequest request;
  request.mutable_lead()->set_first_name("Ada");
  request.mutable_lead()->set_owner(eva);
  const auto created = server_.Call(&leads::v1::LeadsService::Stub::CreateLead, request);
  ASSERT_EQ(created.reason(), "") << created.status.error_message();
  const std::string lead = created->name();
  Record(lead, "kind: CALL");
  v1::CreateScoringModelRequest model;
  *model.mutable_scoring_model() = testing::Proto<v1::ScoringModel>(R"(
      display_name: 'Fit' target: LEADS rules { id: 'call' event { kind: CALL } points: 5 }
      rules { id: 'ada' record { condition: 'first_name = Ada' } points: 3 }
      thresholds { id: 'warm' value: 10 })");
  const auto saved = server_.Call(&ModelStub::CreateScoringModel, model);
  ASSERT_EQ(saved.reason(), "") << saved.status.error_message();
  AwaitScored(saved->name());
  EXPECT_EQ(ScoreOf(saved->name(), lead), 8);
  Record(lead, "kind: CALL");
  AwaitTold(eva, 1);
  EXPECT_THAT(Scores(saved->name()), ElementsAre(13));
  EXPECT_EQ(Get(saved->name(), CreateContact()).reason(), "RECORD_NOT_FOUND");
}

// Goal: who is merged has the score of both histories, in which what counts once counts once, and
// who is taken out again has their own, with what happened by their name since.
TEST_F(ScoresTest, OfWhoIsMergedAreOfBothHistories) {
  const std::string rules = R"(
      rules { id: 'call' event { kind: CALL } points: 5 }
      rules { id: 'first' event { kind: CALL once: true } points: 10 }
      rules { id: 'sales' record { condition: 'department = "Sales"' } points: 100 })";
  const std::string model = Scored(rules);
  const std::string ada = CreateContact();
  const std::string other = CreateContact("department: 'Sales'");
  Record(ada, "kind: CALL");
  Record(other, absl::StrCat("kind: CALL links: '", ada, "'"));  // with both: it counts once
  Record(other, "kind: CALL");
  EXPECT_EQ(ScoreOf(model, ada), 20);
  EXPECT_EQ(ScoreOf(model, other), 120);
  const absl::Time before = server_.clock().Now();
  server_.clock().Advance(absl::Seconds(1));

  Merge(ada, other);
  EXPECT_EQ(ScoreOf(model, ada), 3 * 5 + 10 + 100);
  EXPECT_EQ(Get(model, other)->record(), ada);
  EXPECT_EQ(ScoreOf(model, other), 125);
  EXPECT_THAT(Scores(model), ElementsAre(125));
  EXPECT_THAT(Explain(model, other).lines(), SizeIs(5));
  Record(other, "kind: CALL");
  Record(ada, "kind: CALL");
  EXPECT_EQ(ScoreOf(model, ada), 5 * 5 + 10 + 100);
  // Rules that are saved now are asked of both.
  const std::string later = Scored(rules);
  EXPECT_EQ(ScoreOf(later, ada), 135);
  EXPECT_EQ(ScoreOf(model, other, before), 120);
  server_.Restart(/*new_views=*/true);
  EXPECT_EQ(ScoreOf(model, ada), 135);

  Unmerge(other);
  for (const bool rebuilt : {false, true}) {
    SCOPED_TRACE(rebuilt);
    if (rebuilt) server_.Restart(/*new_views=*/true);
    for (const std::string& each : {model, later}) {
      EXPECT_EQ(ScoreOf(each, ada), 3 * 5 + 10);
      EXPECT_EQ(ScoreOf(each, other), 3 * 5 + 10 + 100);
    }
  }
}

TEST_F(ScoresTest, OfWhoIsMergedTellWhatEitherReachedOnce) {
  const std::string eva = CreateUser("Eva");
  const std::string model = Scored(R"(
      rules { id: 'call' event { kind: CALL } points: 5 } thresholds { id: 'warm' value: 10 }
      thresholds { id: 'hot' value: 20 })");
  const std::string ada = CreateContact(absl::StrCat("owner: '", eva, "'"));
  const std::string other = CreateContact(absl::StrCat("owner: '", eva, "'"));
  Record(other, "kind: CALL");
  Record(other, "kind: CALL");
  AwaitTold(eva, 1);
  Record(ada, "kind: CALL");
  Merge(ada, other);  // reaches the first one, which was told
  EXPECT_EQ(ScoreOf(model, ada), 15);
  Record(other, "kind: CALL");
  AwaitTold(eva, 2);
  EXPECT_THAT(Told(eva), UnorderedElementsAre(HasSubstr("warm (10)"), HasSubstr("hot (20)")));
}

TEST_F(ScoresTest, AreNotAdvancedByHand) {
  const std::string model = Scored("");
  v1::AdvanceScoringRequest advance;
  advance.set_model(model);
  EXPECT_EQ(server_.Call(&ScoreStub::AdvanceScoring, advance).reason(), "SCORES_BY_ITSELF");
  v1::CrossScoreThresholdsRequest cross;
  cross.set_model(model);
  cross.set_record("contacts/x");
  EXPECT_EQ(server_.Call(&ScoreStub::CrossScoreThresholds, cross).reason(), "SCORES_BY_ITSELF");
}

TEST_F(ScoresTest, AreNotToldWhileAModelIsPaused) {
  const std::string eva = CreateUser("Eva");
  const std::string model = Scored(R"(paused: true
      rules { id: 'call' event { kind: CALL } points: 5 } thresholds { id: 'warm' value: 5 }
      thresholds { id: 'hot' value: 10 })");
  const std::string ada = CreateContact(absl::StrCat("owner: '", eva, "'"));
  Record(ada, "kind: CALL");
  EXPECT_EQ(ScoreOf(model, ada), 5);
  v1::UpdateScoringModelRequest update;
  update.mutable_scoring_model()->set_name(model);
  update.mutable_update_mask()->add_paths("paused");
  ASSERT_EQ(server_.Call(&ModelStub::UpdateScoringModel, update).reason(), "");
  Record(ada, "kind: CALL");
  AwaitTold(eva, 1);
  EXPECT_THAT(Told(eva), ElementsAre(HasSubstr("hot (10)")));
}

TEST_F(ScoresTest, OfManyRecordsAreMadeInPieces) {
  std::vector<std::string> contacts;
  contacts::v1::BatchCreateContactsRequest batch;
  batch.set_return_partial_success(true);
  for (int i = 0; i < 450; ++i) batch.add_requests()->mutable_contact()->set_first_name("Ada");
  const auto made = server_.Call(&ContactsService::Stub::BatchCreateContacts, batch);
  ASSERT_EQ(made->contacts_size(), 450);
  for (int i = 0; i < 520; ++i) Record(made->contacts(i % 450).name(), "kind: CALL");
  const std::string model = Scored(R"(
      rules { id: 'call' event { kind: CALL expire_days: 3 } points: 5 })");
  EXPECT_THAT(Scores(model, "score = 10"), SizeIs(50));  // a page
  EXPECT_EQ(ScoreOf(model, made->contacts(69).name()), 10);
  EXPECT_EQ(ScoreOf(model, made->contacts(449).name()), 5);
  server_.clock().Advance(4 * kDay);
  AwaitThat([&] { return Scores(model, "score > 0").empty(); });
}

}  // namespace
}  // namespace kith::scoring_models
