// Goal: a read as of any position finds the same, whether rows went through memtables or became
// files in their order, and after a crash the family is what its checkpoint says. Method: random
// batches small and large over few keys, flushed and reopened at random, against a map.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "projections/store/versioned_store.h"
#include "tests/testing/histories.h"
#include "tests/testing/temp_folder.h"

namespace kith::projections {
namespace {

using eventstore::ReadTier;
using ::testing::ElementsAre;

constexpr absl::string_view kCheckpoint("\0c", 2);
// About as many bytes as 20 rows have: some batches are larger.
constexpr size_t kSortedBytes = 1000;

class OneFamily {
 public:
  OneFamily() { Open(); }

  // As after a crash.
  void Reopen() {
    family_.reset();
    store_.reset();
    Open();
  }
  VersionedFamily& family() const { return *family_; }
  // Files that wait to be taken in, or that nobody wanted.
  size_t LeftOver() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& file :
         std::filesystem::directory_iterator(folder_ / "views/sorting")) {
      ++count;
    }
    return count;
  }
  void LeaveOneOver() const { std::filesystem::create_directory(folder_ / "views/sorting/left"); }

 private:
  void Open() {
    auto store = VersionedStore::Open(
        {.path = folder_ / "views", .sorted_batch_bytes = kSortedBytes, .flush_on_close = false});
    KITH_CHECK(store.ok());
    store_ = *std::move(store);
    auto family = store_->OpenOrCreate("test.1");
    KITH_CHECK(family.ok());
    family_ = *std::move(family);
  }

  testing::TempFolder folder_;
  std::unique_ptr<VersionedStore> store_;
  std::shared_ptr<VersionedFamily> family_;
};

using Rows = std::map<std::string, std::string>;
using Past = std::map<Position, Rows>;  // after each position

Rows Scanned(const VersionedFamily& family, Position at) {
  Rows rows;
  const absl::Status scanned =
      family.Scan(KeyRange::Prefix("k"), at, [&](absl::string_view key, absl::string_view value) {
        rows.emplace(key, value);
        return true;
      });
  KITH_CHECK(scanned.ok());
  return rows;
}

// Several ranges in one go, each left where it likes.
void ExpectInEach(const VersionedFamily& family, const Rows& rows, Position at) {
  std::vector<KeyRange> ranges;
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
    ranges.push_back({absl::StrCat("k", *rc::gen::inRange(0, 20)),
                      absl::StrCat("k", *rc::gen::inRange(0, 20), "x")});
  }
  const size_t of_each = *rc::gen::inRange<size_t>(1, 10);
  std::vector<std::vector<std::string>> expected, found(ranges.size());
  for (const KeyRange& range : ranges) {
    std::vector<std::string>& values = expected.emplace_back();
    for (const auto& [key, value] : rows) {
      if (range.Contains(key)) values.push_back(value);
    }
    values.resize(std::min(values.size(), of_each));
  }
  const absl::Status scanned =
      family.ScanEach(ranges, at, [&](size_t range, absl::string_view, absl::string_view value) {
        found[range].emplace_back(value);
        return found[range].size() < of_each ? Visiting::kGoOn : Visiting::kNextRange;
      });
  RC_ASSERT(scanned.ok());
  RC_ASSERT(found == expected);
}

// Writes what some events make of the rows, with the checkpoint.
void WriteSome(VersionedFamily& family, Past& past) {
  const auto batch = family.NewBatch();
  Position at = past.rbegin()->first;
  const int events = *rc::gen::inRange(1, 60);
  for (int event = 0; event < events; ++event) {
    Rows rows = past.rbegin()->second;
    at = at.Next();
    const std::string key = absl::StrCat("k", *rc::gen::inRange(0, 20));
    if (*rc::gen::inRange(0, 4) == 0) {
      rows.erase(key);
      batch->Delete(key, at);
    } else {
      rows[key] = absl::StrCat(at.value(), " of ", key);
      batch->Put(key, at, rows[key]);
    }
    past.emplace(at, std::move(rows));
  }
  // Of values without versions the last counts, also within a batch.
  batch->PutUnversioned(kCheckpoint, "none");
  batch->PutUnversioned(kCheckpoint, absl::StrCat(at.value()));
  RC_ASSERT(family.Write(*batch).ok());
}

Position CheckpointOf(const VersionedFamily& family) {
  const auto value = family.Get(kCheckpoint, Position(0), ReadTier::kDisk);
  KITH_CHECK(value.ok());
  uint64_t checkpoint = 0;
  KITH_CHECK(!value->has_value() || absl::SimpleAtoi(**value, &checkpoint));
  return Position(checkpoint);
}

TEST(VersionedFamily, IsTheSameHoweverItWasWritten) {
  const bool held = testing::HoldsForHistories("rows as of any position are those of a map", [] {
    OneFamily store;
    Past past = {{Position(0), {}}};
    for (int step = *rc::gen::inRange(1, 20); step > 0; --step) {
      WriteSome(store.family(), past);
      RC_ASSERT(CheckpointOf(store.family()) == past.rbegin()->first);
      if (*rc::gen::inRange(0, 5) == 0) RC_ASSERT(store.family().Flush(true).ok());
      if (*rc::gen::inRange(0, 5) == 0) {
        store.Reopen();
        past.erase(past.upper_bound(CheckpointOf(store.family())), past.end());
      }
      RC_ASSERT(store.LeftOver() == 0u);
    }
    for (const auto& [at, rows] : past) {
      RC_ASSERT(Scanned(store.family(), at) == rows);
      ExpectInEach(store.family(), rows, at);
      const std::string key = absl::StrCat("k", *rc::gen::inRange(0, 20));
      const auto row = store.family().Get(key, at, ReadTier::kDisk);
      const auto found = rows.find(key);
      RC_ASSERT(row.ok());
      RC_ASSERT(row->has_value() == (found != rows.end()));
      if (row->has_value()) RC_ASSERT(**row == found->second);
    }
  });
  EXPECT_TRUE(held);
}

TEST(VersionedFamily, IsOnDiskAtOnceWhereABatchIsLarge) {
  OneFamily store;
  const auto batch = store.family().NewBatch();
  batch->Put("k", Position(1), std::string(kSortedBytes, 'x'));
  ASSERT_TRUE(store.family().Write(*batch).ok());
  store.Reopen();
  EXPECT_EQ(Scanned(store.family(), Position(1)).size(), 1u);
}

TEST(VersionedFamily, LeavesNothingOfAProcessThatEndedAmidItsWork) {
  OneFamily store;
  store.LeaveOneOver();
  ASSERT_EQ(store.LeftOver(), 1u);
  store.Reopen();
  EXPECT_EQ(store.LeftOver(), 0u);
}

TEST(VersionedStore, MakesWhatIsMissingAndKeepsWhatIsThere) {
  const testing::TempFolder folder;
  const auto open = [&] {
    return *VersionedStore::Open({.path = folder / "views", .flush_on_close = false});
  };
  auto store = open();
  const auto kept = *store->OpenOrCreate("kept.1");
  const auto batch = kept->NewBatch();
  batch->Put("k", Position(7), "value");
  ASSERT_TRUE(kept->Write(*batch).ok());
  ASSERT_TRUE(store->CreateMissing({"kept.1", "kept.1.index", "new.2"}).ok());
  EXPECT_THAT(store->FamilyNames(), ElementsAre("kept.1", "kept.1.index", "new.2"));
  EXPECT_EQ(**kept->Get("k", Position(7), ReadTier::kDisk), "value");
  EXPECT_TRUE(store->OpenOrCreateIndex("kept.1.index").ok());
  store.reset();
  EXPECT_THAT(open()->FamilyNames(), ElementsAre("kept.1", "kept.1.index", "new.2"));
}

}  // namespace
}  // namespace kith::projections
