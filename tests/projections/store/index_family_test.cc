// Goal: a scan as of any position visits what held there, each entry once, in order, in either
// direction, whatever came and went since, and however much the family had been written meanwhile.
// Method: random histories of entries that are the beginning of one another, against sets.
#include "projections/store/index_family.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/store/versioned_store.h"
#include "rocksdb/db.h"
#include "rocksdb/perf_context.h"
#include "rocksdb/perf_level.h"
#include "tests/testing/histories.h"
#include "tests/testing/temp_folder.h"

namespace kith::projections {
namespace {

using eventstore::Direction;
using Entries = std::vector<std::string>;

constexpr char kName[] = "test.1.index";

// A store with one family, on disk only as far as it was flushed.
class OneFamily {
 public:
  OneFamily() { Open(); }

  // As after a crash.
  void Reopen() {
    Close();
    Open();
  }
  void Close() { store_.reset(); }
  // As something else than Kith may leave it.
  void Overwrite(const std::string& key, const std::string& value) {
    KITH_CHECK(family_->Flush(/*wait=*/true).ok());
    Close();
    rocksdb::DB* db = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    KITH_CHECK(
        rocksdb::DB::Open({}, folder_ / "views", {{"default", {}}, {kName, {}}}, &handles, &db)
            .ok());
    KITH_CHECK(db->Put({}, handles[1], key, value).ok());
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
      KITH_CHECK(db->DestroyColumnFamilyHandle(handle).ok());
    }
    delete db;
    Open();
  }
  IndexFamily& family() const { return *family_; }

 private:
  void Open() {
    family_.reset();
    auto store = VersionedStore::Open({.path = folder_ / "views", .flush_on_close = false});
    KITH_CHECK(store.ok());
    store_ = *std::move(store);
    auto family = store_->OpenOrCreateIndex(kName);
    KITH_CHECK(family.ok());
    family_ = *std::move(family);
  }

  testing::TempFolder folder_;
  std::unique_ptr<VersionedStore> store_;
  std::shared_ptr<IndexFamily> family_;
};

// What of `entries` is in the range, in its direction.
Entries Within(const std::set<std::string>& entries, const KeyRange& range) {
  Entries within;
  for (const std::string& entry : entries) {
    if (range.Contains(entry)) within.push_back(entry);
  }
  if (range.direction == Direction::kBackwards) std::reverse(within.begin(), within.end());
  return within;
}

Entries Scanned(const IndexFamily& family, const KeyRange& range, Position at) {
  Entries entries;
  const absl::Status scanned = family.Scan(range, at, [&](absl::string_view entry) {
    entries.emplace_back(entry);
    return true;
  });
  KITH_CHECK(scanned.ok());
  return entries;
}

Entries ScannedCurrent(const IndexFamily& family, const KeyRange& range) {
  Entries entries;
  const absl::Status scanned = family.ScanCurrent(range, [&](absl::string_view entry) {
    entries.emplace_back(entry);
    return true;
  });
  KITH_CHECK(scanned.ok());
  return entries;
}

// Of each range at most so many, and of all ranges the first of them.
std::vector<Entries> ScannedEach(const IndexFamily& family, const std::vector<KeyRange>& ranges,
                                 Position at, size_t of_each, size_t of_all) {
  std::vector<Entries> entries(ranges.size());
  size_t visited = 0;
  const absl::Status scanned =
      family.ScanEach(ranges, at, [&](size_t range, absl::string_view entry) {
        entries[range].emplace_back(entry);
        if (++visited == of_all) return Visiting::kEnd;
        return entries[range].size() < of_each ? Visiting::kGoOn : Visiting::kNextRange;
      });
  KITH_CHECK(scanned.ok());
  return entries;
}

std::vector<std::string> SpansOf(const IndexFamily& family) {
  std::vector<std::string> spans;
  const absl::Status scanned = family.ScanSpans([&](const IndexSpan& span) {
    spans.push_back(absl::StrCat(static_cast<int>(span.kind), " ", absl::CEscape(span.entry), " ",
                                 span.from.value(), "-", span.to.value_or(Position()).value()));
    return true;
  });
  KITH_CHECK(scanned.ok());
  return spans;
}

std::string AnyEntry() {
  static const std::vector<std::string> entries = {"\1",
                                                   "\1a",
                                                   std::string("\1a\0", 3),
                                                   std::string("\1a\0\0", 4),
                                                   "\1a\1",
                                                   "\1a\xff",
                                                   "\1a\xff\xff",
                                                   std::string("\1a\0\xff", 4),
                                                   "\1ab",
                                                   "\1abc",
                                                   "\1b",
                                                   std::string("\1a\0\1", 4),
                                                   std::string("\1a\0\0\0\0\0\0\0\5", 10)};
  return *rc::gen::elementOf(entries);
}

KeyRange AnyRange(Direction direction) {
  KeyRange range{AnyEntry(), AnyEntry(), direction};
  if (*rc::gen::inRange(0, 3) == 0) range.from.clear();
  if (*rc::gen::inRange(0, 3) == 0) range.to.clear();
  return range;
}

// Entries that turn, several times and also within one event, both as a versioned index has them
// and as a current one.
class History {
 public:
  History() {
    std::set<std::string> now;
    const int events = *rc::gen::inRange(1, 30);
    for (int event = 0; event < events; ++event) {
      const Entries turned =
          *rc::gen::container<Entries>(*rc::gen::inRange<size_t>(0, 4), rc::gen::exec(AnyEntry));
      for (const std::string& entry : turned) {
        if (!now.erase(entry)) now.insert(entry);
      }
      turned_.push_back(turned);
      states_.push_back(now);
    }
  }

  Position last() const { return Position(turned_.size()); }
  // Its beginning.
  History Until(Position at) const {
    History beginning = *this;
    beginning.turned_.resize(at.value());
    beginning.states_.resize(at.value() + 1);
    return beginning;
  }
  const std::set<std::string>& At(Position at) const { return states_[at.value()]; }

  // Gathers all of it, and has it put aside now and then.
  std::unique_ptr<IndexBuild> Gather(IndexFamily& family) const {
    auto build = family.Build();
    std::set<std::string> now;
    for (Position at(1); at <= last(); at = at.Next()) {
      for (const std::string& entry : turned_[at.value() - 1]) {
        const bool added = now.insert(entry).second;
        if (!added) now.erase(entry);
        for (const IndexKind kind : {IndexKind::kVersioned, IndexKind::kCurrent}) {
          build->Turn(LiveKey(kind, entry), added, at);
        }
      }
      if (*rc::gen::inRange(0, 5) == 0) RC_ASSERT(build->Spill().ok());
    }
    return build;
  }
  // Writes what followed `from`, `events` at a time.
  void Write(
      IndexFamily& family, Position from, uint64_t events,
      const std::function<void(Position)>& written = [](Position) {}) const {
    IndexChanges changes;
    std::set<std::string> now = At(from);
    while (from < last()) {
      for (const std::string& entry : turned_[from.value()]) {
        const bool added = now.insert(entry).second;
        if (!added) now.erase(entry);
        for (const IndexKind kind : {IndexKind::kVersioned, IndexKind::kCurrent}) {
          added ? changes.Add(kind, entry, from.Next()) : changes.Remove(kind, entry, from.Next());
        }
      }
      from = from.Next();
      if (from.value() % events != 0 && from != last()) continue;
      KITH_CHECK(family.Write(changes, from).ok());
      changes.Clear();
      written(from);
    }
  }

 private:
  std::vector<Entries> turned_;                       // by event
  std::vector<std::set<std::string>> states_ = {{}};  // before the first, then after each
};

// Several ranges in one go, in any order and direction, each left where it likes.
void ExpectHeldInEach(const IndexFamily& family, const std::set<std::string>& held, Position at) {
  std::vector<KeyRange> ranges;
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
    ranges.push_back(
        AnyRange(*rc::gen::arbitrary<bool>() ? Direction::kForwards : Direction::kBackwards));
  }
  const size_t of_each = *rc::gen::inRange<size_t>(1, 6);
  const size_t of_all = *rc::gen::inRange<size_t>(1, 20);
  size_t left = of_all;
  std::vector<Entries> expected;
  for (const KeyRange& range : ranges) {
    Entries& entries = expected.emplace_back(Within(held, range));
    entries.resize(std::min({entries.size(), of_each, left}));
    left -= entries.size();
  }
  RC_ASSERT(ScannedEach(family, ranges, at, of_each, of_all) == expected);
}

// What every test of a history compares.
void ExpectHeld(const IndexFamily& family, const History& history, Position last) {
  for (const Direction direction : {Direction::kForwards, Direction::kBackwards}) {
    const KeyRange all{"", "", direction};
    for (Position at(0); at <= last; at = at.Next()) {
      RC_ASSERT(Scanned(family, all, at) == Within(history.At(at), all));
      const KeyRange range = AnyRange(direction);
      RC_ASSERT(Scanned(family, range, at) == Within(history.At(at), range));
      ExpectHeldInEach(family, history.At(at), at);
    }
    RC_ASSERT(ScannedCurrent(family, all) == Within(history.At(last), all));
  }
}

TEST(IndexFamily, HasWhatHeldAtEveryPosition) {
  const bool held = testing::HoldsForHistories("a scan equals the set of its position", [] {
    const History history;
    OneFamily store;
    history.Write(store.family(), Position(0), *rc::gen::inRange<uint64_t>(1, 8),
                  [&](Position written) {
                    if (*rc::gen::inRange(0, 8) == 0) RC_ASSERT(store.family().Flush(true).ok());
                    ExpectHeld(store.family(), history, written);
                  });
    RC_ASSERT(*store.family().Checkpoint() == history.last());
    RC_ASSERT(store.family().Flush(true).ok());
    store.Reopen();  // what ended lately is known no more but from the disk
    ExpectHeld(store.family(), history, history.last());
  });
  EXPECT_TRUE(held);
}

TEST(IndexFamily, IsTheSameHoweverItWasWritten) {
  const bool held = testing::HoldsForHistories("all that is kept is the same", [] {
    const History history;
    OneFamily single, batched;
    history.Write(single.family(), Position(0), 1);
    history.Write(batched.family(), Position(0), *rc::gen::inRange<uint64_t>(2, 30));
    RC_ASSERT(SpansOf(batched.family()) == SpansOf(single.family()));
  });
  EXPECT_TRUE(held);
}

TEST(IndexFamily, IsTheSameWhereItWasBuilt) {
  const bool held = testing::HoldsForHistories("what is gathered is all that is kept", [] {
    const History history;
    OneFamily single, built;
    history.Write(single.family(), Position(0), 1);
    // A build that a crash ends leaves nothing, as one that is given up.
    for (const bool crashes : {true, false}) {
      const auto build = history.Gather(built.family());
      const auto done = build->FinishSome(history.last(), 0);
      RC_ASSERT(done.ok() && !*done);
      RC_ASSERT(*built.family().Checkpoint() == Position());
      if (crashes) built.Reopen();
    }
    const auto build = history.Gather(built.family());
    const auto entries = *rc::gen::inRange<size_t>(1, 20);
    for (;;) {
      RC_ASSERT(SpansOf(built.family()).empty());
      const auto done = build->FinishSome(history.last(), entries);
      RC_ASSERT(done.ok());
      if (*done) break;
    }
    built.Reopen();  // it is on disk
    RC_ASSERT(*built.family().Checkpoint() == history.last());
    RC_ASSERT(SpansOf(built.family()) == SpansOf(single.family()));
    ExpectHeld(built.family(), history, history.last());
  });
  EXPECT_TRUE(held);
}

// As where one process built it and another goes on.
TEST(IndexFamily, GoesOnWhereItWasBuilt) {
  const bool held = testing::HoldsForHistories("what follows a build is written as ever", [] {
    const History history;
    const Position half(history.last().value() / 2);
    OneFamily single, built;
    history.Write(single.family(), Position(0), 1);
    const auto build = history.Until(half).Gather(built.family());
    while (!*build->FinishSome(half, 1000)) {
    }
    history.Write(built.family(), half, *rc::gen::inRange<uint64_t>(1, 8));
    RC_ASSERT(SpansOf(built.family()) == SpansOf(single.family()));
    ExpectHeld(built.family(), history, history.last());
  });
  EXPECT_TRUE(held);
}

TEST(IndexFamily, GoesOnFromItsCheckpointAfterACrash) {
  const bool held = testing::HoldsForHistories("a family that lost its end catches up", [] {
    const History history;
    OneFamily whole, crashed;
    history.Write(whole.family(), Position(0), 1);
    const Position flushed(*rc::gen::inRange<uint64_t>(0, history.last().value() + 1));
    history.Write(crashed.family(), Position(0), 1, [&](Position written) {
      if (written == flushed) RC_ASSERT(crashed.family().Flush(true).ok());
    });
    crashed.Reopen();
    RC_ASSERT(*crashed.family().Checkpoint() == flushed);
    ExpectHeld(crashed.family(), history, flushed);
    history.Write(crashed.family(), flushed, *rc::gen::inRange<uint64_t>(1, 8));
    RC_ASSERT(SpansOf(crashed.family()) == SpansOf(whole.family()));
  });
  EXPECT_TRUE(held);
}

// Turns ten entries at every position, so that each is there at every other one; after so many
// positions it goes on with others, and leaves none of the first behind.
class Turning {
 public:
  static constexpr uint64_t kPositions = 50;

  // From a position that the family is at.
  explicit Turning(IndexFamily& family, Position position = Position(0))
      : family_(family), position_(position) {
    Turn();
  }

  void Turn() {
    IndexChanges changes;
    const Position next = position_.Next();
    const std::set<std::string> before = Held(position_), after = Held(next);
    for (const std::string& entry : before) {
      if (!after.contains(entry)) changes.Remove(IndexKind::kVersioned, entry, next);
    }
    for (const std::string& entry : after) {
      if (!before.contains(entry)) changes.Add(IndexKind::kVersioned, entry, next);
    }
    KITH_CHECK(family_.Write(changes, next).ok());
    position_ = next;
  }
  Position position() const { return position_; }

  static Entries HeldAt(Position at) {
    const std::set<std::string> held = Held(at);
    return Entries(held.begin(), held.end());
  }
  // Of all entries that turn about then.
  static KeyRange RangeAt(Position at) {
    return KeyRange::Prefix(absl::StrCat("\1", at.value() / kPositions, "."));
  }

 private:
  static std::set<std::string> Held(Position at) {
    std::set<std::string> held;
    if (at == Position(0)) return held;
    for (uint64_t i = at.value() % 2; i < 20; i += 2) {
      held.insert(absl::StrCat("\1", at.value() / kPositions, ".", i));
    }
    return held;
  }

  IndexFamily& family_;
  Position position_;
};

// Goal: a reader that comes between the parts of a write, or between whose parts one comes, still
// sees its position. Method: more threads than cores, so that each is stopped anywhere.
TEST(IndexFamily, ShowsTheSameWhileItIsWritten) {
  constexpr uint64_t kWrites = 3'000;
  OneFamily store;
  Turning turning(store.family());
  std::atomic<uint64_t> written{turning.position().value()};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      while (written < kWrites) {
        const Position at(written.load());
        const KeyRange range = Turning::RangeAt(at);
        const auto held = ScannedEach(store.family(), {range, range}, at, SIZE_MAX, SIZE_MAX);
        if (held != std::vector<Entries>(2, Turning::HeldAt(at))) ++wrong;
      }
    });
  }
  while (written < kWrites) {
    turning.Turn();
    written = turning.position().value();
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
}

// Goal: whatever a crash leaves is of one position, which the checkpoint names. Method: the family
// is flushed at any moment while it is written.
TEST(IndexFamily, IsWholeWhereverACrashCutsIt) {
  OneFamily store;
  for (int round = 0; round < 40; ++round) {
    Turning turning(store.family(), *store.family().Checkpoint());
    std::atomic<bool> flushed{false};
    std::thread flusher([&] {
      for (int i = 0; i < 3; ++i) KITH_CHECK(store.family().Flush(/*wait=*/true).ok());
      flushed = true;
    });
    while (!flushed) turning.Turn();
    flusher.join();
    store.Reopen();
    const Position at = *store.family().Checkpoint();
    ASSERT_EQ(Scanned(store.family(), Turning::RangeAt(at), at), Turning::HeldAt(at)) << at;
    const Position before(at.value() - 1);
    ASSERT_EQ(Scanned(store.family(), Turning::RangeAt(before), before), Turning::HeldAt(before));
  }
}

TEST(IndexFamily, GoesOnAsItBeganWhileItIsVisited) {
  OneFamily store;
  Turning turning(store.family());
  turning.Turn();
  for (const Position at : {Position(2), Position(1)}) {  // as of now, then as of an earlier moment
    Entries entries;
    const absl::Status scanned = store.family().Scan({}, at, [&](absl::string_view entry) {
      entries.emplace_back(entry);
      turning.Turn();
      return true;
    });
    ASSERT_TRUE(scanned.ok()) << scanned;
    EXPECT_EQ(entries, Turning::HeldAt(at));
  }
}

TEST(IndexFamily, EndsWhenTheVisitorSaysSo) {
  OneFamily store;
  Turning turning(store.family());
  turning.Turn();
  for (const Position at : {Position(1), turning.position()}) {
    int visited = 0;
    const auto second = [&](absl::string_view) { return ++visited < 2; };
    ASSERT_TRUE(store.family().Scan({}, at, second).ok());
    EXPECT_EQ(visited, 2) << "as of " << at;
  }
}

// Goal: the first entries of a stretch are found without reading what follows them, though nothing
// of what is there held then, or nothing of what was. Method: the keys that RocksDB compares.
TEST(IndexFamily, ReadsNoFurtherThanItsVisitorWants) {
  constexpr int kEntries = 2'000;
  OneFamily store;
  IndexChanges first, second;
  for (int i = 0; i < kEntries; ++i) {
    const std::string entry = absl::StrCat("\1", 10'000 + i);
    first.Add(IndexKind::kVersioned, entry + "a", Position(1));
    second.Remove(IndexKind::kVersioned, entry + "a", Position(2));
    second.Add(IndexKind::kVersioned, entry + "b", Position(2));
  }
  ASSERT_TRUE(store.family().Write(first, Position(1)).ok());
  ASSERT_TRUE(store.family().Write(second, Position(2)).ok());
  ASSERT_TRUE(store.family().Write({}, Position(3)).ok());
  ASSERT_TRUE(store.family().Flush(/*wait=*/true).ok());
  store.Reopen();  // what ended lately is known no more but from the disk
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
  for (const Direction direction : {Direction::kForwards, Direction::kBackwards}) {
    for (const Position at : {Position(1), Position(2)}) {
      rocksdb::get_perf_context()->Reset();
      int visited = 0;
      const auto ten = [&](absl::string_view) { return ++visited < 10; };
      ASSERT_TRUE(store.family().Scan({"", "", direction}, at, ten).ok());
      EXPECT_EQ(visited, 10);
      EXPECT_LT(rocksdb::get_perf_context()->user_key_comparison_count, kEntries / 2) << at;
    }
  }
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
}

TEST(IndexFamily, AnswersNothingOnceItsStoreIsClosed) {
  OneFamily store;
  Turning turning(store.family());
  turning.Turn();
  store.Close();
  const auto visit = [](auto) { return true; };
  const auto visit_each = [](auto, auto) { return Visiting::kGoOn; };
  for (const absl::Status& status :
       {store.family().Checkpoint().status(), store.family().Scan({}, Position(1), visit),
        store.family().ScanCurrent({}, visit), store.family().ScanSpans(visit),
        store.family().ScanEach({}, Position(1), visit_each)}) {
    EXPECT_TRUE(IsError(status, type::v1::ERROR_SHUTTING_DOWN)) << status;
  }
}

// RocksDB removes a key's newest put alone, so that there must not be two.
TEST(IndexFamily, ForgetsWhatWentAfterItHadComeBack) {
  OneFamily store;
  IndexChanges came, came_back, went;
  came.Add(IndexKind::kVersioned, "\1a", Position(1));
  came_back.Remove(IndexKind::kVersioned, "\1a", Position(2));
  came_back.Add(IndexKind::kVersioned, "\1a", Position(3));
  went.Remove(IndexKind::kVersioned, "\1a", Position(4));
  ASSERT_TRUE(store.family().Write(came, Position(1)).ok());
  ASSERT_TRUE(store.family().Flush(/*wait=*/true).ok());
  ASSERT_TRUE(store.family().Write(came_back, Position(3)).ok());
  ASSERT_TRUE(store.family().Write(went, Position(4)).ok());
  ASSERT_TRUE(store.family().Flush(/*wait=*/true).ok());
  EXPECT_EQ(SpansOf(store.family()), (std::vector<std::string>{"1 \\001a 1-2", "1 \\001a 3-4"}));
}

TEST(IndexFamily, NeverAnswersFromWhatDoesNotParse) {
  OneFamily store;
  Turning turning(store.family());
  turning.Turn();
  const auto visit = [](auto) { return true; };
  const std::string live = LiveKey(IndexKind::kVersioned, "\1~");
  store.Overwrite(live, "");
  for (const Position at : {Position(1), Position(2)}) {
    EXPECT_TRUE(absl::IsDataLoss(store.family().Scan({}, at, visit))) << at;
  }
  EXPECT_TRUE(absl::IsDataLoss(store.family().ScanSpans(visit)));
  EXPECT_TRUE(store.family().ScanCurrent({}, visit).ok());
  IndexChanges changes;
  changes.Remove(IndexKind::kVersioned, "\1~", Position(3));
  EXPECT_TRUE(absl::IsDataLoss(store.family().Write(changes, Position(3))));

  store.Overwrite(live, FromValue(Position(2)));
  EXPECT_TRUE(store.family().Scan({}, Position(1), visit).ok());
  std::string without_end = ClosedKey("\1~", Position(2));
  without_end.erase(3, 2);
  store.Overwrite(without_end, FromValue(Position(1)));
  EXPECT_TRUE(store.family().Scan({}, Position(2), visit).ok()) << "is not looked at";
  EXPECT_TRUE(absl::IsDataLoss(store.family().Scan({}, Position(1), visit)));
}

TEST(IndexFamily, RefusesToEndASpanThatItDoesNotHave) {
  OneFamily store;
  IndexChanges changes;
  changes.Remove(IndexKind::kVersioned, "\1a", Position(1));
  EXPECT_TRUE(absl::IsDataLoss(store.family().Write(changes, Position(1))));
}

}  // namespace
}  // namespace kith::projections
