// Opening a log: what is refused because it is damaged or does not belong together. A log of three
// events, changed behind its back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eventstore/log/keys.h"
#include "eventstore/seal/key_store.h"
#include "tests/eventstore/log/log_fixture.h"
#include "tests/eventstore/log/places.h"

namespace kith::eventstore {
namespace {

using ::testing::HasSubstr;

class RecoveryTest : public ::testing::Test {
 protected:
  RecoveryTest() {
    auto log = OpenEventLog(NewMemoryEngine(disk_), *keys_, clock_, executor_, {});
    EXPECT_TRUE((*log)->AppendAndWait(AppendTo("contacts/1", 3)).ok());
  }
  absl::Status Reopened() {
    return OpenEventLog(NewMemoryEngine(disk_), *keys_, clock_, executor_, {}).status();
  }

  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  SeededRandom random_;
  std::unique_ptr<KeyStore> keys_ = NewMemoryKeyStore(random_);
  ManualClock clock_{kTestBegin};
  PoolExecutor executor_;
};

TEST_F(RecoveryTest, RefusesALogShorterThanItsMark) {
  disk_->SetMark(Position(5));
  const absl::Status status = Reopened();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("positions 4 to 5 are missing"));
}

TEST_F(RecoveryTest, RefusesADamagedRecordNamingItsPosition) {
  disk_->Corrupt(Table::kEvents, PositionKey(Position(2)), "damaged");
  const absl::Status status = Reopened();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("position 2"));
}

TEST_F(RecoveryTest, RefusesAHole) {
  disk_->Remove(Table::kEvents, PositionKey(Position(2)));
  EXPECT_THAT(std::string(Reopened().message()), HasSubstr("position 2: the record is missing"));
}

TEST_F(RecoveryTest, RefusesHalfAnAppend) {
  disk_->Remove(Table::kEvents, PositionKey(Position(3)));
  disk_->SetMark(Position(2));
  EXPECT_THAT(std::string(Reopened().message()), HasSubstr("the last append is not whole"));
}

TEST_F(RecoveryTest, RefusesIndexesThatDisagree) {
  disk_->Corrupt(Table::kHeads, HeadKey(kWorkspace, "contacts/1"),
                 EncodeHead({Revision(2), Position(2)}));
  EXPECT_EQ(Reopened().code(), absl::StatusCode::kDataLoss);
}

TEST_F(RecoveryTest, RefusesATreeThatDisagrees) {
  disk_->Corrupt(Table::kTree, PositionKey(Position(1)), std::string(96, 'x'));
  EXPECT_THAT(std::string(Reopened().message()), HasSubstr("hash"));
}

TEST_F(RecoveryTest, RefusesKeysThatHaveSeenMoreThanTheLogHolds) {
  disk_ = std::make_shared<MemoryDisk>();
  const absl::Status status = Reopened();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("data/keys has seen the log up to position 3"));
}

TEST_F(RecoveryTest, TellsTheKeyStoreOfSealedPartsItMayNotKnow) {
  EXPECT_EQ(Reopened().code(), absl::StatusCode::kOk);
  EXPECT_EQ(keys_->recovery_mark(), Position(3));
}

}  // namespace
}  // namespace kith::eventstore
