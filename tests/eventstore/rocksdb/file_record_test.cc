// The record of the log's files: what it notices, all of it before RocksDB has touched anything.
#include "eventstore/rocksdb/file_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "absl/strings/match.h"
#include "eventstore/log/keys.h"
#include "eventstore/seal/key_store.h"
#include "rocksdb/db.h"
#include "tests/eventstore/log/log_fixture.h"
#include "tests/eventstore/log/places.h"
#include "tests/testing/captured_log.h"

namespace kith::eventstore {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

TEST(FileRecord, ReadsWhatItWrote) {
  FileRecord record;
  record.manifests[12] = {4567, 0x00a1b2c3};
  record.manifests[15] = {0, 0};
  record.wals[13] = 99;
  const std::string text = EncodeFileRecord(record);
  EXPECT_EQ(DecodeFileRecord(text), record);
  EXPECT_THAT(text, HasSubstr("manifest 12 4567 00a1b2c3\nmanifest 15 0 00000000\nwal 13 99\n"));
  EXPECT_EQ(DecodeFileRecord(EncodeFileRecord(FileRecord())), FileRecord());
}

TEST(FileRecord, KnowsWhenItIsDamaged) {
  FileRecord record;
  record.wals[13] = 99;
  const std::string text = EncodeFileRecord(record);
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(DecodeFileRecord(flipped), std::nullopt) << bit;
  }
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(DecodeFileRecord(text.substr(0, size)), std::nullopt) << size;
  }
}

TEST(FileRecord, TellsFilesByTheirNames) {
  EXPECT_EQ(ManifestNumber("data/log/MANIFEST-000012"), 12);
  EXPECT_EQ(ManifestNumber("MANIFEST-"), std::nullopt);
  EXPECT_EQ(ManifestNumber("data/MANIFEST-000012/CURRENT"), std::nullopt);
  EXPECT_EQ(WalNumber("data/log/000013.log"), 13);
  EXPECT_EQ(WalNumber("data/log/LOG"), std::nullopt);
  EXPECT_EQ(WalNumber("data/log/letter.log"), std::nullopt);
}

class LogFiles : public ::testing::Test {
 protected:
  // One life of the log at `path`.
  absl::Status Live(const std::string& path, int appends) {
    auto engine = OpenRocksEngine({.data_dir = path});
    if (!engine.ok()) return engine.status();
    auto log = OpenEventLog(*std::move(engine), *keys_, clock_, executor_, {});
    if (!log.ok()) return log.status();
    for (int i = 0; i < appends; ++i) {
      const absl::StatusOr<Appended> appended = (*log)->AppendAndWait(
          WithRequest(AppendTo(absl::StrCat("contacts/", next_)), absl::StrCat(next_)));
      if (!appended.ok()) return appended.status();
      ++next_;
    }
    if (killed_) Copy(path, *killed_);
    return absl::OkStatus();
  }

  // Whether all that was appended is there, and is found by every way in.
  void ExpectWhole(const std::string& path) {
    auto engine = OpenRocksEngine({.data_dir = path});
    ASSERT_TRUE(engine.ok()) << engine.status();
    auto log = OpenEventLog(*std::move(engine), *keys_, clock_, executor_, {});
    ASSERT_TRUE(log.ok()) << log.status();
    EXPECT_EQ((*log)->head().value(), next_);
    for (uint64_t i = 0; i < next_; ++i) {
      const std::string stream = absl::StrCat("contacts/", i);
      EXPECT_EQ((*log)->HeadOf(kWorkspace, stream, ReadTier::kDisk)->revision, Revision(1));
      EXPECT_EQ((*log)->AppendAndWait(WithRequest(AppendTo(stream), absl::StrCat(i)))->first,
                Position(i + 1));
    }
  }

  static void Copy(const std::string& from, const std::string& to) {
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive);
  }

  // Every file with its content.
  static std::map<std::string, std::string> Contents(const std::string& path) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      files[entry.path().string()] = std::string(std::istreambuf_iterator<char>(file), {});
    }
    return files;
  }

  // Paths of the log's files whose names have this part, by name.
  static std::vector<std::string> Files(const std::string& path, absl::string_view part) {
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(path + "/log")) {
      if (absl::StrContains(entry.path().filename().string(), part)) {
        files.push_back(entry.path().string());
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  // Refused, with these words, and nothing touched.
  void ExpectRefused(const std::string& path, const std::string& words,
                     absl::StatusCode code = absl::StatusCode::kDataLoss) {
    const auto before = Contents(path);
    const absl::Status status = Live(path, 0);
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(words));
    EXPECT_THAT(std::string(status.message()), HasSubstr("nothing was changed"));
    EXPECT_TRUE(Contents(path) == before) << "a file was changed: " << status;
  }

  TempDir dir_;
  const std::string data_ = dir_.path() + "/data";
  const std::string copy_ = dir_.path() + "/copy";
  SeededRandom random_;
  std::unique_ptr<KeyStore> keys_ = NewMemoryKeyStore(random_);
  ManualClock clock_{kTestBegin};
  PoolExecutor executor_;
  uint64_t next_ = 0;
  std::optional<std::string> killed_;  // where a life leaves what kill -9 would leave
};

// Goal: a manifest that lost its end is refused before RocksDB takes it for an older one.
// Method: a log of several lives; the manifest is cut at every twentieth of its length.
TEST_F(LogFiles, AManifestThatLostItsEndIsRefused) {
  for (int life = 0; life < 4; ++life) ASSERT_TRUE(Live(data_, 50).ok());
  for (int part = 0; part < 20; ++part) {
    SCOPED_TRACE(absl::StrCat("cut to ", part * 5, " %"));
    Copy(data_, copy_);
    const std::vector<std::string> manifests = Files(copy_, "MANIFEST-");
    ASSERT_EQ(manifests.size(), 1u);
    fs::resize_file(manifests[0], fs::file_size(manifests[0]) * static_cast<size_t>(part) / 20);
    ExpectRefused(copy_, "");
  }
  ExpectWhole(data_);
}

TEST_F(LogFiles, TheSameAfterAKill) {
  killed_ = dir_.path() + "/killed";
  for (int life = 0; life < 3; ++life) ASSERT_TRUE(Live(data_, 50).ok());
  const std::string left = *std::exchange(killed_, std::nullopt);
  for (int part = 0; part < 20; ++part) {
    SCOPED_TRACE(absl::StrCat("cut to ", part * 5, " %"));
    Copy(left, copy_);
    const std::string manifest = Files(copy_, "MANIFEST-").at(0);
    fs::resize_file(manifest, fs::file_size(manifest) * static_cast<size_t>(part) / 20);
    ExpectRefused(copy_, "");
  }
  ExpectWhole(left);
}

// Goal: of an edit that was not synced a power cut may leave some pages and others not.
// Method: records that are torn stand behind what was synced.
TEST_F(LogFiles, AManifestWhoseLastEditIsTornIsWholeWithoutIt) {
  ASSERT_TRUE(Live(data_, 50).ok());
  // A record whose page with its sum is there, and the one with its content not.
  const std::string record = std::string("\1\2\3\4\x64\0\1", 7) + std::string(100, '\0');
  for (const std::string& torn :
       {record, record + record, std::string(5'000, '\0') + record, std::string(3'000, 'x')}) {
    Copy(data_, copy_);
    std::ofstream(Files(copy_, "MANIFEST-").at(0), std::ios::binary | std::ios::app) << torn;
    const kith::testing::CapturedLog log;
    ExpectWhole(copy_);
    ExpectWhole(copy_);
    ASSERT_EQ(log.lines().size(), 1u);
    EXPECT_THAT(log.lines()[0].json, HasSubstr(absl::StrCat("\"bytes\":", torn.size(), ",")));
  }
}

TEST_F(LogFiles, AManifestOfAnotherMomentIsRefused) {
  ASSERT_TRUE(Live(data_, 5).ok());
  const std::string old_manifest = Files(data_, "MANIFEST-").at(0);
  Copy(data_, copy_);
  ASSERT_TRUE(Live(data_, 5).ok());
  const std::string manifest = Files(data_, "MANIFEST-").at(0);
  fs::copy_file(copy_ + "/log/" + fs::path(old_manifest).filename().string(), manifest,
                fs::copy_options::overwrite_existing);
  ExpectRefused(data_, "MANIFEST-");
}

TEST_F(LogFiles, TheNewestWriteAheadLogIsMissedAfterAKill) {
  ASSERT_TRUE(Live(data_, 4).ok());
  killed_ = dir_.path() + "/killed";
  ASSERT_TRUE(Live(data_, 3).ok());
  const std::string left = *std::exchange(killed_, std::nullopt);
  fs::remove(Files(left, ".log").back());
  ExpectRefused(left, ".log is missing: positions from 5 on are missing");
}

TEST_F(LogFiles, AfterACleanEndTheMissingPositionsAreKnown) {
  ASSERT_TRUE(Live(data_, 4).ok());
  ASSERT_TRUE(Live(data_, 3).ok());
  Copy(data_, copy_);
  const std::string wal = Files(copy_, ".log").back();
  fs::resize_file(wal, fs::file_size(wal) - 1);
  ExpectRefused(copy_, "positions 7 to 7 are missing");
  fs::remove(wal);
  ExpectRefused(copy_, ".log is missing: positions 5 to 7 are missing");
  // Nothing was spoilt by the attempt.
  fs::copy_file(Files(data_, ".log").back(), wal);
  ExpectWhole(copy_);
}

// A flipped bit in the last record looks like a write that a power cut tore. After a clean end it
// cannot be one, and cutting it off would destroy what undoing the damage brings back.
TEST_F(LogFiles, AfterACleanEndADamagedLastRecordIsRefusedAndLeftAlone) {
  ASSERT_TRUE(Live(data_, 4).ok());
  ASSERT_TRUE(Live(data_, 3).ok());
  Copy(data_, copy_);
  const std::string wal = Files(copy_, ".log").back();
  {
    std::fstream file(wal, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(-1, std::ios::end);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(-1, std::ios::end);
    file.put(byte);
  }
  ExpectRefused(copy_, "is damaged at byte");
  fs::copy_file(Files(data_, ".log").back(), wal, fs::copy_options::overwrite_existing);
  ExpectWhole(copy_);
}

TEST_F(LogFiles, TheDamagedRecordIsRefusedAndMayBeDeleted) {
  ASSERT_TRUE(Live(data_, 4).ok());
  std::ofstream(data_ + "/log/kith.files") << "kith log files 1\n";
  ExpectRefused(data_, "delete this file");
  fs::remove(data_ + "/log/kith.files");
  ExpectWhole(data_);
}

// A user who may not write is told so, and not that the log is in use.
TEST_F(LogFiles, ADirectoryOfAnotherUserIsSaidToBeThat) {
  ASSERT_TRUE(Live(data_, 1).ok());
  fs::permissions(dir_.path(), fs::perms::all);
  const uid_t user = geteuid();
  if (user == 0) {
    ASSERT_EQ(seteuid(65534), 0);
  } else {
    fs::permissions(data_ + "/log/LOCK", fs::perms::owner_read);
  }
  const auto engine = OpenRocksEngine({.data_dir = data_});
  if (user == 0) {
    ASSERT_EQ(seteuid(user), 0);
  }
  EXPECT_EQ(engine.status().code(), absl::StatusCode::kUnavailable) << engine.status();
  EXPECT_THAT(std::string(engine.status().message()), HasSubstr("cannot be written to"));
  EXPECT_THAT(std::string(engine.status().message()), HasSubstr("Permission denied"));
}

TEST_F(LogFiles, ALogOfAnOlderKithGetsARecord) {
  ASSERT_TRUE(Live(data_, 4).ok());
  fs::remove(data_ + "/log/kith.files");
  ASSERT_TRUE(Live(data_, 4).ok());
  EXPECT_TRUE(fs::exists(data_ + "/log/kith.files"));
  ExpectWhole(data_);
}

// Goal: the whole of `events` is accounted for, not its end only. Method: an event in its middle is
// deleted by RocksDB itself, so that the files are as they should be.
TEST_F(LogFiles, AnEventMissingInTheMiddleIsNoticed) {
  for (int life = 0; life < 2; ++life) ASSERT_TRUE(Live(data_, 200).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families{{rocksdb::kDefaultColumnFamilyName, {}}};
  for (const char* name : kTableNames) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  ASSERT_TRUE(
      rocksdb::DB::Open(rocksdb::DBOptions(), data_ + "/log", families, &handles, &db).ok());
  ASSERT_TRUE(db->Delete({}, handles[1], PositionKey(Position(100))).ok());
  for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
  delete db;
  fs::remove(data_ + "/log/kith.files");
  ExpectRefused(data_, "not all are there");
}

TEST_F(LogFiles, FiftyStartsLeaveNoMoreFilesThanTen) {
  std::vector<size_t> files;
  for (int life = 0; life < 50; ++life) {
    const absl::Status lived = Live(data_, 3);
    ASSERT_TRUE(lived.ok()) << lived;
    files.push_back(Contents(data_).size());
  }
  EXPECT_LE(*std::max_element(files.begin() + 40, files.end()),
            *std::max_element(files.begin(), files.begin() + 20))
      << ::testing::PrintToString(files);
  ExpectWhole(data_);
}

}  // namespace
}  // namespace kith::eventstore
