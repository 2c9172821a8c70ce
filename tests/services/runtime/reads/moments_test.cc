// Where in the log past moments are, however they are named, the first time and again.
#include "services/runtime/reads/moments.h"

#include <gtest/gtest.h>

#include "eventstore/memory/memory_engine.h"
#include "eventstore/seal/key_store.h"
#include "tests/testing/manual_clock.h"
#include "tests/testing/seeded_random.h"
#include "tests/testing/thread_executor.h"

namespace kith::runtime {
namespace {

using eventstore::ReadTier;

constexpr WorkspaceId kOne(1);
constexpr WorkspaceId kTwo(2);

class MomentsTest : public ::testing::Test {
 protected:
  MomentsTest() {
    auto opened = eventstore::OpenEventLog(eventstore::NewMemoryEngine(), *keys_, clock_, executor_,
                                           eventstore::EventLogOptions());
    EXPECT_TRUE(opened.ok()) << opened.status();
    log_ = *std::move(opened);
    moments_ = std::make_unique<Moments>(*log_);
  }

  // An event a second after the one before.
  void Append(WorkspaceId workspace) {
    clock_.Advance(absl::Seconds(1));
    eventstore::NewEvent event;
    event.type = EventType(1);
    event.occur_time = clock_.Now();
    eventstore::Append append;
    append.workspace = workspace;
    append.streams.push_back({"contacts/1", {std::move(event)}});
    EXPECT_TRUE(log_->AppendAndWait(std::move(append)).ok());
  }

  // `asked` is answered with these three, now and when it is asked again.
  template <class Asked>
  void Expect(WorkspaceId workspace, Asked asked, uint64_t position, uint64_t sequence) {
    for (const char* when : {"first", "again"}) {
      const auto moment = moments_->At(workspace, asked, ReadTier::kDisk);
      ASSERT_TRUE(moment.ok()) << moment.status();
      EXPECT_EQ(moment->position, Position(position)) << when;
      EXPECT_EQ(moment->sequence, Sequence(sequence)) << when;
      EXPECT_EQ(moment->record_time, position == 0 ? absl::UnixEpoch() : TimeOf(position)) << when;
    }
  }
  absl::Time TimeOf(uint64_t position) const { return begin_ + absl::Seconds(position); }

  const absl::Time begin_ = absl::FromUnixSeconds(1'700'000'000);
  kith::testing::ManualClock clock_{begin_};
  kith::testing::SeededRandom random_{5};
  std::unique_ptr<eventstore::KeyStore> keys_ = eventstore::NewMemoryKeyStore(random_);
  kith::testing::ThreadExecutor executor_;
  std::unique_ptr<eventstore::EventLog> log_;
  std::unique_ptr<Moments> moments_;
};

// Positions and sequences that look the same, in workspaces that take turns: 1 2 2 1 2 …
TEST_F(MomentsTest, AreTheSameHoweverTheyAreNamed) {
  struct Event {
    WorkspaceId workspace;
    uint64_t sequence;
  };
  std::vector<Event> events;
  uint64_t last[3] = {};
  for (const WorkspaceId workspace : {kOne, kTwo, kTwo, kOne, kTwo}) {
    Append(workspace);
    events.push_back({workspace, ++last[workspace.value()]});
  }
  ASSERT_TRUE(log_->SettleAndWait(clock_.Now()).ok());

  for (const WorkspaceId workspace : {kOne, kTwo}) {
    uint64_t sequence = 0;
    Expect(workspace, Position(0), 0, 0);
    Expect(workspace, Sequence(0), 0, 0);
    Expect(workspace, begin_, 0, 0);
    for (uint64_t position = 1; position <= events.size(); ++position) {
      SCOPED_TRACE(position);
      const bool ours = events[position - 1].workspace == workspace;
      if (ours) sequence = events[position - 1].sequence;
      Expect(workspace, Position(position), position, sequence);
      Expect(workspace, TimeOf(position), position, sequence);
      if (ours) Expect(workspace, Sequence(sequence), position, sequence);
    }
  }
}

TEST_F(MomentsTest, TheEndOfTheLogStaysWhereItWasWhenTheLogGoesOn) {
  Append(kOne);
  const absl::Time end = clock_.Now();
  ASSERT_TRUE(log_->SettleAndWait(end).ok());
  Expect(kOne, Position(1), 1, 1);
  Expect(kOne, end, 1, 1);
  Append(kOne);
  Expect(kOne, Position(1), 1, 1);
  Expect(kOne, end, 1, 1);
  Expect(kOne, Position(2), 2, 2);
}

// More moments than are kept. The workspace's events stand one position behind their number.
TEST_F(MomentsTest, MakeRoomForOneAnother) {
  constexpr uint64_t kEvents = 3000;
  Append(kTwo);
  for (uint64_t i = 0; i < kEvents; ++i) Append(kOne);
  for (int round = 0; round < 2; ++round) {
    for (uint64_t number = 1; number <= kEvents; ++number) {
      Expect(kOne, Sequence(number), number + 1, number);
      Expect(kOne, Position(number), number, number - 1);
    }
  }
}

}  // namespace
}  // namespace kith::runtime
