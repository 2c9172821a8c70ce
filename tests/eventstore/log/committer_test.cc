// What the committer does between an append and the disk: appends in flight, groups, a queue that
// is full, a disk that fails. Over the memory engine, whose fsync a test can hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "eventstore/base/error.h"
#include "eventstore/base/metrics.h"
#include "eventstore/seal/key_store.h"
#include "kith/type/v1/errors.pb.h"
#include "tests/eventstore/log/log_fixture.h"
#include "tests/eventstore/log/places.h"
#include "tests/testing/captured_log.h"

namespace kith::eventstore {
namespace {

using kith::testing::CapturedLog;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = StreamCondition::Kind;

class CommitterTest : public ::testing::Test {
 protected:
  CommitterTest() { Open(); }

  void Open(EventLogOptions options = {}) {
    log_.reset();
    auto log = OpenEventLog(NewMemoryEngine(disk_), *keys_, clock_, executor_, options);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }

  PendingAppend Start(Append append) {
    PendingAppend pending;
    log_->AppendAsync(std::move(append), pending.Done());
    return pending;
  }

  // Appends something whose commit is then held in its fsync.
  PendingAppend HoldOne() {
    disk_->HoldCommits();
    PendingAppend held = Start(AppendTo("held/1"));
    disk_->WaitUntilHeld();
    return held;
  }

  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  SeededRandom random_;
  std::unique_ptr<KeyStore> keys_ = NewMemoryKeyStore(random_);
  ManualClock clock_{kTestBegin};
  PoolExecutor executor_;
  std::unique_ptr<EventLog> log_;
};

TEST_F(CommitterTest, ShowsNothingBeforeItIsOnDisk) {
  PendingAppend held = HoldOne();
  EXPECT_EQ(log_->head(), Position());
  EXPECT_EQ(log_->WorkspaceHead(kWorkspace), Sequence());
  EXPECT_EQ(held.answers(), 0u);
  disk_->ReleaseCommits();
  EXPECT_EQ(held.Get()->first, Position(1));
  EXPECT_EQ(log_->head(), Position(1));
}

// The time of a batch is given when it begins, long before anybody can read it. A position at that
// time that did not wait would grow later.
TEST_F(CommitterTest, SettlesATimeOnceWhatIsInFlightIsOnDisk) {
  PendingAppend held = HoldOne();
  const absl::Time now = clock_.Now();
  EXPECT_TRUE(log_->SettleAndWait(now - absl::Microseconds(1)).ok());
  std::atomic<bool> answered = false;
  log_->Settle(now, [&](const absl::StatusOr<absl::Time>& settled) {
    EXPECT_EQ(*settled, now);
    EXPECT_EQ(*log_->PositionAt(*settled, ReadTier::kMemory), Position(1));
    answered = true;
  });
  EXPECT_FALSE(answered);
  // Gathers behind it, and is after the time that was settled, although the clock stands.
  PendingAppend behind = Start(AppendTo("contacts/1"));
  disk_->ReleaseCommits();
  EXPECT_GT(behind.Get()->record_time, now);
  EXPECT_TRUE(log_->SettleAndWait(now).ok());
  while (!answered) std::this_thread::yield();
  EXPECT_EQ(*log_->PositionAt(now, ReadTier::kMemory), Position(1));
}

TEST_F(CommitterTest, SettlesNoTimeWhoseWriteFailedBeforeItRecovered) {
  disk_->FailReopen(true);
  disk_->FailNextCommit(true);
  EXPECT_FALSE(log_->AppendAndWait(AppendTo("contacts/1")).ok());
  EXPECT_EQ(log_->SettleAndWait(clock_.Now()).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(log_->SettleAndWait(clock_.Now() - absl::Microseconds(1)).ok());
  disk_->FailReopen(false);
  absl::StatusOr<absl::Time> settled = log_->SettleAndWait(clock_.Now());
  while (!settled.ok()) settled = log_->SettleAndWait(clock_.Now());
  // The write had reached the disk after all.
  EXPECT_EQ(*log_->PositionAt(*settled, ReadTier::kDisk), Position(1));
}

TEST_F(CommitterTest, WritesWhatGatheredDuringAnFsyncTogether) {
  PendingAppend held = HoldOne();
  std::vector<PendingAppend> gathered;
  for (int i = 0; i < 100; ++i) gathered.push_back(Start(AppendTo("contacts/1")));
  disk_->ReleaseCommits();
  for (PendingAppend& append : gathered) EXPECT_TRUE(append.Get().ok());
  // The one that was held, and a few groups: as many as raced with the release.
  EXPECT_LE(disk_->commits(), 20u);
  EXPECT_EQ(log_->head(), Position(101));
}

TEST_F(CommitterTest, CountsAppendsInFlightForConditions) {
  PendingAppend held = HoldOne();
  const Tag tag = TagOf("ada");
  Append claim = If(AppendTo("contacts/1"), Kind::kAbsent, "contacts/1");
  claim.streams[0].events[0].tags = {tag};
  claim = IfNoneTagged(claim, tag);
  PendingAppend first = Start(claim);
  PendingAppend second = Start(claim);
  disk_->ReleaseCommits();
  // Nobody had read either: which of the two came first is open, that only one won is not.
  const bool first_won = first.Get().ok();
  EXPECT_NE(first_won, second.Get().ok());
  const auto conflicts = ConflictsOf((first_won ? second : first).Get().status());
  ASSERT_EQ(conflicts.size(), 2u);
  EXPECT_EQ(conflicts[0].actual, "revision 1");
  EXPECT_EQ(conflicts[1].actual, "position 2");
}

TEST_F(CommitterTest, AnswersARequestInFlightOnceItIsDurable) {
  PendingAppend held = HoldOne();
  const Append request = WithRequest(AppendTo("contacts/1"), "r1");
  PendingAppend first = Start(request);
  PendingAppend second = Start(request);
  PendingAppend other = Start(WithRequest(AppendTo("contacts/1"), "r1", "another"));
  EXPECT_EQ(first.answers() + second.answers(), 0u);
  disk_->ReleaseCommits();
  ASSERT_TRUE(first.Get().ok() && second.Get().ok());
  EXPECT_NE(first.Get()->repeated, second.Get()->repeated);
  EXPECT_EQ(first.Get()->first, second.Get()->first);
  EXPECT_EQ(other.Get().status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(CommitterTest, RefusesMoreThanItsQueueHolds) {
  Open({.queue_appends_max = 10});
  PendingAppend held = HoldOne();
  std::vector<PendingAppend> queued;
  for (int i = 0; i < 9; ++i) queued.push_back(Start(AppendTo("contacts/1")));
  const auto refused = Start(AppendTo("contacts/1")).Get();
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  disk_->ReleaseCommits();
  for (PendingAppend& append : queued) EXPECT_TRUE(append.Get().ok());
  // There is room once the thread that answered them has gone on.
  while (!Start(AppendTo("contacts/1")).Get().ok()) std::this_thread::yield();
}

// More bytes than one group takes: what has no room waits for the next, in order.
TEST_F(CommitterTest, DividesALongQueueIntoGroups) {
  PendingAppend held = HoldOne();
  std::vector<PendingAppend> queued;
  for (int i = 0; i < 24; ++i) {
    Append append = AppendTo("contacts/1");
    append.streams[0].events[0].payload = std::string(kEventBytesMax, 'x');
    queued.push_back(Start(append));
  }
  disk_->ReleaseCommits();
  for (size_t i = 0; i < queued.size(); ++i) EXPECT_EQ(queued[i].Get()->first, Position(i + 2));
  EXPECT_GE(disk_->commits(), 4u);
}

TEST_F(CommitterTest, PreparesAgainWhatIsOlderThanTheOverlay) {
  Open({.overlay_batches = 1});
  for (int i = 0; i < 300; ++i) {
    PendingAppend one = Start(If(AppendTo("contacts/1"), Kind::kAtRevision, "contacts/1", i));
    PendingAppend two = Start(AppendTo("contacts/2"));
    PendingAppend three = Start(AppendTo("contacts/3"));
    ASSERT_TRUE(one.Get().ok() && two.Get().ok() && three.Get().ok());
  }
  EXPECT_EQ(log_->HeadOf(kWorkspace, "contacts/1", ReadTier::kDisk)->revision, Revision(300));
}

TEST_F(CommitterTest, PreparesOnTheExecutorWhatIsNotInMemory) {
  ASSERT_TRUE(log_->AppendAndWait(AppendTo("contacts/1")).ok());
  Open();  // the heads of streams written lately are forgotten
  disk_->ForgetCache(true);
  EXPECT_EQ(log_->HeadOf(kWorkspace, "contacts/1", ReadTier::kMemory).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Start(If(AppendTo("contacts/1"), Kind::kAtRevision, "contacts/1", 1)).Get().ok());
}

TEST_F(CommitterTest, RefusesAppendsWhenSpaceIsShortAndReadsGoOn) {
  Open({.min_free_bytes = 1000});
  ASSERT_TRUE(log_->AppendAndWait(AppendTo("contacts/1")).ok());
  disk_->SetFreeBytes(999);
  // The space is measured after each commit: one may pass.
  (void)log_->AppendAndWait(AppendTo("contacts/1"));
  const auto refused = log_->AppendAndWait(AppendTo("contacts/1"));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(IsError(refused.status(), type::v1::ERROR_LIMIT_REACHED)) << refused.status();
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("The disk of the server"));
  EXPECT_THAT(WireError(refused.status())->DebugString(), HasSubstr("\"999\""));
  EXPECT_EQ((*log_->ReadAt(Position(1), ReadTier::kDisk))->header.stream, "contacts/1");
  disk_->SetFreeBytes(1000);
  EXPECT_TRUE(log_->AppendAndWait(AppendTo("contacts/1")).ok());
}

// Appends until one is let in: for a while after a failed write all are answered Unavailable.
Appended AppendWhenRecovered(EventLog& log, const Append& append) {
  for (;;) {
    const auto answer = log.AppendAndWait(append);
    if (answer.ok()) return *answer;
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  }
}

// Goal: an operator hears of a disk that is too full, and of one that has room again, once each.
TEST_F(CommitterTest, TellsItsOperatorOfADiskThatIsTooFull) {
  const CapturedLog told(LogLevel::kInfo);
  Open({.min_free_bytes = 1000});
  EXPECT_TRUE(log_->takes_writes());
  disk_->SetFreeBytes(999);
  EXPECT_FALSE(log_->takes_writes());
  for (int i = 0; i < 3; ++i) (void)log_->AppendAndWait(AppendTo("contacts/1"));
  disk_->SetFreeBytes(1000);
  EXPECT_TRUE(log_->takes_writes());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log_->AppendAndWait(AppendTo("contacts/1")).ok());
  const auto lines = told.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].level, LogLevel::kError);
  EXPECT_THAT(lines[0].json, HasSubstr("\"free_bytes\":999,\"needed_bytes\":1000"));
  EXPECT_THAT(lines[1].json, HasSubstr("the disk has room again"));
}

TEST_F(CommitterTest, TellsItsOperatorOfAFailedWriteAndOfTheRecovery) {
  const CapturedLog told(LogLevel::kInfo);
  disk_->FailNextCommit(/*applied=*/false);
  EXPECT_FALSE(log_->AppendAndWait(AppendTo("contacts/1")).ok());
  AppendWhenRecovered(*log_, AppendTo("contacts/1"));
  EXPECT_THAT(told.Await("a write of the log failed"), HasSubstr("\"error\":\""));
  told.Await("the log takes writes again");
  const MetricPage page = CollectMetrics();
  EXPECT_EQ(page.families().at("kith_commit_failures_total").samples[0].value, 1);
}

// The same for a write that left nothing and for one that reached the disk although its fsync
// failed: the request id tells which it was, and nothing is appended twice.
TEST_F(CommitterTest, AnswersEverythingInFlightUnavailableAfterAFailedWrite) {
  for (const bool applied : {false, true}) {
    log_.reset();
    disk_ = std::make_shared<MemoryDisk>();
    keys_ = NewMemoryKeyStore(random_);
    Open();
    ASSERT_TRUE(log_->AppendAndWait(AppendTo("contacts/1")).ok());
    disk_->FailNextCommit(applied);
    disk_->HoldCommits();
    PendingAppend failing = Start(WithRequest(AppendTo("contacts/1"), "r1"));
    disk_->WaitUntilHeld();
    PendingAppend behind = Start(WithRequest(AppendTo("contacts/1"), "r2"));
    disk_->ReleaseCommits();
    EXPECT_EQ(failing.Get().status().code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(behind.Get().status().code(), absl::StatusCode::kUnavailable);
    const Appended retried = AppendWhenRecovered(*log_, WithRequest(AppendTo("contacts/1"), "r1"));
    EXPECT_EQ(retried.repeated, applied);
    EXPECT_EQ(retried.first, Position(2));
    EXPECT_FALSE(AppendWhenRecovered(*log_, WithRequest(AppendTo("contacts/1"), "r2")).repeated);
    EXPECT_EQ(log_->head(), Position(3));
    EXPECT_THAT(Drain(log_->ReadWorkspace(kWorkspace, Sequence(1), Direction::kForwards)),
                ElementsAre("contacts/1@1", "contacts/1@2", "contacts/1@3"));
  }
}

TEST_F(CommitterTest, ShowsFollowersWhatAFailedWriteLeftOnDisk) {
  auto follower = log_->Follow(Position());
  disk_->FailNextCommit(true);
  EXPECT_FALSE(log_->AppendAndWait(AppendTo("contacts/1")).ok());
  EXPECT_TRUE(follower->Wait(absl::InfiniteDuration()));
  EXPECT_EQ(follower->Poll(10)->size(), 1u);
}

// A damaged file fails every write. The log takes no more changes, and says why; what it has is
// read on. To open it again and again would help nobody.
TEST_F(CommitterTest, TakesNoChangesOnceItsFilesAreDamagedAndReadsGoOn) {
  ASSERT_TRUE(log_->AppendAndWait(AppendTo("contacts/1")).ok());
  disk_->FailNextCommit(false, absl::DataLossError("block checksum mismatch"));
  EXPECT_EQ(log_->AppendAndWait(AppendTo("contacts/1")).status().code(),
            absl::StatusCode::kUnavailable);
  const size_t commits = disk_->commits();
  absl::Status refused;
  do {  // until it has recovered from the write itself
    refused = log_->AppendAndWait(AppendTo("contacts/2")).status();
  } while (absl::IsUnavailable(refused));
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
  EXPECT_NE(refused.message().find("block checksum mismatch"), std::string::npos) << refused;
  EXPECT_EQ(disk_->commits(), commits) << "it is not tried again";
  EXPECT_FALSE(log_->takes_writes());
  EXPECT_THAT(Drain(log_->ReadWorkspace(kWorkspace, Sequence(1), Direction::kForwards)),
              ElementsAre("contacts/1@1"));
}

TEST_F(CommitterTest, ClosesWhileTheDiskStaysBroken) {
  disk_->FailReopen(true);
  disk_->FailNextCommit(false);
  EXPECT_FALSE(log_->AppendAndWait(AppendTo("contacts/1")).ok());
  EXPECT_EQ(log_->AppendAndWait(AppendTo("contacts/1")).status().code(),
            absl::StatusCode::kUnavailable);
  log_.reset();
  disk_->FailReopen(false);
  Open();
  EXPECT_TRUE(log_->AppendAndWait(AppendTo("contacts/1")).ok());
}

}  // namespace
}  // namespace kith::eventstore
