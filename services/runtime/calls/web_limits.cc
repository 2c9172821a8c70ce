#include "services/runtime/calls/web_limits.h"

namespace kith::runtime {

bool WindowLimits::Take(const std::string& key, int64_t max, absl::Duration now, int64_t count) {
  MutexLock lock(mutex_);
  if (windows_.size() >= kKeysMax && !windows_.contains(key)) {
    absl::erase_if(windows_, [&](const auto& one) { return now - one.second.begin >= window_; });
    if (windows_.size() >= kKeysMax) return false;
  }
  Window& window = windows_[key];
  if (window.count == 0 || now - window.begin >= window_) window = {now, 0};
  if (window.count + count > max) return false;
  window.count += count;
  return true;
}

}  // namespace kith::runtime
