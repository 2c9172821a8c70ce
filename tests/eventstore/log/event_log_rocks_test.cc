// The log over RocksDB: what it survives, and what it refuses with one clear message and untouched
// files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/match.h"
#include "eventstore/rocksdb/durable_mark.h"
#include "eventstore/seal/key_store.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "tests/eventstore/log/failing_files.h"
#include "tests/eventstore/log/log_fixture.h"
#include "tests/eventstore/log/places.h"
#include "tests/testing/captured_log.h"

namespace kith::eventstore {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class EventLogRocksTest : public ::testing::Test {
 protected:
  absl::Status Open() {
    log_.reset();
    auto engine = OpenRocksEngine({.data_dir = dir_.path(), .env = env_.get()});
    if (!engine.ok()) return engine.status();
    auto log = OpenEventLog(*std::move(engine), *keys_, clock_, executor_, {});
    if (log.ok()) log_ = *std::move(log);
    return log.status();
  }
  // Opens a fresh log and leaves `events` in it.
  void Fill(int events) {
    ASSERT_TRUE(Open().ok());
    for (int i = 0; i < events; ++i) ASSERT_TRUE(log_->AppendAndWait(AppendTo("contacts/1")).ok());
  }
  std::string LogDir() const { return dir_.path() + "/log"; }
  // Every file's name and size, to see that nothing was touched.
  std::vector<std::string> Listing() const {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(dir_.path())) {
      if (entry.is_regular_file())
        files.push_back(absl::StrCat(entry.path().string(), " ", entry.file_size()));
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  // Changes one byte near the end of every file whose name ends so.
  void Flip(absl::string_view ending) {
    for (const auto& entry : fs::directory_iterator(LogDir())) {
      const std::string name = entry.path().string();
      if (!absl::EndsWith(name, ending) || entry.file_size() < 100) continue;
      FlipBit(name, static_cast<std::streamoff>(entry.file_size() / 3));
    }
  }

  static void FlipBit(const std::string& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char byte = static_cast<char>(file.get() ^ 0x40);
    file.seekp(at);
    file.put(byte);
  }
  // The table files of one table of a log that is closed.
  std::vector<std::string> FilesOf(absl::string_view table) const {
    std::vector<rocksdb::ColumnFamilyDescriptor> families{{rocksdb::kDefaultColumnFamilyName, {}}};
    for (const char* name : kTableNames)
      families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    rocksdb::DB* db = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    KITH_CHECK(
        rocksdb::DB::OpenForReadOnly(rocksdb::DBOptions(), LogDir(), families, &handles, &db).ok());
    std::vector<rocksdb::LiveFileMetaData> all;
    db->GetLiveFilesMetaData(&all);
    std::vector<std::string> paths;
    for (const auto& file : all) {
      if (file.column_family_name == table) paths.push_back(file.db_path + file.name);
    }
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
    delete db;
    return paths;
  }

  TempDir dir_;
  SeededRandom random_;
  std::unique_ptr<KeyStore> keys_ = NewMemoryKeyStore(random_);
  ManualClock clock_{kTestBegin};
  PoolExecutor executor_;
  std::shared_ptr<FailingFiles> files_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<EventLog> log_;
};

TEST_F(EventLogRocksTest, RefusesALogAnotherHolderHasOpen) {
  Fill(1);
  const auto before = Listing();
  const auto second = OpenRocksEngine({.data_dir = dir_.path()});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use by another process"));
  EXPECT_EQ(Listing(), before);
}

TEST_F(EventLogRocksTest, RefusesADirectoryWithOtherFiles) {
  fs::create_directory(LogDir());
  std::ofstream(LogDir() + "/letter.txt") << "Dear Ada";
  const auto before = Listing();
  const absl::Status status = Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("is not a log of this Kith"));
  EXPECT_EQ(Listing(), before);
}

TEST_F(EventLogRocksTest, RefusesAnotherRocksDatabase) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, LogDir(), &db).ok());
  delete db;
  const auto before = Listing();
  EXPECT_EQ(Open().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Listing(), before);
}

TEST_F(EventLogRocksTest, RefusesANewerFormat) {
  Fill(1);
  log_.reset();
  {
    std::vector<rocksdb::ColumnFamilyDescriptor> families{{rocksdb::kDefaultColumnFamilyName, {}}};
    for (const char* name : kTableNames)
      families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    rocksdb::DB* db = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    // The format is written with its family's own filter and prefix, so only meta matters here.
    const auto opened = rocksdb::DB::Open(rocksdb::DBOptions(), LogDir(), families, &handles, &db);
    ASSERT_TRUE(opened.ok()) << opened.ToString();
    ASSERT_TRUE(db->Put({}, handles.back(), "format", "\x02").ok());
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
    delete db;
  }
  const absl::Status unknown = Open();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("delete this file"));
  fs::remove(LogDir() + "/kith.files");
  const absl::Status status = Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("has format 2"));
}

TEST_F(EventLogRocksTest, CreatesALogAgainAfterAnInterruptedCreation) {
  fs::create_directories(LogDir() + ".new");
  std::ofstream(LogDir() + ".new/CURRENT") << "half";
  EXPECT_TRUE(Open().ok());
  EXPECT_FALSE(fs::exists(LogDir() + ".new"));
}

TEST_F(EventLogRocksTest, RefusesALogWithoutItsCurrentFile) {
  Fill(1);
  log_.reset();
  fs::remove(LogDir() + "/CURRENT");
  EXPECT_EQ(Open().code(), absl::StatusCode::kDataLoss);
}

TEST_F(EventLogRocksTest, RefusesALogWithoutItsWriteAheadLog) {
  Fill(3);
  log_.reset();
  for (const auto& entry : fs::directory_iterator(LogDir())) {
    if (entry.path().extension() == ".log") fs::remove(entry.path());
  }
  EXPECT_EQ(Open().code(), absl::StatusCode::kDataLoss);
}

TEST_F(EventLogRocksTest, RefusesALogThatIsShorterThanItsMark) {
  Fill(20);
  log_.reset();
  for (const auto& entry : fs::directory_iterator(LogDir())) {
    if (entry.path().extension() == ".log") fs::resize_file(entry.path(), entry.file_size() - 10);
  }
  const absl::Status status = Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("positions 20 to 20 are missing"));
}

TEST_F(EventLogRocksTest, RefusesAFlippedBitInTheWriteAheadLog) {
  Fill(20);
  log_.reset();
  Flip(".log");
  EXPECT_EQ(Open().code(), absl::StatusCode::kDataLoss);
}

TEST_F(EventLogRocksTest, RefusesAFlippedBitInATable) {
  for (int life = 0; life < 2;
       ++life) {  // a log that is opened twice has its first life in table files
    Fill(200);
    log_.reset();
  }
  Flip(".sst");
  EXPECT_EQ(Open().code(), absl::StatusCode::kDataLoss);
}

TEST_F(EventLogRocksTest, RefusesADamagedMark) {
  Fill(1);
  log_.reset();
  std::ofstream(dir_.path() + "/durable.mark") << "kith durable mark 1\nposition 1\n";
  EXPECT_EQ(Open().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(EventLogRocksTest, RefusesTheMarkOfAnotherStore) {
  Fill(1);
  log_.reset();
  ASSERT_TRUE(
      WriteDurableMark(dir_.path() + "/durable.mark", std::string(16, 'x'), Position(1)).ok());
  EXPECT_THAT(std::string(Open().message()), HasSubstr("another store"));
}

TEST_F(EventLogRocksTest, WritesItsMarkWhenItCloses) {
  Fill(5);
  const std::string store(log_->store_id());
  log_.reset();
  EXPECT_EQ(*ReadDurableMark(dir_.path() + "/durable.mark", store), Position(5));
}

// What a gRPC thread may ask: an answer without the disk, or Unavailable.
TEST_F(EventLogRocksTest, ReadsFromMemoryWhatWasWrittenOrReadLately) {
  Fill(3);
  EXPECT_EQ(log_->HeadOf(kWorkspace, "contacts/1", ReadTier::kMemory)->revision, Revision(3));
  for (int i = 0; i < 4;
       ++i) {  // so much that opening, which reads the end, does not read the beginning
    Append many = AppendTo("people/0");
    for (int j = 1; j < 500; ++j)
      many.streams.push_back(AppendTo(absl::StrCat("people/", i, "-", j)).streams[0]);
    ASSERT_TRUE(log_->AppendAndWait(many).ok());
  }
  ASSERT_TRUE(Open().ok());  // now it is on disk only
  EXPECT_EQ(log_->HeadOf(kWorkspace, "contacts/1", ReadTier::kMemory).status().code(),
            absl::StatusCode::kUnavailable);
  const auto cold = log_->ReadStream(kWorkspace, "contacts/1", Revision(1), Direction::kForwards,
                                     ReadTier::kMemory);
  EXPECT_EQ(cold->Next().status().code(), absl::StatusCode::kUnavailable);
  for (const ReadTier tier : {ReadTier::kDisk, ReadTier::kMemory}) {
    EXPECT_EQ(log_->HeadOf(kWorkspace, "contacts/1", tier)->revision, Revision(3));
    EXPECT_EQ(
        Drain(log_->ReadStream(kWorkspace, "contacts/1", Revision(1), Direction::kForwards, tier))
            .size(),
        3u);
  }
  // Of a stream that is not there the filters know it, nearly always.
  int known = 0;
  for (int i = 0; i < 100; ++i) {
    known +=
        log_->HeadOf(kWorkspace, absl::StrCat("contacts/none-", i), ReadTier::kMemory).ok() ? 1 : 0;
  }
  EXPECT_GT(known, 80);
}

TEST_F(EventLogRocksTest, LetsCursorsLiveLongerThanADatabase) {
  Fill(3);
  auto cursor = log_->ReadAll(Position(1), Direction::kForwards);
  ASSERT_TRUE(cursor->Next().ok());
  log_.reset();  // the library aborts when an iterator is alive now
}

// A failed fsync and a short write: everything in flight is Unavailable, and the log goes on from
// what is on disk.
TEST_F(EventLogRocksTest, RecoversFromAFailedWrite) {
  files_ = std::make_shared<FailingFiles>();
  env_ = rocksdb::NewCompositeEnv(files_);
  Fill(3);
  files_->OnlyWals(true);
  for (const int64_t operation : {1, 2, 1}) {  // the append, its sync
    const uint64_t before = log_->head().value();
    files_->FailNth(operation);
    const Append request = WithRequest(AppendTo("contacts/1", 2), absl::StrCat("after ", before));
    EXPECT_EQ(log_->AppendAndWait(request).status().code(), absl::StatusCode::kUnavailable);
    absl::StatusOr<Appended> retried = log_->AppendAndWait(request);
    while (absl::IsUnavailable(retried.status())) retried = log_->AppendAndWait(request);
    ASSERT_TRUE(retried.ok()) << retried.status();
    EXPECT_EQ(retried->first, Position(before + 1));
    EXPECT_EQ(log_->head(), Position(before + 2));
  }
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(log_->head(), Position(9));
  EXPECT_EQ(log_->HeadOf(kWorkspace, "contacts/1", ReadTier::kDisk)->revision, Revision(9));
  log_.reset();
}

// Goal: damage that nobody asks for is told once RocksDB meets it as it merges files, and before
// anybody wants to write. Method: each life of the log leaves one file of its table `tags`, which
// no append reads; four are merged. A bit of the first one is flipped.
TEST_F(EventLogRocksTest, TellsOfDamageThatMergingItsFilesMeets) {
  const auto append = [&](int tag) {
    Append append = AppendTo("contacts/1");
    append.streams[0].events[0].tags = {TagOf(absl::StrCat(tag))};
    return log_->AppendAndWait(append).status();
  };
  const auto live = [&] {
    ASSERT_EQ(Open(), absl::OkStatus());
    for (int i = 0; i < 100; ++i) ASSERT_EQ(append(i), absl::OkStatus());
  };
  live();
  live();
  log_.reset();
  const std::vector<std::string> files = FilesOf("tags");
  ASSERT_EQ(files.size(), 1u);
  FlipBit(files[0], 300);
  const testing::CapturedLog lines(LogLevel::kError);
  live();
  live();
  EXPECT_TRUE(log_->takes_writes());
  EXPECT_TRUE(lines.lines().empty());
  ASSERT_EQ(Open(), absl::OkStatus());  // now there are four
  const std::string line = lines.Await("a file of the log is damaged");
  EXPECT_THAT(line, HasSubstr("restore the data directory from a backup"));
  EXPECT_THAT(line, HasSubstr(fs::path(files[0]).filename().string()));
  EXPECT_FALSE(log_->takes_writes());
  EXPECT_EQ(append(0).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(log_->head(), Position(400));
  EXPECT_EQ(Drain(log_->ReadAll(Position(1), Direction::kForwards)).size(), 400u);
}

}  // namespace
}  // namespace kith::eventstore
