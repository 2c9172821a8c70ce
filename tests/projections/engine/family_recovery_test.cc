// Goal: a view with indexes comes to the same rows, entries and stale entities from
// wherever a crash left its two families. Method: the folders of a view that was stopped at every
// position of a short history are combined, each with the index entries of each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "projections/store/versioned_store.h"
#include "tests/projections/engine/deal_names.h"
#include "tests/projections/engine/name_order.h"
#include "tests/testing/crashed_views.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/view_fixture.h"

namespace kith::projections {
namespace {

using deals::v1::Deal;
using ::testing::ElementsAre;
using testing::Faults;
using testing::StoreStep;
using testing::TakeIndexEntries;
using testing::ViewFixture;
using testing::WaitFor;

constexpr char kFamily[] = "name_order.1";

class FamilyRecoveryTest : public ::testing::Test {
 protected:
  FamilyRecoveryTest()
      : fixture_([this] {
          std::vector<std::unique_ptr<Projection>> projections;
          projections.push_back(std::make_unique<NameOrder>(before_));
          return projections;
        }) {
    fixture_.Register<deals::v1::DealEvent>("deals");
    fixture_.options().flush_on_close = false;
  }

  // A folder of the view as it was after `head` events, on disk and closed.
  std::string StopAt(Position head, const std::string& folder) {
    auto store = fixture_.OpenAt(folder, head);
    View& view = store->Find("name_order");
    EXPECT_TRUE(WaitFor(view, head).ok());
    EXPECT_TRUE(view.Flush().ok());
    return fixture_.PathOf(folder);
  }
  static std::vector<std::string> NamesInOrder(const View& view) {
    const auto page =
        NameOrder::Deals().List(view.Latest(), WorkspaceId(1), {.order_by = "display_name"});
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> names;
    if (page.ok()) {
      for (const Deal& deal : page->rows) names.push_back(deal.display_name());
    }
    return names;
  }

  std::function<void(Position)> before_;  // of the stores opened from now on
  ViewFixture fixture_;
};

TEST_F(FamilyRecoveryTest, FoldsAgainFromTheLowerOfTheTwoPositions) {
  fixture_.Append("deals/1", Created("m"));
  fixture_.Append("deals/2", Created("d"));
  fixture_.Append("deals/1", Renamed("a"));
  fixture_.Append("deals/3", Created("c"));
  fixture_.Append("deals/3", Renamed("e"));
  fixture_.Append("deals/3", Renamed(DealNames::kPoison));
  fixture_.Append("deals/2", Deleted());
  fixture_.Append("deals/3", Renamed("left alone"));
  fixture_.Append("deals/1", Renamed("x"));
  const Position last = fixture_.Append("deals/2", Created("b"));

  const auto whole = fixture_.Open("whole");
  View& expected = whole->Find("name_order");
  ASSERT_TRUE(WaitFor(expected, last).ok());
  ASSERT_THAT(NamesInOrder(expected), ElementsAre("b", "e", "x"));

  std::vector<std::string> stopped;
  for (Position at(0); at <= last; at = at.Next()) {
    stopped.push_back(StopAt(at, absl::StrCat("stopped", at.value())));
  }
  for (Position rows(0); rows <= last; rows = rows.Next()) {
    for (Position index(0); index <= last; index = index.Next()) {
      const std::string folder = absl::StrCat("rows", rows.value(), "index", index.value());
      std::filesystem::copy(stopped[rows.value()], fixture_.PathOf(folder));
      TakeIndexEntries(stopped[index.value()], fixture_.PathOf(folder), kFamily);
      const auto store = fixture_.Open(folder);
      View& view = store->Find("name_order");
      ASSERT_TRUE(WaitFor(view, last).ok());
      ASSERT_TRUE(view.Health().status.ok()) << view.Health().status;
      for (const Position at : {rows, index, last}) {
        EXPECT_EQ(*view.Digest(at), *expected.Digest(at)) << folder << " as of " << at;
      }
      EXPECT_EQ(*view.IndexDigest(), *expected.IndexDigest()) << folder;
      EXPECT_EQ(view.Health().stale_count, 1u) << folder;
    }
  }
}

// Goal: a second crash while the family that is behind catches up must not find rows that are newer
// than their checkpoint says. Method: entries so large that each makes a batch of its own, and a
// look at the checkpoint while the worker is held in the middle.
TEST_F(FamilyRecoveryTest, KeepsTheCheckpointOfTheFamilyThatIsAhead) {
  constexpr size_t kLarge = 600'000;
  for (char c = 'a'; c < 'g'; ++c) fixture_.Append("deals/1", Created(std::string(kLarge, c)));
  const Position last = fixture_.log().head();
  TakeIndexEntries(StopAt(Position(1), "from"), StopAt(last, "views"), kFamily);
  std::atomic<bool> held{false};
  std::atomic<bool> released{false};
  before_ = [&](Position position) {
    if (position != last) return;
    held = true;
    held.notify_all();
    released.wait(false);
  };
  const auto store = fixture_.Open("views");
  View& view = store->Find("name_order");
  held.wait(false);
  const ViewSnapshot middle = view.Latest();
  const auto checkpoint = middle.Get(absl::string_view("\0c", 2), eventstore::ReadTier::kDisk);
  released = true;
  released.notify_all();
  EXPECT_LT(middle.position(), last);
  EXPECT_GT(middle.position(), Position(1));
  ASSERT_TRUE(checkpoint.ok() && checkpoint->has_value());
  EXPECT_EQ(**checkpoint, std::string(1, static_cast<char>(last.value())));
  EXPECT_TRUE(WaitFor(view, last).ok());
}

// Goal: a view that was built far behind is right, too, where the process ended when its rows were
// on disk and its entries were not. Method: the write of the entries fails, and the store is
// dropped.
TEST_F(FamilyRecoveryTest, IsBuiltAgainWhereItEndedBetweenItsTwoFamilies) {
  for (char c = 'a'; c < 'k'; ++c) {
    fixture_.Append(absl::StrCat("deals/", c % 3), Created(std::string(1, c)));
  }
  const Position last = fixture_.log().head();
  const auto whole = fixture_.Open("whole");  // not far behind: written event by event
  ASSERT_TRUE(WaitFor(whole->Find("name_order"), last).ok());

  fixture_.options().near_positions = 2;
  fixture_.options().sorted_batch_bytes = 1;
  Faults faults;
  fixture_.UseFaults(faults);
  faults.Set([](StoreStep step, absl::string_view family) {
    return step == StoreStep::kWrite && family == "name_order.1.index"
               ? absl::UnavailableError("the disk failed")
               : absl::OkStatus();
  });
  {
    const auto store = fixture_.Open("views");
    const View& view = store->Find("name_order");
    while (view.Health().state != ViewState::kStopped) std::this_thread::yield();
    EXPECT_EQ(view.position(), Position(0)) << "nothing can be read without its entries";
  }
  {
    auto raw = VersionedStore::Open({.path = fixture_.PathOf("views")});
    const auto checkpoint =
        (*(*raw)->OpenOrCreate(kFamily))
            ->Get(absl::string_view("\0c", 2), Position(0), eventstore::ReadTier::kDisk);
    ASSERT_TRUE(checkpoint.ok() && checkpoint->has_value());
    EXPECT_EQ(**checkpoint, std::string(1, static_cast<char>(last.value())));
    EXPECT_EQ(*(*(*raw)->OpenOrCreateIndex("name_order.1.index"))->Checkpoint(), Position(0));
  }
  faults.Clear();
  const auto store = fixture_.Open("views");
  View& view = store->Find("name_order");
  ASSERT_TRUE(WaitFor(view, last).ok());
  for (Position at(0); at <= last; at = at.Next()) {
    EXPECT_EQ(*view.Digest(at), *whole->Find("name_order").Digest(at)) << "as of " << at;
  }
  EXPECT_EQ(*view.IndexDigest(), *whole->Find("name_order").IndexDigest());
}

TEST_F(FamilyRecoveryTest, IsOnDiskWithItsCheckpointAfterAFlush) {
  const Position last = fixture_.Append("deals/1", Created("a"));
  auto store = fixture_.Open("views");
  ASSERT_TRUE(WaitFor(store->Find("name_order"), last).ok());
  ASSERT_TRUE(store->Find("name_order").Flush().ok());
  // Of an event that changes no entry the checkpoint is kept, too.
  deals::v1::DealEvent another_step = Renamed("a");
  another_step.mutable_deal_updated()->mutable_deal()->set_next_step("Call");
  const Position later = fixture_.Append("deals/1", another_step);
  ASSERT_TRUE(WaitFor(store->Find("name_order"), later).ok());
  ASSERT_TRUE(store->Find("name_order").Flush().ok());
  store.reset();
  store = fixture_.OpenAt("views", later);
  EXPECT_EQ(store->Find("name_order").position(), later);
  EXPECT_THAT(NamesInOrder(store->Find("name_order")), ElementsAre("a"));
}

// Other versions of ICU or libidn2 make other keys of the same text.
TEST_F(FamilyRecoveryTest, IsBuiltAnewUnderTheNormalFormsOfOtherLibraries) {
  fixture_.Append("deals/1", Created("a"));
  const Position last = fixture_.Append("deals/1", Renamed("b"));
  StopAt(last, "views");
  const auto folded = [&] {
    std::atomic<int> count{0};
    before_ = [&](Position) { ++count; };
    auto store = fixture_.Open("views");
    EXPECT_TRUE(WaitFor(store->Find("name_order"), last).ok());
    EXPECT_THAT(NamesInOrder(store->Find("name_order")), ElementsAre("b"));
    EXPECT_TRUE(store->Find("name_order").Flush().ok());
    store.reset();
    return count.load();
  };
  EXPECT_EQ(folded(), 0);
  for (const char* other : {"ICU 1.0, Unicode 1.0, libidn2 0.1", ""}) {
    {
      auto raw = VersionedStore::Open({.path = fixture_.PathOf("views")});
      const auto family = *(*raw)->OpenOrCreate(kFamily);
      const auto batch = family->NewBatch();
      batch->PutUnversioned(absl::string_view("\0n", 2), other);
      ASSERT_TRUE(family->Write(*batch).ok() && family->Flush(/*wait=*/true).ok());
    }
    EXPECT_EQ(folded(), 2) << other;
    EXPECT_EQ(folded(), 0) << "once is enough";
  }
}

TEST_F(FamilyRecoveryTest, IsDroppedWithItsView) {
  const Position last = fixture_.Append("deals/1", Created("a"));
  StopAt(last, "views");
  {
    auto raw = VersionedStore::Open({.path = fixture_.PathOf("views")});
    ASSERT_THAT((*raw)->FamilyNames(), ElementsAre("name_order.1", "name_order.1.index"));
    // As a view of another version left it, and one of an earlier layout.
    ASSERT_TRUE((*raw)->OpenOrCreate("name_order.0").ok());
    for (const char* name : {"name_order.0.index", "name_order.0.current"}) {
      const auto index = (*raw)->OpenOrCreateIndex(name);
      ASSERT_TRUE(index.ok() && (*index)->Write({}, Position(7)).ok());
    }
  }
  {
    const auto store = fixture_.Open("views");
    ASSERT_TRUE(WaitFor(store->Find("name_order"), last).ok());
    EXPECT_THAT(NamesInOrder(store->Find("name_order")), ElementsAre("a"));
  }
  auto raw = VersionedStore::Open({.path = fixture_.PathOf("views")});
  EXPECT_THAT((*raw)->FamilyNames(), ElementsAre("name_order.1", "name_order.1.index"));
}

TEST_F(FamilyRecoveryTest, IsFoldedAnewWithTheRowsOfAnAbandonedFuture) {
  fixture_.Append("deals/1", Created("a"));
  const Position head = fixture_.Append("deals/2", Created("m"));
  const Position longer = fixture_.Append("deals/1", Renamed("z"));
  // Only the entries are of the future.
  TakeIndexEntries(StopAt(longer, "from"), StopAt(head, "views"), kFamily);
  const auto store = fixture_.OpenAt("views", head);
  ASSERT_TRUE(WaitFor(store->Find("name_order"), head).ok());
  EXPECT_THAT(NamesInOrder(store->Find("name_order")), ElementsAre("a", "m"));
}

}  // namespace
}  // namespace kith::projections
