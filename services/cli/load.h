// Load: calls a server as fast as it answers, or at a fixed rate, and measures how long each call
// takes.
//
// Closed loop: a number of callers, each with one call in flight. Open loop: calls begin at fixed
// times whatever became of the earlier ones, and a call's latency counts from the time it was meant
// to begin, so that a server that stalls cannot hide it by not being asked.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "services/cli/latency_histogram.h"

namespace kith::cli {

struct LoadOptions {
  std::string address;
  std::string key;
  int channels = 4;     // connections
  int in_flight = 128;  // callers of a closed loop; in an open loop the most that may be under way
  double rate = 0;      // calls a second of an open loop; 0 is a closed loop
  absl::Duration warm_up = absl::Seconds(1);   // before measuring begins
  absl::Duration duration = absl::Seconds(5);  // of measuring
  int records = 1000;                          // contacts that the calls are spread over
  int text_bytes = 300;
};

struct LoadResult {
  uint64_t calls = 0;     // answered in the measured time
  uint64_t failures = 0;  // refused or failed in it
  uint64_t missed = 0;    // open loop: not begun, because in_flight were under way
  std::string first_error;
  absl::Duration elapsed;
  LatencyHistogram latency;  // of the calls that succeeded

  double PerSecond() const { return static_cast<double>(calls) / absl::ToDoubleSeconds(elapsed); }
};

// What is called: "record" (RecordInteraction linked to one contact) or "get" (GetContact).
// InvalidArgument for others; the server's error when the contacts to call about cannot be made.
// `progress` is told about once a second.
absl::StatusOr<LoadResult> RunLoad(const std::string& what, const LoadOptions& options,
                                   const std::function<void(const LoadResult&)>& progress);

}  // namespace kith::cli
