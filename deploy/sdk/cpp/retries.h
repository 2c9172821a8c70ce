// When a call that failed is made again. Internal to the SDK.
#pragma once

#include <chrono>
#include <optional>

#include "kith/session.h"

namespace kith::sdk {

// Those of one call: until its deadline, and no longer than `patience` after its first failure.
class Retries {
 public:
  using Clock = std::chrono::steady_clock;

  Retries(std::chrono::milliseconds patience, Clock::time_point deadline)
      : patience_(patience), deadline_(deadline) {}

  // How long to wait before the call is made again; none where the failure is its outcome.
  std::optional<std::chrono::milliseconds> WaitAfter(const Outcome& failure, Clock::time_point now);

 private:
  static constexpr std::chrono::milliseconds kFirst{50};
  static constexpr std::chrono::milliseconds kMax{2'000};

  const std::chrono::milliseconds patience_;
  const Clock::time_point deadline_;
  std::optional<Clock::time_point> give_up_at_;
  std::chrono::milliseconds next_ = kFirst;
};

}  // namespace kith::sdk
