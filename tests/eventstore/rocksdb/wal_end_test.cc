// What is whole of a write-ahead log that RocksDB wrote, and what becomes of one that is torn or
// damaged.
#include "eventstore/rocksdb/wal_end.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "eventstore/base/crc32c.h"
#include "eventstore/base/log.h"
#include "rocksdb/db.h"
#include "rocksdb/write_batch.h"
#include "tests/eventstore/log/places.h"
#include "tests/testing/captured_log.h"

namespace kith::eventstore {
namespace {

namespace fs = std::filesystem;

std::string BytesOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

const std::string kStamp(kWalStampBytes, 's');

// What looks like a record of RocksDB, of one part, to everybody who does not know the stamp.
std::string Forged(absl::string_view content) {
  const std::string kind_and_content = absl::StrCat("\x01", content);
  const uint32_t sum = Crc32c(kind_and_content);
  const uint32_t masked = (sum >> 15 | sum << 17) + 0xa282ead8u;
  std::string part;
  for (int byte = 0; byte < 4; ++byte) part.push_back(static_cast<char>(masked >> 8 * byte));
  part.push_back(static_cast<char>(content.size()));
  part.push_back(static_cast<char>(content.size() >> 8));
  return part + kind_and_content;
}

// `bytes` of payload, as full of forged records as can be.
std::string ForgedPayload(size_t bytes) {
  const std::string forged = Forged(std::string(200, 'f'));
  std::string payload;
  while (payload.size() + forged.size() <= bytes) payload += forged;
  payload.resize(bytes, 'v');
  return payload;
}

// The log of a database after one batch with each of these payloads, beginning with the stamp
// unless that is empty.
std::string WalOf(const std::vector<std::string>& payloads, const std::string& stamp) {
  const TempDir dir;
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  KITH_CHECK(rocksdb::DB::Open(options, dir.path(), &db).ok());
  for (const std::string& payload : payloads) {
    rocksdb::WriteBatch batch;
    if (!stamp.empty()) batch.PutLogData(stamp);
    KITH_CHECK(batch.Put("key", payload).ok());
    KITH_CHECK(db->Write({}, &batch).ok());
  }
  delete db;
  for (const auto& entry : fs::directory_iterator(dir.path())) {
    if (entry.path().extension() == ".log") return BytesOf(entry.path());
  }
  return "";
}

// The log of a database after one write of each of these sizes.
std::string WalAfter(const std::vector<size_t>& sizes, const std::string& stamp = "") {
  std::vector<std::string> payloads;
  for (const size_t size : sizes) payloads.emplace_back(size, 'v');
  return WalOf(payloads, stamp);
}

WalScan Scan(absl::string_view bytes) {
  WalScan scan;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), WalScan::kBlockBytes))) {
    scan.Take(bytes.substr(0, WalScan::kBlockBytes));
  }
  return scan;
}

// A folder with write-ahead logs 1, 2 …
class Folder {
 public:
  explicit Folder(const std::vector<std::string>& wals) {
    for (size_t i = 0; i < wals.size(); ++i) std::ofstream(Path(i + 1)) << wals[i];
  }
  // With no record of the files.
  absl::Status CutTornEnd() {
    return CutTornWalEnd(rocksdb::Env::Default(), dir_.path(), std::nullopt);
  }
  // With a record that knows so much to be synced.
  absl::Status CutTornEnd(const std::map<uint64_t, uint64_t>& synced) {
    return CutTornWalEnd(rocksdb::Env::Default(), dir_.path(), FileRecord{{}, synced});
  }
  std::string Wal(size_t number) const { return BytesOf(Path(number)); }

 private:
  std::string Path(size_t number) const {
    return absl::StrCat(dir_.path(), "/00000", number, ".log");
  }
  const TempDir dir_;
};

TEST(WalScan, FindsWhatRocksWroteWhole) {
  for (const auto& sizes : std::vector<std::vector<size_t>>{
           {}, {10}, {10, 20, 30}, {100'000}, {10, 70'000, 10}, {32'700, 10, 32'760, 5}}) {
    const WalScan scan = Scan(WalAfter(sizes));
    EXPECT_TRUE(scan.is_whole());
    EXPECT_EQ(scan.has_records(), !sizes.empty());
    EXPECT_FALSE(scan.goes_on_after_damage());
  }
}

TEST(WalScan, EndsWithTheLastWholeRecordWhereverTheLogIsCut) {
  const std::string before = WalAfter({10, 40'000});
  const std::string whole = WalAfter({10, 40'000, 50'000});
  ASSERT_EQ(whole.substr(0, before.size()), before);
  for (size_t size = before.size(); size < whole.size(); size += 97) {
    const WalScan scan = Scan(whole.substr(0, size));
    EXPECT_EQ(scan.whole_bytes(), before.size());
    EXPECT_FALSE(scan.goes_on_after_damage());
  }
}

TEST(WalScan, KnowsATornEndFromDamageBeforeIt) {
  for (const std::string& stamp : {std::string(), kStamp}) {
    const size_t last = WalAfter({10, 20, 30}, stamp).size();
    const std::string whole = WalAfter({10, 20, 30, 40}, stamp);
    for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
      std::string damaged = whole;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
      const WalScan scan = Scan(damaged);
      EXPECT_FALSE(scan.is_whole()) << bit;
      EXPECT_EQ(scan.goes_on_after_damage(), bit / 8 < last) << bit;
      EXPECT_LE(scan.whole_bytes(), std::min(bit / 8, last)) << bit;
    }
  }
}

// The record after the damaged one begins so near the end of a block that only a part of its stamp,
// or nothing of it, is in there.
TEST(WalScan, KnowsARecordByAStampThatABlockCuts) {
  const size_t first = WalAfter({10}, kStamp).size();
  const size_t around = WalAfter({10, 1000}, kStamp).size() - first - 1000;  // of a longer payload
  for (size_t room = 0; room < 60; ++room) {
    const size_t damaged = WalScan::kBlockBytes - room - first - around;
    std::string whole = WalAfter({10, damaged, 50}, kStamp);
    ASSERT_EQ(Scan(whole).whole_bytes(), whole.size());
    whole[first + 100] ^= 1;
    const WalScan scan = Scan(whole);
    EXPECT_EQ(scan.whole_bytes(), first) << room;
    EXPECT_TRUE(scan.goes_on_after_damage()) << room;
  }
}

TEST(WalScan, TakesAPayloadThatLooksLikeRecordsForNone) {
  const std::string payload = ForgedPayload(100'000);
  const std::string before = WalOf({"first"}, kStamp);
  const std::string whole = WalOf({"first", payload}, kStamp);
  for (size_t size = before.size() + 1; size < whole.size(); size += 311) {
    const WalScan scan = Scan(whole.substr(0, size));
    EXPECT_EQ(scan.whole_bytes(), before.size()) << size;
    EXPECT_FALSE(scan.goes_on_after_damage()) << size;
  }
}

TEST(WalScan, TakesARecordWithPartsMissingForTorn) {
  const size_t before = WalAfter({10}).size();
  const std::string whole = WalAfter({10, 200'000});
  for (size_t block = 0; block * WalScan::kBlockBytes < whole.size(); ++block) {
    std::string torn = whole;
    const size_t begin = std::max(before, block * WalScan::kBlockBytes);
    const size_t end = std::min(whole.size(), (block + 1) * WalScan::kBlockBytes);
    std::fill(torn.begin() + static_cast<ptrdiff_t>(begin),
              torn.begin() + static_cast<ptrdiff_t>(end), '\0');
    const WalScan scan = Scan(torn);
    EXPECT_EQ(scan.whole_bytes(), before) << block;
    EXPECT_FALSE(scan.goes_on_after_damage()) << block;
  }
}

TEST(CutTornWalEnd, CutsTheNewestLogOnly) {
  const std::string whole = WalAfter({10, 20});
  Folder folder({whole + "torn", whole + std::string(3000, '\0')});
  EXPECT_EQ(folder.CutTornEnd(), absl::OkStatus());
  EXPECT_EQ(folder.Wal(1), whole + "torn");
  EXPECT_EQ(folder.Wal(2), whole);
}

TEST(CutTornWalEnd, SaysOnceHowMuchItCut) {
  const std::string whole = WalAfter({10, 20});
  Folder folder({whole + std::string(3000, '\0')});
  const kith::testing::CapturedLog log;
  for (int opening = 0; opening < 2; ++opening) EXPECT_EQ(folder.CutTornEnd(), absl::OkStatus());
  ASSERT_EQ(log.lines().size(), 1u);
  EXPECT_EQ(log.lines()[0].level, LogLevel::kWarning);
  for (const std::string& part : {std::string("/000001.log\""), std::string("\"bytes\":3000"),
                                  absl::StrCat("\"left\":", whole.size(), "}")}) {
    EXPECT_TRUE(absl::StrContains(log.lines()[0].json, part)) << part << log.lines()[0].json;
  }
}

TEST(CutTornWalEnd, CutsTheLogBeforeOneWithoutRecords) {
  const std::string whole = WalAfter({10, 20});
  Folder folder({whole + "torn", "torn", ""});
  EXPECT_EQ(folder.CutTornEnd(), absl::OkStatus());
  EXPECT_EQ(folder.Wal(1), whole);
  EXPECT_EQ(folder.Wal(2), "");
}

TEST(CutTornWalEnd, RefusesDamageBeforeTheEndAndLeavesItAlone) {
  std::string damaged = WalAfter({10, 20, 30});
  damaged[4] ^= 1;  // a length, which the library would take for the end of the log
  Folder folder({damaged});
  EXPECT_EQ(folder.CutTornEnd().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(folder.Wal(1), damaged);
}

// The last record was synced, as the record of files knows: no power cut can have torn it.
TEST(CutTornWalEnd, RefusesDamageOfWhatWasSyncedAndLeavesItAlone) {
  const uint64_t before = WalAfter({10, 20}).size();
  const std::string whole = WalAfter({10, 20, 30});
  for (size_t bit = before * 8; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    Folder folder({damaged});
    EXPECT_EQ(folder.CutTornEnd({{1, whole.size()}}).code(), absl::StatusCode::kDataLoss) << bit;
    EXPECT_EQ(folder.Wal(1), damaged) << bit;
  }
  Folder folder({whole + "torn"});
  EXPECT_EQ(folder.CutTornEnd({{1, whole.size()}}), absl::OkStatus());
  EXPECT_EQ(folder.Wal(1), whole);
}

// The first batch of a log was torn before its first sync, with a payload that looks like records.
TEST(CutTornWalEnd, CutsALogThatWasNeverSynced) {
  const std::string whole = WalOf({ForgedPayload(5000)}, kStamp);
  Folder folder({whole.substr(0, 3000)});
  EXPECT_EQ(folder.CutTornEnd({{7, 100}}), absl::OkStatus());
  EXPECT_EQ(folder.Wal(1), "");
}

}  // namespace
}  // namespace kith::eventstore
