// The power is cut: whatever was not synced is gone, or torn. Goal: the log opens again; every
// acknowledged append is there, whole, and remembered; none is there in halves; indexes agree; and
// appends go on.
//
// Method: the log stands on LossyFiles and its keys on LossyDisk. A round is a new disk that goes
// through several lives; each ends with a cut before a random writing operation, and the next one
// starts from what the cut left. The cuts fall into creating and opening the log, into commits of
// many callers at once, into flushes and compactions (memtables are small in most lives), and into
// the minutes after a write that failed. KITH_POWER_CUT_ROUNDS says how many rounds (3);
// KITH_POWER_CUT_SEED repeats their random numbers, though not what threads make of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "eventstore/seal/slot_key_store.h"
#include "tests/crash/crash_load.h"
#include "tests/crash/environment.h"
#include "tests/crash/log_audit.h"
#include "tests/crash/lossy_files.h"
#include "tests/eventstore/log/places.h"
#include "tests/eventstore/seal/lossy_key_file.h"

namespace kith::eventstore {
namespace {

constexpr int kLives = 5;
constexpr uint64_t kCallersMax = 32;
constexpr uint64_t kCreationSteps = 60;  // appends and syncs until a new log is open, and some more

// Callers that append CrashAppend(next), CrashAppend(next + 1) … until the power is cut. One that
// learns that the outcome is unknown sends the same request again.
class Callers {
 public:
  Callers(EventLog& log, const LossyFiles& files, uint64_t next, Acknowledgements* acknowledged)
      : log_(log), files_(files), next_(next), acknowledged_(acknowledged) {}

  // Returns when all have given up. The number of the request after the last.
  uint64_t Run(uint64_t callers) {
    {
      MutexLock lock(mutex_);
      calling_ = callers;
    }
    for (uint64_t i = 0; i < callers; ++i) Next();
    MutexLock lock(mutex_);
    while (calling_ > 0) gave_up_.Wait(mutex_);
    return next_;
  }

 private:
  void Next() {
    mutex_.Lock();
    const uint64_t number = next_++;
    mutex_.Unlock();
    Send(number);
  }

  void Send(uint64_t number) {
    log_.AppendAsync(CrashAppend(number), [this, number](const absl::StatusOr<Appended>& answer) {
      if (answer.ok()) {
        mutex_.Lock();
        (*acknowledged_)[number] = {answer->first.value(), answer->count,
                                    answer->first_sequence.value()};
        mutex_.Unlock();
        return Next();
      }
      if (!files_.PowerIsCut()) return Send(number);
      MutexLock lock(mutex_);
      --calling_;
      gave_up_.NotifyAll();
    });
  }

  EventLog& log_;
  const LossyFiles& files_;
  Mutex mutex_;
  CondVar gave_up_;
  uint64_t next_ KITH_GUARDED_BY(mutex_);
  uint64_t calling_ KITH_GUARDED_BY(mutex_) = 0;
  Acknowledgements* const acknowledged_ KITH_GUARDED_BY(mutex_);
};

// When and how a life ends.
struct Cut {
  int64_t operation = 0;      // the power goes before this one…
  int64_t failure = 0;        // …or this append or sync fails,
  bool only_wals = true;      // counting those of write-ahead logs or all,
  int64_t after_failure = 0;  // and the power goes so many operations later
  size_t memtable_bytes = 128 << 20;
  Remains remains = Remains::kNothing;
};

std::string TextOf(const Cut& cut) {
  return absl::StrCat("cut at ", cut.operation, " or ", cut.after_failure, " after failure ",
                      cut.failure, ", memtables ", cut.memtable_bytes, ", remains ",
                      static_cast<int>(cut.remains));
}

class PowerCut : public ::testing::Test {
 protected:
  void SetUp() override {
    seed_ = FromEnvironment("KITH_POWER_CUT_SEED", std::random_device()());
    std::printf("KITH_POWER_CUT_SEED=%llu\n", static_cast<unsigned long long>(seed_));
    random_.seed(seed_);
  }

  // Each life of each disk ends with a cut that `any` draws.
  void RunRounds(const std::function<Cut()>& any) {
    for (uint64_t round = 0; round < rounds_; ++round) {
      NewDisk();
      for (int life = 0; life < kLives; ++life) {
        const Cut cut = any();
        SCOPED_TRACE(absl::StrCat("round ", round, ", life ", life, ": ", TextOf(cut)));
        Live(cut);
        ASSERT_NO_FATAL_FAILURE(ExpectNothingLost());
      }
    }
  }

  uint64_t Below(uint64_t limit) { return random_() % limit; }
  Remains AnyRemains() { return static_cast<Remains>(Below(3)); }
  size_t AnyMemtables() {
    static constexpr size_t kBytes[] = {64 << 10, 10 << 20, 12 << 20, 128 << 20};
    return kBytes[Below(std::size(kBytes))];
  }

  void NewDisk() {
    disk_ = std::make_unique<TempDir>();
    keys_disk_ = std::make_unique<LossyDisk>(SlotKeyStore::NewFile(key_random_));
    acknowledged_.clear();
    next_ = 1;
  }

  // From opening the log to the power cut; the disk is then what the cut has left. True when the
  // log got as far as to take appends.
  bool Live(const Cut& cut) {
    const auto files = std::make_shared<LossyFiles>(disk_->path());
    LossyEnv env(files);
    std::mt19937_64 cut_random(random_());
    files->WhenCut([&] {
      keys_disk_->FailWrites(true);
      keys_disk_->FailSyncs(true);
      keys_disk_->CutPower([&] { return cut_random() % 2 == 0; });
    });
    files->CutPowerAt(cut.operation);
    if (cut.failure > 0) files->FailAndCutPower(cut.failure, cut.only_wals, cut.after_failure);
    const RocksEngineOptions options{
        .data_dir = DataDir(), .memtable_bytes = cut.memtable_bytes, .env = &env};
    auto log = Open(options);
    if (log == nullptr && !files->PowerIsCut()) log = Open(options);  // a failure is over then
    const bool opened = log != nullptr;
    EXPECT_TRUE(opened || files->PowerIsCut()) << error_;
    if (opened) next_ = Callers(*log, *files, next_, &acknowledged_).Run(1 + Below(kCallersMax));
    log.reset();
    keys_.reset();
    files->CutPower();
    auto left = std::make_unique<TempDir>();
    files->WriteRemains(left->path(), cut.remains, random_);
    disk_ = std::move(left);
    keys_disk_->FailWrites(false);
    keys_disk_->FailSyncs(false);
    return opened;
  }

  // On the machine's own files, and closed in peace.
  void ExpectNothingLost() {
    const auto log = Open({.data_dir = DataDir()});
    ASSERT_NE(log, nullptr) << error_;
    ASSERT_NO_FATAL_FAILURE(ExpectWhole(*log, *keys_));
    ASSERT_NO_FATAL_FAILURE(ExpectIndexes(*log, *keys_));
    ASSERT_NO_FATAL_FAILURE(ExpectAcknowledged(*log, acknowledged_));
    ASSERT_NO_FATAL_FAILURE(ExpectRemembered(*log, acknowledged_));
    ASSERT_NO_FATAL_FAILURE(SettleUnknown(*log));
    ASSERT_NO_FATAL_FAILURE(ExpectWhole(*log, *keys_));
  }

  const uint64_t rounds_ = FromEnvironment("KITH_POWER_CUT_ROUNDS", 3);

 private:
  std::string DataDir() const { return disk_->path() + "/srv/kith/data"; }

  std::unique_ptr<EventLog> Open(const RocksEngineOptions& options) {
    error_ = absl::OkStatus();
    auto keys = SlotKeyStore::Open(keys_disk_->Open(), key_random_, kKeys);
    auto engine = OpenRocksEngine(options, key_random_);
    if (!keys.ok() || !engine.ok()) {
      error_ = engine.ok() ? keys.status() : engine.status();
      return nullptr;
    }
    keys_ = *std::move(keys);
    auto log = OpenEventLog(*std::move(engine), *keys_, clock_, executor_, {});
    error_ = log.status();
    return log.ok() ? *std::move(log) : nullptr;
  }

  // Requests whose callers never learnt what became of them take effect once when sent again.
  void SettleUnknown(EventLog& log) {
    for (uint64_t number = 1; number < next_; ++number) {
      if (acknowledged_.contains(number)) continue;
      const Position before = log.head();
      const auto answer = log.AppendAndWait(CrashAppend(number));
      ASSERT_TRUE(answer.ok()) << answer.status();
      ASSERT_EQ(answer->repeated, answer->first <= before);
      acknowledged_[number] = {answer->first.value(), answer->count,
                               answer->first_sequence.value()};
    }
  }

  static constexpr SlotKeyStoreOptions kKeys{
      .pool = {.keys = 8, .keys_min = 0, .fill_ahead = false},
      .cached_keys_max = KeyCache::kShards};

  uint64_t seed_ = 0;
  std::mt19937_64 random_;
  SeededRandom key_random_;
  ManualClock clock_{kTestBegin};
  std::unique_ptr<TempDir> disk_;
  std::unique_ptr<LossyDisk> keys_disk_;
  PoolExecutor executor_;
  std::unique_ptr<KeyStore> keys_;
  Acknowledgements acknowledged_;
  uint64_t next_ = 1;
  absl::Status error_;
};

TEST_F(PowerCut, LosesNothingAcknowledgedUnderLoad) {
  RunRounds([this] {
    return Cut{.operation = 1 + static_cast<int64_t>(Below(Below(2) == 0 ? 150 : 800)),
               .memtable_bytes = AnyMemtables(),
               .remains = AnyRemains()};
  });
}

TEST_F(PowerCut, LosesNothingAfterAFailedWrite) {
  RunRounds([this] {
    return Cut{.failure = 1 + static_cast<int64_t>(Below(60)),
               .after_failure = 1 + static_cast<int64_t>(Below(150)),
               .memtable_bytes = AnyMemtables(),
               .remains = AnyRemains()};
  });
}

// Every operation of a creation in long runs, some of them in short ones.
TEST_F(PowerCut, LeavesNoLogOrAWholeOneWhereItIsCreated) {
  const uint64_t stride = std::max<uint64_t>(1, 30 / rounds_);
  bool opened = false;
  for (uint64_t n = 1 + Below(stride); !opened; n += stride) {
    const Cut cut{.operation = static_cast<int64_t>(n), .remains = AnyRemains()};
    SCOPED_TRACE(TextOf(cut));
    NewDisk();
    opened = Live(cut);
    ASSERT_NO_FATAL_FAILURE(ExpectNothingLost());
  }
}

TEST_F(PowerCut, LosesNothingAfterAFailureInTheCreation) {
  const uint64_t stride = std::max<uint64_t>(1, 30 / rounds_);
  for (uint64_t n = 1 + Below(stride); n <= kCreationSteps; n += stride) {
    const Cut cut{.failure = static_cast<int64_t>(n),
                  .only_wals = false,
                  .after_failure = 1 + static_cast<int64_t>(Below(200)),
                  .remains = AnyRemains()};
    SCOPED_TRACE(TextOf(cut));
    NewDisk();
    Live(cut);
    ASSERT_NO_FATAL_FAILURE(ExpectNothingLost());
  }
}

}  // namespace
}  // namespace kith::eventstore
