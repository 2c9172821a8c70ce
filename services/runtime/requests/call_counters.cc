#include "services/runtime/requests/call_counters.h"

#include "eventstore/base/check.h"
#include "services/runtime/requests/grpc_status.h"

namespace kith::runtime {
namespace {

// Told also while there were none, so that the first one is seen as a rise.
bool IsAlwaysTold(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kDataLoss ||
         code == absl::StatusCode::kResourceExhausted || code == absl::StatusCode::kUnavailable;
}

}  // namespace

void CallCounters::Count(const absl::Status& status, absl::Duration took) {
  took_.Observe(took);
  if (status.ok()) return;
  const size_t code = WireStatus(status, "").code();
  KITH_CHECK(code < kCodes);
  failed_[code].fetch_add(1, std::memory_order_relaxed);
}

void CallCounters::AddMetrics(const std::string& method, bool is_stream, MetricPage& page) const {
  page.Durations("kith_call_seconds", "How long calls took, however they ended.", took_.Read(),
                 {{"method", method}, {"type", is_stream ? "stream" : "unary"}});
  for (size_t i = 1; i < kCodes; ++i) {
    const auto code = static_cast<absl::StatusCode>(i);
    const uint64_t failed = failed_[i].load(std::memory_order_relaxed);
    if (failed == 0 && !IsAlwaysTold(code)) continue;
    page.Counter("kith_calls_failed_total", "Calls that were refused or failed, by code.",
                 static_cast<double>(failed),
                 {{"method", method}, {"code", absl::StatusCodeToString(code)}});
  }
  if (is_stream) {
    page.Gauge("kith_streams_open", "Streams that are open now.",
               static_cast<double>(open_.load(std::memory_order_relaxed)), {{"method", method}});
  }
}

}  // namespace kith::runtime
