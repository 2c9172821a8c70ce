// What is published is there at once; those who wait for it are woken when that is asked for.
#include "eventstore/log/tail.h"

#include <gtest/gtest.h>

#include "tests/testing/held_executor.h"

namespace kith::eventstore {
namespace {

class TailTest : public ::testing::Test {
 protected:
  void Publish() {
    auto record = std::make_shared<Record>();
    record->header.position = tail_.head().Next();
    record->header.workspace = WorkspaceId(1);
    record->header.sequence = Sequence(record->header.position.value());
    record->header.stream = "contacts/1";
    const std::shared_ptr<const Record> published = std::move(record);
    tail_.Publish({&published, 1});
  }
  void WakeFollowers() {
    tail_.WakeFollowers();
    executor_.RunAll();
  }
  // Arms the waker to count once the head is beyond `after`.
  void WaitBeyond(Position after) {
    tail_.WakeBeyond(after, waker_, waker_->Arm([this] { ++woken_; }));
    executor_.RunAll();
  }

  kith::testing::HeldExecutor executor_;
  Tail tail_{executor_, 16, 16};
  std::shared_ptr<Waker> waker_ = std::make_shared<Waker>();
  int woken_ = 0;
};

TEST_F(TailTest, PublishesAtOnceAndWakesWhenAsked) {
  WaitBeyond(Position(0));
  Publish();
  EXPECT_EQ(tail_.head(), Position(1));
  EXPECT_NE(tail_.Find(Position(1)), nullptr);
  executor_.RunAll();
  EXPECT_EQ(woken_, 0);
  WakeFollowers();
  EXPECT_EQ(woken_, 1);
  WakeFollowers();
  EXPECT_EQ(woken_, 1) << "armed once, fired once";
}

// It looked by itself between the publication and the waking, and waits for the next one.
TEST_F(TailTest, LetsSleepOnWhoHasReadWhatWasPublished) {
  Publish();
  WaitBeyond(Position(1));
  WakeFollowers();
  EXPECT_EQ(woken_, 0);
  Publish();
  WakeFollowers();
  EXPECT_EQ(woken_, 1);
}

TEST_F(TailTest, WakesAtOnceWhoWaitsForWhatIsThere) {
  Publish();
  WaitBeyond(Position(0));
  EXPECT_EQ(woken_, 1);
}

}  // namespace
}  // namespace kith::eventstore
