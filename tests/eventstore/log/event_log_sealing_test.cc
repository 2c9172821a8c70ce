// Appends of personal parts: what needs the key file is not done on the thread that appends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <set>
#include <thread>

#include "eventstore/memory/memory_engine.h"
#include "eventstore/seal/slot_key_store.h"
#include "tests/eventstore/log/log_fixture.h"
#include "tests/testing/thread_executor.h"

namespace kith::eventstore {
namespace {

using ::testing::ElementsAre;

// Which threads waited for a file.
class Waits {
 public:
  void Note() {
    MutexLock lock(mutex_);
    threads_.insert(std::this_thread::get_id());
  }
  std::set<std::thread::id> Take() {
    MutexLock lock(mutex_);
    return std::exchange(threads_, {});
  }

 private:
  Mutex mutex_;
  std::set<std::thread::id> threads_ KITH_GUARDED_BY(mutex_);
};

class WatchedKeyFile final : public KeyFile {
 public:
  WatchedKeyFile(std::unique_ptr<KeyFile> file, Waits& waits)
      : file_(std::move(file)), waits_(waits) {}

  absl::StatusOr<uint64_t> Size() const override { return file_->Size(); }
  absl::StatusOr<std::string> Read(uint64_t offset, size_t size) const override {
    waits_.Note();
    return file_->Read(offset, size);
  }
  absl::Status Write(uint64_t offset, absl::string_view bytes) override {
    return file_->Write(offset, bytes);
  }
  absl::Status Sync() override {
    waits_.Note();
    return file_->Sync();
  }

 private:
  const std::unique_ptr<KeyFile> file_;
  Waits& waits_;
};

TEST(Sealing, WaitsForTheKeyFileWhereAppendsArePreparedOnly) {
  SeededRandom random;
  Waits waits;
  auto keys = SlotKeyStore::Open(
      std::make_unique<WatchedKeyFile>(NewMemoryKeyFile(SlotKeyStore::NewFile(random)), waits),
      random,
      {.pool = {.keys = 4, .keys_min = 0, .fill_ahead = false},
       .cached_keys_max = KeyCache::kShards});
  ASSERT_TRUE(keys.ok()) << keys.status();
  ManualClock clock{kTestBegin};
  PoolExecutor executor;
  testing::ThreadExecutor preparing;
  std::promise<std::thread::id> promised;
  preparing.Run([&] { promised.set_value(std::this_thread::get_id()); });
  const std::thread::id preparing_thread = promised.get_future().get();
  auto log = OpenEventLog(NewMemoryEngine(), **keys, clock, executor, {.preparing = &preparing});
  ASSERT_TRUE(log.ok()) << log.status();

  waits.Take();
  constexpr int kPeople = 200;  // more than the pool and a shard of the cache hold
  for (int round = 0; round < 2; ++round) {
    std::vector<SealedPart> sealed;
    for (int i = 0; i < kPeople; ++i) {
      const std::string name = absl::StrCat("contacts/", i);
      Append append = AppendTo(name, 2);
      for (NewEvent& event : append.streams[0].events) {
        event.personal = {{name, "Ada"}, {absl::StrCat("contacts/next to ", i), "Bob"}};
      }
      PendingAppend pending;
      (*log)->AppendAsync(std::move(append), pending.Done());
      const auto appended = pending.Get();
      ASSERT_TRUE(appended.ok()) << appended.status();
      const auto record = *(*log)->ReadAt(appended->first.Next(), ReadTier::kDisk);
      ASSERT_EQ(record->sealed.size(), 2u);
      sealed.push_back(record->sealed[1]);
    }
    EXPECT_THAT(waits.Take(), ElementsAre(preparing_thread));
    for (const SealedPart& part : sealed) EXPECT_EQ(**(*keys)->Unseal(kWorkspace, part), "Bob");
    waits.Take();
  }
}

}  // namespace
}  // namespace kith::eventstore
