// ToldCounts: counts of what is only counted of pages, which become an event once in a while: also
// where nobody comes any more, and when the server ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/strong_id.h"
#include "services/runtime/calls/ticker.h"
#include "services/runtime/calls/web_limits.h"

namespace kith::runtime {

// As GatheredCounts. Thread-safe, but for its end. Owned by the pages, who declare it last.
template <class Counts>
class ToldCounts {
 public:
  // Records what was counted of a record, and calls `done` once, from any thread, also before it
  // returns. It waits for no disk.
  using Tell = std::function<void(WorkspaceId workspace, const std::string& record,
                                  const Counts& counts, absl::AnyInvocable<void()> done)>;

  // Borrows the clock. The first counts of a record are told at once, and whatever comes after
  // within `tell_within`.
  ToldCounts(const Clock& clock, absl::Duration tell_within, Tell tell)
      : clock_(clock), gathered_(tell_within * 0.9), tell_(std::move(tell)) {
    ticker_.emplace(tell_within * 0.1, [this] { return TellWaiting(clock_.Elapsed()); });
  }
  // Tells what waits, and waits until all is told.
  ~ToldCounts() {
    ticker_.reset();
    TellWaiting(absl::InfiniteDuration());
    MutexLock lock(mutex_);
    while (telling_ > 0) changed_.Wait(mutex_);
  }

  void Add(WorkspaceId workspace, const std::string& record, const Counts& more) {
    const std::string key = absl::StrCat(workspace.value(), "/", record);
    if (const auto due = gathered_.Add(key, more, clock_.Elapsed())) return TellOne(key, *due);
    ticker_->Start();
  }

 private:
  // Whether further ones wait.
  bool TellWaiting(absl::Duration now) {
    for (const auto& [key, counts] : gathered_.TakeDue(now)) TellOne(key, counts);
    return gathered_.is_any_waiting();
  }

  void TellOne(absl::string_view key, const Counts& counts) KITH_EXCLUDES(mutex_) {
    const size_t end = key.find('/');
    uint32_t workspace = 0;
    KITH_CHECK(absl::SimpleAtoi(key.substr(0, end), &workspace));
    {
      MutexLock lock(mutex_);
      ++telling_;
    }
    tell_(WorkspaceId(workspace), std::string(key.substr(end + 1)), counts, [this] {
      MutexLock lock(mutex_);
      if (--telling_ == 0) changed_.NotifyAll();
    });
  }

  const Clock& clock_;
  GatheredCounts<Counts> gathered_;
  const Tell tell_;
  Mutex mutex_;
  CondVar changed_;
  int telling_ KITH_GUARDED_BY(mutex_) = 0;
  std::optional<Ticker> ticker_;  // until the end
};

}  // namespace kith::runtime
