// ReadGuard: ends a read that would look at too much, or that nobody waits for any more.
//
// It counts what the read looks at, in rows and index entries and their bytes, whatever of it the
// answer takes. Belongs to one read; one thread at a time.
#pragma once

#include <cstddef>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace kith::projections {

struct ReadLimits {
  size_t rows = 5'000'000;
  size_t bytes = size_t{2} << 30;
};

class ReadGuard {
 public:
  // `interrupted` is asked from time to time: its error ends the read. It outlives the guard.
  explicit ReadGuard(absl::FunctionRef<absl::Status()> interrupted, ReadLimits limits = {})
      : interrupted_(interrupted), limits_(limits) {}

  // Counts a row or an entry of so many bytes. The error of `interrupted`, or ERROR_LIMIT_REACHED.
  absl::Status Count(size_t bytes) {
    ++rows_;
    bytes_ += bytes;
    const bool look = rows_ % kRowsBetweenLooks == 0;
    if (!look && rows_ <= limits_.rows && bytes_ <= limits_.bytes) return absl::OkStatus();
    return Look();
  }

 private:
  // A tenth of a millisecond of work.
  static constexpr size_t kRowsBetweenLooks = 256;

  absl::Status Look() const;

  const absl::FunctionRef<absl::Status()> interrupted_;
  const ReadLimits limits_;
  size_t rows_ = 0;
  size_t bytes_ = 0;
};

}  // namespace kith::projections
