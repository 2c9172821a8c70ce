#include "services/runtime/calls/web_limits.h"

#include <gtest/gtest.h>

#include <map>

#include "absl/functional/any_invocable.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "services/runtime/calls/told_counts.h"

namespace kith::runtime {
namespace {

struct Counts {
  int views = 0;
  Counts& operator+=(const Counts& more) {
    views += more.views;
    return *this;
  }
};

TEST(WindowLimits, BeginAnewAfterTheirTime) {
  WindowLimits limits(absl::Hours(1));
  const absl::Duration begin = absl::Hours(5);
  EXPECT_TRUE(limits.Take("a", 2, begin));
  EXPECT_TRUE(limits.Take("a", 2, begin + absl::Minutes(59)));
  EXPECT_FALSE(limits.Take("a", 2, begin + absl::Minutes(59)));
  EXPECT_TRUE(limits.Take("b", 2, begin + absl::Minutes(59)));
  EXPECT_TRUE(limits.Take("a", 2, begin + absl::Minutes(60)));
}

TEST(WindowLimits, CountWhatHasAnIdOnceInTheirTime) {
  WindowLimits limits(absl::Hours(1));
  const absl::Duration begin = absl::Hours(5);
  EXPECT_TRUE(limits.TakeOnce("a", 2, begin, "1"));
  EXPECT_TRUE(limits.TakeOnce("a", 2, begin, "1"));
  EXPECT_TRUE(limits.TakeOnce("a", 2, begin, ""));
  EXPECT_FALSE(limits.TakeOnce("a", 2, begin, "")) << "no id is nothing's";
  EXPECT_FALSE(limits.TakeOnce("a", 2, begin, "2"));
  EXPECT_TRUE(limits.TakeOnce("a", 2, begin, "1"));
  EXPECT_TRUE(limits.TakeOnce("b", 2, begin, "2"));
  // What was let in counts anew in the next window, and what was not is as new as any.
  EXPECT_TRUE(limits.TakeOnce("a", 2, begin + absl::Hours(1), "2"));
  EXPECT_TRUE(limits.TakeOnce("a", 2, begin + absl::Hours(1), "1"));
  EXPECT_FALSE(limits.TakeOnce("a", 2, begin + absl::Hours(1), "3"));
}

int ViewsIn(const std::optional<Counts>& counts) { return counts.has_value() ? counts->views : 0; }

TEST(GatheredCounts, AreToldAtOnceAndThenAfterAWhile) {
  GatheredCounts<Counts> counts(absl::Seconds(10));
  const absl::Duration begin = absl::Hours(5);
  EXPECT_EQ(ViewsIn(counts.Add("a", {3}, begin)), 3);
  EXPECT_EQ(ViewsIn(counts.Add("a", {1}, begin + absl::Seconds(1))), 0);
  EXPECT_EQ(ViewsIn(counts.Add("b", {7}, begin + absl::Seconds(1))), 7);
  EXPECT_EQ(ViewsIn(counts.Add("a", {1}, begin + absl::Seconds(9))), 0);
  EXPECT_EQ(ViewsIn(counts.Add("a", {1}, begin + absl::Seconds(10))), 3);
  EXPECT_EQ(ViewsIn(counts.Add("a", {1}, begin + absl::Seconds(11))), 0);
}

TEST(GatheredCounts, AreDueWhereNobodyAddsAnyMore) {
  GatheredCounts<Counts> counts(absl::Seconds(10));
  const absl::Duration begin = absl::Hours(5);
  counts.Add("a", {3}, begin);
  EXPECT_FALSE(counts.is_any_waiting());
  counts.Add("a", {1}, begin + absl::Seconds(1));
  counts.Add("a", {1}, begin + absl::Seconds(2));
  EXPECT_TRUE(counts.TakeDue(begin + absl::Seconds(9)).empty());
  EXPECT_TRUE(counts.is_any_waiting());
  const auto due = counts.TakeDue(begin + absl::Seconds(10));
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].first, "a");
  EXPECT_EQ(due[0].second.views, 2);
  EXPECT_FALSE(counts.is_any_waiting());
  EXPECT_TRUE(counts.TakeDue(begin + absl::Hours(1)).empty());
}

// What was told, by workspace and record.
class Told {
 public:
  ToldCounts<Counts>::Tell Tell() {
    return [this](WorkspaceId workspace, const std::string& record, const Counts& counts,
                  absl::AnyInvocable<void()> done) {
      {
        MutexLock lock(mutex_);
        views_[absl::StrCat(workspace.value(), " ", record)] += counts.views;
        changed_.NotifyAll();
      }
      done();
    };
  }
  int views(const std::string& of) {
    MutexLock lock(mutex_);
    return views_[of];
  }
  void Await(const std::string& of, int views) {
    MutexLock lock(mutex_);
    while (views_[of] < views) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::map<std::string, int> views_ KITH_GUARDED_BY(mutex_);
};

TEST(ToldCounts, AreToldWhereNobodyComesAnyMore) {
  Told told;
  ToldCounts<Counts> counts(SystemClock(), absl::Milliseconds(20), told.Tell());
  counts.Add(WorkspaceId(7), "forms/1", {3});
  counts.Add(WorkspaceId(7), "forms/1", {4});
  told.Await("7 forms/1", 7);
  counts.Add(WorkspaceId(7), "forms/1", {1});  // the timer begins again
  counts.Add(WorkspaceId(7), "forms/1", {1});
  told.Await("7 forms/1", 9);
}

TEST(ToldCounts, AreToldWhenTheyEnd) {
  Told told;
  {
    ToldCounts<Counts> counts(SystemClock(), absl::Hours(1), told.Tell());
    counts.Add(WorkspaceId(7), "forms/1", {3});
    counts.Add(WorkspaceId(7), "forms/1", {4});
    EXPECT_EQ(told.views("7 forms/1"), 3);
  }
  EXPECT_EQ(told.views("7 forms/1"), 7);
}

}  // namespace
}  // namespace kith::runtime
