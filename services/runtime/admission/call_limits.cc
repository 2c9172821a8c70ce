#include "services/runtime/admission/call_limits.h"

#include <algorithm>
#include <string>

#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/requests/retry.h"

namespace kith::runtime {

// No lock is taken while fewer than `max` arrive.
void KeyUsage::StartRead(Carrier& carrier, int64_t max) {
  if (arriving_.fetch_add(1) >= max) {
    MutexLock lock(mutex_);
    if (passed_on_ == 0) return waiting_.push_back(&carrier);
    --passed_on_;
  }
  carrier.StartRead();
}

void KeyUsage::Arrived(int64_t max) {
  if (arriving_.fetch_sub(1) <= max) return;
  Carrier* next = nullptr;
  {
    MutexLock lock(mutex_);
    if (waiting_.empty()) {
      ++passed_on_;
      return;
    }
    next = waiting_.front();
    waiting_.pop_front();
  }
  next->StartRead();
}

absl::Duration KeyUsage::TakeEvent(double per_second, absl::Duration now) {
  const double burst = std::max(1.0, per_second);
  MutexLock lock(mutex_);
  // Full the first time. Two threads may have asked for the time in the other order.
  if (now > filled_) {
    left_ = std::min(burst, left_ + absl::ToDoubleSeconds(now - filled_) * per_second);
    filled_ = now;
  }
  if (left_ >= 1) {
    left_ -= 1;
    return absl::ZeroDuration();
  }
  return absl::Seconds((1 - left_) / per_second);
}

void KeyUsage::OweEvents(int events) {
  MutexLock lock(mutex_);
  left_ -= events;
}

absl::Status LimitReached(absl::string_view limit, absl::string_view subject,
                          absl::string_view message, absl::Duration retry_after) {
  google::rpc::QuotaFailure quota;
  auto* const violation = quota.add_violations();
  violation->set_subject(std::string(subject));
  violation->set_description(std::string(message));
  const ErrorMetadata metadata = {{"limit", std::string(limit)}};
  if (retry_after == absl::InfiniteDuration()) {
    return Error(type::v1::ERROR_LIMIT_REACHED, message, metadata, quota);
  }
  return Error(type::v1::ERROR_LIMIT_REACHED, message, metadata, quota, RetryAfter(retry_after));
}

}  // namespace kith::runtime
