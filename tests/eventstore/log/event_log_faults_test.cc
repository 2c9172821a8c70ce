// Every writing operation of the log's files failing once, one after the other: what was
// acknowledged is there afterwards, nothing is there twice or in halves, and the log takes appends
// again.
//
// Each step opens a fresh log, lets the n-th operation fail, appends with retries, closes, opens
// and compares; it ends with the n that no run reaches. KITH_FAULT_STRIDE=1 tries every n; the
// default tries every ninth.
#include <gtest/gtest.h>

#include <cstdlib>

#include "eventstore/seal/key_store.h"
#include "tests/eventstore/log/failing_files.h"
#include "tests/eventstore/log/log_fixture.h"
#include "tests/eventstore/log/places.h"

namespace kith::eventstore {
namespace {

constexpr int kAppends = 12;

class EventLogFaults : public ::testing::Test {
 protected:
  // Null when the fault hit while opening.
  std::unique_ptr<EventLog> TryOpen() {
    auto engine = OpenRocksEngine({.data_dir = dir_->path(), .env = env_.get()});
    if (!engine.ok()) return nullptr;
    auto log = OpenEventLog(*std::move(engine), *keys_, clock_, executor_, {});
    return log.ok() ? *std::move(log) : nullptr;
  }
  // The fault is over at the second attempt.
  std::unique_ptr<EventLog> Open() {
    auto log = TryOpen();
    if (log == nullptr) log = TryOpen();
    EXPECT_NE(log, nullptr);
    return log;
  }

  // True when the fault was met.
  bool RunWithFault(int64_t n) {
    dir_ = std::make_unique<TempDir>();
    keys_ = NewMemoryKeyStore(random_);
    files_->FailNth(n);
    for (int life = 0; life < 2; ++life) {
      auto log = Open();
      if (log == nullptr) return true;
      for (int i = 0; i < kAppends; ++i) {
        const Append append = WithRequest(AppendTo("contacts/1", 2), absl::StrCat(life, " ", i));
        absl::StatusOr<Appended> answer = log->AppendAndWait(append);
        while (absl::IsUnavailable(answer.status())) answer = log->AppendAndWait(append);
        EXPECT_TRUE(answer.ok()) << answer.status();
        EXPECT_EQ(answer->first.value(), static_cast<uint64_t>(2 * (life * kAppends + i) + 1));
      }
    }
    const bool met = files_->Failed();
    files_->FailNth(0);
    const auto log = Open();
    if (log == nullptr) return true;
    EXPECT_EQ(log->head(), Position(4 * kAppends));
    EXPECT_EQ(Drain(log->ReadAll(Position(1), Direction::kForwards)).size(), 4u * kAppends);
    return met;
  }

  std::unique_ptr<TempDir> dir_;
  SeededRandom random_;
  std::unique_ptr<KeyStore> keys_;
  ManualClock clock_{kTestBegin};
  PoolExecutor executor_;
  std::shared_ptr<FailingFiles> files_ = std::make_shared<FailingFiles>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(files_);
};

TEST_F(EventLogFaults, LoseNothingWhicheverWriteFails) {
  const char* stride = std::getenv("KITH_FAULT_STRIDE");
  const int64_t step = stride != nullptr ? std::max<int64_t>(1, std::atoll(stride)) : 9;
  bool met = true;
  for (int64_t n = 1; met && !HasFailure(); n += step) {
    SCOPED_TRACE(absl::StrCat("operation ", n));
    met = RunWithFault(n);
  }
}

}  // namespace
}  // namespace kith::eventstore
