#include "services/runtime/calls/web_limits.h"

namespace kith::runtime {

bool HourlyLimits::Take(const std::string& key, int64_t max, absl::Duration now) {
  MutexLock lock(mutex_);
  if (hours_.size() >= kKeysMax && !hours_.contains(key)) {
    absl::erase_if(hours_,
                   [&](const auto& one) { return now - one.second.begin >= absl::Hours(1); });
    if (hours_.size() >= kKeysMax) return false;
  }
  Hour& hour = hours_[key];
  if (hour.count == 0 || now - hour.begin >= absl::Hours(1)) hour = {now, 0};
  if (hour.count >= max) return false;
  ++hour.count;
  return true;
}

}  // namespace kith::runtime
