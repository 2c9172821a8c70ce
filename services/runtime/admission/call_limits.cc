#include "services/runtime/admission/call_limits.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/requests/retry.h"

namespace kith::runtime {

void KeyUsage::StartRead(const std::shared_ptr<KeyUsage>& usage, Carrier& carrier,
                         const CallLimits& limits) {
  bool has_limit = false;
  {
    MutexLock lock(usage->mutex_);
    if (usage->arriving_ >= limits.arriving_per_key_max) {
      const uint64_t ticket = ++usage->tickets_;
      // Before others can find it, and have it read and done with.
      carrier.AwaitTurn(limits.arrival_max, [usage, ticket] { return usage->GiveUp(ticket); });
      return usage->waiting_.push_back({ticket, &carrier});
    }
    has_limit = ++usage->arriving_ > limits.arriving_per_key_max / 2;
  }
  if (has_limit) carrier.LimitRead(limits.arrival_max);
  carrier.StartRead();
}

void KeyUsage::Arrived(const CallLimits& limits) {
  Carrier* next = nullptr;
  {
    MutexLock lock(mutex_);
    --arriving_;
    if (waiting_.empty() || arriving_ >= limits.arriving_per_key_max) return;
    ++arriving_;
    next = waiting_.front().carrier;
    waiting_.pop_front();
  }
  next->LimitRead(limits.arrival_max);
  next->StartRead();
}

bool KeyUsage::GiveUp(uint64_t ticket) {
  MutexLock lock(mutex_);
  const auto found =
      std::find_if(waiting_.begin(), waiting_.end(),
                   [ticket](const Waiting& waiting) { return waiting.ticket == ticket; });
  if (found == waiting_.end()) return false;
  waiting_.erase(found);
  ++arriving_;
  return true;
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

absl::Status NotRead(absl::Duration waited) {
  return LimitReached(
      "max_arriving_per_key", "key",
      absl::StrCat(
          "Other requests of the key, that come slowly, kept this one from being read for ",
          absl::FormatDuration(waited), ". Nothing was done."));
}

absl::Status TooSlow(absl::Duration took) {
  return LimitReached(
      "max_arriving_per_key", "key",
      absl::StrCat("The request has not come whole for ", absl::FormatDuration(took),
                   ", and others of the key may wait for it. Nothing was done."));
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
