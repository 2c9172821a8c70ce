#include "projections/deals/pipeline_board.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "projections/deals/deal_list.h"
#include "projections/deals/pipeline_list.h"
#include "tests/projections/deals/deal_events.h"
#include "tests/testing/view_spec.h"

namespace kith::deals {
namespace {

using testing::GivenOptions;
using testing::ViewSpec;

// A board view with the default pipeline, to which deals are given.
class PipelineBoardTest : public ::testing::Test {
 protected:
  PipelineBoardTest()
      : spec_(ViewSpec::Of<PipelineBoard, DealList, PipelineList>()
                  .Takes<v1::DealEvent>("deals")
                  .Takes<v1::PipelineEvent>("pipelines")
                  .Takes<interactions::v1::InteractionEvent>("interactions")) {
    spec_.Given(kDefaultPipeline, DefaultPipelineCreated());
  }

  template <class Event>
  void Given(const std::string& stream, const Event& event, absl::Time when) {
    spec_.Given(stream, event, GivenOptions{.occur_time = when});
  }
  void GivenDeal(const v1::Deal& deal, absl::Time when) { Given(deal.name(), Created(deal), when); }

  v1::PipelineBoard Read(const projections::ViewSnapshot& snapshot, absl::Time time,
                         const std::string& owner = "") {
    const auto board = ReadPipelineBoard(snapshot, spec_.Beside(snapshot, PipelineList::kName),
                                         {.workspace = spec_.workspace(),
                                          .pipeline = kDefaultPipeline,
                                          .owners = OwnersFor(owner),
                                          .read_time = time});
    EXPECT_TRUE(board.ok() && board->has_value()) << board.status();
    return board.ok() ? board->value_or(v1::PipelineBoard()) : v1::PipelineBoard();
  }
  v1::BoardStage ReadStage(const std::string& stage_id, absl::Time time,
                           const std::string& owner = "") {
    const v1::PipelineBoard board = Read(spec_.Then(), time, owner);
    for (const v1::BoardStage& stage : board.stages()) {
      if (stage.stage() == StagePath(stage_id)) return stage;
    }
    ADD_FAILURE() << "no stage " << stage_id;
    return {};
  }

  static v1::Deal Worth(v1::Deal deal, const google::type::Money& amount) {
    *deal.mutable_amount() = amount;
    return deal;
  }
  static v1::Deal Likely(v1::Deal deal, int percent) {
    deal.set_probability(percent);
    return deal;
  }

  const absl::Time start_ = absl::FromUnixSeconds(1'700'000'000);
  ViewSpec spec_;
};

TEST_F(PipelineBoardTest, ShowsEveryStageInOrderAlsoEmptyOnes) {
  const v1::PipelineBoard board = Read(spec_.Then(), start_);
  EXPECT_EQ(board.pipeline(), kDefaultPipeline);
  EXPECT_EQ(board.read_time().seconds(), absl::ToUnixSeconds(start_));
  ASSERT_EQ(board.stages_size(), 7);
  EXPECT_EQ(board.stages(0).display_name(), "New Lead");
  EXPECT_EQ(board.stages(0).probability(), 5);
  EXPECT_EQ(board.stages(0).count(), 0);
  EXPECT_FALSE(board.stages(0).has_average_age());
}

TEST_F(PipelineBoardTest, HasNoBoardOfAPipelineThatIsNotThere) {
  const projections::ViewSnapshot snapshot = spec_.Then();
  const auto board = ReadPipelineBoard(
      snapshot, spec_.Beside(snapshot, PipelineList::kName),
      {.workspace = spec_.workspace(), .pipeline = "pipelines/other", .read_time = start_});
  ASSERT_TRUE(board.ok());
  EXPECT_FALSE(board->has_value());
}

TEST_F(PipelineBoardTest, SumsEachCurrencyForItself) {
  GivenDeal(Worth(DealIn("deals/a", "qualified"), MoneyIn("EUR", 1000, 500'000'000)), start_);
  GivenDeal(Worth(DealIn("deals/b", "qualified"), MoneyIn("EUR", 20)), start_);
  GivenDeal(Worth(DealIn("deals/c", "qualified"), MoneyIn("JPY", 7)), start_);
  GivenDeal(DealIn("deals/d", "qualified"), start_);
  const v1::BoardStage stage = ReadStage("qualified", start_);
  EXPECT_EQ(stage.count(), 4) << "a deal without an amount is counted";
  ASSERT_EQ(stage.amount_size(), 2);
  EXPECT_EQ(stage.amount(0).currency_code(), "EUR");
  EXPECT_EQ(stage.amount(0).units(), 1020);
  EXPECT_EQ(stage.amount(0).nanos(), 500'000'000);
  EXPECT_EQ(stage.amount(1).currency_code(), "JPY");
  EXPECT_EQ(stage.amount(1).units(), 7);
}

// The vector of the requirements: 10,000 at 10, 20,000 at 50 and 30,000 at 80 percent weigh 35,000.
TEST_F(PipelineBoardTest, WeighsByTheDealsOwnProbabilityFirst) {
  GivenDeal(Likely(Worth(DealIn("deals/a", "contacted"), MoneyIn("EUR", 10'000)), 10), start_);
  GivenDeal(Likely(Worth(DealIn("deals/b", "contacted"), MoneyIn("EUR", 20'000)), 50), start_);
  GivenDeal(Likely(Worth(DealIn("deals/c", "contacted"), MoneyIn("EUR", 30'000)), 80), start_);
  EXPECT_EQ(ReadStage("contacted", start_).weighted_amount(0).units(), 35'000);
  GivenDeal(Worth(DealIn("deals/d", "contacted"), MoneyIn("EUR", 100)), start_);
  EXPECT_EQ(ReadStage("contacted", start_).weighted_amount(0).units(), 35'015) << "15 of 100";
}

TEST_F(PipelineBoardTest, RoundsTheSumOnceHalfToEven) {
  // 30 percent of 5 cents and of 10 cents: 1.5 + 3 = 4.5 cents, which is 4.
  GivenDeal(Worth(DealIn("deals/a", "qualified"), MoneyIn("EUR", 0, 50'000'000)), start_);
  GivenDeal(Worth(DealIn("deals/b", "qualified"), MoneyIn("EUR", 0, 100'000'000)), start_);
  EXPECT_EQ(ReadStage("qualified", start_).weighted_amount(0).nanos(), 40'000'000);
}

TEST_F(PipelineBoardTest, WeighsClosedDealsByTheirStageOnly) {
  const v1::Deal deal = Likely(Worth(DealIn("deals/a", "qualified"), MoneyIn("EUR", 100)), 40);
  GivenDeal(deal, start_);
  Given("deals/a", Won(), start_);
  EXPECT_EQ(ReadStage("closed-won", start_).weighted_amount(0).units(), 100);
  EXPECT_EQ(ReadStage("qualified", start_).count(), 0);
  EXPECT_EQ(ReadStage("qualified", start_).amount_size(), 0);
}

TEST_F(PipelineBoardTest, TakesTheStagesProbabilityAsOfTheMomentAskedAbout) {
  GivenDeal(Worth(DealIn("deals/a", "qualified"), MoneyIn("EUR", 1000)), start_);
  const Position before = spec_.last();
  v1::Stage stage = DefaultPipelineCreated().pipeline_created().pipeline().stages(2);
  stage.set_probability(45);
  Given(std::string(kDefaultPipeline), StageChanged(stage), start_);
  EXPECT_EQ(ReadStage("qualified", start_).weighted_amount(0).units(), 450);
  EXPECT_EQ(Read(spec_.As(before), start_).stages(2).weighted_amount(0).units(), 300);
}

TEST_F(PipelineBoardTest, ShowsOneOwnersDeals) {
  GivenDeal(Worth(DealIn("deals/a", "qualified", "users/1"), MoneyIn("EUR", 1)), start_);
  GivenDeal(Worth(DealIn("deals/b", "qualified", "users/2"), MoneyIn("EUR", 20)), start_);
  GivenDeal(Worth(DealIn("deals/c", "qualified"), MoneyIn("EUR", 300)), start_);
  EXPECT_EQ(ReadStage("qualified", start_).amount(0).units(), 321);
  EXPECT_EQ(ReadStage("qualified", start_, "users/2").amount(0).units(), 20);
  EXPECT_EQ(ReadStage("qualified", start_, "users/3").count(), 0);
  Given("deals/b", Updated(DealIn("deals/b", "qualified", "users/3"), {"owner"}), start_);
  EXPECT_EQ(ReadStage("qualified", start_, "users/2").count(), 0);
  EXPECT_EQ(ReadStage("qualified", start_, "users/3").amount(0).units(), 20);
}

TEST_F(PipelineBoardTest, AddsUpTheDealsOfSeveralOwnersStageByStage) {
  const absl::Time late = start_ + absl::Hours(24 * 30) + absl::Hours(1);
  for (int i = 0; i < 4; ++i) {
    const std::string owner = i == 0 ? "" : absl::StrCat("users/", i);
    GivenDeal(DealIn(absl::StrCat("deals/a", i), "new-lead", owner), start_);
    GivenDeal(DealIn(absl::StrCat("deals/b", i), "new-lead", owner), late);
    GivenDeal(DealIn(absl::StrCat("deals/c", i), "contacted", owner), start_);
  }
  GivenDeal(DealIn("deals/d", "contacted", "users/3"), start_);
  const projections::ViewSnapshot snapshot = spec_.Then();
  const auto board =
      ReadPipelineBoard(snapshot, spec_.Beside(snapshot, PipelineList::kName),
                        {.workspace = spec_.workspace(),
                         .pipeline = kDefaultPipeline,
                         .owners = std::vector<std::string>{"", "users/1", "users/3", "users/none"},
                         .read_time = late});
  ASSERT_TRUE(board.ok() && board->has_value()) << board.status();
  EXPECT_EQ((*board)->stages(0).count(), 6);
  EXPECT_EQ((*board)->stages(0).rotting_count(), 3);
  EXPECT_EQ((*board)->stages(1).count(), 4);
  EXPECT_EQ((*board)->stages(1).rotting_count(), 4);
  EXPECT_EQ((*board)->stages(2).count(), 0);
  EXPECT_EQ((*board)->stages(2).rotting_count(), 0);
}

TEST_F(PipelineBoardTest, TellsTheAverageAgeAtTheMomentAskedAbout) {
  GivenDeal(DealIn("deals/a", "new-lead"), start_ - absl::Hours(10));
  GivenDeal(DealIn("deals/b", "new-lead"), start_ - absl::Hours(20));
  EXPECT_EQ(ReadStage("new-lead", start_).average_age().seconds(), 15 * 3600);
  Given("deals/b", Moved("contacted"), start_);
  EXPECT_EQ(ReadStage("new-lead", start_ + absl::Hours(1)).average_age().seconds(), 11 * 3600);
  EXPECT_EQ(ReadStage("contacted", start_ + absl::Hours(1)).average_age().seconds(), 3600);
  EXPECT_EQ(ReadStage("contacted", start_ - absl::Hours(1)).average_age().seconds(), 0)
      << "never less than nothing";
}

TEST_F(PipelineBoardTest, CountsAsRottingWhatNobodyTouchedForLongerThanTheStageAllows) {
  const absl::Duration limit = absl::Hours(24 * 30);
  GivenDeal(DealIn("deals/a", "new-lead", "users/1"), start_);
  GivenDeal(DealIn("deals/b", "new-lead"), start_ + absl::Hours(1));
  EXPECT_EQ(ReadStage("new-lead", start_ + limit).rotting_count(), 0);
  EXPECT_EQ(ReadStage("new-lead", start_ + limit + absl::Microseconds(1)).rotting_count(), 1);
  EXPECT_EQ(ReadStage("new-lead", start_ + 2 * limit).rotting_count(), 2);
  EXPECT_EQ(ReadStage("new-lead", start_ + 2 * limit, "users/1").rotting_count(), 1);
}

TEST_F(PipelineBoardTest, LetsNothingRotInClosedStages) {
  GivenDeal(DealIn("deals/a", "new-lead"), start_);
  Given("deals/a", Lost(), start_);
  EXPECT_EQ(ReadStage("closed-lost", start_ + absl::Hours(24 * 365)).rotting_count(), 0);
  EXPECT_EQ(ReadStage("new-lead", start_ + absl::Hours(24 * 365)).rotting_count(), 0);
}

TEST_F(PipelineBoardTest, KeepsADealFreshByUpdatesAndByInteractions) {
  const absl::Time late = start_ + absl::Hours(24 * 30) + absl::Hours(1);
  const absl::Time touched = start_ + absl::Hours(24);
  for (const char* name : {"deals/a", "deals/b", "deals/c", "deals/d"}) {
    GivenDeal(DealIn(name, "new-lead"), start_);
  }
  v1::Deal renamed = DealIn("deals/a", "new-lead");
  renamed.set_display_name("Another");
  Given("deals/a", Updated(renamed, {"display_name"}), touched);
  Given("deals/b/interactions", InteractionWith("deals/b"), touched);
  Given("contacts/1/interactions", InteractionWith("contacts/1", {"contacts/2", "deals/c"}),
        touched);
  EXPECT_EQ(ReadStage("new-lead", late).rotting_count(), 1) << "deals/d";
  EXPECT_EQ(ReadStage("new-lead", late).count(), 4);
  Given("deals/a/interactions", InteractionWith("deals/a"), start_ - absl::Hours(5));
  EXPECT_EQ(ReadStage("new-lead", late).rotting_count(), 1) << "an older touch takes nothing back";
}

TEST_F(PipelineBoardTest, ForgetsADeletedDeal) {
  GivenDeal(Worth(DealIn("deals/a", "new-lead", "users/1"), MoneyIn("EUR", 5)), start_);
  v1::DealDeleted deleted;
  deleted.set_name("deals/a");
  Given("deals/a", deleted, start_);
  Given("deals/a/interactions", InteractionWith("deals/a"), start_);
  const v1::BoardStage stage = ReadStage("new-lead", start_ + absl::Hours(24 * 90));
  EXPECT_EQ(stage.count(), 0);
  EXPECT_EQ(stage.amount_size(), 0);
  EXPECT_EQ(stage.rotting_count(), 0);
}

}  // namespace
}  // namespace kith::deals
