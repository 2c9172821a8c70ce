#include "services/runtime/calls/late_calls.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace kith::runtime {

bool LateCalls::Keep(absl::AnyInvocable<void()> begin) {
  MutexLock lock(mutex_);
  if (!keeping() || kept_.size() >= kKeptMax) return false;
  kept_.push_back(std::move(begin));
  came_.NotifyAll();
  return true;
}

void LateCalls::Start() { keeping_.store(true, std::memory_order_release); }

void LateCalls::AwaitQuiet(absl::Duration quiet, absl::Duration max) {
  const auto began = std::chrono::steady_clock::now();
  MutexLock lock(mutex_);
  absl::Duration left = max;
  while (left > absl::ZeroDuration()) {
    if (!came_.WaitFor(mutex_, absl::ToChronoNanoseconds(std::min(quiet, left)))) return;
    left = max - absl::FromChrono(std::chrono::steady_clock::now() - began);
  }
}

void LateCalls::BeginAll() {
  std::vector<absl::AnyInvocable<void()>> kept;
  {
    MutexLock lock(mutex_);
    keeping_.store(false, std::memory_order_release);
    kept.swap(kept_);
  }
  for (absl::AnyInvocable<void()>& begin : kept) begin();
}

}  // namespace kith::runtime
