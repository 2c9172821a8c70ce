#include "services/runtime/calls/web_limits.h"

#include "absl/hash/hash.h"

namespace kith::runtime {

WindowLimits::Window* WindowLimits::WindowOf(const std::string& key, absl::Duration now) {
  if (windows_.size() >= kKeysMax && !windows_.contains(key)) {
    absl::erase_if(windows_, [&](const auto& one) { return now - one.second.begin >= window_; });
    if (windows_.size() >= kKeysMax) return nullptr;
  }
  Window& window = windows_[key];
  if (window.count == 0 || now - window.begin >= window_) {
    window = Window();
    window.begin = now;
  }
  return &window;
}

bool WindowLimits::Take(const std::string& key, int64_t max, absl::Duration now, int64_t count) {
  MutexLock lock(mutex_);
  Window* const window = WindowOf(key, now);
  if (window == nullptr || window->count + count > max) return false;
  window->count += count;
  return true;
}

bool WindowLimits::TakeOnce(const std::string& key, int64_t max, absl::Duration now,
                            absl::string_view id) {
  if (id.empty()) return Take(key, max, now);
  const size_t hash = absl::HashOf(id);
  MutexLock lock(mutex_);
  Window* const window = WindowOf(key, now);
  if (window == nullptr) return false;
  if (window->ids.contains(hash)) return true;
  if (window->count >= max) return false;
  ++window->count;
  window->ids.insert(hash);
  return true;
}

}  // namespace kith::runtime
