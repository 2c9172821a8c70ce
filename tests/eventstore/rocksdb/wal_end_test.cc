// What is whole of a write-ahead log that RocksDB wrote, and what becomes of one that is torn or
// damaged.
#include "eventstore/rocksdb/wal_end.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "rocksdb/db.h"
#include "tests/eventstore/log/places.h"

namespace kith::eventstore {
namespace {

namespace fs = std::filesystem;

std::string BytesOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

// The log of a database after one write of each of these sizes.
std::string WalAfter(const std::vector<size_t>& sizes) {
  const TempDir dir;
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  KITH_CHECK(rocksdb::DB::Open(options, dir.path(), &db).ok());
  for (const size_t size : sizes) {
    KITH_CHECK(db->Put({}, "key", std::string(size, 'v')).ok());
  }
  delete db;
  for (const auto& entry : fs::directory_iterator(dir.path())) {
    if (entry.path().extension() == ".log") return BytesOf(entry.path());
  }
  return "";
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
  absl::Status CutTornEnd(const std::map<uint64_t, uint64_t>& synced = {}) {
    return CutTornWalEnd(rocksdb::Env::Default(), dir_.path(), synced);
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
  const size_t last = WalAfter({10, 20, 30}).size();
  const std::string whole = WalAfter({10, 20, 30, 40});
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    const WalScan scan = Scan(damaged);
    EXPECT_FALSE(scan.is_whole()) << bit;
    EXPECT_EQ(scan.goes_on_after_damage(), bit / 8 < last) << bit;
    EXPECT_LE(scan.whole_bytes(), std::min(bit / 8, last)) << bit;
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

}  // namespace
}  // namespace kith::eventstore
