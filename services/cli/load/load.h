// Load: calls a server as fast as it answers, or at a fixed rate, and measures how long each call
// takes.
//
// Closed loop: a number of callers, each with one call in flight. Open loop: calls begin at fixed
// times whatever became of the earlier ones, and a call's latency counts from the time it was meant
// to begin, so that a server that stalls cannot hide it by not being asked.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/security/credentials.h"
#include "services/cli/load/latency_histogram.h"
#include "services/cli/load/load_kind.h"

namespace kith::cli {

struct LoadOptions {
  std::string address;
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  int channels = 4;     // connections
  int in_flight = 128;  // callers of a closed loop; in an open loop the most that may be under way
  double rate = 0;      // calls a second of an open loop; 0 is a closed loop
  absl::Duration warm_up = absl::Seconds(1);   // before measuring begins
  absl::Duration duration = absl::Seconds(5);  // of measuring
  bool sessions = false;                       // calls of a channel go over one session
  LoadTarget target;
};

struct LoadResult {
  uint64_t calls = 0;   // answered in the measured time
  uint64_t items = 0;   // what those calls were about, where it is more than one thing each
  uint64_t missed = 0;  // open loop: not begun, because in_flight were under way
  std::map<std::string, uint64_t> failures;  // refused or failed in it, by the name of the code
  std::string first_error;
  absl::Duration elapsed;
  LatencyHistogram latency;   // of the calls that succeeded
  size_t request_bytes = 0;   // of one message, or of one item of it
  size_t response_bytes = 0;  // the same

  uint64_t Failures() const;
  double PerSecond() const { return static_cast<double>(calls) / absl::ToDoubleSeconds(elapsed); }
  double ItemsPerSecond() const {
    return static_cast<double>(items) / absl::ToDoubleSeconds(elapsed);
  }
};

// Runs a load. The error of the server when what the calls are about cannot be made or found. A
// call that fails is counted, not an error. `progress` may be null; it is told about once a second
// how many calls were answered and failed, and for how long.
absl::StatusOr<LoadResult> RunLoad(LoadKind& kind, LoadOptions options,
                                   const std::function<void(const LoadResult&)>& progress);

}  // namespace kith::cli
