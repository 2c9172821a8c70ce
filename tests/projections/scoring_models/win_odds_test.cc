// The formula of predictions, by numbers that are known of it.
#include "projections/scoring_models/win_odds.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace kith::scoring_models {
namespace {

using Fields = std::map<std::string, std::string>;

// A closed deal: what it was like, and the number of the stage where it was lost.
struct Closed {
  bool won;
  Fields fields;
  int stage;
};

Closed Lost(const std::string& country, const std::string& state, const std::string& source,
            int stage) {
  return {false, {{"country", country}, {"state", state}, {"source", source}}, stage};
}
Closed Won(const std::string& country, const std::string& state, const std::string& source) {
  return {true, {{"country", country}, {"state", state}, {"source", source}}, 0};
}

Outcomes CountOf(const std::vector<Closed>& deals, const auto& holds) {
  Outcomes outcomes;
  for (const Closed& deal : deals) {
    if (holds(deal)) ++(deal.won ? outcomes.won : outcomes.lost);
  }
  return outcomes;
}

// Counted anew from all of them.
int64_t Odds(const std::vector<Closed>& deals, const Fields& open, int stage) {
  std::vector<ValueOutcomes> fields;
  for (const auto& [field, value] : open) {
    std::set<std::string> values;
    for (const Closed& deal : deals) {
      if (deal.fields.contains(field)) values.insert(deal.fields.at(field));
    }
    if (!values.contains(value)) continue;
    fields.push_back(
        {CountOf(deals,
                 [&](const Closed& deal) {
                   return deal.fields.contains(field) && deal.fields.at(field) == value;
                 }),
         CountOf(deals, [&](const Closed& deal) { return deal.fields.contains(field); }),
         static_cast<int64_t>(values.size())});
  }
  const Outcomes all = CountOf(deals, [](const Closed&) { return true; });
  const Outcomes as_far =
      CountOf(deals, [&](const Closed& deal) { return deal.won || deal.stage >= stage; });
  return OddsOf(all, as_far, fields).value_or(0);
}

Fields Open(const std::string& country, const std::string& state, const std::string& source) {
  return {{"country", country}, {"state", state}, {"source", source}};
}

const std::vector<Closed>& FirstTeam() {
  static const auto& deals = *new std::vector<Closed>{
      Lost("c1", "s1", "src1", 1), Lost("c2", "s2", "src2", 2), Won("c3", "s3", "src3")};
  return deals;
}
const std::vector<Closed>& OtherTeam() {
  static const auto& deals = *new std::vector<Closed>{
      Lost("c1", "s2", "src2", 3), Lost("c1", "s2", "src3", 2), Won("c1", "s3", "src3")};
  return deals;
}

// PL-1 and PL-2.
TEST(OddsOf, CountsALostDealUpToWhereItWasLostAndAWonOneInAll) {
  EXPECT_EQ(Odds(FirstTeam(), Open("c1", "s2", "src3"), 1), 2087);
  EXPECT_EQ(Odds(FirstTeam(), Open("c1", "s2", "src3"), 2), 3349);
  EXPECT_EQ(Odds(FirstTeam(), Open("c1", "s2", "src3"), 3), 8470);
  EXPECT_EQ(Odds(FirstTeam(), Open("c2", "s2", "src2"), 1), 22);
}

// PL-3.
TEST(OddsOf, FollowsWhatIsLost) {
  std::vector<Closed> deals = FirstTeam();
  deals.push_back(Lost("c2", "s2", "src2", 1));
  EXPECT_EQ(Odds(deals, Open("c1", "s2", "src3"), 2), 4379);
}

// PL-4.
TEST(OddsOf, IsOfOneTeam) {
  std::vector<Closed> deals = OtherTeam();
  EXPECT_EQ(Odds(deals, Open("c1", "s2", "src3"), 2), 774);
  deals.push_back(Won("c2", "s1", "src2"));
  EXPECT_EQ(Odds(deals, Open("c1", "s2", "src3"), 2), 243);
  EXPECT_EQ(Odds(deals, Open("c2", "s2", "src3"), 2), 3438);
}

// PL-5: of several tags each counts as a field does, over the sums of all of them.
TEST(OddsOf, TakesEachOfSeveralValuesForItself) {
  const Outcomes all = {42, 105};
  const ValueOutcomes one = {{33, 65}, {56, 140}, 2};
  const ValueOutcomes two = {{23, 75}, {56, 140}, 2};
  EXPECT_EQ(OddsOf(all, all, {one}), 3369);
  EXPECT_EQ(OddsOf(all, all, {two}), 2351);
  EXPECT_EQ(OddsOf(all, all, {one, two}), 2805);
  EXPECT_EQ(OddsOf(all, all, {}), 2860);
}

// PL-6.
TEST(OddsOf, LeavesOutWhatIsEmptyOrWasNeverSeen) {
  const std::vector<Closed> deals = {
      {true,
       {{"country", "c1"}, {"state", "s1"}, {"phone", "ok"}, {"source", "src2"}, {"mail", "ok"}},
       0},
      {true, {{"country", "c2"}, {"state", "s1"}, {"phone", "ok"}, {"mail", "ok"}}, 0},
      {false, {{"phone", "bad"}, {"source", "src1"}, {"mail", "ok"}}, 1},
      {false, {{"country", "c1"}, {"phone", "bad"}, {"source", "src1"}, {"mail", "ok"}}, 1},
      {false, {{"state", "s2"}, {"phone", "ok"}, {"mail", "ok"}}, 3}};
  Fields open = {
      {"country", "c1"}, {"state", "s1"}, {"phone", "ok"}, {"source", "src1"}, {"mail", "ok"}};
  EXPECT_EQ(Odds(deals, open, 2), 7430);
  EXPECT_EQ(Odds(deals, open, 1), 5064);
  Fields unseen = open;
  unseen["country"] = "never";
  EXPECT_EQ(Odds(deals, unseen, 2), 8413);
  open.erase("source");
  EXPECT_EQ(Odds(deals, open, 2), 9707);
}

// PL-6: what each field says.
TEST(ShareOf, IsThePartOfTheWonAmongThoseLikeIt) {
  EXPECT_NEAR(ShareOf({{0, 2}, {1, 2}, 2}), .080, .0005);
  EXPECT_NEAR(ShareOf({{1, 1}, {2, 1}, 2}), .353, .0005);
  EXPECT_NEAR(ShareOf({{2, 3}, {2, 3}, 1}), .500, .0005);
  EXPECT_NEAR(ShareOf({{2, 0}, {2, 1}, 2}), .920, .0005);
  EXPECT_NEAR(ShareOf({{2, 1}, {2, 3}, 2}), .735, .0005);
  EXPECT_NEAR(StageShareOf({2, 3}, {2, 1}), .645, .0005);
}

// PL-7.
TEST(OddsOf, NeverIsCertain) {
  EXPECT_EQ(OddsOf({10'000'000, 1}, {10'000'000, 1}, {}), 9'999);
  EXPECT_EQ(OddsOf({1, 10'000'000}, {1, 10'000'000}, {}), 1);
  EXPECT_EQ(OddsOf({0, 5}, {0, 5}, {}), std::nullopt);
  EXPECT_EQ(OddsOf({5, 0}, {5, 0}, {}), std::nullopt);
}

// PL-10: without a team, of all of them.
TEST(OddsOf, PoolsEverybodysWithATenthForEachValueOnce) {
  std::vector<Closed> deals = FirstTeam();
  for (const Closed& deal : OtherTeam()) deals.push_back(deal);
  deals.push_back(Lost("c1", "s2", "src1", 1));
  deals.push_back(Lost("c2", "s3", "src3", 1));
  deals.push_back(Won("c2", "s2", "src2"));
  EXPECT_EQ(Odds(deals, Open("c1", "s2", "src3"), 2), 3337);
}

}  // namespace
}  // namespace kith::scoring_models
