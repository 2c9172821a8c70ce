// Record times and the settled past, without threads: work for the executor is run by hand.
#include "eventstore/log/record_clock.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "tests/eventstore/log/log_fixture.h"
#include "tests/testing/held_executor.h"

namespace kith::eventstore {
namespace {

constexpr absl::Duration kTick = absl::Microseconds(1);

class RecordClockTest : public ::testing::Test {
 protected:
  using Answer = std::optional<absl::StatusOr<absl::Time>>;

  // What Settle answered; empty until it did.
  std::shared_ptr<Answer> Settle(absl::Time time) {
    auto answer = std::make_shared<Answer>();
    record_clock_.Settle(time, [answer](absl::StatusOr<absl::Time> settled) {
      EXPECT_FALSE(answer->has_value());
      *answer = std::move(settled);
    });
    return answer;
  }

  ManualClock clock_{kTestBegin};
  const absl::Time start_ = clock_.Now();
  kith::testing::HeldExecutor executor_;
  absl::Status disk_;  // what keeping answers
  std::vector<absl::Time> kept_;
  RecordClock record_clock_{clock_, executor_, absl::InfinitePast(),
                            [this](absl::Time bound, RecordClock::Kept kept) {
                              kept_.push_back(bound);
                              kept(disk_);
                            }};
};

TEST_F(RecordClockTest, RecordsNothingInTheSettledPast) {
  EXPECT_EQ(record_clock_.BeginBatch(), start_);
  record_clock_.EndBatch();
  EXPECT_EQ(***Settle(start_), start_);
  EXPECT_EQ(record_clock_.BeginBatch(), start_ + kTick);
  record_clock_.EndBatch();
  // What was settled is after now: one batch after the other, the times stay apart.
  EXPECT_EQ(***Settle(absl::InfiniteFuture()), start_ + kTick);
  EXPECT_EQ(record_clock_.BeginBatch(), start_ + 2 * kTick);
}

// A server that is asked as of now all the time writes once a second, and one asked about the past
// not at all.
TEST_F(RecordClockTest, KeepsABoundAheadOfWhatIsSettled) {
  record_clock_.BeginBatch();
  record_clock_.EndBatch();
  EXPECT_EQ(***Settle(start_ - kTick), start_ - kTick);
  EXPECT_TRUE(kept_.empty()) << "a later batch is on disk";
  EXPECT_EQ(record_clock_.Unkept(), std::nullopt);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(***Settle(clock_.Now()), clock_.Now());
    clock_.Advance(absl::Milliseconds(10));
  }
  EXPECT_EQ(kept_, (std::vector<absl::Time>{start_ + absl::Seconds(1)}));
  EXPECT_EQ(record_clock_.Unkept(), clock_.Now() - absl::Milliseconds(10));
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(***Settle(clock_.Now()), clock_.Now());
  EXPECT_EQ(kept_.size(), 2u);
}

TEST_F(RecordClockTest, RecordsNothingBeforeTheBoundOfAnEarlierLife) {
  RecordClock next(clock_, executor_, start_ + absl::Seconds(1), nullptr);
  EXPECT_EQ(next.BeginBatch(), start_ + absl::Seconds(1) + kTick);
}

TEST_F(RecordClockTest, SettlesNothingThatCannotBeKept) {
  disk_ = absl::UnavailableError("the disk is gone");
  const auto refused = Settle(start_);
  executor_.RunAll();
  EXPECT_TRUE(absl::IsUnavailable((*refused)->status()));
  EXPECT_EQ(record_clock_.BeginBatch(), start_) << "nobody was told of it";
  record_clock_.EndBatch();
  disk_ = absl::OkStatus();
  EXPECT_EQ(***Settle(start_), start_);
}

TEST_F(RecordClockTest, SettlesAtMostNow) {
  EXPECT_EQ(***Settle(start_ + absl::Hours(1)), start_);
  EXPECT_EQ(record_clock_.BeginBatch(), start_ + kTick);
}

TEST_F(RecordClockTest, SettlesWholeTicks) {
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(***Settle(start_ + absl::Nanoseconds(1700)), start_ + kTick);
  EXPECT_LT(***Settle(absl::InfinitePast()), absl::UnixEpoch());
}

TEST_F(RecordClockTest, NeverStepsBack) {
  EXPECT_EQ(***Settle(start_), start_);
  clock_.Jump(-absl::Hours(1));
  EXPECT_EQ(record_clock_.BeginBatch(), start_ + kTick);
  record_clock_.EndBatch();
  EXPECT_EQ(record_clock_.BeginBatch(), start_ + kTick);
  record_clock_.EndBatch();
  // The log's now, not the clock's: what is recorded stands at or before it.
  EXPECT_EQ(***Settle(absl::InfiniteFuture()), start_ + kTick);
}

TEST_F(RecordClockTest, WaitsForTheBatchesRecordedByThen) {
  EXPECT_EQ(record_clock_.BeginBatch(), start_);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(record_clock_.BeginBatch(), start_ + absl::Seconds(1));
  const auto before = Settle(start_ - kTick);
  const auto first = Settle(start_ + absl::Milliseconds(500));
  const auto second = Settle(start_ + absl::Seconds(1));
  EXPECT_TRUE(before->has_value());
  record_clock_.EndBatch();
  EXPECT_FALSE(first->has_value());  // only on the executor
  executor_.RunAll();
  EXPECT_EQ(***first, start_ + absl::Milliseconds(500));
  EXPECT_FALSE(second->has_value());
  record_clock_.EndBatch();
  executor_.RunAll();
  EXPECT_EQ(***second, start_ + absl::Seconds(1));
}

TEST_F(RecordClockTest, SaysThatItDoesNotKnowWhileAWriteHasFailed) {
  EXPECT_EQ(record_clock_.BeginBatch(), start_);
  const auto waiting = Settle(start_);
  record_clock_.Fail();
  executor_.RunAll();
  EXPECT_EQ((*waiting)->status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ((*Settle(start_))->status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE((*Settle(start_ - kTick))->ok());
  record_clock_.Reset(start_);
  EXPECT_EQ(***Settle(start_), start_);
  EXPECT_EQ(record_clock_.BeginBatch(), start_ + kTick);
}

}  // namespace
}  // namespace kith::eventstore
