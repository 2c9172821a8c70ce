// Deciding and numbering, one append after the other, without threads or disk.
#include "eventstore/log/sequencer.h"

#include <gtest/gtest.h>

#include "eventstore/log/clock_lag.h"
#include "tests/eventstore/log/log_fixture.h"
#include "tests/eventstore/log/places.h"

namespace kith::eventstore {
namespace {

class SequencerTest : public ::testing::Test {
 protected:
  SequencerTest() { sequencer_.Reset({}); }

  // An append whose facts are those of an empty log, looked up as of `as_of`.
  std::unique_ptr<PreparedAppend> Prepare(Append append, Position as_of = Position()) {
    auto prepared = std::make_unique<PreparedAppend>();
    prepared->append = std::move(append);
    EXPECT_TRUE(EncodeAppend(*keys_, ReadTier::kDisk, *prepared).ok());
    prepared->tagged.resize(prepared->append.tag_conditions.size());
    prepared->as_of = as_of;
    return prepared;
  }
  // Decides into group_ and gives the answer.
  absl::StatusOr<Appended> Decide(Append append, Position as_of = Position()) {
    auto prepared = Prepare(std::move(append), as_of);
    if (!sequencer_.Decide(prepared, group_)) return absl::OutOfRangeError("prepare again");
    return group_.answers.back()->answer;
  }
  void FinishGroup() {
    sequencer_.Finish(group_);
    EXPECT_TRUE(engine_->Commit(*group_.batch).ok());
    group_.Clear();
  }

  SeededRandom random_;
  std::unique_ptr<KeyStore> keys_ = NewMemoryKeyStore(random_);
  ManualClock clock_;
  PoolExecutor executor_;
  RecordClock record_clock_{clock_, executor_, absl::InfinitePast(),
                            [](absl::Time, RecordClock::Kept kept) { kept(absl::OkStatus()); }};
  std::unique_ptr<Engine> engine_ = NewMemoryEngine();
  Sequencer sequencer_{record_clock_, /*overlay_batches=*/2};
  CommitGroup group_{engine_->NewBatch()};
};

TEST_F(SequencerTest, SendsBackWhatWasPreparedBeforeTheOverlayBegins) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(Decide(AppendTo("contacts/1"), Position(static_cast<uint64_t>(i))).ok());
    FinishGroup();
  }
  // Facts of long ago say that contacts/1 is absent: nobody may believe them.
  auto stale = Prepare(AppendTo("contacts/1"), Position(1));
  EXPECT_FALSE(sequencer_.Decide(stale, group_));
  ASSERT_NE(stale, nullptr);
  EXPECT_EQ(stale->records.size(), 1u);
  EXPECT_TRUE(group_.empty());
  // What the overlay still covers counts: the facts say absent, the overlay knows better.
  ASSERT_TRUE(Decide(AppendTo("contacts/1"), Position(9)).ok());
  EXPECT_EQ(group_.records.back()->header.revision, Revision(11));
}

// Old Kiths keep flags that they do not know, so they read such a record, too.
TEST_F(SequencerTest, SaysHowFarTheClockIsBehind) {
  clock_.Jump(absl::Hours(72));
  ASSERT_TRUE(Decide(AppendTo("contacts/1")).ok());
  const absl::Time ahead = group_.records.back()->header.record_time;
  EXPECT_EQ(group_.records.back()->header.flags, 0u);
  FinishGroup();
  clock_.Jump(-absl::Hours(72) + absl::Seconds(30));
  ASSERT_TRUE(Decide(AppendTo("contacts/2"), Position(1)).ok());
  const EventHeader& header = group_.records.back()->header;
  EXPECT_EQ(header.record_time, ahead);
  EXPECT_EQ(ClockLagOf(header), absl::Hours(72) - absl::Minutes(1));
  FinishGroup();
  // Less than a minute is not said.
  clock_.Jump(absl::Hours(72) - absl::Seconds(60));
  ASSERT_TRUE(Decide(AppendTo("contacts/3"), Position(2)).ok());
  EXPECT_EQ(group_.records.back()->header.flags, 0u);
}

TEST_F(SequencerTest, GivesAGroupOneTime) {
  const absl::Time start = clock_.Now();
  EXPECT_EQ(Decide(AppendTo("contacts/1"))->record_time, start);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Decide(AppendTo("contacts/1"))->record_time, start);
  FinishGroup();
  EXPECT_EQ(Decide(AppendTo("contacts/1"))->record_time, start + absl::Seconds(1));
}

TEST_F(SequencerTest, GivesAGroupATimeAfterTheSettledPast) {
  record_clock_.Settle(clock_.Now(), [](const absl::StatusOr<absl::Time>&) {});
  EXPECT_EQ(Decide(AppendTo("contacts/1"))->record_time, clock_.Now() + absl::Microseconds(1));
}

TEST_F(SequencerTest, WritesOneRunForWhatStandsTogether) {
  ASSERT_TRUE(Decide(AppendTo("contacts/1", 2)).ok());
  ASSERT_TRUE(Decide(AppendTo("contacts/2", 3)).ok());
  ASSERT_TRUE(Decide(AppendTo("contacts/3", 1, WorkspaceId(8))).ok());
  ASSERT_TRUE(Decide(AppendTo("contacts/4", 1)).ok());
  ASSERT_EQ(group_.workspace_runs.size(), 3u);
  EXPECT_EQ(group_.workspace_runs[0].run.count, 5u);
  EXPECT_EQ(group_.workspace_runs[2].run.number, 6u);
  EXPECT_EQ(group_.workspace_runs[2].run.first, Position(7));
  EXPECT_EQ(group_.leaf_hashes.size(), 7 * sizeof(Hash));
}

TEST_F(SequencerTest, AnswersWithoutNumberingWhatFails) {
  EXPECT_FALSE(
      Decide(If(AppendTo("contacts/1"), StreamCondition::Kind::kExists, "contacts/2")).ok());
  EXPECT_EQ(group_.answers.size(), 1u);
  EXPECT_TRUE(group_.records.empty());
  EXPECT_EQ(Decide(AppendTo("contacts/1"))->first, Position(1));
}

TEST_F(SequencerTest, GoesOnFromWhereTheLogStands) {
  LogState state;
  state.head = Position(41);
  state.last_record_time = clock_.Now() + absl::Hours(1);
  state.workspaces[kWorkspace] = Sequence(12);
  sequencer_.Reset(state);
  const auto appended = Decide(AppendTo("contacts/1"), Position(41));
  ASSERT_TRUE(appended.ok());
  EXPECT_EQ(appended->first, Position(42));
  EXPECT_EQ(appended->first_sequence, Sequence(13));
  EXPECT_EQ(appended->record_time, state.last_record_time);
  EXPECT_FALSE(Decide(AppendTo("contacts/1"), Position(40)).ok());
}

}  // namespace
}  // namespace kith::eventstore
