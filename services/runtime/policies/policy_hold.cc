#include "services/runtime/policies/policy_hold.h"

#include <utility>

#include "eventstore/base/status_macros.h"

namespace kith::runtime {

PolicyHold::PolicyHold(policies::v1::RestoredCopy copy, Forget forget)
    : copy_(std::move(copy)), forget_(std::move(forget)) {}

absl::StatusOr<std::optional<policies::v1::RestoredCopy>> PolicyHold::End() {
  MutexLock lock(mutex_);
  if (!holds_.load()) return std::nullopt;
  KITH_RETURN_IF_ERROR(forget_());
  holds_.store(false);
  if (ended_) ended_();
  return copy_;
}

void PolicyHold::Tell(std::function<void()> ended) {
  MutexLock lock(mutex_);
  ended_ = std::move(ended);
}

}  // namespace kith::runtime
