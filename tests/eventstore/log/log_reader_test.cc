#include "eventstore/log/log_reader.h"

#include <gtest/gtest.h>

#include "eventstore/memory/memory_engine.h"
#include "eventstore/seal/key_store.h"
#include "tests/eventstore/log/log_fixture.h"

namespace kith::eventstore {
namespace {

constexpr uint64_t kEvents = 40;
constexpr size_t kEventBytes = 100 << 10;

// A log of large events, read without the log's own memory of its end, or with it.
class LogReaderTest : public ::testing::TestWithParam<bool> {
 protected:
  LogReaderTest() {
    auto log = OpenEventLog(NewMemoryEngine(disk_), *keys_, clock_, executor_, EventLogOptions());
    EXPECT_TRUE(log.ok()) << log.status();
    Records records;
    for (uint64_t i = 1; i <= kEvents; ++i) {
      Append append = AppendTo("contacts/1");
      append.streams[0].events[0].payload = std::string(kEventBytes, 'x');
      EXPECT_TRUE((*log)->AppendAndWait(std::move(append)).ok());
      records.push_back(*(*log)->ReadAt(Position(i), ReadTier::kDisk));
    }
    tail_.Reset(Position(GetParam() ? 0 : kEvents), {});
    if (GetParam()) tail_.Publish(records);
    engine_ = NewMemoryEngine(disk_);
  }

  static size_t BytesOf(const Records& records) {
    size_t bytes = 0;
    for (const auto& record : records) bytes += record->payload.size();
    return bytes;
  }

  SeededRandom random_;
  const std::unique_ptr<KeyStore> keys_ = NewMemoryKeyStore(random_);
  const std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  ManualClock clock_{kTestBegin};
  PoolExecutor executor_;
  Tail tail_{executor_, 1'000, 16};
  std::unique_ptr<Engine> engine_;
};

TEST_P(LogReaderTest, HoldsAboutAMebibyteInEitherDirection) {
  const LogReader reader(*engine_, tail_);
  const auto forwards = reader.ReadRange(Position(1), Position(kEvents), ReadTier::kDisk);
  const auto backwards = reader.ReadRangeBackwards(Position(1), Position(kEvents), ReadTier::kDisk);
  ASSERT_TRUE(forwards.ok() && backwards.ok());
  EXPECT_LE(BytesOf(*forwards), (1u << 20) + kEventBytes);
  EXPECT_LE(BytesOf(*backwards), (1u << 20) + kEventBytes);
  EXPECT_GT(forwards->size(), 5u);
  EXPECT_GT(backwards->size(), 5u);
}

TEST_P(LogReaderTest, GivesEachEventOnceBackwards) {
  const LogReader reader(*engine_, tail_);
  for (uint64_t last = kEvents; last > 0;) {
    const auto records = reader.ReadRangeBackwards(Position(1), Position(last), ReadTier::kDisk);
    ASSERT_TRUE(records.ok()) << records.status();
    for (const auto& record : *records) {
      EXPECT_EQ(record->header.position, Position(last));
      --last;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(FromMemoryOrNot, LogReaderTest, ::testing::Bool());

}  // namespace
}  // namespace kith::eventstore
