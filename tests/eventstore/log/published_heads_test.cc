// What readers see of a log whose writer is ahead of what is published.
#include <gtest/gtest.h>

#include "eventstore/log/log_reader.h"
#include "eventstore/seal/key_store.h"
#include "tests/eventstore/log/log_fixture.h"
#include "tests/eventstore/log/places.h"
#include "tests/testing/held_executor.h"

namespace kith::eventstore {
namespace {

// Goal: while a group is written and not published yet, heads of streams are those of what is. A
// decision compared with later ones would be taken again and again, in vain.
// Method: a log of three appends, read with a tail that stands after the first or second of them.
TEST(PublishedHeads, AreNoNewerThanThePublishedPosition) {
  MemoryPlace place;
  {
    SeededRandom random;
    const auto keys = NewMemoryKeyStore(random);
    const ManualClock clock{kTestBegin};
    PoolExecutor executor;
    const auto log = *OpenEventLog(*place.Open(), *keys, clock, executor, {});
    ASSERT_TRUE(log->AppendAndWait(AppendTo("contacts/1", 2)).ok());
    ASSERT_TRUE(log->AppendAndWait(AppendTo("contacts/2")).ok());
    ASSERT_TRUE(log->AppendAndWait(AppendTo("contacts/1", 3)).ok());
  }
  const auto engine = *place.Open();
  kith::testing::HeldExecutor executor;
  Tail tail(executor, 16, 16);
  const LogReader reader(*engine, tail);
  const auto head_of = [&](const char* stream) {
    return *reader.HeadOf(HeadKey(kWorkspace, stream), ReadTier::kDisk);
  };
  tail.Reset(Position(0), {});
  EXPECT_EQ(head_of("contacts/1").revision, Revision(0));
  EXPECT_EQ(head_of("contacts/2").revision, Revision(0));
  tail.Reset(Position(3), {});
  EXPECT_EQ(head_of("contacts/1").revision, Revision(2));
  EXPECT_EQ(head_of("contacts/1").position, Position(2));
  EXPECT_EQ(head_of("contacts/2").revision, Revision(1));
  tail.Reset(Position(6), {});
  EXPECT_EQ(head_of("contacts/1").revision, Revision(5));
  EXPECT_EQ(head_of("contacts/1").position, Position(6));
  EXPECT_EQ(head_of("contacts/none").revision, Revision(0));
}

}  // namespace
}  // namespace kith::eventstore
