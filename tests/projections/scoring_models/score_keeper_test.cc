// The views of scores and of outcomes: what events make of their rows, whichever way they are
// folded.
#include "projections/scoring_models/score_keeper.h"

#include <gtest/gtest.h>

#include "eventstore/base/proto_time.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/leads/v1/lead_events.pb.h"
#include "kith/policies/v1/policy_events.pb.h"
#include "kith/scoring_models/v1/score_events.pb.h"
#include "kith/scoring_models/v1/scoring_model_events.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "projections/contacts/contact_directory.h"
#include "projections/deals/deal_list.h"
#include "projections/leads/lead_directory.h"
#include "projections/scoring_models/deal_outcomes.h"
#include "projections/scoring_models/lead_outcomes.h"
#include "projections/scoring_models/score_rows.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/view_spec.h"

namespace kith::scoring_models {
namespace {

using eventstore::ReadTier;
using testing::Proto;
using testing::ViewSpec;

constexpr char kModel[] = "scoringModels/1";
constexpr char kAda[] = "contacts/ada";

ViewSpec Spec() {
  return ViewSpec([] {
           std::vector<std::unique_ptr<projections::Projection>> projections;
           auto directory = std::make_unique<contacts::ContactDirectory>();
           projections.push_back(std::make_unique<ScoreKeeper>(v1::CONTACTS, *directory));
           projections.push_back(std::move(directory));
           return projections;
         })
      .Takes<contacts::v1::ContactEvent>("contacts")
      .Takes<interactions::v1::InteractionEvent>("interactions")
      .Takes<v1::ScoringModelEvent>("scoringModels")
      .Takes<v1::ScoreEvent>("scores")
      .Takes<policies::v1::PolicyEvent>("policies");
}

v1::ScoringModelCreated Created(const std::string& rules) {
  v1::ScoringModelCreated created;
  created.set_name(kModel);
  *created.mutable_scoring_model() =
      Proto<v1::ScoringModel>(absl::StrCat("target: CONTACTS ", rules));
  created.mutable_scoring_model()->set_name(kModel);
  return created;
}

contacts::v1::ContactCreated Contact(const std::string& owner = "") {
  contacts::v1::ContactCreated created;
  created.set_name(kAda);
  created.mutable_contact()->set_name(kAda);
  created.mutable_contact()->set_owner(owner);
  return created;
}

interactions::v1::InteractionRecorded Call(int number) {
  interactions::v1::InteractionRecorded recorded;
  recorded.set_name(absl::StrCat(kAda, "/interactions/", number));
  recorded.set_subject(kAda);
  recorded.mutable_interaction()->set_kind(interactions::v1::CALL);
  return recorded;
}

// Goal: every way to fold the same events gives the same rows, while rules take turns, points lapse
// and records go and come back.
TEST(ScoreKeeper, FoldsTheSameScoresWhicheverWay) {
  ViewSpec spec = Spec();
  const std::string calls = absl::StrCat(kAda, "/interactions");
  spec.Given(kAda, Contact("users/1")).Given(calls, Call(1));
  spec.Given(kModel, Created(R"(
      rules { id: 'call' event { kind: CALL half_life_days: 2 } points: 8 }
      thresholds { id: 'warm' value: 16 })"));
  const auto score = [&]() -> int64_t {
    const projections::ViewSnapshot view = spec.Then();
    const auto found =
        ScoreTable().Get(view, spec.workspace(), ScoreKey(kModel, kAda), ReadTier::kDisk);
    return found.ok() && found->has_value() ? (*found)->score() : -1;
  };
  EXPECT_EQ(score(), -1) << "its turn has not come";
  spec.Given(calls, Call(2));
  v1::PastMatchesFound past;
  past.set_model(kModel);
  past.set_version(3);
  past.set_is_end(true);
  v1::RecordMatch& match = *past.add_matches();
  match.set_record(kAda);
  match.set_rule("call");
  match.set_sequence(2);
  *match.mutable_occur_time() = ToTimestamp(spec.clock().Now());
  spec.Given("scoringModels/1/scores", past);
  v1::RecordsScored scored;
  scored.set_model(kModel);
  scored.set_version(3);
  scored.set_is_end(true);
  scored.add_records()->set_record(kAda);
  spec.Given("scoringModels/1/scores", scored);
  EXPECT_EQ(score(), 16);
  spec.Given(calls, Call(3));
  EXPECT_EQ(score(), 24);
  spec.clock().Advance(absl::Hours(48));
  v1::ScoresRefreshed refreshed;
  refreshed.set_model(kModel);
  refreshed.add_records(kAda);
  refreshed.set_is_end(true);
  spec.Given("scoringModels/1/scores", refreshed);
  EXPECT_EQ(score(), 12);
  v1::ScoreOverrideSet set;
  set.set_record(kAda);
  set.set_model(kModel);
  set.set_score(50);
  spec.Given("contacts/ada/scores", set);
  EXPECT_EQ(score(), 50);
  contacts::v1::ContactDeleted deleted;
  deleted.set_name(kAda);
  spec.Given(kAda, deleted);
  EXPECT_EQ(score(), -1);
  contacts::v1::ContactUndeleted undeleted;
  undeleted.set_name(kAda);
  spec.Given(kAda, undeleted);
  EXPECT_EQ(score(), 50);
  v1::ScoringModelUpdated updated;
  updated.set_name(kModel);
  updated.mutable_update_mask()->add_paths("rules");
  *updated.mutable_scoring_model() =
      Proto<v1::ScoringModel>("rules { id: 'call' event { kind: CALL } points: 1 }");
  spec.Given(kModel, updated).Given(calls, Call(4));
  EXPECT_EQ(score(), 50);
}

TEST(DealOutcomes, TakesBackJustWhatItCounted) {
  ViewSpec spec = ViewSpec::Of<DealOutcomes, deals::DealList>()
                      .Takes<deals::v1::DealEvent>("deals")
                      .Takes<interactions::v1::InteractionEvent>("interactions")
                      .Takes<users::v1::UserEvent>("users");
  users::v1::UserCreated user;
  user.set_name("users/1");
  user.mutable_user()->set_name("users/1");
  user.mutable_user()->add_teams("teams/1");
  spec.Given("users/1", user);
  deals::v1::DealCreated created;
  *created.mutable_deal() = Proto<deals::v1::Deal>(
      "name: 'deals/1' pipeline: 'pipelines/p' stage: 'pipelines/p/stages/a' owner: 'users/1' "
      "source: 'web'");
  deals::v1::DealLost lost;
  lost.set_to_stage("pipelines/p/stages/lost");
  spec.Given("deals/1", created).Given("deals/1", lost);
  const auto lost_in = [&](const std::string& team, const std::string& field,
                           const std::string& value) -> int64_t {
    const projections::ViewSnapshot view = spec.Then();
    const auto found = DealOutcomes::Counts().Get(
        view, spec.workspace(), DealOutcomes::CountKey("pipelines/p", team, field, value),
        ReadTier::kDisk);
    return found.ok() && found->has_value() ? (*found)->lost_count() : 0;
  };
  EXPECT_EQ(lost_in("teams/1", "source", "web"), 1);
  EXPECT_EQ(lost_in("", "stage", "pipelines/p/stages/a"), 1);
  users::v1::UserUpdated moved;
  moved.set_name("users/1");
  moved.mutable_update_mask()->add_paths("teams");
  moved.mutable_user()->add_teams("teams/2");
  spec.Given("users/1", moved);
  deals::v1::DealUpdated updated;
  updated.set_name("deals/1");
  updated.mutable_update_mask()->add_paths("source");
  updated.mutable_deal()->set_source("fair");
  spec.Given("deals/1", updated);
  EXPECT_EQ(lost_in("teams/1", "source", "web"), 0);
  EXPECT_EQ(lost_in("teams/1", "source", "fair"), 1) << "it was lost in that team";
  deals::v1::DealReopened reopened;
  reopened.set_to_stage("pipelines/p/stages/a");
  spec.Given("deals/1", reopened);
  EXPECT_EQ(lost_in("teams/1", "", ""), 0);
  EXPECT_EQ(lost_in("", "", ""), 0);
}

// Goal: a lead that is recycled and disqualified again counts where it was the last time, and every
// way to fold the same events says so.
TEST(LeadOutcomes, TakesBackJustWhatItCounted) {
  constexpr char kLead[] = "leads/1";
  ViewSpec spec = ViewSpec::Of<LeadOutcomes, leads::LeadDirectory>()
                      .Takes<leads::v1::LeadEvent>("leads")
                      .Takes<interactions::v1::InteractionEvent>("interactions")
                      .Takes<users::v1::UserEvent>("users");
  leads::v1::LeadCreated created;
  created.set_name(kLead);
  *created.mutable_lead() = Proto<leads::v1::Lead>(
      "name: 'leads/1' owner: 'teams/1' status: NEW tags: 'a' tags: 'b' "
      "first_touch { campaign: 'spring' }");
  leads::v1::LeadStatusChanged qualified;
  qualified.set_name(kLead);
  qualified.set_to_status(leads::v1::QUALIFIED);
  leads::v1::LeadDisqualified disqualified;
  disqualified.set_name(kLead);
  disqualified.set_reason(leads::v1::NO_NEED);
  const auto lost = [&](const std::string& field, const std::string& value,
                        const std::string& team = "teams/1") -> int64_t {
    const projections::ViewSnapshot view = spec.Then();
    const auto found = LeadOutcomes::Counts().Get(
        view, spec.workspace(), LeadOutcomes::CountKey("", team, field, value), ReadTier::kDisk);
    return found.ok() && found->has_value() ? (*found)->lost_count() : 0;
  };
  spec.Given(kLead, created).Given(kLead, qualified).Given(kLead, disqualified);
  EXPECT_EQ(lost("status", "QUALIFIED"), 1);
  EXPECT_EQ(lost("first_touch.campaign", "spring", ""), 1);
  EXPECT_EQ(lost("tags", ""), 2) << "once for each";
  disqualified.set_reason(leads::v1::NO_BUDGET);
  spec.Given(kLead, disqualified);
  EXPECT_EQ(lost("status", "QUALIFIED"), 1) << "why it was is no news of where";
  leads::v1::LeadStatusChanged recycled;
  recycled.set_name(kLead);
  recycled.set_to_status(leads::v1::RECYCLED);
  spec.Given(kLead, recycled);
  EXPECT_EQ(lost("", ""), 0);
  EXPECT_EQ(lost("tags", "a"), 0);
  spec.Given(kLead, disqualified);
  EXPECT_EQ(lost("status", "NEW"), 1);
  EXPECT_EQ(lost("status", "QUALIFIED"), 0);
}

}  // namespace
}  // namespace kith::scoring_models
