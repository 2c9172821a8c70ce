// Goal: whichever way a view gets through the log, it ends with the same bytes. Method: random
// histories are folded by views that are cut off and join again, are dropped and built beside
// others, are killed in the middle and meet errors of the disk and damage at random steps; then
// each is compared, as of several positions, with one that folded the whole log at once.
//
// The seed is printed; KITH_SEED=… begins with the same one, KITH_HISTORIES=1000 tries as many.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "absl/strings/numbers.h"
#include "tests/projections/engine/deal_names.h"
#include "tests/projections/engine/name_lengths.h"
#include "tests/projections/engine/name_order.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/view_fixture.h"

namespace kith::projections {
namespace {

using testing::Faults;
using testing::StoreStep;
using testing::ViewFixture;

constexpr uint64_t kHistories = 25;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  uint64_t value = otherwise;
  const char* const text = std::getenv(name);
  EXPECT_TRUE(text == nullptr || absl::SimpleAtoi(text, &value)) << name;
  return value;
}

class Chance {
 public:
  explicit Chance(uint64_t seed) : random_(seed) {}
  uint64_t Below(uint64_t end) { return random_() % end; }
  bool OneIn(uint64_t count) { return Below(count) == 0; }

 private:
  std::mt19937_64 random_;
};

// The names of the views; the second has indexes, and the others are based on it.
constexpr const char* kViews[] = {"deal_names", "name_order", "lengths", "other_lengths"};

class Ordeal {
 public:
  explicit Ordeal(uint64_t seed)
      : chance_(seed), fault_chance_(seed + 1), fixture_([] {
          std::vector<std::unique_ptr<Projection>> list;
          list.push_back(std::make_unique<DealNames>());
          list.push_back(std::make_unique<NameOrder>());
          list.push_back(std::make_unique<NameLengths>("lengths"));
          list.push_back(std::make_unique<NameLengths>("other_lengths"));
          return list;
        }) {
    fixture_.Register<deals::v1::DealEvent>("deals");
    fixture_.options().flush_on_close = false;  // closing is a kill
    fixture_.options().queue_events = 2 + chance_.Below(20);
    fixture_.options().near_positions = 1 + chance_.Below(20);
    fixture_.options().flush_positions = 5 + chance_.Below(100);
    // Sorted runs of a few events and of all of them, and rows written either way.
    fixture_.options().build_bytes = chance_.OneIn(3) ? 64 << 20 : 1 + chance_.Below(10'000);
    fixture_.options().sorted_batch_bytes = chance_.OneIn(3) ? 4 << 20 : 1 + chance_.Below(1'000);
    fixture_.UseFaults(faults_);
  }

  void Run() {
    Open();
    const uint64_t steps = 5 + chance_.Below(40);
    for (uint64_t step = 0; step < steps; ++step) TakeStep();
    faults_.Clear();
    Append(1);
    Finish();
    Compare();
  }

 private:
  void TakeStep() {
    switch (chance_.Below(7)) {
      case 0:
        return Reopen(/*drop=*/false);
      case 1:
        return Reopen(/*drop=*/true);
      case 2:
        return faults_.Set([this, odds = 5 + chance_.Below(200)](
                               StoreStep step, absl::string_view) { return Fault(step, odds); });
      case 3:
        return faults_.Clear();
      case 4:
        return Pass();
      default:
        return Append(chance_.Below(100));
    }
  }

  absl::Status Fault(StoreStep step, uint64_t odds) {
    if (!fault_chance_.OneIn(odds)) return absl::OkStatus();
    const bool may_be_damaged = step == StoreStep::kRead || step == StoreStep::kWrite;
    if (may_be_damaged && fault_chance_.OneIn(3)) {
      return absl::DataLossError("a block is damaged");
    }
    return absl::UnavailableError("the disk failed");
  }

  void Append(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      const std::string stream = absl::StrCat("deals/", chance_.Below(9));
      const std::string name(1 + chance_.Below(3), static_cast<char>('a' + chance_.Below(5)));
      switch (chance_.Below(8)) {
        case 0:
          fixture_.Append(stream, Deleted());
          break;
        case 1:
          fixture_.Append(stream, Created(name));
          break;
        default:
          fixture_.Append(stream, Renamed(chance_.OneIn(150) ? DealNames::kPoison : name));
      }
    }
  }

  // Time passes, and something may have been tried again and flushed.
  void Pass() {
    fixture_.clock().Advance(absl::Seconds(1 + chance_.Below(40)));
    store_->Tick();
  }

  void Open() {
    for (;;) {
      auto store = fixture_.TryOpen("views");
      if (store.ok()) {
        store_ = *std::move(store);
        return;
      }
      ASSERT_FALSE(absl::IsDataLoss(store.status())) << store.status();
      faults_.Clear();
    }
  }

  void Reopen(bool drop) {
    store_.reset();
    if (drop) {
      auto raw = VersionedStore::Open({.path = fixture_.PathOf("views")});
      ASSERT_TRUE(raw.ok());
      for (const std::string& family : (*raw)->FamilyNames()) {
        if (!chance_.OneIn(2)) continue;
        ASSERT_TRUE((*raw)->Drop(family).ok());
      }
    }
    Open();
  }

  void Finish() {
    const Position last = fixture_.log().head();
    for (const char* name : kViews) {
      const View& view = store_->Find(name);
      while (view.position() < last || view.Health().state != ViewState::kLive) {
        Pass();
        std::this_thread::yield();
      }
    }
  }

  void Compare() {
    const auto whole = fixture_.Open("whole");
    const Position last = fixture_.log().head();
    for (const char* name : kViews) {
      View& expected = whole->Find(name);
      View& view = store_->Find(name);
      while (expected.position() < last) {
        ASSERT_TRUE(expected.Health().status.ok()) << expected.Health().status;
        std::this_thread::yield();
      }
      EXPECT_EQ(view.Health().stale_count, expected.Health().stale_count) << name;
      EXPECT_EQ(*view.IndexDigest(), *expected.IndexDigest()) << name;
      for (int i = 0; i < 5; ++i) {
        const Position at = i == 0 ? last : Position(chance_.Below(last.value() + 1));
        EXPECT_EQ(*view.Digest(at), *expected.Digest(at)) << name << " as of " << at;
      }
    }
  }

  Chance chance_;
  Chance fault_chance_;  // guarded by the lock of the faults
  Faults faults_;
  ViewFixture fixture_;
  std::unique_ptr<ViewStore> store_;
};

TEST(AnyWayThroughTheLog, EndsWithTheSameBytes) {
  const uint64_t first = FromEnvironment("KITH_SEED", std::random_device()());
  std::cerr << "KITH_SEED=" << first << std::endl;
  const uint64_t histories = FromEnvironment("KITH_HISTORIES", kHistories);
  for (uint64_t seed = first; seed < first + histories; ++seed) {
    SCOPED_TRACE(absl::StrCat("KITH_SEED=", seed, " KITH_HISTORIES=1"));
    Ordeal(seed).Run();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace kith::projections
