#include "eventstore/blobs/blob_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/blobs/blob_file.h"
#include "eventstore/memory/memory_engine.h"
#include "tests/eventstore/log/log_fixture.h"
#include "tests/testing/temp_folder.h"

namespace kith::eventstore {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kAda[] = "contacts/ada";

class BlobStoreTest : public ::testing::Test {
 protected:
  BlobStoreTest() {
    options_.folder = folder_.path() + "/blobs";
    OpenLog();
    Open();
  }

  void OpenLog() {
    log_.reset();
    auto log = OpenEventLog(NewMemoryEngine(disk_), *keys_, clock_, executor_, EventLogOptions());
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }
  // As after a restart.
  void Open() {
    store_.reset();
    auto store = BlobStore::Open(options_, *keys_, *log_, clock_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  std::string Put(const std::string& content, const std::string& subject = kAda) {
    const auto put = store_->Put(kWorkspace, subject, content);
    EXPECT_TRUE(put.ok()) << put.status();
    return put.value_or("");
  }
  absl::StatusOr<std::optional<std::string>> Get(const std::string& name,
                                                 const std::string& subject = kAda) {
    return store_->Get(kWorkspace, subject, name);
  }
  // An event that names it.
  void Name(const std::string& name, const std::string& stream = "mails/1") {
    Append append = AppendTo(stream);
    append.streams[0].events[0].tags = {keys_->Mac(kWorkspace, kBlobClaim, name)};
    PendingAppend pending;
    log_->AppendAsync(std::move(append), pending.Done());
    ASSERT_TRUE(pending.Get().ok());
  }
  // Relative to the folder.
  std::set<std::string> Files() const {
    std::set<std::string> files;
    for (const auto& at : fs::recursive_directory_iterator(options_.folder)) {
      if (!at.is_regular_file()) continue;
      std::string path = at.path().string().substr(options_.folder.size() + 1);
      if (path.rfind("days/", 0) != 0) files.insert(std::move(path));
    }
    return files;
  }
  std::string OnlyFile() const {
    const std::set<std::string> files = Files();
    EXPECT_THAT(files, SizeIs(1));
    return files.empty() ? "" : options_.folder + "/" + *files.begin();
  }
  static std::string BytesOf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  static void WriteBytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  testing::TempFolder folder_;
  SeededRandom random_;
  ManualClock clock_{kTestBegin};
  PoolExecutor executor_;
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::unique_ptr<KeyStore> keys_ = NewMemoryKeyStore(random_);
  std::unique_ptr<EventLog> log_;
  BlobStoreOptions options_;
  std::unique_ptr<BlobStore> store_;
};

TEST_F(BlobStoreTest, GivesBackWhatWasPut) {
  const std::string bytes("\0\xFF offer", 8);
  const std::string name = Put(bytes);
  EXPECT_THAT(name, SizeIs(32));
  EXPECT_EQ(*Get(name), bytes);
  const std::string largest(kBlobBytesMax, 'x');
  EXPECT_EQ((*Get(Put(largest)))->size(), kBlobBytesMax);
  EXPECT_EQ(store_->Put(kWorkspace, kAda, largest + "x").status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Goal: who has the disk, and no keys, learns neither what it is nor whether two have the same.
TEST_F(BlobStoreTest, TellsTheDiskNothing) {
  const std::string name = Put("the offer in clear");
  EXPECT_THAT(BytesOf(OnlyFile()), Not(HasSubstr("offer")));
  EXPECT_NE(Put("the offer in clear", "contacts/bob"), name);
  EXPECT_NE(*store_->Put(WorkspaceId(8), kAda, "the offer in clear"), name);
  EXPECT_EQ(Get(name, "contacts/bob").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(fs::status(options_.folder).permissions(), fs::perms::owner_all);
}

TEST_F(BlobStoreTest, KeepsTheSameOnce) {
  const std::string name = Put("offer");
  EXPECT_EQ(Put("offer"), name);
  EXPECT_THAT(Files(), SizeIs(1));
  Name(name);
  Open();
  EXPECT_EQ(Put("offer"), name);
  EXPECT_THAT(Files(), ElementsAre(absl::StrCat("kept/7/contacts:ada/", name)));
  EXPECT_EQ(*Get(name), "offer");
}

// As where the append failed, or the process ended before it.
TEST_F(BlobStoreTest, LosesAtTheStartWhatNoEventNames) {
  const std::string named = Put("named");
  Put("orphan");
  Name(named);
  WriteBytes(options_.folder + "/arriving/7:contacts:ada:0123.new", "half of one");
  Open();
  EXPECT_THAT(Files(), ElementsAre(absl::StrCat("kept/7/contacts:ada/", named)));
  EXPECT_EQ(*Get(named), "named");
  Open();
  EXPECT_EQ(*Get(named), "named");
}

// What no event names yet may be named later, however long its append takes.
TEST_F(BlobStoreTest, SettlesWhatIsNamedWhileItRunsAndRemovesNothing) {
  const std::string named = Put("named");
  const std::string waits = Put("waits");
  Name(named);
  clock_.Advance(options_.settle_after);
  Put("further");
  const std::set<std::string> files = Files();
  EXPECT_EQ(files.count(absl::StrCat("kept/7/contacts:ada/", named)), 1u);
  EXPECT_EQ(files.count(absl::StrCat("arriving/7:contacts:ada:", waits)), 1u);
  EXPECT_EQ(*Get(named), "named");
  Name(waits);
  EXPECT_EQ(*Get(waits), "waits");
  Open();
  EXPECT_EQ(*Get(waits), "waits");
}

TEST_F(BlobStoreTest, IsGoneWithItsPerson) {
  const std::string kept = Put("kept");
  Name(kept);
  Open();
  const std::string arriving = Put("arriving");
  const std::string bobs = Put("bob's", "contacts/bob");
  Name(arriving);
  Name(bobs);
  ASSERT_TRUE(keys_->Destroy(kWorkspace, kAda).ok());
  EXPECT_EQ(*Get(arriving), std::nullopt);
  EXPECT_EQ(*Get(kept), std::nullopt);
  EXPECT_THAT(Files(), ElementsAre(absl::StrCat("arriving/7:contacts:bob:", bobs)));
  EXPECT_EQ(*Get(bobs, "contacts/bob"), "bob's");
  EXPECT_EQ(store_->Put(kWorkspace, kAda, "more").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

// Whoever is not asked for is removed at the start.
TEST_F(BlobStoreTest, RemovesAtTheStartWhatIsOfTheErased) {
  const std::string kept = Put("kept");
  Name(kept);
  Open();
  const std::string arriving = Put("arriving");
  Name(arriving);
  ASSERT_TRUE(keys_->Destroy(kWorkspace, kAda).ok());
  Open();
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_EQ(*Get(kept), std::nullopt);
}

// Every byte of it: no flip is taken for what was put.
TEST_F(BlobStoreTest, KnowsWhatIsDamagedOrMissing) {
  const std::string name = Put("offer");
  const std::string path = OnlyFile();
  const std::string bytes = BytesOf(path);
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    WriteBytes(path, damaged);
    EXPECT_EQ(Get(name).status().code(), absl::StatusCode::kDataLoss) << i;
    WriteBytes(path, bytes.substr(0, i));
    EXPECT_EQ(Get(name).status().code(), absl::StatusCode::kDataLoss) << i;
  }
  // One blob of the person in the place of the other.
  const std::string other = Put("invoice");
  fs::copy_file(options_.folder + "/arriving/7:contacts:ada:" + other, path,
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(Get(name).status().code(), absl::StatusCode::kDataLoss);
  fs::remove(path);
  EXPECT_EQ(Get(name).status().code(), absl::StatusCode::kDataLoss);
  fs::create_directory(path);
  EXPECT_EQ(Get(name).status().code(), absl::StatusCode::kDataLoss);
  fs::remove(path);
  EXPECT_EQ(*Get(other), "invoice");
}

TEST_F(BlobStoreTest, TakesSoMuchADay) {
  options_.bytes_a_day_max = 10;
  Open();
  Put("12345678");
  EXPECT_THAT(store_->Put(kWorkspace, kAda, "abc").status().message(),
              HasSubstr("8 bytes of at most 10"));
  EXPECT_EQ(store_->Put(kWorkspace, kAda, "abc").status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Files(), SizeIs(1));
  Put("12345678");  // which is there
  EXPECT_TRUE(store_->Put(WorkspaceId(8), kAda, "12345678").ok()) << "each has its own";
  // A restart makes no room, and the next day does.
  Open();
  EXPECT_EQ(store_->Put(kWorkspace, kAda, "abc").status().code(),
            absl::StatusCode::kResourceExhausted);
  clock_.Advance(absl::Hours(24));
  Put("abc");
}

TEST_F(BlobStoreTest, LeavesRoomForTheLog) {
  options_.min_free_bytes = uint64_t{1} << 60;
  Open();
  EXPECT_EQ(store_->Put(kWorkspace, kAda, "abc").status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(BlobStoreTest, TellsThatTheDiskFails) {
  fs::remove_all(options_.folder);
  EXPECT_EQ(store_->Put(kWorkspace, kAda, "abc").status().code(), absl::StatusCode::kUnavailable);
  WriteBytes(options_.folder, "no folder");
  EXPECT_EQ(BlobStore::Open(options_, *keys_, *log_, clock_).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(BlobFile, IsReadAsItWasWritten) {
  SealedPart sealed;
  sealed.subject = kAda;
  sealed.key_number = 300;
  sealed.nonce[11] = 7;
  sealed.ciphertext = std::string(20, 'c');
  const std::string bytes = EncodeBlobFile(sealed);
  EXPECT_THAT(bytes, StartsWith("kithblob\x01"));
  const auto read = DecodeBlobFile(bytes, kAda);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->subject, sealed.subject);
  EXPECT_EQ(read->key_number, sealed.key_number);
  EXPECT_EQ(read->nonce, sealed.nonce);
  EXPECT_EQ(read->ciphertext, sealed.ciphertext);
  for (size_t size = 0; size < bytes.size() - 4; ++size) {
    EXPECT_EQ(DecodeBlobFile(absl::string_view(bytes).substr(0, size), kAda), std::nullopt) << size;
  }
}

}  // namespace
}  // namespace kith::eventstore
