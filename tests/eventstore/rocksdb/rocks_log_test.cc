#include "eventstore/rocksdb/rocks_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>

#include "eventstore/rocksdb/rocks_engine.h"
#include "rocksdb/env.h"
#include "tests/eventstore/log/places.h"
#include "tests/testing/captured_log.h"

namespace kith::eventstore {
namespace {

using ::testing::HasSubstr;

TEST(RocksLog, ForwardsWarningsAndErrorsAndNoMore) {
  const testing::CapturedLog log;
  const auto rocks = NewRocksLog("data/log");
  rocksdb::Header(rocks, "options: %d", 1);
  rocksdb::Info(rocks, "told to nobody");
  rocksdb::Warn(rocks, "slow by %d s", 2);
  rocksdb::Error(rocks, "%s", std::string(5000, 'x').c_str());
  const std::vector<LogLine> lines = log.lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].level, LogLevel::kWarning);
  EXPECT_THAT(lines[0].json, HasSubstr("slow by 2 s"));
  EXPECT_THAT(lines[0].json, HasSubstr("data/log"));
  EXPECT_EQ(lines[1].level, LogLevel::kError);
  EXPECT_LT(lines[1].json.size(), 1500u);
}

// Its file LOG would be what aborts the process on a full disk.
TEST(RocksLog, TheLogsDatabaseWritesNoFileOfItsOwn) {
  RocksPlace place;
  for (int life = 0; life < 2; ++life) ASSERT_TRUE(place.Open().ok());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(place.dir.path())) {
    EXPECT_NE(entry.path().filename().string().substr(0, 3), "LOG") << entry.path();
  }
}

// What stands in memory will need room, too. Others use the disk meanwhile, so the engine is asked
// between two answers of the disk, until these are the same.
TEST(RocksEngine, CountsWhatItHasYetToWriteAsTaken) {
  RocksPlace place;
  const auto engine = *place.Open();
  const auto taken = [&] {
    uint64_t disk = 0;
    uint64_t left = 0;
    do {
      disk = std::filesystem::space(place.dir.path()).available;
      left = *engine->FreeBytes();
    } while (std::filesystem::space(place.dir.path()).available != disk);
    return disk - left;
  };
  EXPECT_LT(taken(), uint64_t{16} << 20);
  const auto batch = engine->NewBatch();
  for (int i = 0; i < 64; ++i) {
    batch->Put(Table::kTree, std::string(8, static_cast<char>(i)), std::string(1 << 18, 'x'));
  }
  ASSERT_TRUE(engine->Commit(*batch).ok());
  EXPECT_GE(taken(), uint64_t{16} << 20);
}

TEST(RocksEngine, NeedsRoomForItsWriteAheadLogToOpen) {
  RocksPlace place;
  const uint64_t empty = RoomToOpen(place.dir.path());
  {
    const auto engine = *place.Open();
    const auto batch = engine->NewBatch();
    batch->Put(Table::kTree, "key", std::string(1 << 20, 'x'));
    ASSERT_TRUE(engine->Commit(*batch).ok());
  }
  EXPECT_GE(RoomToOpen(place.dir.path()), empty + (1 << 20));
}

}  // namespace
}  // namespace kith::eventstore
