#include "projections/engine/view_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "eventstore/base/error.h"
#include "kith/deals/v1/pipeline_events.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/store/versioned_store.h"
#include "tests/projections/engine/deal_names.h"
#include "tests/testing/view_fixture.h"

namespace kith::projections {
namespace {

using eventstore::ReadTier;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ViewFixture;
using testing::WaitFor;

using List = std::vector<std::unique_ptr<Projection>>;

List OneView() {
  List list;
  list.push_back(std::make_unique<DealNames>());
  return list;
}

// Two views over the same events, so that one can be on disk and the other not.
List TwoViews() {
  List list = OneView();
  list.push_back(std::make_unique<DealNames>("other_names"));
  return list;
}

void FlipBitAt(const std::filesystem::path& path, uint64_t place) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(place));
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(static_cast<std::streamoff>(place));
  file.put(byte);
}

class ViewStoreTest : public ::testing::Test {
 protected:
  ViewStoreTest() : ViewStoreTest(OneView) {}
  explicit ViewStoreTest(ViewFixture::Projections projections) : fixture_(std::move(projections)) {
    fixture_.Register<deals::v1::DealEvent>("deals");
    fixture_.Register<deals::v1::PipelineEvent>("pipelines");
  }

  // What the row of a deal says, "" when there is none.
  static std::string RowOf(const ViewSnapshot& snapshot, absl::string_view deal) {
    const auto row = snapshot.Get(absl::StrCat("r", deal), ReadTier::kDisk);
    EXPECT_TRUE(row.ok()) << row.status();
    return row.ok() && row->has_value() ? **row : "";
  }

  // The answer of a wait, once it has come.
  struct Answer {
    std::atomic<bool> given{false};
    absl::Status status;
  };
  std::shared_ptr<Answer> Ask(View& view, Position position, absl::Duration patience) {
    auto answer = std::make_shared<Answer>();
    view.WhenAt(position, fixture_.clock().Elapsed() + patience, [answer](absl::Status status) {
      answer->status = std::move(status);
      answer->given = true;
      answer->given.notify_all();
    });
    return answer;
  }

  ViewFixture fixture_;
};

class TwoViewsTest : public ViewStoreTest {
 protected:
  TwoViewsTest() : ViewStoreTest(TwoViews) {}
};

TEST_F(ViewStoreTest, FoldsWhatIsAppendedBeforeAndAfterItOpens) {
  fixture_.Append("deals/1", Created("Crane"));
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  const Position last = fixture_.Append("deals/1", Renamed("Tower crane"));
  ASSERT_TRUE(WaitFor(view, last).ok());
  EXPECT_EQ(RowOf(view.Latest(), "deals/1"), "Tower crane #1");
}

TEST_F(ViewStoreTest, KeepsEveryVersionReadable) {
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  const Position created = fixture_.Append("deals/1", Created("Crane"));
  const Position renamed = fixture_.Append("deals/1", Renamed("Tower crane"));
  const Position deleted = fixture_.Append("deals/1", Deleted());
  ASSERT_TRUE(WaitFor(view, deleted).ok());
  EXPECT_EQ(RowOf(view.At(Position(0)), "deals/1"), "");
  EXPECT_EQ(RowOf(view.At(created), "deals/1"), "Crane #0");
  EXPECT_EQ(RowOf(view.At(renamed), "deals/1"), "Tower crane #1");
  EXPECT_EQ(RowOf(view.At(deleted), "deals/1"), "");
}

TEST_F(ViewStoreTest, MovesOnOverEventsThatNoViewTakes) {
  const auto store = fixture_.Open("views");
  deals::v1::PipelineEvent pipeline;
  pipeline.mutable_pipeline_created();
  const Position last = fixture_.Append("pipelines/default", pipeline);
  EXPECT_TRUE(WaitFor(store->Find("deal_names"), last).ok());
}

TEST_F(ViewStoreTest, AnswersAWaitThatIsThereAlreadyOnTheCallersThread) {
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  const auto caller = std::this_thread::get_id();
  std::thread::id answered;
  view.WhenAt(Position(0), absl::InfiniteDuration(), [&](absl::Status status) {
    EXPECT_TRUE(status.ok());
    answered = std::this_thread::get_id();
  });
  EXPECT_EQ(answered, caller);
}

TEST_F(ViewStoreTest, RefusesAWaitAtItsDeadlineWithoutSayingHowMuchOthersWrite) {
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  const auto answer = Ask(view, Position(17), absl::Seconds(5));
  fixture_.clock().Advance(absl::Seconds(4));
  store->Tick();
  fixture_.clock().Advance(absl::Seconds(2));
  EXPECT_FALSE(answer->given);
  store->Tick();
  answer->given.wait(false);
  EXPECT_TRUE(IsError(answer->status, type::v1::ERROR_VIEW_BEHIND)) << answer->status;
  EXPECT_THAT(WireError(answer->status)->ShortDebugString(), Not(HasSubstr("17")));
}

TEST_F(ViewStoreTest, EndsAWaitInTimeWhateverTheTimeOfDayIsSetTo) {
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  const auto reached = Ask(view, Position(1), absl::Seconds(5));
  fixture_.clock().Jump(absl::Hours(3));
  store->Tick();
  fixture_.Append("deals/1", Created("Crane"));
  reached->given.wait(false);
  EXPECT_EQ(reached->status, absl::OkStatus());

  const auto missed = Ask(view, Position(17), absl::Seconds(5));
  fixture_.clock().Jump(-absl::Hours(6));
  fixture_.clock().Advance(absl::Seconds(5));
  store->Tick();
  missed->given.wait(false);
  EXPECT_TRUE(IsError(missed->status, type::v1::ERROR_VIEW_BEHIND)) << missed->status;
}

TEST_F(ViewStoreTest, AnswersWaitsWithUnavailableWhenItCloses) {
  auto store = fixture_.Open("views");
  const auto answer = Ask(store->Find("deal_names"), Position(17), absl::InfiniteDuration());
  store.reset();
  answer->given.wait(false);
  EXPECT_TRUE(IsError(answer->status, type::v1::ERROR_SHUTTING_DOWN)) << answer->status;
}

TEST_F(ViewStoreTest, ResumesFromItsCheckpointAfterARestart) {
  fixture_.Append("deals/1", Created("Crane"));
  auto store = fixture_.Open("views");
  const Position before = fixture_.log().head();
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), before).ok());
  store.reset();
  const Position after = fixture_.Append("deals/1", Renamed("Tower crane"));
  store = fixture_.Open("views");
  // Opened where it was closed, before anything is folded again.
  EXPECT_GE(store->Find("deal_names").position(), before);
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), after).ok());
  EXPECT_EQ(RowOf(store->Find("deal_names").Latest(), "deals/1"), "Tower crane #1");
}

TEST_F(ViewStoreTest, KeepsTheCheckpointWhereNothingWasWritten) {
  deals::v1::PipelineEvent pipeline;
  pipeline.mutable_pipeline_created();
  const Position last = fixture_.Append("pipelines/default", pipeline);
  auto store = fixture_.Open("views");
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), last).ok());
  ASSERT_TRUE(store->Find("deal_names").Flush().ok());
  fixture_.options().flush_on_close = false;
  store.reset();
  store = fixture_.Open("views");
  EXPECT_EQ(store->Find("deal_names").position(), last);
}

// A kill leaves every family at a position of its own.
TEST_F(TwoViewsTest, FoldEachFromItsOwnCheckpointAfterAKill) {
  fixture_.options().flush_on_close = false;
  auto store = fixture_.Open("views");
  const Position first = fixture_.Append("deals/1", Created("Crane"));
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), first).ok());
  ASSERT_TRUE(store->Find("deal_names").Flush().ok());
  fixture_.Append("deals/2", Created("Digger"));
  const Position second = fixture_.Append("deals/1", Renamed("Tower crane"));
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), second).ok());
  ASSERT_TRUE(WaitFor(store->Find("other_names"), second).ok());
  ASSERT_TRUE(store->Find("other_names").Flush().ok());
  const Position third = fixture_.Append("deals/1", Renamed("Crane"));
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), third).ok());
  ASSERT_TRUE(WaitFor(store->Find("other_names"), third).ok());
  store.reset();

  // On disk, one is at the first event, the other at the third of four.
  const Position head = fixture_.log().head();
  auto raw = VersionedStore::Open({.path = fixture_.PathOf("views")});
  ASSERT_TRUE(raw.ok()) << raw.status();
  for (const auto& [family, row] :
       {std::pair("deal_names.1", "Crane #0"), std::pair("other_names.1", "Tower crane #1")}) {
    auto opened = (*raw)->OpenOrCreate(family);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(RowOf(ViewSnapshot(*opened, nullptr, head), "deals/1"), row);
  }
  raw->reset();

  store = fixture_.Open("views");
  for (const char* name : {"deal_names", "other_names"}) {
    View& view = store->Find(name);
    ASSERT_TRUE(WaitFor(view, head).ok());
    EXPECT_EQ(RowOf(view.Latest(), "deals/1"), "Crane #2") << name;
    EXPECT_EQ(RowOf(view.Latest(), "deals/2"), "Digger #0") << name;
  }
  EXPECT_EQ(*store->Find("deal_names").Digest(head), *store->Find("other_names").Digest(head));
}

TEST_F(ViewStoreTest, FlushesWhenTheIntervalHasPassed) {
  fixture_.options().flush_on_close = false;
  fixture_.options().flush_interval = absl::Minutes(1);
  auto store = fixture_.Open("views");
  const Position last = fixture_.Append("deals/1", Created("Crane"));
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), last).ok());
  fixture_.clock().Advance(absl::Minutes(1));
  store->Tick();
  ASSERT_TRUE(store->Find("deal_names").Flush().ok());  // only to wait for the one before
  store.reset();
  store = fixture_.Open("views");
  EXPECT_EQ(store->Find("deal_names").position(), last);
}

TEST_F(ViewStoreTest, FlushesAfterSoManyPositionsWithoutATick) {
  fixture_.options().flush_on_close = false;
  fixture_.options().flush_positions = 10;
  auto store = fixture_.Open("views");
  for (int i = 0; i < 40; ++i) fixture_.Append(absl::StrCat("deals/", i), Created("Crane"));
  View& view = store->Find("deal_names");
  ASSERT_TRUE(WaitFor(view, Position(40)).ok());
  // Ends when it is less than ten positions behind.
  while (view.Health().flushed.value() + 10 <= 40) std::this_thread::yield();
}

TEST_F(ViewStoreTest, LeavesAnEntityAloneWhoseEventFailedAndFoldsTheOthers) {
  auto store = fixture_.Open("views");
  fixture_.Append("deals/1", Created("Crane"));
  fixture_.Append("deals/2", Created("Digger"));
  const Position failed = fixture_.Append("deals/1", Renamed(DealNames::kPoison));
  fixture_.Append("deals/1", Renamed("Tower crane"));
  const Position last = fixture_.Append("deals/2", Renamed("Excavator"));
  View& view = store->Find("deal_names");
  ASSERT_TRUE(WaitFor(view, last).ok());
  EXPECT_EQ(RowOf(view.Latest(), "deals/1"), "Crane #0");  // as before the event that failed
  EXPECT_EQ(RowOf(view.Latest(), "deals/2"), "Excavator #1");

  const auto expect_stale = [&](const View& view) {
    const ViewHealth health = view.Health();
    EXPECT_TRUE(health.status.ok());
    ASSERT_EQ(health.stale_count, 1u);
    ASSERT_EQ(health.stale.size(), 1u);
    EXPECT_EQ(health.stale[0].stream, "deals/1");
    EXPECT_EQ(health.stale[0].workspace, WorkspaceId(1));
    EXPECT_EQ(health.stale[0].since, failed);
    EXPECT_THAT(health.stale[0].error, HasSubstr("poisoned"));
  };
  expect_stale(view);
  store.reset();
  store = fixture_.Open("views");
  expect_stale(store->Find("deal_names"));
  const Position later = fixture_.Append("deals/1", Renamed("Still stale"));
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), later).ok());
  EXPECT_EQ(RowOf(store->Find("deal_names").Latest(), "deals/1"), "Crane #0");
}

TEST_F(ViewStoreTest, TellsItsOperatorOfAStaleEntityOnce) {
  std::vector<ViewNotice> notices;
  fixture_.options().notice = [&](const ViewNotice& notice) { notices.push_back(notice); };
  auto store = fixture_.Open("views");
  fixture_.Append("deals/1", Created(DealNames::kPoison));
  fixture_.Append("deals/1", Renamed("Tower crane"));
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), Position(2)).ok());
  store.reset();  // joins the threads that tell
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0].view, "deal_names");
  EXPECT_TRUE(notices[0].is_error);
  EXPECT_THAT(notices[0].text, HasSubstr("deals/1 of workspace 1"));
}

TEST_F(ViewStoreTest, IsLiveWhereItIsAtTheHead) {
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  ASSERT_TRUE(WaitFor(view, fixture_.Append("deals/1", Created("Crane"))).ok());
  const ViewHealth health = view.Health();
  EXPECT_EQ(health.state, ViewState::kLive);
  EXPECT_EQ(health.progress.percent, 100);
  EXPECT_EQ(health.lag, 0u);
}

TEST_F(ViewStoreTest, TellsTheSameStreamOfTwoWorkspacesApart) {
  const auto store = fixture_.Open("views");
  fixture_.Append("deals/1", Created(DealNames::kPoison), {.workspace = WorkspaceId(1)});
  const Position last = fixture_.Append("deals/1", Created("Crane"), {.workspace = WorkspaceId(2)});
  View& view = store->Find("deal_names");
  ASSERT_TRUE(WaitFor(view, last).ok());
  EXPECT_EQ(view.Health().stale_count, 1u);
  EXPECT_EQ(RowOf(view.Latest(), "deals/1"), "Crane #0");
}

TEST_F(ViewStoreTest, GivesTheSameDigestLiveAndRebuilt) {
  const auto live = fixture_.Open("live");
  for (int i = 0; i < 30; ++i) {
    fixture_.Append(absl::StrCat("deals/", i % 7), i % 5 == 4 ? Deleted() : Created("Crane"));
  }
  const Position last = fixture_.log().head();
  const auto rebuilt = fixture_.Open("rebuilt");
  View& a = live->Find("deal_names");
  View& b = rebuilt->Find("deal_names");
  ASSERT_TRUE(WaitFor(a, last).ok());
  ASSERT_TRUE(WaitFor(b, last).ok());
  for (Position at(0); at <= last; at = at.Next()) EXPECT_EQ(*a.Digest(at), *b.Digest(at)) << at;
  EXPECT_NE(*a.Digest(last), *a.Digest(Position(last.value() - 1)));
}

TEST(Generations, ANewVersionIsRebuiltAndTheOldOneDropped) {
  int version = 1;
  ViewFixture fixture([&] {
    List list;
    list.push_back(std::make_unique<DealNames>("deal_names", version));
    return list;
  });
  fixture.Register<deals::v1::DealEvent>("deals");
  const Position last = fixture.Append("deals/1", Created("Crane"));
  auto store = fixture.Open("views");
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), last).ok());
  store.reset();
  version = 2;
  store = fixture.Open("views");
  EXPECT_EQ(store->Find("deal_names").version(), 2);
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), last).ok());
  store.reset();
  const auto raw = VersionedStore::Open({.path = fixture.PathOf("views")});
  ASSERT_TRUE(raw.ok());
  EXPECT_THAT((*raw)->FamilyNames(), ::testing::ElementsAre("deal_names.2"));
}

TEST_F(ViewStoreTest, ClosesUnderReadsWithoutWaitingForTheirEnd) {
  auto store = fixture_.Open("views");
  for (int i = 0; i < 200; ++i) fixture_.Append(absl::StrCat("deals/", i), Created("Crane"));
  View& view = store->Find("deal_names");
  ASSERT_TRUE(WaitFor(view, fixture_.log().head()).ok());
  const ViewSnapshot snapshot = view.Latest();
  std::atomic<int> reading{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&, i] {
      absl::Status status;
      while (status.ok()) {
        if (i % 2 == 0) {
          status = snapshot.Get("rdeals/1", ReadTier::kDisk).status();
          ++reading;
        } else {
          status = snapshot.Scan(KeyRange::Prefix("r"), [&](absl::string_view, absl::string_view) {
            ++reading;
            return true;
          });
        }
      }
      EXPECT_TRUE(IsError(status, type::v1::ERROR_SHUTTING_DOWN)) << status;
    });
  }
  while (reading < 1000) std::this_thread::yield();
  store.reset();
  for (std::thread& reader : readers) reader.join();
  // A snapshot may outlive the store.
  EXPECT_FALSE(snapshot.Get("rdeals/1", ReadTier::kDisk).ok());
}

TEST_F(ViewStoreTest, RefusesADirectoryInUse) {
  const auto store = fixture_.Open("views");
  const auto second = fixture_.TryOpen("views");
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use"));
}

TEST_F(ViewStoreTest, RefusesTheViewsOfAnotherLogAndLeavesThemAlone) {
  auto other = VersionedStore::Open({.path = fixture_.PathOf("views")});
  ASSERT_TRUE((*other)->SetIdentity({"another-log-0001", 0}).ok());
  ASSERT_TRUE((*other)->OpenOrCreate("deal_names.1").ok());
  other->reset();
  const auto opened = fixture_.TryOpen("views");
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("another log"));
  const auto again = VersionedStore::Open({.path = fixture_.PathOf("views")});
  EXPECT_THAT((*again)->FamilyNames(), ::testing::ElementsAre("deal_names.1"));
}

TEST_F(ViewStoreTest, RebuildsViewsOfAnAbandonedFuture) {
  fixture_.Append("deals/1", Created("Crane"));
  auto store = fixture_.Open("views");
  const Position longer = fixture_.Append("deals/1", Renamed("Tower crane"));
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), longer).ok());
  store.reset();
  store = fixture_.OpenAt("views", Position(1));
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), Position(1)).ok());
  EXPECT_EQ(RowOf(store->Find("deal_names").Latest(), "deals/1"), "Crane #0");
}

TEST_F(ViewStoreTest, RebuildsTheViewsOfAnotherEpoch) {
  auto restored = VersionedStore::Open({.path = fixture_.PathOf("views")});
  const std::string log(fixture_.log().store_id());
  ASSERT_TRUE((*restored)->SetIdentity({log, fixture_.log().epoch() + 1}).ok());
  auto family = *(*restored)->OpenOrCreate("deal_names.1");
  const auto batch = family->NewBatch();
  batch->Put("rdeals/1", Position(1), "of another past");
  ASSERT_TRUE(family->Write(*batch).ok());
  family.reset();
  restored->reset();
  const Position last = fixture_.Append("deals/2", Created("Crane"));
  const auto store = fixture_.Open("views");
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), last).ok());
  EXPECT_EQ(RowOf(store->Find("deal_names").Latest(), "deals/1"), "");
}

// A flipped bit may be met when the directory is opened or when the row is read, but never goes
// unnoticed.
TEST_F(ViewStoreTest, NeverAnswersFromDamagedBytes) {
  for (int i = 0; i < 300; ++i) {
    fixture_.Append(absl::StrCat("deals/", i), Created(std::string(100, 'x')));
  }
  auto store = fixture_.Open("views");
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), fixture_.log().head()).ok());
  store.reset();
  for (const auto& entry : std::filesystem::directory_iterator(fixture_.PathOf("views"))) {
    if (entry.path().extension() != ".sst" || entry.file_size() < 3000) continue;
    FlipBitAt(entry.path(), 1000);
  }
  auto opened = fixture_.TryOpen("views");
  if (!opened.ok()) {
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss) << opened.status();
    return;
  }
  View& view = (*opened)->Find("deal_names");
  const ViewSnapshot snapshot = view.Latest();
  const absl::Status scanned =
      snapshot.Scan(KeyRange::Prefix("r"), [](auto, auto) { return true; });
  EXPECT_TRUE(IsError(scanned, type::v1::ERROR_VIEW_BUILDING)) << scanned;
  // By itself it is whole again.
  const auto whole = fixture_.Open("whole");
  ASSERT_TRUE(WaitFor(whole->Find("deal_names"), snapshot.position()).ok());
  while (view.Health().state != ViewState::kLive) {
    fixture_.clock().Advance(absl::Seconds(1));
    (*opened)->Tick();
    std::this_thread::yield();
  }
  EXPECT_EQ(*view.Digest(snapshot.position()),
            *whole->Find("deal_names").Digest(snapshot.position()));
}

// Goal: damage that RocksDB meets while it merges files costs the view whose it is a fold, by
// itself and while the process runs, and other views nothing. Method: a bit is flipped in the first
// of four files, the number at which they are merged, in rows that no fold of the others reads.
TEST_F(TwoViewsTest, OneIsBuiltAnewWhereMergingItsFilesMeetsDamage) {
  std::atomic<int> built_anew{0};
  std::atomic<int> others{0};
  fixture_.options().notice = [&](const ViewNotice& notice) {
    if (notice.is_error) ++(notice.view == "deal_names" ? built_anew : others);
  };
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  View& other = store->Find("other_names");
  const auto append = [&](int file) {
    Position last;
    for (int i = 0; i < 300; ++i) {
      last = fixture_.Append(absl::StrCat("deals/", file, ".", i), Created(std::string(100, 'x')));
    }
    return last;
  };
  for (int file = 0; file < 4; ++file) {
    const Position last = append(file);
    ASSERT_TRUE(WaitFor(view, last).ok());
    ASSERT_TRUE(view.Flush().ok());
    if (file > 0) continue;
    for (const auto& entry : std::filesystem::directory_iterator(fixture_.PathOf("views"))) {
      if (entry.path().extension() == ".sst" && entry.file_size() > 3000) {
        FlipBitAt(entry.path(), 1000);
      }
    }
  }
  while (built_anew == 0 || view.Health().state != ViewState::kLive) {
    fixture_.clock().Advance(absl::Minutes(1));
    store->Tick();
    std::this_thread::yield();
  }
  const Position last = append(4);
  ASSERT_TRUE(WaitFor(view, last).ok());
  ASSERT_TRUE(WaitFor(other, last).ok());
  EXPECT_EQ(*view.Digest(last), *other.Digest(last));
  EXPECT_EQ(view.Flush(), absl::OkStatus());
  EXPECT_EQ(other.Flush(), absl::OkStatus());
  EXPECT_EQ(built_anew, 1);
  EXPECT_EQ(others, 0);
}

// Every kind of file of the directory, cut, overwritten or gone.
TEST_F(ViewStoreTest, BuildsAnewWhatCannotBeOpened) {
  fixture_.Append("deals/1", Created("Crane"));
  { ASSERT_TRUE(WaitFor(fixture_.Open("whole")->Find("deal_names"), Position(1)).ok()); }
  std::vector<ViewNotice> notices;
  fixture_.options().notice = [&](const ViewNotice& notice) { notices.push_back(notice); };
  namespace fs = std::filesystem;
  for (const auto& entry : fs::directory_iterator(fixture_.PathOf("whole"))) {
    const std::string name = entry.path().filename().string();
    const bool matters =
        name == "CURRENT" || name.starts_with("MANIFEST") || entry.path().extension() == ".sst";
    if (!matters) continue;
    for (const int damage : {0, 1, 2}) {
      const std::string folder = absl::StrCat(name, damage);
      fs::copy(fixture_.PathOf("whole"), fixture_.PathOf(folder));
      const fs::path file = fs::path(fixture_.PathOf(folder)) / name;
      if (damage == 0) fs::remove(file);
      if (damage == 1) fs::resize_file(file, entry.file_size() / 2);
      if (damage == 2) std::ofstream(file) << "nonsense";
      std::ofstream(fs::path(fixture_.PathOf(folder)) / "of_somebody_else") << "is left alone";
      notices.clear();
      {
        const auto store = fixture_.Open(folder);
        ASSERT_TRUE(WaitFor(store->Find("deal_names"), Position(1)).ok()) << folder;
        EXPECT_EQ(RowOf(store->Find("deal_names").Latest(), "deals/1"), "Crane #0") << folder;
      }
      // The first half of a manifest is one of an earlier moment, from which the view goes on.
      if (damage == 1 && name.starts_with("MANIFEST")) continue;
      ASSERT_FALSE(notices.empty()) << folder;
      EXPECT_TRUE(notices[0].is_error);
      EXPECT_THAT(notices[0].text, HasSubstr("built anew")) << folder;
      EXPECT_TRUE(fs::exists(fs::path(fixture_.PathOf(folder)) / "of_somebody_else")) << folder;
    }
  }
}

// A bit in every stretch of every table: the identity's, the rows' and what RocksDB adds to them.
TEST_F(ViewStoreTest, BuildsAnewWhereABitIsFlipped) {
  fixture_.Append("deals/1", Created("Crane"));
  { ASSERT_TRUE(WaitFor(fixture_.Open("whole")->Find("deal_names"), Position(1)).ok()); }
  namespace fs = std::filesystem;
  constexpr uint64_t kStretch = 40;
  int flips = 0;
  for (const auto& entry : fs::directory_iterator(fixture_.PathOf("whole"))) {
    if (entry.path().extension() != ".sst") continue;
    for (uint64_t place = 0; place < entry.file_size(); place += kStretch) {
      const std::string folder = absl::StrCat(entry.path().stem().string(), ".", place);
      SCOPED_TRACE(folder);
      fs::copy(fixture_.PathOf("whole"), fixture_.PathOf(folder));
      FlipBitAt(fs::path(fixture_.PathOf(folder)) / entry.path().filename(), place);
      const auto opened = fixture_.TryOpen(folder);
      ASSERT_TRUE(opened.ok()) << opened.status();
      View& view = (*opened)->Find("deal_names");
      ASSERT_TRUE(WaitFor(view, Position(1)).ok());
      for (;;) {
        const auto row = view.Latest().Get("rdeals/1", ReadTier::kDisk);
        if (row.ok()) {
          EXPECT_EQ(row->value_or(""), "Crane #0");
          break;
        }
        ASSERT_TRUE(IsError(row.status(), type::v1::ERROR_VIEW_BUILDING)) << row.status();
        fixture_.clock().Advance(absl::Seconds(1));
        (*opened)->Tick();
        std::this_thread::yield();
      }
      ++flips;
    }
  }
  EXPECT_GT(flips, 40);
}

TEST_F(ViewStoreTest, AnswersAMemoryReadFromTheMemtable) {
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  const Position last = fixture_.Append("deals/1", Created("Crane"));
  ASSERT_TRUE(WaitFor(view, last).ok());
  const auto row = view.Latest().Get("rdeals/1", ReadTier::kMemory);
  ASSERT_TRUE(row.ok()) << row.status();
  EXPECT_EQ(row->value_or(""), "Crane #0");
}

TEST_F(ViewStoreTest, AnswersUnavailableInsteadOfReadingTheDisk) {
  // Many blocks, since opening reads the first one, where the checkpoint is.
  for (int i = 0; i < 300; ++i) {
    fixture_.Append(absl::StrCat("deals/", i), Created(std::string(100, 'x')));
  }
  const Position last = fixture_.log().head();
  auto store = fixture_.Open("views");
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), last).ok());
  store.reset();
  store = fixture_.Open("views");  // with a cold cache
  const ViewSnapshot snapshot = store->Find("deal_names").Latest();
  EXPECT_TRUE(absl::IsUnavailable(snapshot.Get("rdeals/250", ReadTier::kMemory).status()));
  EXPECT_TRUE(snapshot.Get("rdeals/250", ReadTier::kDisk).ok());
  EXPECT_TRUE(snapshot.Get("rdeals/250", ReadTier::kMemory)->has_value());
}

}  // namespace
}  // namespace kith::projections
