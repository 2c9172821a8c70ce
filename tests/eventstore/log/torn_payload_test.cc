// The power is cut while an append is written whose payload looks like records of RocksDB's
// write-ahead log. Goal: the log opens with every acknowledged event, without the torn one, and
// without what the payload pretends to be.
//
// Method: the disk as it was before the append, and of the write-ahead log what the append added to
// it: cut short anywhere, or with pages missing.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "eventstore/base/crc32c.h"
#include "eventstore/seal/key_store.h"
#include "tests/eventstore/log/log_fixture.h"
#include "tests/eventstore/log/places.h"

namespace kith::eventstore {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPageBytes = 4096;
constexpr size_t kPayloadBytes = 70'000;

std::string LittleEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> 8 * i));
  return text;
}

// A record of the write-ahead log, of one part, with a batch that puts an event at position 4.
std::string ForgedRecord() {
  const std::string key = absl::StrCat(std::string(7, '\0'), "\x04");
  const std::string put = absl::StrCat("\x05\x01\x08", key, "\x06", "forged");
  const std::string batch = absl::StrCat(LittleEndian(1000, 8), LittleEndian(1, 4), put);
  const std::string kind_and_batch = absl::StrCat("\x01", batch);
  const uint32_t sum = Crc32c(kind_and_batch);
  const uint32_t masked = (sum >> 15 | sum << 17) + 0xa282ead8u;
  return absl::StrCat(LittleEndian(masked, 4), LittleEndian(batch.size(), 2), kind_and_batch);
}

Append Forged() {
  std::string payload;
  while (payload.size() < kPayloadBytes) payload += ForgedRecord();
  Append append = AppendTo("contacts/1");
  append.streams[0].events[0].payload = payload;
  return append;
}

std::string BytesOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

class TornPayload : public ::testing::Test {
 protected:
  // One at a time, with keys of its own, which know nothing of what another log lost.
  std::unique_ptr<EventLog> Open(const std::string& data_dir) {
    keys_ = NewMemoryKeyStore(random_);
    auto engine = OpenRocksEngine({.data_dir = data_dir});
    EXPECT_TRUE(engine.ok()) << engine.status();
    if (!engine.ok()) return nullptr;
    auto log = OpenEventLog(*std::move(engine), *keys_, clock_, executor_, {});
    EXPECT_TRUE(log.ok()) << log.status();
    return log.ok() ? *std::move(log) : nullptr;
  }

  // Leaves `events`, and what the forged append adds to the write-ahead log.
  void Write(int events) {
    const auto log = Open(dir_.path());
    ASSERT_NE(log, nullptr);
    for (int i = 0; i < events; ++i) {
      ASSERT_TRUE(log->AppendAndWait(AppendTo("contacts/1")).ok());
    }
    fs::copy(dir_.path(), before_.path(), fs::copy_options::recursive);
    ASSERT_TRUE(log->AppendAndWait(Forged()).ok());
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(dir_.path() + "/log")) {
      if (entry.path().extension() == ".log" && entry.path() > newest) newest = entry.path();
    }
    wal_ = newest.filename().string();
    synced_ = fs::file_size(before_.path() + "/log/" + wal_);
    added_ = BytesOf(newest).substr(synced_);
    ASSERT_GT(added_.size(), kPayloadBytes);
    ASSERT_NE(added_.find(ForgedRecord()), std::string::npos);
  }

  // The log where only this has reached the disk of what was added.
  void ExpectOpens(const std::string& added, int events) {
    const TempDir torn;
    fs::copy(before_.path(), torn.path(),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    std::ofstream(torn.path() + "/log/" + wal_, std::ios::app | std::ios::binary) << added;
    const auto log = Open(torn.path());
    ASSERT_NE(log, nullptr);
    const auto read = Drain(log->ReadAll(Position(1), Direction::kForwards));
    ASSERT_EQ(log->head(), Position(static_cast<uint64_t>(events)));
    ASSERT_EQ(read.size(), static_cast<size_t>(events));
    for (int i = 0; i < events; ++i) EXPECT_EQ(read[i], absl::StrCat("contacts/1@", i + 1));
    EXPECT_TRUE(log->AppendAndWait(AppendTo("contacts/1")).ok());
  }

  void ExpectOpensWhereverItIsTorn(int events) {
    for (size_t size = 1; size < added_.size(); size += 1999) {
      SCOPED_TRACE(absl::StrCat("cut at ", size));
      ASSERT_NO_FATAL_FAILURE(ExpectOpens(added_.substr(0, size), events));
    }
    const size_t last_page = (synced_ + added_.size() - 1) / kPageBytes;
    for (size_t page = synced_ / kPageBytes; page <= last_page; ++page) {
      SCOPED_TRACE(absl::StrCat("without page ", page));
      const size_t begin = std::max(synced_, page * kPageBytes) - synced_;
      const size_t end = std::min(added_.size(), (page + 1) * kPageBytes - synced_);
      std::string torn = added_;
      torn.replace(begin, end - begin, end - begin, '\0');
      ASSERT_NO_FATAL_FAILURE(ExpectOpens(torn, events));
    }
  }

  const TempDir dir_;
  const TempDir before_;
  std::string wal_;
  size_t synced_ = 0;
  std::string added_;
  SeededRandom random_;
  std::unique_ptr<KeyStore> keys_;
  ManualClock clock_{kTestBegin};
  PoolExecutor executor_;
};

TEST_F(TornPayload, OpensWithWhatWasAcknowledged) {
  ASSERT_NO_FATAL_FAILURE(Write(3));
  ExpectOpensWhereverItIsTorn(3);
  ASSERT_NO_FATAL_FAILURE(ExpectOpens(added_, 4));  // nothing is torn
}

// The write-ahead log was never synced.
TEST_F(TornPayload, OpensWhereItIsTheFirstAppend) {
  ASSERT_NO_FATAL_FAILURE(Write(0));
  ASSERT_EQ(synced_, 0u);
  ExpectOpensWhereverItIsTorn(0);
}

// What is acknowledged after it is no payload: damage before that is still refused.
TEST_F(TornPayload, IsRefusedWhereItIsDamagedAndAnAppendFollows) {
  const auto log = Open(dir_.path());
  ASSERT_NE(log, nullptr);
  ASSERT_TRUE(log->AppendAndWait(AppendTo("contacts/1")).ok());
  ASSERT_TRUE(log->AppendAndWait(Forged()).ok());
  ASSERT_TRUE(log->AppendAndWait(AppendTo("contacts/1")).ok());
  fs::copy(dir_.path(), before_.path(), fs::copy_options::recursive);
  for (const auto& entry : fs::directory_iterator(before_.path() + "/log")) {
    const std::string bytes = BytesOf(entry.path());
    const size_t at = bytes.find("forged");
    if (entry.path().extension() != ".log" || at == std::string::npos) continue;
    std::fstream(entry.path(), std::ios::in | std::ios::out | std::ios::binary)
        .seekp(static_cast<std::streamoff>(at))
        .put('F');
  }
  EXPECT_EQ(OpenRocksEngine({.data_dir = before_.path()}).status().code(),
            absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace kith::eventstore
