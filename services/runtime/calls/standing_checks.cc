#include "services/runtime/calls/standing_checks.h"

#include <utility>

namespace kith::runtime {

StandingChecks& StandingChecks::Instance() {
  static auto& checks = *new StandingChecks();
  return checks;
}

void StandingChecks::Begin(const void* call, absl::AnyInvocable<void()> check) {
  auto ticker = std::make_unique<Ticker>(kStandingPeriod, [check = std::move(check)]() mutable {
    check();
    return true;
  });
  ticker->Start();
  MutexLock lock(mutex_);
  tickers_[call] = std::move(ticker);
}

void StandingChecks::End(const void* call) {
  std::unique_ptr<Ticker> ended;
  MutexLock lock(mutex_);
  const auto found = tickers_.find(call);
  if (found == tickers_.end()) return;
  ended = std::move(found->second);
  tickers_.erase(found);
}

}  // namespace kith::runtime
