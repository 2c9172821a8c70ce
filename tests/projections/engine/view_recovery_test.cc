// Goal: nothing ends a view: not a disk that fails once or for a while, not damaged files, not a
// slow neighbour. Method: faults injected below the store, and a worker that is held in the middle
// of its fold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "tests/projections/engine/deal_names.h"
#include "tests/testing/faulty_store.h"
#include "tests/testing/log_wrapper.h"
#include "tests/testing/view_fixture.h"

namespace kith::projections {
namespace {

using eventstore::ReadTier;
using testing::Faults;
using ::testing::HasSubstr;
using testing::StoreStep;
using testing::ViewFixture;
using testing::WaitFor;

using List = std::vector<std::unique_ptr<Projection>>;

// Holds the workers of views that come to a position, until it is let go.
class Holdup {
 public:
  void HoldAt(uint64_t position) { at_ = position; }
  void Pass(Position position) {
    if (position.value() != at_) return;
    held_ = true;
    held_.notify_all();
    released_.wait(false);
  }
  void AwaitHeld() { held_.wait(false); }
  void LetGo() {
    released_ = true;
    released_.notify_all();
  }

 private:
  std::atomic<uint64_t> at_{0};
  std::atomic<bool> held_{false};
  std::atomic<bool> released_{false};
};

// Declared after a store, so that a test that fails does not wait for the worker for ever.
class Release {
 public:
  explicit Release(Holdup& holdup) : holdup_(holdup) {}
  ~Release() { holdup_.LetGo(); }

 private:
  Holdup& holdup_;
};

class HeldNames final : public DealNames {
 public:
  HeldNames(std::string name, Holdup& holdup) : DealNames(std::move(name)), holdup_(holdup) {}
  absl::Status Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const override {
    holdup_.Pass(event.header().position);
    return DealNames::Apply(event, batch);
  }

 private:
  Holdup& holdup_;
};

// "deal_names" as it is, and "held_names", which can be held up.
class ViewRecoveryTest : public ::testing::Test {
 protected:
  ViewRecoveryTest()
      : fixture_([this] {
          List list;
          list.push_back(std::make_unique<DealNames>());
          list.push_back(std::make_unique<HeldNames>("held_names", holdup_));
          return list;
        }) {
    fixture_.Register<deals::v1::DealEvent>("deals");
    fixture_.UseFaults(faults_);
    fixture_.options().notice = [this](const ViewNotice& notice) {
      MutexLock lock(mutex_);
      notices_.push_back(notice);
    };
  }

  static std::string RowOf(const ViewSnapshot& snapshot, absl::string_view deal) {
    const auto row = snapshot.Get(absl::StrCat("r", deal), ReadTier::kDisk);
    EXPECT_TRUE(row.ok()) << row.status();
    return row.ok() && row->has_value() ? **row : "";
  }
  // The first is of a deal that is new, so that its row is not in memory.
  Position AppendSome(int count) {
    Position last = fixture_.Append(absl::StrCat("deals/new", ++appended_), Renamed("v0"));
    for (int i = 1; i < count; ++i) {
      last = fixture_.Append(absl::StrCat("deals/", i % 7), Renamed(absl::StrCat("v", i)));
    }
    return last;
  }
  static void AwaitState(const View& view, ViewState state) {
    while (view.Health().state != state) std::this_thread::yield();
  }
  // Both views, once they are there.
  static void ExpectTheSame(ViewStore& store, Position position) {
    View& deals = store.Find("deal_names");
    View& held = store.Find("held_names");
    ASSERT_TRUE(WaitFor(deals, position).ok());
    ASSERT_TRUE(WaitFor(held, position).ok());
    EXPECT_EQ(*deals.Digest(position), *held.Digest(position));
  }
  // What failed may be under way once more when the fault is taken away, and is due later then.
  void TryAgain(ViewStore& store, const View& view, Position last) {
    while (!view.IsAt(last)) {
      fixture_.clock().Advance(absl::Milliseconds(100));
      store.Tick();
      std::this_thread::yield();
    }
  }
  // The answer to a wait that is answered at once.
  absl::Status Ask(View& view, Position position, absl::Duration patience) {
    struct Answer {
      Mutex mutex;
      absl::Status status = absl::UnknownError("not answered");
    };
    const auto answer = std::make_shared<Answer>();  // which may come later
    view.WhenAt(position, fixture_.clock().Elapsed() + patience, [answer](absl::Status status) {
      MutexLock lock(answer->mutex);
      answer->status = std::move(status);
    });
    MutexLock lock(answer->mutex);
    return answer->status;
  }
  int NoticesOf(ViewState state) { return static_cast<int>(NoticesOf("deal_names", state).size()); }
  std::vector<ViewNotice> NoticesOf(absl::string_view view, ViewState state) {
    MutexLock lock(mutex_);
    std::vector<ViewNotice> found;
    std::copy_if(notices_.begin(), notices_.end(), std::back_inserter(found),
                 [&](const auto& notice) { return notice.view == view && notice.state == state; });
    return found;
  }
  static Faults::Decide Failing(absl::string_view family, StoreStep step, absl::Status error) {
    return [=](StoreStep at, absl::string_view name) {
      return at == step && name == family ? error : absl::OkStatus();
    };
  }

  int appended_ = 0;
  Mutex mutex_;
  std::vector<ViewNotice> notices_ KITH_GUARDED_BY(mutex_);
  Holdup holdup_;
  Faults faults_;
  ViewFixture fixture_;
};

const absl::Status kNoDisk = absl::UnavailableError("the view store failed: no disk");
const absl::Status kBadBlock = absl::DataLossError("the view store is damaged: a block");

// ---- Errors of the disk

TEST_F(ViewRecoveryTest, GoesOnAfterTheDiskFailed) {
  for (const StoreStep step : {StoreStep::kRead, StoreStep::kWrite, StoreStep::kWritten}) {
    const auto store = fixture_.Open(absl::StrCat("views", static_cast<int>(step)));
    View& view = store->Find("deal_names");
    ASSERT_TRUE(WaitFor(view, AppendSome(3)).ok());
    faults_.Set(Failing("deal_names.1", step, kNoDisk));
    const Position last = AppendSome(9);
    AwaitState(view, ViewState::kStopped);
    EXPECT_THAT(view.Health().status.ToString(), HasSubstr("no disk"));
    ASSERT_TRUE(WaitFor(store->Find("held_names"), last).ok()) << "another view stands still, too";

    faults_.Clear();
    TryAgain(*store, view, last);
    AwaitState(view, ViewState::kLive);
    EXPECT_TRUE(view.Health().status.ok());
    EXPECT_EQ(view.Health().stale_count, 0u);
    ExpectTheSame(*store, last);
  }
}

TEST_F(ViewRecoveryTest, GoesOnAfterAFlushFailed) {
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  ASSERT_TRUE(WaitFor(view, AppendSome(3)).ok());
  faults_.Set(Failing("deal_names.1", StoreStep::kFlush, kNoDisk));
  EXPECT_EQ(view.Flush(), kNoDisk);
  faults_.Clear();
  fixture_.clock().Advance(absl::Seconds(1));
  store->Tick();
  ASSERT_TRUE(WaitFor(view, AppendSome(3)).ok());
  EXPECT_TRUE(view.Flush().ok());
}

// Takes no writes while there is no room.
class FullLog final : public testing::LogWrapper {
 public:
  using LogWrapper::LogWrapper;
  std::atomic<bool> full{false};
  bool takes_writes() const override { return !full && LogWrapper::takes_writes(); }
};

// Goal: a disk that is full for longer than the interval of flushes fails no flush, after which
// views would stand still. Method: the log says that there is no room; flushes are counted.
TEST_F(ViewRecoveryTest, PutsOffItsFlushesWhileTheDiskIsFull) {
  FullLog log(fixture_.log());
  fixture_.UseLog(log);
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  std::atomic<int> flushes{0};
  faults_.Set([&](StoreStep step, absl::string_view) {
    if (step == StoreStep::kFlush) ++flushes;
    return absl::OkStatus();
  });
  log.full = true;
  ASSERT_TRUE(WaitFor(view, AppendSome(5)).ok());
  fixture_.clock().Advance(absl::Minutes(2));
  store->Tick();
  // With the second one the worker has done what it was asked for before the first.
  ASSERT_TRUE(WaitFor(view, AppendSome(1)).ok());
  const Position last = AppendSome(1);
  ASSERT_TRUE(WaitFor(view, last).ok());
  ASSERT_TRUE(WaitFor(store->Find("held_names"), last).ok());
  EXPECT_EQ(flushes, 0);

  log.full = false;
  fixture_.clock().Advance(absl::Minutes(2));
  store->Tick();
  while (view.Health().flushed < last) std::this_thread::yield();
}

TEST_F(ViewRecoveryTest, TriesAgainLaterEachTimeAndSaysSoOnce) {
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  std::atomic<int> tries{0};
  faults_.Set([&](StoreStep step, absl::string_view family) {
    if (family != "deal_names.1" || step != StoreStep::kRead) return absl::OkStatus();
    ++tries;
    tries.notify_all();
    return kNoDisk;
  });
  const Position last = AppendSome(1);
  absl::Duration waited;
  for (int failed = 1; failed <= 12; ++failed) {
    while (tries < failed) {
      AwaitState(view, ViewState::kStopped);
      fixture_.clock().Advance(absl::Milliseconds(50));
      waited += absl::Milliseconds(50);
      store->Tick();
      while (!view.Health().status.ok() && tries < failed &&
             view.Health().since_polled > absl::ZeroDuration()) {
        std::this_thread::yield();
      }
    }
  }
  EXPECT_GE(waited, absl::Seconds(30));  // 0.1 + 0.2 + … and not twelve times the first
  EXPECT_EQ(NoticesOf(ViewState::kStopped), 1);

  // Where the next try comes too late for a read it is refused at once, and otherwise waits.
  const absl::Status refused = Ask(view, last, absl::Milliseconds(1));
  EXPECT_TRUE(IsError(refused, type::v1::ERROR_VIEW_STOPPED)) << refused;
  faults_.Clear();
  TryAgain(*store, view, last);
  AwaitState(view, ViewState::kLive);
  while (NoticesOf(ViewState::kLive) == 0) std::this_thread::yield();  // told after it is seen
  EXPECT_EQ(NoticesOf(ViewState::kLive), 1);
}

// Goal: when a view is tried again is a matter of how much time passed, whatever the time of day is
// set to. Method: the worker notes when it last looked whether it is due.
TEST_F(ViewRecoveryTest, IsTriedAgainInTimeWhateverTheTimeOfDayIsSetTo) {
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  faults_.Set(Failing("deal_names.1", StoreStep::kRead, kNoDisk));
  const Position last = AppendSome(1);
  const auto is_refused = [&] {
    return IsError(Ask(view, last, absl::Milliseconds(1)), type::v1::ERROR_VIEW_STOPPED);
  };
  // The clock moved on with the append, so the next try may be due already.
  while (!is_refused()) store->Tick();
  for (const absl::Duration jump : {absl::Hours(3), -absl::Hours(6)}) {
    AwaitState(view, ViewState::kStopped);
    fixture_.clock().Jump(jump);
    EXPECT_TRUE(is_refused());
  }
  faults_.Clear();
  const absl::Duration before = fixture_.clock().Elapsed();
  TryAgain(*store, view, last);
  EXPECT_LT(fixture_.clock().Elapsed() - before, absl::Hours(1));
}

TEST_F(ViewRecoveryTest, IsFlushedInTimeWhateverTheTimeOfDayIsSetTo) {
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  std::atomic<int> flushes{0};
  faults_.Set([&](StoreStep step, absl::string_view family) {
    if (step == StoreStep::kFlush && family == "deal_names.1") ++flushes;
    return absl::OkStatus();
  });
  ASSERT_TRUE(WaitFor(view, AppendSome(1)).ok());
  fixture_.clock().Jump(absl::Hours(3));
  store->Tick();
  ASSERT_TRUE(WaitFor(view, AppendSome(1)).ok());
  // With the second one the worker has done what it was asked for before the first.
  ASSERT_TRUE(WaitFor(view, AppendSome(1)).ok());
  EXPECT_EQ(flushes, 0);
  fixture_.clock().Jump(-absl::Hours(6));
  fixture_.clock().Advance(fixture_.options().flush_interval);
  store->Tick();
  while (flushes == 0) std::this_thread::yield();
}

// Goal: a view that was live and hangs in an event is told of, once, and is live again when it goes
// on. Method: its task is held in Apply while time passes.
TEST_F(ViewRecoveryTest, IsLateWhereItHangs) {
  const auto store = fixture_.Open("views");
  const Release release(holdup_);
  View& view = store->Find("held_names");
  View& other = store->Find("deal_names");
  ASSERT_TRUE(WaitFor(view, AppendSome(3)).ok());
  AwaitState(view, ViewState::kLive);
  store->Tick();
  fixture_.clock().Advance(absl::Hours(1));  // a view with nothing to do is not late
  EXPECT_EQ(view.Health().state, ViewState::kLive);

  holdup_.HoldAt(4);
  const Position last = AppendSome(1);
  holdup_.AwaitHeld();
  ASSERT_TRUE(WaitFor(other, last).ok());
  store->Tick();
  fixture_.clock().Jump(absl::Hours(3));
  fixture_.clock().Advance(fixture_.options().late_after - absl::Milliseconds(1));
  store->Tick();
  EXPECT_EQ(view.Health().state, ViewState::kLive);
  fixture_.clock().Jump(-absl::Hours(6));
  fixture_.clock().Advance(absl::Milliseconds(1));
  EXPECT_EQ(view.Health().state, ViewState::kLate);
  EXPECT_EQ(other.Health().state, ViewState::kLive);
  for (int tick = 0; tick < 3; ++tick) {
    store->Tick();
    fixture_.clock().Advance(absl::Minutes(1));
  }
  const auto told = NoticesOf("held_names", ViewState::kLate);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].is_error);
  EXPECT_THAT(told[0].text, HasSubstr("The view held_names is late: it stands at position 3"));

  holdup_.LetGo();
  ASSERT_TRUE(WaitFor(view, last).ok());
  EXPECT_EQ(view.Health().state, ViewState::kLive);
  store->Tick();
  store->Tick();
  EXPECT_EQ(NoticesOf("held_names", ViewState::kLive).size(), 1u);
  EXPECT_TRUE(NoticesOf("deal_names", ViewState::kLate).empty());
}

// It moves, but lacks what the log has had for long.
TEST_F(ViewRecoveryTest, IsLateWhereItIsSlowerThanWhatIsWritten) {
  const auto store = fixture_.Open("views");
  const Release release(holdup_);
  View& view = store->Find("held_names");
  ASSERT_TRUE(WaitFor(view, AppendSome(3)).ok());
  holdup_.HoldAt(5);
  AppendSome(1);
  ASSERT_TRUE(WaitFor(view, Position(4)).ok());
  AppendSome(2);
  holdup_.AwaitHeld();
  store->Tick();
  fixture_.clock().Advance(fixture_.options().late_after / 2);
  AppendSome(5);
  store->Tick();
  fixture_.clock().Advance(fixture_.options().late_after / 2);
  EXPECT_EQ(view.Health().state, ViewState::kLate) << "what came later gives it no more time";
}

TEST_F(ViewRecoveryTest, ClosesWhileItStandsStill) {
  auto store = fixture_.Open("views");
  faults_.Set(Failing("deal_names.1", StoreStep::kRead, kNoDisk));
  AppendSome(1);
  AwaitState(store->Find("deal_names"), ViewState::kStopped);
  store.reset();
}

// ---- Damaged files

TEST_F(ViewRecoveryTest, IsBuiltAnewWhereItsFilesAreDamaged) {
  for (const StoreStep step : {StoreStep::kRead, StoreStep::kWrite}) {
    const auto store = fixture_.Open(absl::StrCat("views", static_cast<int>(step)));
    View& view = store->Find("deal_names");
    const Position before = AppendSome(20);
    ASSERT_TRUE(WaitFor(view, before).ok());
    const int told = NoticesOf(ViewState::kBuilding);
    const ViewSnapshot snapshot = view.Latest();

    faults_.Set(Failing("deal_names.1", step, kBadBlock));
    const Position last = AppendSome(5);
    AwaitState(view, ViewState::kBuilding);
    EXPECT_THAT(view.Health().status.ToString(), HasSubstr("a block"));
    EXPECT_TRUE(
        IsError(Ask(view, Position(0), absl::InfiniteDuration()), type::v1::ERROR_VIEW_BUILDING));
    // What was folded before is still read, from where it was, until there is better.
    faults_.Clear();
    EXPECT_EQ(RowOf(view.At(before), "deals/0"), RowOf(snapshot, "deals/0"));

    TryAgain(*store, view, last);
    ExpectTheSame(*store, last);
    ExpectTheSame(*store, before);
    EXPECT_EQ(NoticesOf(ViewState::kBuilding), told + 1);
    EXPECT_NE(RowOf(snapshot, "deals/0"), "");  // of a family that is gone by name
  }
}

TEST_F(ViewRecoveryTest, IsBuiltAnewWhereAReaderMeetsDamage) {
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  const Position last = AppendSome(20);
  ASSERT_TRUE(WaitFor(view, last).ok());
  const ViewSnapshot snapshot = view.Latest();
  faults_.Set(Failing("deal_names.1", StoreStep::kRead, kBadBlock));
  const absl::Status told = snapshot.Get("rdeals/1", ReadTier::kDisk).status();
  EXPECT_TRUE(IsError(told, type::v1::ERROR_VIEW_BUILDING)) << told;
  EXPECT_THAT(std::string(told.message()), HasSubstr("is being built"));
  faults_.Clear();
  AwaitState(view, ViewState::kBuilding);
  fixture_.clock().Advance(absl::Seconds(1));
  store->Tick();
  AwaitState(view, ViewState::kLive);
  ExpectTheSame(*store, last);
}

TEST_F(ViewRecoveryTest, IsBuiltAnewWhereItIsFoundDamagedAtTheStart) {
  const Position last = AppendSome(20);
  auto store = fixture_.Open("views");
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), last).ok());
  ASSERT_TRUE(WaitFor(store->Find("held_names"), last).ok());
  store.reset();
  bool met = false;
  faults_.Set([&](StoreStep step, absl::string_view family) {
    if (met || family != "deal_names.1" || step != StoreStep::kRead) return absl::OkStatus();
    met = true;
    return kBadBlock;
  });
  store = fixture_.Open("views");
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), last).ok());
  ExpectTheSame(*store, last);
}

TEST_F(ViewRecoveryTest, TriesAgainToBuildAnewWhereThatFails) {
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  ASSERT_TRUE(WaitFor(view, AppendSome(20)).ok());
  for (const StoreStep step : {StoreStep::kDrop, StoreStep::kCreate}) {
    bool met = false;
    faults_.Set([&, step](StoreStep at, absl::string_view family) {
      if (family != "deal_names.1") return absl::OkStatus();
      if (!std::exchange(met, true)) return kBadBlock;
      return at == step ? kNoDisk : absl::OkStatus();
    });
    const Position last = AppendSome(5);
    AwaitState(view, ViewState::kBuilding);
    fixture_.clock().Advance(absl::Seconds(1));
    store->Tick();
    while (!absl::IsUnavailable(view.Health().status)) std::this_thread::yield();
    faults_.Clear();
    TryAgain(*store, view, last);
    AwaitState(view, ViewState::kLive);
    ExpectTheSame(*store, last);
  }
}

// ---- A damaged log

// Its first records cannot be read while they are damaged.
class DamagedLog final : public testing::LogWrapper {
 public:
  using LogWrapper::LogWrapper;
  std::atomic<bool> damaged{true};

  std::unique_ptr<Follower> Follow(Position after) override {
    auto follower = LogWrapper::Follow(after);
    if (after == Position() && damaged) return std::make_unique<Lost>(std::move(follower));
    return follower;
  }

 private:
  class Lost final : public Follower {
   public:
    explicit Lost(std::unique_ptr<Follower> follower) : follower_(std::move(follower)) {}
    absl::StatusOr<std::vector<std::shared_ptr<const eventstore::Record>>> Poll(size_t) override {
      return absl::DataLossError("position 1: a checksum");
    }
    void Wake(absl::AnyInvocable<void()> wake) override { follower_->Wake(std::move(wake)); }
    bool Wait(absl::Duration timeout) override { return follower_->Wait(timeout); }
    void Close() override { follower_->Close(); }

   private:
    const std::unique_ptr<Follower> follower_;
  };
};

// Goal: where a view lacks what the log has lost, readers are told that, and not to try again; the
// view's own files are no worse for it. Method: a log that cannot be read, and then can.
TEST_F(ViewRecoveryTest, TellsReadersThatTheLogIsDamaged) {
  const Position last = AppendSome(20);
  DamagedLog log(fixture_.log());
  fixture_.UseLog(log);
  const auto store = fixture_.Open("views");
  View& view = store->Find("deal_names");
  AwaitState(view, ViewState::kStopped);
  const absl::Status told = Ask(view, last, absl::InfiniteDuration());
  EXPECT_EQ(told.code(), absl::StatusCode::kDataLoss) << told;
  EXPECT_THAT(view.Health().status.ToString(), HasSubstr("the log cannot be read: position 1"));
  EXPECT_EQ(NoticesOf(ViewState::kBuilding), 0);

  log.damaged = false;
  fixture_.clock().Advance(absl::Seconds(1));
  store->Tick();
  AwaitState(view, ViewState::kLive);
  EXPECT_EQ(Ask(view, last, absl::InfiniteDuration()), absl::OkStatus());
  EXPECT_NE(RowOf(view.Latest(), "deals/1"), "");
}

// ---- Views that are behind

TEST_F(ViewRecoveryTest, ASlowViewHoldsUpNoOther) {
  fixture_.options().queue_events = 8;
  const auto store = fixture_.Open("views");
  const Release release(holdup_);
  holdup_.HoldAt(5);
  AppendSome(5);
  holdup_.AwaitHeld();
  const Position last = AppendSome(300);
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), last).ok());
  holdup_.LetGo();
  ASSERT_TRUE(WaitFor(store->Find("held_names"), last).ok());
  ExpectTheSame(*store, last);
}

TEST_F(ViewRecoveryTest, ANewViewHoldsUpNoOther) {
  Position last = AppendSome(200);
  {
    const auto store = fixture_.Open("views");
    ASSERT_TRUE(WaitFor(store->Find("deal_names"), last).ok());
  }
  {
    const auto raw = VersionedStore::Open({.path = fixture_.PathOf("views")});
    ASSERT_TRUE((*raw)->Drop("held_names.1").ok());
  }
  std::atomic<int> flushes{0};
  faults_.Set([&](StoreStep step, absl::string_view family) {
    if (step == StoreStep::kFlush && family == "deal_names.1") ++flushes;
    return absl::OkStatus();
  });
  fixture_.options().queue_events = 8;
  fixture_.options().near_positions = 4;
  holdup_.HoldAt(100);
  const auto store = fixture_.Open("views");
  const Release release(holdup_);
  View& view = store->Find("held_names");
  holdup_.AwaitHeld();
  EXPECT_EQ(Ask(store->Find("deal_names"), last, absl::InfiniteDuration()), absl::OkStatus());
  last = AppendSome(50);
  ASSERT_TRUE(WaitFor(store->Find("deal_names"), last).ok());
  EXPECT_EQ(view.Health().state, ViewState::kBuilding);
  EXPECT_EQ(flushes, 0) << "a view that is up to date is flushed because another is behind";
  holdup_.LetGo();
  ASSERT_TRUE(WaitFor(view, last).ok());
  AwaitState(view, ViewState::kLive);
  ExpectTheSame(*store, last);
}

TEST_F(ViewRecoveryTest, TellsReadersHowFarItIsWhileItIsBuilt) {
  const Position last = AppendSome(1024);
  fixture_.options().near_positions = 10;
  fixture_.options().flush_positions = 500;  // what is folded can be read once it is written
  holdup_.HoldAt(600);
  const auto store = fixture_.Open("views");
  const Release release(holdup_);
  View& view = store->Find("held_names");
  holdup_.AwaitHeld();  // the first stretch of 512 events is folded
  ASSERT_EQ(view.position(), Position(512));
  fixture_.clock().Advance(absl::Seconds(10));
  EXPECT_EQ(view.Health().state, ViewState::kBuilding);
  EXPECT_EQ(view.Health().progress.Text(), "50 %, about 10 s");

  const absl::Status refused = Ask(view, last, absl::Seconds(5));
  ASSERT_TRUE(IsError(refused, type::v1::ERROR_VIEW_BUILDING)) << refused;
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("held_names is being built, 50 %, about 10 s"));
  const auto wire = WireError(refused);
  ASSERT_TRUE(wire.has_value());
  google::rpc::RetryInfo retry;
  bool has_retry = false;
  for (const auto& detail : wire->details()) has_retry = has_retry || detail.UnpackTo(&retry);
  EXPECT_TRUE(has_retry);
  EXPECT_EQ(retry.retry_delay().seconds(), 10);
  // "Any" means as new as it is, which this is not.
  EXPECT_TRUE(
      IsError(Ask(view, Position(0), absl::InfiniteDuration()), type::v1::ERROR_VIEW_BUILDING));
  // A moment that it has folded already is read as ever.
  EXPECT_EQ(Ask(view, Position(300), absl::ZeroDuration()), absl::OkStatus());
  EXPECT_NE(RowOf(view.At(Position(300)), "deals/1"), "");

  holdup_.LetGo();
  EXPECT_TRUE(WaitFor(view, last).ok());
}

// ---- Keys

// Unseals nothing while it is told not to.
class FlakyKeys final : public eventstore::KeyStore {
 public:
  explicit FlakyKeys(eventstore::KeyStore& keys) : keys_(keys) {}
  std::atomic<bool> failing{false};

  absl::StatusOr<std::optional<std::string>> Unseal(
      WorkspaceId workspace, const eventstore::SealedPart& part) const override {
    if (failing) return absl::UnavailableError("data/keys cannot be read: EIO");
    return keys_.Unseal(workspace, part);
  }
  absl::StatusOr<eventstore::SealedPart> Seal(WorkspaceId workspace,
                                              const eventstore::PersonalPart& part,
                                              ReadTier tier) override {
    return keys_.Seal(workspace, part, tier);
  }
  absl::Status Destroy(WorkspaceId workspace, absl::string_view subject) override {
    return keys_.Destroy(workspace, subject);
  }
  bool IsDestroyed(WorkspaceId workspace, absl::string_view subject) const override {
    return keys_.IsDestroyed(workspace, subject);
  }
  bool AnyDestroyed() const override { return keys_.AnyDestroyed(); }
  eventstore::Tag Mac(WorkspaceId workspace, absl::string_view purpose,
                      absl::string_view value) const override {
    return keys_.Mac(workspace, purpose, value);
  }
  const eventstore::TokenSealer& token_sealer() const override { return keys_.token_sealer(); }
  Position recovery_mark() const override { return keys_.recovery_mark(); }
  absl::Status Recover(WorkspaceId workspace, const eventstore::SealedPart& part) override {
    return keys_.Recover(workspace, part);
  }
  absl::Status Checkpoint(Position through) override { return keys_.Checkpoint(through); }

 private:
  eventstore::KeyStore& keys_;
};

class FirstNames final : public Projection {
 public:
  absl::string_view name() const override { return "first_names"; }
  int version() const override { return 1; }
  std::vector<std::string> categories() const override { return {"contacts"}; }
  absl::Status Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const override {
    const auto& contact = static_cast<const contacts::v1::ContactEvent&>(*event.event);
    batch.Put(absl::StrCat("r", event.header().stream),
              contact.contact_created().personal().first_name());
    return absl::OkStatus();
  }
};

TEST(FlakyKeyFile, MakesNoStreamStale) {
  ViewFixture fixture([] {
    List list;
    list.push_back(std::make_unique<FirstNames>());
    return list;
  });
  fixture.Register<contacts::v1::ContactEvent>("contacts");
  FlakyKeys keys(fixture.keys());
  fixture.UseKeys(keys);
  const auto create = [&](const char* stream) {
    contacts::v1::ContactEvent event;
    auto& created = *event.mutable_contact_created();
    created.set_name(stream);
    created.mutable_personal()->set_first_name("Ada");
    return fixture.Append(stream, event);
  };
  create("contacts/1");
  const auto store = fixture.Open("views");
  View& view = store->Find("first_names");
  ASSERT_TRUE(WaitFor(view, Position(1)).ok());
  keys.failing = true;
  const Position last = create("contacts/2");
  while (view.Health().state != ViewState::kStopped) std::this_thread::yield();
  keys.failing = false;
  fixture.clock().Advance(absl::Seconds(1));
  store->Tick();
  ASSERT_TRUE(WaitFor(view, last).ok());
  EXPECT_EQ(view.Health().stale_count, 0u);
  EXPECT_EQ(**view.Latest().Get("rcontacts/2", ReadTier::kDisk), "Ada");
}

}  // namespace
}  // namespace kith::projections
