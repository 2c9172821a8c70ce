// CallCounters: what became of the calls of one method since the process started. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "eventstore/base/duration_histogram.h"
#include "eventstore/base/metrics.h"

namespace kith::runtime {

class CallCounters {
 public:
  // Held by a stream as long as it is open.
  class OpenStream {
   public:
    explicit OpenStream(CallCounters& counters) : counters_(counters) {
      counters_.open_.fetch_add(1, std::memory_order_relaxed);
    }
    ~OpenStream() { counters_.open_.fetch_sub(1, std::memory_order_relaxed); }
    OpenStream(const OpenStream&) = delete;
    OpenStream& operator=(const OpenStream&) = delete;

   private:
    CallCounters& counters_;
  };

  // A call has ended. One that was answered costs no more than an observation of the histogram.
  void Count(const absl::Status& status, absl::Duration took);

  // Adds what was counted of `method`, which is a stream or is not.
  void AddMetrics(const std::string& method, bool is_stream, MetricPage& page) const;

 private:
  static constexpr size_t kCodes = 17;  // of gRPC, with OK

  DurationHistogram took_;
  std::array<std::atomic<uint64_t>, kCodes> failed_{};  // by the code that was told
  std::atomic<int64_t> open_ = 0;
};

}  // namespace kith::runtime
