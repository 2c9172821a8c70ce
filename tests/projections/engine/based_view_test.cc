// Views that are based on another: what they are told, and that neither holds the other up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>

#include "absl/strings/match.h"
#include "projections/store/versioned_store.h"
#include "tests/projections/engine/deal_names.h"
#include "tests/projections/engine/name_lengths.h"
#include "tests/projections/engine/name_order.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/view_fixture.h"
#include "tests/testing/view_spec.h"

namespace kith::projections {
namespace {

using eventstore::ReadTier;
using testing::Faults;
using ::testing::HasSubstr;
using testing::StoreStep;
using testing::ViewFixture;
using testing::WaitFor;

class BasedViewTest : public ::testing::Test {
 protected:
  BasedViewTest()
      : fixture_([this] {
          std::vector<std::unique_ptr<Projection>> list;
          // The base is found wherever it stands.
          list.push_back(std::make_unique<NameLengths>("lengths", lengths_version_));
          list.push_back(std::make_unique<NameOrder>(before_, base_version_));
          list.push_back(std::make_unique<NameLengths>("other_lengths"));
          list.push_back(std::make_unique<DealNames>());
          return list;
        }) {
    fixture_.Register<deals::v1::DealEvent>("deals");
    fixture_.UseFaults(faults_);
    fixture_.options().flush_on_close = false;
    fixture_.options().near_positions = 10;
  }

  static std::string CountOf(const View& view, size_t length) {
    const auto row = view.Latest().Get(NameLengths::KeyOf(length), ReadTier::kDisk);
    EXPECT_TRUE(row.ok()) << row.status();
    return row.ok() ? row->value_or("none") : "";
  }
  Position AppendSome(int count) {
    Position last;
    for (int i = 0; i < count; ++i) {
      last = fixture_.Append(absl::StrCat("deals/", i % 7), Renamed(std::string(1 + i % 4, 'a')));
    }
    return last;
  }
  void AwaitLive(ViewStore& store, absl::string_view name) {
    while (store.Find(name).Health().state != ViewState::kLive ||
           store.Find(name).position() < fixture_.log().head()) {
      fixture_.clock().Advance(absl::Seconds(1));
      store.Tick();
      std::this_thread::yield();
    }
  }
  void ExpectTheSame(ViewStore& store, absl::string_view whole) {
    const auto other = fixture_.Open(whole);
    const Position last = fixture_.log().head();
    for (const char* name : {"lengths", "name_order", "other_lengths"}) {
      ASSERT_TRUE(WaitFor(other->Find(name), last).ok());
      ASSERT_TRUE(WaitFor(store.Find(name), last).ok());
      EXPECT_EQ(*store.Find(name).Digest(last), *other->Find(name).Digest(last)) << name;
      EXPECT_EQ(*store.Find(name).IndexDigest(), *other->Find(name).IndexDigest()) << name;
    }
  }
  void DropFamilies(const std::string& folder, absl::string_view of) {
    auto raw = VersionedStore::Open({.path = fixture_.PathOf(folder)});
    ASSERT_TRUE(raw.ok());
    for (const std::string& family : (*raw)->FamilyNames()) {
      if (!absl::StartsWith(family, of)) continue;
      ASSERT_TRUE((*raw)->Drop(family).ok());
    }
  }

  int base_version_ = 1;
  int lengths_version_ = 1;
  std::function<void(Position)> before_;  // of the base's events
  Faults faults_;
  ViewFixture fixture_;
};

TEST_F(BasedViewTest, IsToldWhatEachEventMadeOfARow) {
  const auto store = fixture_.Open("views");
  fixture_.Append("deals/1", Created("ab"));
  fixture_.Append("deals/2", Created("ab"));
  ASSERT_TRUE(WaitFor(store->Find("lengths"), fixture_.Append("deals/3", Created("abc"))).ok());
  const View& lengths = store->Find("lengths");
  EXPECT_EQ(CountOf(lengths, 2), "2");
  EXPECT_EQ(CountOf(lengths, 3), "1");
  fixture_.Append("deals/1", Renamed("abc"));
  fixture_.Append("deals/2", Renamed("ab"));  // changes nothing
  ASSERT_TRUE(WaitFor(store->Find("lengths"), fixture_.Append("deals/3", Deleted())).ok());
  EXPECT_EQ(CountOf(lengths, 2), "1");
  EXPECT_EQ(CountOf(lengths, 3), "1");
  EXPECT_EQ(lengths.position(), fixture_.log().head());
}

TEST_F(BasedViewTest, LeavesWhatItsBaseLeaves) {
  const auto store = fixture_.Open("views");
  fixture_.Append("deals/1", Created("ab"));
  fixture_.Append("deals/1", Renamed(DealNames::kPoison));
  fixture_.Append("deals/1", Renamed("left alone"));
  const Position last = fixture_.Append("deals/2", Created("ab"));
  for (const char* name : {"lengths", "name_order", "other_lengths"}) {
    ASSERT_TRUE(WaitFor(store->Find(name), last).ok());
    const ViewHealth health = store->Find(name).Health();
    ASSERT_EQ(health.stale_count, 1u) << name;
    EXPECT_EQ(health.stale[0].stream, "deals/1");
    EXPECT_EQ(health.stale[0].since, Position(2));
    EXPECT_THAT(health.stale[0].error, HasSubstr("poisoned"));
  }
  EXPECT_EQ(CountOf(store->Find("lengths"), 2), "2");
}

// Its own defect is nobody else's.
TEST_F(BasedViewTest, LeavesAloneWhatItCannotFoldItself) {
  const auto store = fixture_.Open("views");
  fixture_.Append("deals/1", Created(std::string(NameLengths::kTooLong, 'a')));
  const Position last = fixture_.Append("deals/1", Renamed("b"));
  for (const char* name : {"lengths", "name_order", "other_lengths"}) {
    ASSERT_TRUE(WaitFor(store->Find(name), last).ok());
  }
  EXPECT_EQ(store->Find("lengths").Health().stale_count, 1u);
  EXPECT_EQ(store->Find("name_order").Health().stale_count, 0u);
}

// ---- Far behind

TEST_F(BasedViewTest, IsBuiltBesideItsBaseWhereItIsNew) {
  AppendSome(100);
  {
    const auto store = fixture_.Open("views");
    for (const char* name : {"lengths", "name_order", "other_lengths"}) {
      ASSERT_TRUE(WaitFor(store->Find(name), fixture_.log().head()).ok());
      ASSERT_TRUE(store->Find(name).Flush().ok());
    }
  }
  lengths_version_ = 2;
  // Held in its own fold, when it has come some way.
  std::atomic<bool> held{false}, released{false};
  before_ = [&](Position position) {
    if (position != Position(50)) return;
    held = true;
    held.notify_all();
    released.wait(false);
  };
  const auto store = fixture_.Open("views");
  held.wait(false);
  const Position last = AppendSome(5);
  // The others are live meanwhile.
  EXPECT_TRUE(WaitFor(store->Find("name_order"), last).ok());
  EXPECT_TRUE(WaitFor(store->Find("other_lengths"), last).ok());
  EXPECT_EQ(store->Find("lengths").Health().state, ViewState::kBuilding);
  EXPECT_LT(store->Find("lengths").position(), Position(50));
  released = true;
  released.notify_all();
  AwaitLive(*store, "lengths");
  ExpectTheSame(*store, "whole");
  // And it goes on with its base.
  EXPECT_TRUE(WaitFor(store->Find("lengths"), AppendSome(5)).ok());
  ExpectTheSame(*store, "whole");
}

TEST_F(BasedViewTest, IsBuiltAnewBesideItsBaseWhereItsFilesAreDamaged) {
  AppendSome(100);
  const auto store = fixture_.Open("views");
  AwaitLive(*store, "lengths");
  faults_.Set([](StoreStep step, absl::string_view family) {
    return step == StoreStep::kWrite && family == "lengths.1"
               ? absl::DataLossError("the view store is damaged: a block")
               : absl::OkStatus();
  });
  AppendSome(5);
  while (store->Find("lengths").Health().state != ViewState::kBuilding) std::this_thread::yield();
  faults_.Clear();
  AwaitLive(*store, "lengths");
  AwaitLive(*store, "name_order");
  ExpectTheSame(*store, "whole");
}

TEST_F(BasedViewTest, WaitsForItsBaseThatIsBuiltAnew) {
  AppendSome(100);
  {
    const auto store = fixture_.Open("views");
    AwaitLive(*store, "lengths");
    ASSERT_TRUE(store->Find("lengths").Flush().ok());
  }
  DropFamilies("views", "name_order");
  const auto store = fixture_.Open("views");
  AppendSome(3);
  AwaitLive(*store, "name_order");
  AwaitLive(*store, "lengths");
  ExpectTheSame(*store, "whole");
}

TEST_F(BasedViewTest, IsBuiltAnewWithAnotherVersionOfItsBase) {
  const Position last = AppendSome(5);
  {
    const auto store = fixture_.Open("views");
    ASSERT_TRUE(WaitFor(store->Find("lengths"), last).ok());
    ASSERT_TRUE(store->Find("lengths").Flush().ok());
  }
  {
    const auto store = fixture_.Open("views");
    EXPECT_EQ(store->Find("lengths").Health().flushed, last);
  }
  base_version_ = 2;
  std::atomic<int> told{0};
  fixture_.options().notice = [&](const ViewNotice& notice) {
    if (notice.view == "lengths" && absl::StrContains(notice.text, "name_order.1")) ++told;
  };
  const auto store = fixture_.Open("views");
  EXPECT_EQ(told, 1);
  ASSERT_TRUE(WaitFor(store->Find("lengths"), last).ok());
  ExpectTheSame(*store, "whole");
}

// ---- Crashes

TEST(BasedViewCrashes, FoldsAgainFromWhereverTheFamiliesAre) {
  auto spec = testing::ViewSpec([] {
                std::vector<std::unique_ptr<Projection>> list;
                list.push_back(std::make_unique<NameLengths>("lengths"));
                list.push_back(std::make_unique<NameOrder>());
                return list;
              }).Takes<deals::v1::DealEvent>("deals");
  for (int i = 0; i < 40; ++i) {
    const std::string deal = absl::StrCat("deals/", i % 5);
    if (i % 11 == 10) {
      spec.Given(deal, Deleted());
    } else {
      spec.Given(deal, Renamed(std::string(1 + i * i % 6, static_cast<char>('a' + i % 3))));
    }
  }
  for (int family = 0; family < 3; ++family) spec.Then();
}

}  // namespace
}  // namespace kith::projections
