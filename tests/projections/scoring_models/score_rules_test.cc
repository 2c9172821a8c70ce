// The arithmetic of scores: what matches count, how points lapse, and how caps bound them.
#include "projections/scoring_models/score_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eventstore/base/proto_time.h"
#include "tests/testing/decider_spec.h"

namespace kith::scoring_models {
namespace {

using interactions::v1::Interaction;
using ::testing::ElementsAre;
using testing::Proto;

v1::ScoringRule Rule(const std::string& text) { return Proto<v1::ScoringRule>(text); }

// Matches of the rule "r" on these days.
v1::RecordMatches On(const std::vector<int64_t>& days) {
  v1::RecordMatches matches;
  v1::RuleMatches& rule = *matches.add_rules();
  rule.set_rule("r");
  for (const int64_t day : days) {
    v1::Match& match = *rule.add_matches();
    match.set_sequence(rule.matches_size());
    *match.mutable_occur_time() = ToTimestamp(BeginOf(day) + absl::Hours(13));
  }
  return matches;
}

v1::ScoringModel Model(const std::string& text) { return Proto<v1::ScoringModel>(text); }

std::vector<int64_t> Counted(const Tally& tally) {
  std::vector<int64_t> counted;
  for (const TallyLine& line : tally.lines) counted.push_back(line.counted);
  return counted;
}

TEST(PointsAt, AreHalvedEachHalfLifeTowardsZero) {
  const v1::ScoringRule rule = Rule("points: 25 event { half_life_days: 30 }");
  EXPECT_EQ(PointsAt(rule, -5), 25);
  EXPECT_EQ(PointsAt(rule, 29), 25);
  EXPECT_EQ(PointsAt(rule, 30), 12);
  EXPECT_EQ(PointsAt(rule, 60), 6);
  EXPECT_EQ(PointsAt(rule, 120), 1);
  EXPECT_EQ(PointsAt(rule, 150), 0);
  EXPECT_EQ(PointsAt(rule, 1'000'000), 0);
  const v1::ScoringRule less = Rule("points: -25 event { half_life_days: 30 }");
  EXPECT_EQ(PointsAt(less, 30), -12);
  EXPECT_EQ(PointsAt(less, 150), 0);
}

TEST(PointsAt, EndOnTheDayTheyExpire) {
  const v1::ScoringRule rule = Rule("points: 10 event { expire_days: 7 }");
  EXPECT_EQ(PointsAt(rule, 6), 10);
  EXPECT_EQ(PointsAt(rule, 7), 0);
}

TEST(DayOf, IsThatOfUtcAlsoBefore1970) {
  EXPECT_EQ(DayOf(absl::UnixEpoch()), 0);
  EXPECT_EQ(DayOf(absl::UnixEpoch() - absl::Seconds(1)), -1);
  EXPECT_EQ(DayOf(absl::UnixEpoch() - absl::Hours(24)), -1);
  EXPECT_EQ(BeginOf(-1), absl::UnixEpoch() - absl::Hours(24));
}

TEST(TallyOf, SaysOnWhichDayItIsAnotherByItself) {
  const v1::ScoringModel model =
      Model("rules { id: 'r' event { half_life_days: 10 expire_days: 25 } points: 8 }");
  const auto at = [&](int64_t day) {
    const Tally tally = TallyOf(model, On({100, 103}), day);
    return std::make_pair(tally.score, tally.next_day);
  };
  EXPECT_EQ(at(103), std::make_pair(int64_t{16}, int64_t{110}));
  EXPECT_EQ(at(110), std::make_pair(int64_t{12}, int64_t{113}));
  EXPECT_EQ(at(120), std::make_pair(int64_t{6}, int64_t{123}));
  EXPECT_EQ(at(125), std::make_pair(int64_t{2}, int64_t{128}));
  EXPECT_EQ(at(128), std::make_pair(int64_t{0}, int64_t{0}));
}

TEST(TallyOf, CountsNoMoreThanCapsAndItsLinesAddUp) {
  v1::ScoringModel model = Model(R"(
      rules { id: 'r' event { cap: 25 } points: 10 }
      rules { id: 'seen' record { condition: 'x' } points: 20 group: 'g' }
      rules { id: 'known' record { condition: 'y' } points: 30 group: 'g' }
      groups { id: 'g' cap: 35 })");
  v1::RecordMatches matches = On({1, 2, 3, 4});
  matches.mutable_facts()->add_rules("seen");
  matches.mutable_facts()->add_rules("known");
  const Tally tally = TallyOf(model, matches, 5);
  EXPECT_THAT(Counted(tally), ElementsAre(10, 10, 5, 0, 20, 15));
  EXPECT_EQ(tally.score, 60);
  EXPECT_EQ(tally.groups[0].score(), 35);
  model.mutable_groups(0)->set_apart(true);
  const Tally apart = TallyOf(model, matches, 5);
  EXPECT_EQ(apart.score, 25) << "a group apart is a score of its own";
  EXPECT_EQ(apart.groups[0].score(), 35);
}

TEST(TallyOf, BoundsWhatIsTakenAwayToo) {
  const v1::ScoringModel model = Model("rules { id: 'r' event { cap: 15 } points: -10 }");
  EXPECT_THAT(Counted(TallyOf(model, On({1, 1, 1}), 1)), ElementsAre(-10, -5, 0));
}

TEST(AddMatch, KeepsTheLatestOfManyInTheirOrder) {
  const v1::ScoringRule rule = Rule("id: 'r' event {} points: 1");
  v1::RecordMatches matches;
  const auto add = [&](int64_t sequence) {
    v1::Match match;
    match.set_sequence(sequence);
    return AddMatch(rule, match, matches);
  };
  for (int64_t sequence = 100; sequence < 100 + kMatchesMax; ++sequence) EXPECT_TRUE(add(sequence));
  EXPECT_FALSE(add(120)) << "the same event";
  EXPECT_FALSE(add(50)) << "older than all that are remembered";
  EXPECT_TRUE(add(200));
  const auto& list = matches.rules(0).matches();
  EXPECT_EQ(list.size(), kMatchesMax);
  EXPECT_EQ(list.begin()->sequence(), 101);
  EXPECT_EQ(list.rbegin()->sequence(), 200);
}

TEST(AddMatch, KeepsTheFirstOfWhatCountsOnce) {
  const v1::ScoringRule rule = Rule("id: 'r' event { once: true } points: 1");
  v1::RecordMatches matches;
  const auto add = [&](int64_t sequence) {
    v1::Match match;
    match.set_sequence(sequence);
    return AddMatch(rule, match, matches);
  };
  EXPECT_TRUE(add(10));
  EXPECT_FALSE(add(11));
  EXPECT_TRUE(add(5)) << "found later, recorded earlier";
  ASSERT_EQ(matches.rules(0).matches_size(), 1);
  EXPECT_EQ(matches.rules(0).matches(0).sequence(), 5);
}

TEST(Matches, ByKindDirectionAndCondition) {
  ScoredEvent happened;
  happened.interaction =
      Proto<Interaction>("kind: PAGE_VIEW direction: INBOUND channel: 'https://x.org/pricing'");
  const auto matches = [&](const std::string& event) {
    return Matches(Rule(absl::StrCat("points: 1 event { ", event, " }")), happened,
                   absl::UnixEpoch());
  };
  EXPECT_TRUE(matches(""));
  EXPECT_TRUE(matches("kind: PAGE_VIEW"));
  EXPECT_FALSE(matches("kind: CALL"));
  EXPECT_FALSE(matches("direction: OUTBOUND"));
  EXPECT_TRUE(matches(R"(kind: PAGE_VIEW condition: 'channel = "https://x.org/*"')"));
  EXPECT_FALSE(matches(R"(condition: 'channel = "https://y.org/*"')"));
  EXPECT_FALSE(matches("engagement: PAGES_VIEWED"));
}

TEST(Matches, EngagementsByWhatTheyWere) {
  ScoredEvent happened;
  happened.engagement = v1::MAIL_CLICKED;
  happened.details = Proto<v1::Engagement>("link: 2");
  const auto matches = [&](const std::string& event) {
    return Matches(Rule(absl::StrCat("points: 1 event { ", event, " }")), happened,
                   absl::UnixEpoch());
  };
  EXPECT_TRUE(matches("engagement: MAIL_CLICKED"));
  EXPECT_TRUE(matches("engagement: MAIL_CLICKED condition: 'link = 2'"));
  EXPECT_FALSE(matches("engagement: MAIL_CLICKED condition: 'link = 1'"));
  EXPECT_FALSE(matches("engagement: MAIL_OPENED"));
  EXPECT_FALSE(matches("")) << "an interaction of any kind";
  happened.is_counted = false;
  EXPECT_FALSE(matches("engagement: MAIL_CLICKED"));
}

TEST(RetractClicks, TakesThoseOfTheMessageSinceThen) {
  const v1::ScoringModel model = Model(R"(
      rules { id: 'r' event { engagement: MAIL_CLICKED } points: 1 }
      rules { id: 'o' event { engagement: MAIL_OPENED } points: 1 })");
  v1::RecordMatches matches = On({1, 2, 3});
  for (v1::Match& match : *matches.mutable_rules(0)->mutable_matches()) {
    match.set_interaction("contacts/1/messages/1");
  }
  *matches.add_rules() = matches.rules(0);
  matches.mutable_rules(1)->set_rule("o");
  EXPECT_FALSE(RetractClicks(model, "contacts/1/messages/2", BeginOf(0), matches));
  EXPECT_TRUE(RetractClicks(model, "contacts/1/messages/1", BeginOf(2), matches));
  EXPECT_EQ(matches.rules(0).matches_size(), 1);
  EXPECT_EQ(matches.rules(1).matches_size(), 3);
}

TEST(KindsOf, TellEngagementsFromInteractions) {
  const uint64_t clicks = KindsOf(Model("rules { event { engagement: MAIL_CLICKED } }"));
  EXPECT_TRUE(LooksAtCategory(clicks, "messages"));
  EXPECT_FALSE(LooksAtCategory(clicks, "interactions"));
  EXPECT_FALSE(LooksAtCategory(clicks, "visitors"));
  EXPECT_FALSE(LooksAt(clicks, ScoredEvent()));
  const uint64_t any = KindsOf(Model("rules { event {} }"));
  EXPECT_TRUE(LooksAtCategory(any, "interactions"));
  EXPECT_FALSE(LooksAtCategory(any, "messages"));
  ScoredEvent viewed;
  viewed.engagement = v1::PAGES_VIEWED;
  EXPECT_FALSE(LooksAt(any, viewed));
  EXPECT_TRUE(LooksAt(KindsOf(Model("rules { event { engagement: PAGES_VIEWED } }")), viewed));
}

TEST(CheckEventCondition, RefusesWhatNothingMatches) {
  const auto check = [](const std::string& event) {
    return std::string(CheckEventCondition(Proto<v1::EventCondition>(event)).message());
  };
  EXPECT_EQ(check(R"(kind: CALL condition: 'outcome = "answered"')"), "");
  EXPECT_THAT(check("kind: CALL condition: 'kind = EMAIL'"), ::testing::HasSubstr("contradicts"));
  EXPECT_THAT(check(R"(condition: 'outcome = "a" AND outcome = "b"')"),
              ::testing::HasSubstr("contradicts"));
  EXPECT_EQ(check(R"(condition: 'outcome = "a" OR outcome = "b"')"), "");
  EXPECT_THAT(check(R"(condition: 'subject = "offer"')"), ::testing::HasSubstr("personal"));
  EXPECT_THAT(check("condition: 'nothing = 1'"), ::testing::HasSubstr("nothing"));
}

TEST(MostPoints, AreWhatThresholdsCanReach) {
  const v1::ScoringModel model = Model(R"(
      rules { id: 'a' event {} points: 2 }
      rules { id: 'b' event { once: true } points: 5 }
      rules { id: 'c' event { cap: 20 } points: 5 group: 'g' }
      rules { id: 'd' record { condition: 'x' } points: 7 group: 'g' }
      rules { id: 'e' event {} points: -5 }
      rules { id: 'f' record { condition: 'x' } points: 9 group: 'h' }
      rules { id: 'g' record { condition: 'x' } points: 4 group: 'unlisted' }
      groups { id: 'g' cap: 25 } groups { id: 'h' apart: true })");
  EXPECT_EQ(MostPoints(model, ""), 2 * kMatchesMax + 5 + 25 + 4);
  EXPECT_EQ(MostPoints(model, "g"), 25);
  EXPECT_EQ(MostPoints(model, "h"), 9);
}

}  // namespace
}  // namespace kith::scoring_models
