// BuildMemory: how much the views that are far behind may gather, all together, before they write
// it. The more is written at once, the less it costs.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace kith::projections {

// Thread-safe.
class BuildMemory {
 public:
  explicit BuildMemory(size_t bytes_max) : bytes_max_(bytes_max) {}

  // What one of them has gathered is `after` now, and was `before`.
  void Change(size_t before, size_t after) { bytes_ += after - before; }
  // One that has gathered less leaves writing to the others.
  size_t least_bytes() const { return std::min<size_t>(bytes_max_, 1 << 20); }
  bool is_full() const { return bytes_.load(std::memory_order_relaxed) >= bytes_max_; }

 private:
  const size_t bytes_max_;
  std::atomic<size_t> bytes_{0};
};

}  // namespace kith::projections
