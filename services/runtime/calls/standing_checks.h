// StandingChecks: how often a stream on which nothing happens is asked whether its credentials
// still count, and what asks those streams that have no pause of their own that ends.
#pragma once

#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "eventstore/base/mutex.h"
#include "services/runtime/calls/ticker.h"

namespace kith::runtime {

// So long an idle stream may outlive its credentials. Each asks that often, which is cheap.
inline constexpr absl::Duration kStandingPeriod = absl::Seconds(2);

// One ticker for each call that is on. Thread-safe. One for the process: a call is known by where
// it stands in memory, and its ticker, which touches it, is gone before it is.
class StandingChecks {
 public:
  static StandingChecks& Instance();

  // Has `check` called every kStandingPeriod, from one thread at a time, until End.
  void Begin(const void* call, absl::AnyInvocable<void()> check) KITH_EXCLUDES(mutex_);
  // Waits for a check that has begun; not from within one. Nothing where there is none.
  void End(const void* call) KITH_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  absl::flat_hash_map<const void*, std::unique_ptr<Ticker>> tickers_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::runtime
