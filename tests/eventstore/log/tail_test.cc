// What is published is there at once; those who wait for it are woken when that is asked for.
#include "eventstore/log/tail.h"

#include <gtest/gtest.h>

#include "tests/testing/held_executor.h"

namespace kith::eventstore {
namespace {

class TailTest : public ::testing::Test {
 protected:
  void Publish(WorkspaceId workspace = WorkspaceId(1)) {
    auto record = std::make_shared<Record>();
    record->header.position = tail_.head().Next();
    record->header.workspace = workspace;
    record->header.sequence = tail_.WorkspaceHead(workspace).Next();
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

  // The same for the workspace's sequence.
  void WaitBeyond(WorkspaceId workspace, Sequence after) {
    tail_.WakeBeyond(workspace, after, waker_, waker_->Arm([this] { ++woken_; }));
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

// Goal: who waits for one workspace costs those who write to others nothing.
TEST_F(TailTest, OtherWorkspacesWakeNobodyWhoWaitsForOne) {
  WaitBeyond(WorkspaceId(2), Sequence(0));
  for (int i = 0; i < 100; ++i) Publish(WorkspaceId(1));
  WakeFollowers();
  EXPECT_EQ(woken_, 0);
  Publish(WorkspaceId(2));
  Publish(WorkspaceId(1));
  WakeFollowers();
  EXPECT_EQ(woken_, 1);
  Publish(WorkspaceId(2));
  WakeFollowers();
  EXPECT_EQ(woken_, 1) << "armed once, fired once";
  WaitBeyond(WorkspaceId(2), Sequence(1));
  EXPECT_EQ(woken_, 2) << "there was one meanwhile";
  WaitBeyond(WorkspaceId(2), Sequence(2));
  WakeFollowers();
  EXPECT_EQ(woken_, 2) << "it has read what was published";
}

TEST_F(TailTest, WhoWaitsForAWorkspaceIsForgottenAndWokenByAReset) {
  WaitBeyond(WorkspaceId(2), Sequence(0));
  tail_.Forget(WorkspaceId(2), waker_);
  Publish(WorkspaceId(2));
  WakeFollowers();
  EXPECT_EQ(woken_, 0);
  WaitBeyond(WorkspaceId(2), Sequence(1));
  tail_.Reset(Position(5), {{WorkspaceId(2), Sequence(4)}});
  executor_.RunAll();
  EXPECT_EQ(woken_, 1);
  EXPECT_EQ(tail_.HeadsOf(WorkspaceId(2)), std::make_pair(Position(5), Sequence(4)));
}

}  // namespace
}  // namespace kith::eventstore
