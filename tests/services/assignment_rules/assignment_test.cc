// Whose turn is next, by the rule alone: over facts that the test holds, with its turns folded from
// what was decided.
#include "services/assignment_rules/assignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "kith/assignment_rules/v1/assignment_rules_errors.pb.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/leads/v1/lead.pb.h"
#include "projections/assignment_rules/turn_fold.h"
#include "services/core/date.h"
#include "tests/testing/decider_spec.h"

namespace kith::assignment_rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Proto;

const std::string kRule = "assignmentRules/a";

class HeldFacts final : public AssignmentFacts {
 public:
  absl::StatusOr<const v1::AssignmentRule*> FindRule(const std::string& name) override {
    const auto found = rules.find(name);
    return found == rules.end() ? nullptr : &found->second;
  }
  absl::StatusOr<const v1::AssignmentTurns*> FindTurns(const std::string& rule) override {
    return &turns[rule];
  }
  absl::StatusOr<const users::v1::User*> FindUser(const std::string& name) override {
    const auto found = users.find(name);
    return found == users.end() ? nullptr : &found->second;
  }
  absl::StatusOr<bool> HasTeam(const std::string& name) override { return name == "teams/t"; }
  absl::StatusOr<std::vector<int64_t>> CountOpen(absl::Span<const std::string> names) override {
    std::vector<int64_t> counts;
    for (const std::string& name : names) counts.push_back(open[name]);
    return counts;
  }

  absl::StatusOr<std::vector<std::string>> OwnersOfContact() override { return of_contact; }

  std::vector<std::string> of_contact;
  std::map<std::string, v1::AssignmentRule> rules;
  std::map<std::string, v1::AssignmentTurns> turns;
  std::map<std::string, users::v1::User> users;
  std::map<std::string, int64_t> open;
};

// The condition "product = x" holds of a deal with that product.
class AssignmentTest : public ::testing::Test {
 protected:
  AssignmentTest() {
    collection_ = {"deals", deals::v1::Deal::descriptor(), nullptr,
                   [](absl::string_view filter, const google::protobuf::Message& record, absl::Time,
                      absl::TimeZone) -> absl::StatusOr<bool> {
                     const auto& deal = static_cast<const deals::v1::Deal&>(record);
                     return filter == absl::StrCat("product = ", deal.product());
                   }};
    for (const char* const id : {"m0", "m1", "m2", "m3", "m4"}) {
      facts_.users[absl::StrCat("users/", id)].set_state(users::v1::ACTIVE);
    }
  }

  v1::AssignmentRule& Rule(const std::string& text, const std::string& name = kRule) {
    v1::AssignmentRule& rule = facts_.rules[name];
    rule = Proto<v1::AssignmentRule>(text);
    rule.set_name(name);
    rule.set_resource("deals");
    return rule;
  }
  absl::StatusOr<v1::Assignment> Ask(const std::string& product = "") {
    deals::v1::Deal deal;
    deal.set_product(product);
    return Assign({kRule, deal, collection_, {now_, absl::UTCTimeZone()}, ignore_capacity_},
                  facts_);
  }
  // Who was chosen, "" for nobody; the decision is folded as the command's event would be.
  std::string Next(const std::string& product = "") {
    auto assignment = Ask(product);
    EXPECT_TRUE(assignment.ok()) << assignment.status();
    if (!assignment.ok() || assignment->owner().empty()) return "";
    v1::AssignmentTurnEvent event;
    auto& assigned = *event.mutable_record_assigned();
    *assigned.mutable_date() = DateOf(absl::ToCivilDay(now_, absl::UTCTimeZone()));
    *assigned.mutable_assignment() = *assignment;
    FoldTurn(event, now_, facts_.turns[*assignment->rules().rbegin()]);
    return assignment->owner().substr(assignment->owner().find('/') + 1);
  }
  std::vector<std::string> Next(int times, const std::string& product = "") {
    std::vector<std::string> chosen;
    for (int i = 0; i < times; ++i) chosen.push_back(Next(product));
    return chosen;
  }
  void SetAway(const std::string& id, const std::string& absences) {
    facts_.users["users/" + id] = Proto<users::v1::User>("state: ACTIVE " + absences);
  }

  HeldFacts facts_;
  Collection collection_;
  absl::Time now_ = absl::FromCivil(absl::CivilSecond(2026, 11, 1, 9), absl::UTCTimeZone());
  bool ignore_capacity_ = false;
};

// A lead that is nobody's goes to who has another of its contact, and is no turn.
TEST_F(AssignmentTest, GivesALeadToWhoHasAnotherOfItsContact) {
  collection_ = {"leads", leads::v1::Lead::descriptor(), nullptr, nullptr};
  Rule(
      "members { user: 'users/m0' } members { user: 'users/m1' monthly_capacity: 0 } "
      "members { user: 'users/m2' paused: true }")
      .set_resource("leads");
  leads::v1::Lead lead;
  const auto owner_of = [&](const leads::v1::Lead& asked) {
    const auto assignment =
        Assign({kRule, asked, collection_, {now_, absl::UTCTimeZone()}, false}, facts_);
    EXPECT_TRUE(assignment.ok()) << assignment.status();
    return absl::StrCat(assignment->owner(), " ", v1::AssignmentBasis_Name(assignment->basis()),
                        " ", assignment->turn());
  };
  EXPECT_EQ(owner_of(lead), "users/m0 TURN 1");
  // Whether they are at their capacity does not matter; whether they work does.
  facts_.of_contact = {"users/m2", "users/m1", "users/m3"};
  EXPECT_EQ(owner_of(lead), "users/m1 SAME_CONTACT 0");
  SetAway("m1",
          "absences { start_date { year: 2026 month: 10 day: 1 } "
          "end_date { year: 2026 month: 12 day: 1 } }");
  EXPECT_EQ(owner_of(lead), "users/m3 SAME_CONTACT 0");
  facts_.of_contact = {"users/m1", "users/m2"};
  EXPECT_EQ(owner_of(lead), "users/m0 TURN 1");
  facts_.of_contact = {"users/m3"};
  lead.set_owner("teams/t");
  EXPECT_EQ(owner_of(lead), "users/m3 SAME_CONTACT 0");
  // Who is to lose one does not keep it.
  lead.set_owner("users/m3");
  EXPECT_EQ(owner_of(lead), "users/m0 TURN 1");
}

// AS-1: capacities of 45, 30, 60, 150 and 15 a month are 2, 1, 2, 5 and 1 on its first day, and
// over the month nothing is lost to rounding.
TEST_F(AssignmentTest, SpreadsACapacityOverTheMonth) {
  const absl::CivilDay first(2026, 11, 1);
  std::vector<int64_t> on_the_first;
  for (const int64_t capacity : {45, 30, 60, 150, 15}) {
    on_the_first.push_back(CapacityOn(first, capacity));
    int64_t sum = 0;
    for (absl::CivilDay day = first; day.month() == 11; ++day) sum += CapacityOn(day, capacity);
    EXPECT_EQ(sum, capacity);
  }
  EXPECT_THAT(on_the_first, ElementsAre(2, 1, 2, 5, 1));
  for (const int month : {2, 12}) {  // of 28 days, and of 31
    int64_t sum = 0;
    for (absl::CivilDay day(2027, month, 1); day.month() == month; ++day) sum += CapacityOn(day, 7);
    EXPECT_EQ(sum, 7);
  }
}

// AS-2: who was given more than today's share has nothing left, and no error. Asked to ignore it,
// they are given what is next.
TEST_F(AssignmentTest, GivesNobodyMoreThanTodaysShare) {
  Rule("members { user: 'users/m0' monthly_capacity: 60 }");
  EXPECT_THAT(Next(3), ElementsAre("m0", "m0", ""));
  ignore_capacity_ = true;
  for (int i = 0; i < 28; ++i) EXPECT_EQ(Next(), "m0");
  ignore_capacity_ = false;
  const auto none = Ask();
  EXPECT_EQ(none->owner(), "");
  EXPECT_EQ(none->passed_over(0).obstacle(), v1::AT_CAPACITY);
  EXPECT_EQ(FirstFree(*none), absl::FromCivil(absl::CivilDay(2026, 11, 2), absl::UTCTimeZone()));
  now_ += absl::Hours(24);
  EXPECT_THAT(Next(3), ElementsAre("m0", "m0", ""));
}

TEST_F(AssignmentTest, EndsTheMonthWithItsCapacity) {
  Rule("members { user: 'users/m0' monthly_capacity: 3 }");
  ignore_capacity_ = true;
  EXPECT_THAT(Next(3), ElementsAre("m0", "m0", "m0"));
  ignore_capacity_ = false;
  now_ += absl::Hours(24 * 29);  // the last day
  EXPECT_EQ(Next(), "");
  EXPECT_EQ(FirstFree(*Ask()), absl::FromCivil(absl::CivilDay(2026, 12, 1), absl::UTCTimeZone()));
  now_ += absl::Hours(24 * 5);
  EXPECT_EQ(Next(), "");
  EXPECT_EQ(FirstFree(*Ask()), absl::FromCivil(absl::CivilDay(2026, 12, 6), absl::UTCTimeZone()));
  now_ += absl::Hours(24);
  EXPECT_EQ(Next(), "m0");
}

// AS-3: eleven records, three members with five a day, eight records that the first prefers: the
// first has five of these, the others three each, in whatever order they come.
TEST_F(AssignmentTest, GivesWhoPrefersThemTheirs) {
  for (const bool preferred_first : {true, false}) {
    facts_.turns.clear();
    Rule(
        "members { user: 'users/m0' monthly_capacity: 150 preference: 'product = x' } "
        "members { user: 'users/m1' monthly_capacity: 150 } "
        "members { user: 'users/m2' monthly_capacity: 150 }");
    std::map<std::string, int> given;
    std::map<std::string, int> others_of;
    const auto give = [&](int count, const std::string& product) {
      for (const std::string& one : Next(count, product)) {
        ++given[one];
        if (product != "x") ++others_of[one];
      }
    };
    if (preferred_first) {
      give(8, "x");
      give(3, "y");
    } else {
      give(3, "y");
      give(8, "x");
    }
    EXPECT_EQ(given["m0"], 5);
    EXPECT_EQ(given["m1"], 3);
    EXPECT_EQ(given["m2"], 3);
    EXPECT_EQ(others_of["m0"], 0);
  }
}

// Where nobody else can take it, they get what they do not prefer.
TEST_F(AssignmentTest, GivesThemOthersWhereNobodyElseCan) {
  Rule(
      "members { user: 'users/m0' preference: 'product = x' } members { user: 'users/m1' paused: "
      "true }");
  EXPECT_EQ(Next("y"), "m0");
}

// AS-4: no capacity, paused, deactivated, deleted: nothing.
TEST_F(AssignmentTest, PassesOverWhoTakesNothing) {
  facts_.users["users/m2"].set_state(users::v1::INACTIVE);
  facts_.users.erase("users/m3");
  Rule(
      "members { user: 'users/m0' monthly_capacity: 0 } members { user: 'users/m1' paused: true } "
      "members { user: 'users/m2' } members { user: 'users/m3' }");
  const auto none = Ask();
  ASSERT_EQ(none->owner(), "");
  std::vector<v1::Obstacle> obstacles;
  for (const auto& one : none->passed_over()) obstacles.push_back(one.obstacle());
  EXPECT_THAT(obstacles, ElementsAre(v1::AT_CAPACITY, v1::PAUSED, v1::INACTIVE, v1::INACTIVE));
  EXPECT_EQ(FirstFree(*none), std::nullopt);
}

// AS-6: thirty records, one a day, two members: fifteen each. Where both have as much to do, the
// one who has waited longest.
TEST_F(AssignmentTest, SharesEvenly) {
  for (const char* const strategy :
       {"ROUND_ROBIN", "LEAST_BUSY", "ASSIGNMENT_STRATEGY_UNSPECIFIED"}) {
    facts_.turns.clear();
    Rule(absl::StrCat("strategy: ", strategy,
                      " members { user: 'users/m0' } members { user: 'users/m1' }"));
    std::map<std::string, int> given;
    for (int day = 0; day < 30; ++day) {
      ++given[Next()];
      now_ += absl::Hours(24);
    }
    EXPECT_EQ(given["m0"], 15) << strategy;
    EXPECT_EQ(given["m1"], 15) << strategy;
  }
}

TEST_F(AssignmentTest, AsksWhoHasTheLeastToDo) {
  Rule(
      "strategy: LEAST_BUSY members { user: 'users/m0' } members { user: 'users/m1' } "
      "members { user: 'users/m2' }");
  facts_.open = {{"users/m0", 3}, {"users/m1", 1}, {"users/m2", 1}};
  EXPECT_EQ(Next(), "m1");
  EXPECT_EQ(Next(), "m2");  // m1 had a turn
  facts_.open["users/m1"] = 0;
  const auto next = Ask();
  EXPECT_EQ(next->owner(), "users/m1");
  EXPECT_EQ(next->explanation(), "Least busy, after users/m2.");
}

TEST_F(AssignmentTest, SpreadsByCapacity) {
  Rule(
      "strategy: SPREAD members { user: 'users/m0' monthly_capacity: 300 } "
      "members { user: 'users/m1' monthly_capacity: 100 }");
  std::map<std::string, int> given;
  for (const std::string& one : Next(8)) ++given[one];
  EXPECT_EQ(given["m0"], 6);
  EXPECT_EQ(given["m1"], 2);
}

// AS-7: who is passed over keeps their place: of m0 to m4 only m2 and m3 can, then all can.
TEST_F(AssignmentTest, KeepsThePlaceOfWhoIsPassedOver) {
  v1::AssignmentRule& rule = Rule(
      "members { user: 'users/m0' paused: true } members { user: 'users/m1' paused: true } "
      "members { user: 'users/m2' } members { user: 'users/m3' } "
      "members { user: 'users/m4' paused: true }");
  EXPECT_THAT(Next(2), ElementsAre("m2", "m3"));
  for (auto& member : *rule.mutable_members()) member.set_paused(false);
  EXPECT_THAT(Next(6), ElementsAre("m0", "m1", "m4", "m2", "m3", "m0"));
}

// AS-8: where nobody can, the order stays; who left it does not matter, who is new is next.
TEST_F(AssignmentTest, GoesOnWhereMembersChange) {
  Rule("members { user: 'users/m0' } members { user: 'users/m1' }");
  EXPECT_THAT(Next(3), ElementsAre("m0", "m1", "m0"));
  Rule("members { user: 'users/m0' paused: true } members { user: 'users/m1' paused: true }");
  EXPECT_EQ(Next(), "");
  Rule("members { user: 'users/m1' } members { user: 'users/m2' }");
  EXPECT_THAT(Next(3), ElementsAre("m2", "m1", "m2"));
}

// AS-9: two in an hour each: of five two and two, and the fifth when the window has passed.
TEST_F(AssignmentTest, KeepsToItsLimit) {
  Rule(
      "limit { records: 2 window { seconds: 3600 } } "
      "members { user: 'users/m0' } members { user: 'users/m1' }");
  EXPECT_THAT(Next(5), ElementsAre("m0", "m1", "m0", "m1", ""));
  EXPECT_EQ(FirstFree(*Ask()), now_ + absl::Hours(1));
  now_ += absl::Minutes(59);
  EXPECT_EQ(Next(), "");
  now_ += absl::Minutes(1);
  EXPECT_EQ(Next(), "m0");
}

// AS-10: who is absent is passed over, by the days of their own zone, and the answer says until
// when.
TEST_F(AssignmentTest, PassesOverWhoIsAway) {
  SetAway("m0",
          "time_zone: 'Asia/Tokyo' "
          "absences { start_date { year: 2026 month: 11 day: 2 } end_date { year: 2026 month: 11 "
          "day: 3 } } "
          "absences { start_date { year: 2026 month: 11 day: 4 } end_date { year: 2026 month: 11 "
          "day: 4 } }");
  Rule("members { user: 'users/m0' } members { user: 'users/m1' }");
  EXPECT_THAT(Next(2), ElementsAre("m0", "m1"));
  now_ += absl::Hours(6);  // 15:00, when the second begins in Tokyo
  const auto away = Ask();
  EXPECT_EQ(away->owner(), "users/m1");
  EXPECT_EQ(away->explanation(),
            "Round robin, after users/m1; users/m0 is absent until 2026-11-04.");
  ASSERT_EQ(away->passed_over_size(), 1);
  EXPECT_EQ(FromTimestamp(away->passed_over(0).until_time()),
            absl::FromCivil(absl::CivilSecond(2026, 11, 4, 15), absl::UTCTimeZone()));
  now_ = FromTimestamp(away->passed_over(0).until_time());
  EXPECT_EQ(Next(), "m0");
}

TEST_F(AssignmentTest, AsksItsBranchesFirst) {
  Rule(
      "branches { condition: 'product = a' assignee: 'users/m1' } "
      "branches { condition: 'product = b' assignee: 'teams/t' } "
      "branches { condition: 'product = c' assignee: 'assignmentRules/c' } "
      "members { user: 'users/m0' } fallback: 'users/m4'");
  Rule("members { user: 'users/m2' } members { user: 'users/m3' }", "assignmentRules/c");
  EXPECT_EQ(Next("a"), "m1");
  EXPECT_EQ(Next("b"), "t");
  EXPECT_THAT(Next(3, "c"), ElementsAre("m2", "m3", "m2"));
  EXPECT_EQ(Next("d"), "m0");
  const auto by_other = Ask("c");
  EXPECT_THAT(by_other->rules(), ElementsAre(kRule, "assignmentRules/c"));
  EXPECT_EQ(by_other->turn(), 4);
  const auto by_branch = Ask("a");
  EXPECT_EQ(by_branch->basis(), v1::BRANCH);
  EXPECT_EQ(by_branch->explanation(), "Branch 1 of assignmentRules/a holds.");
}

TEST_F(AssignmentTest, GoesOnWhereABranchCannotTakeIt) {
  facts_.users["users/m1"].set_state(users::v1::INACTIVE);
  Rule(
      "branches { assignee: 'users/m1' } branches { assignee: 'assignmentRules/gone' } "
      "branches { assignee: 'teams/gone' } fallback: 'users/m4'");
  SetAway("m4",
          "absences { start_date { year: 2026 month: 11 day: 1 } end_date { year: 2026 month: 11 "
          "day: 9 } }");
  const auto assignment = Ask();
  EXPECT_EQ(assignment->owner(), "users/m4") << "absent, but there is nobody else";
  EXPECT_EQ(assignment->basis(), v1::FALLBACK);
  EXPECT_EQ(
      assignment->explanation(),
      "Nobody else can take it; users/m1 is deactivated or deleted; assignmentRules/gone finds "
      "nobody; teams/gone is deactivated or deleted.");
  facts_.users["users/m4"].set_state(users::v1::INACTIVE);
  EXPECT_EQ(Ask()->owner(), "");
}

TEST_F(AssignmentTest, GoesRoundInNoCircle) {
  Rule("branches { assignee: 'assignmentRules/b' }");
  Rule("branches { assignee: 'assignmentRules/a' }", "assignmentRules/b");
  const absl::Status refused = Ask().status();
  EXPECT_TRUE(IsError(refused, v1::ASSIGNMENT_RULES_ERROR_TOO_MANY_RULES));
  EXPECT_EQ(testing::MetadataOf(refused, "rules"),
            "assignmentRules/a, assignmentRules/b, assignmentRules/a");
}

// What is known of turns is bounded, however many members came and went.
TEST_F(AssignmentTest, RemembersWhoHadTheLastTurns) {
  for (int i = 0; i < kTurnsKnownMax + 10; ++i) {
    const std::string user = absl::StrCat("users/u", i);
    facts_.users[user].set_state(users::v1::ACTIVE);
    Rule(absl::StrCat("members { user: '", user, "' }"));
    for (int turn = 0; turn < 2; ++turn) Next();
  }
  const v1::AssignmentTurns& turns = facts_.turns[kRule];
  EXPECT_EQ(turns.members_size(), kTurnsKnownMax);
  EXPECT_EQ(turns.turns(), 2 * (kTurnsKnownMax + 10));
  EXPECT_EQ(FindTurns(turns, "users/u9"), nullptr);
  ASSERT_NE(FindTurns(turns, "users/u10"), nullptr);
  Rule("members { user: 'users/u10' }");
  for (int turn = 0; turn < 2 * kTimesKnownMax; ++turn) Next();
  EXPECT_EQ(FindTurns(turns, "users/u10")->times_us_size(), kTimesKnownMax);
}

}  // namespace
}  // namespace kith::assignment_rules
