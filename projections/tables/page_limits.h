// PageLimits: how much a page of a list may hold. Every list obeys both bounds, whatever its rows
// are.
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"

namespace kith::projections {

inline constexpr int kPageSizeDefault = 50;
inline constexpr int kPageSizeMax = 1'000;
// A page ends before the row that would make it longer than this; its first row it has in any case.
inline constexpr size_t kPageBytesMax = 1 << 20;

// The rows of a page for what a request asks: 0 means 50, more than 1,000 means 1,000, and less
// than 0 is ERROR_INVALID_FIELD.
absl::StatusOr<size_t> PageSizeOf(int asked);

// What still fits on one page.
class PageRoom {
 public:
  explicit PageRoom(size_t rows) : rows_left_(rows) {}

  // Takes a further row of so many bytes, or says that the page ends before it.
  bool Take(size_t bytes) {
    if (rows_left_ == 0 || (!empty_ && bytes > bytes_left_)) return false;
    empty_ = false;
    --rows_left_;
    bytes_left_ -= bytes < bytes_left_ ? bytes : bytes_left_;
    return true;
  }

 private:
  size_t rows_left_;
  size_t bytes_left_ = kPageBytesMax;
  bool empty_ = true;
};

}  // namespace kith::projections
