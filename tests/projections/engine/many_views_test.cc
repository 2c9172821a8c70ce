// Goal: a store takes far more views than there are threads, and none waits for another. Method:
// 130 views over the same events, on the threads of one store.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "tests/projections/engine/deal_names.h"
#include "tests/testing/view_fixture.h"

namespace kith::projections {
namespace {

using testing::ViewFixture;
using testing::WaitFor;

constexpr int kViews = 130;

std::string NameOf(int view) { return absl::StrCat("names", view); }

// Folds as the others, but waits in each event until it is let go.
class SlowNames final : public DealNames {
 public:
  SlowNames(std::string name, std::atomic<bool>& released)
      : DealNames(std::move(name)), released_(released) {}
  absl::Status Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const override {
    released_.wait(false);
    return DealNames::Apply(event, batch);
  }

 private:
  std::atomic<bool>& released_;
};

class ManyViewsTest : public ::testing::Test {
 protected:
  ManyViewsTest()
      : fixture_([this] {
          std::vector<std::unique_ptr<Projection>> list;
          for (int view = 0; view < kViews; ++view) {
            list.push_back(std::make_unique<DealNames>(NameOf(view)));
          }
          if (with_slow_) list.push_back(std::make_unique<SlowNames>("slow", released_));
          return list;
        }) {
    fixture_.Register<deals::v1::DealEvent>("deals");
    fixture_.options().near_positions = 50;
  }

  Position AppendSome(int count) {
    Position last;
    for (int i = 0; i < count; ++i) {
      last = fixture_.Append(absl::StrCat("deals/", i % 7), Renamed(absl::StrCat("v", i)));
    }
    return last;
  }
  static void ExpectAllAlike(ViewStore& store, Position last) {
    std::string first;
    for (int view = 0; view < kViews; ++view) {
      ASSERT_TRUE(WaitFor(store.Find(NameOf(view)), last).ok()) << view;
      const std::string digest = *store.Find(NameOf(view)).Digest(last);
      if (first.empty()) first = digest;
      EXPECT_EQ(digest, first) << view;
    }
  }

  bool with_slow_ = false;
  std::atomic<bool> released_{false};
  ViewFixture fixture_;
};

int FoldingThreads() {
  int count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::ifstream(task.path() / "comm") >> name;
    if (absl::StartsWith(name, "view-")) ++count;
  }
  return count;
}

TEST_F(ManyViewsTest, AreFoldedOnTwoThreadsForEachCore) {
  AppendSome(300);  // all are far behind
  const auto store = fixture_.Open("views");
  ExpectAllAlike(*store, fixture_.log().head());
  ExpectAllAlike(*store, AppendSome(20));
  // Of two one may wait for the other.
  EXPECT_EQ(FoldingThreads(),
            static_cast<int>(2 * std::max(2u, std::thread::hardware_concurrency())));
}

TEST_F(ManyViewsTest, GoOnBesideOneThatHangs) {
  with_slow_ = true;
  const auto store = fixture_.Open("views");
  ExpectAllAlike(*store, AppendSome(200));
  EXPECT_EQ(store->Find("slow").position(), Position(0));
  released_ = true;
  released_.notify_all();
  EXPECT_TRUE(WaitFor(store->Find("slow"), fixture_.log().head()).ok());
}

}  // namespace
}  // namespace kith::projections
