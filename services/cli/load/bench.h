// `kith bench`: measures a server, your own or the bare echo of tests/bench.
#pragma once

#include <ostream>

#include "absl/status/status.h"
#include "services/cli/calls/arguments.h"
#include "services/cli/calls/client.h"

namespace kith::cli {

struct BenchOutput {
  std::ostream& out;  // the result: a few lines, or one JSON object
  std::ostream& err;  // the progress
  bool json = false;
  bool live = false;  // err is a terminal, where a line can be drawn over
};

// kith bench KIND [--in-flight N] [--channels N] [--seconds S] [--warm-up S] [--rate R] [--bytes B]
// [--contacts N] [--as-of MOMENT]; the kinds are those of load_kinds.cc. Some write contacts and
// interactions into the caller's workspace. Unavailable when calls failed, after printing the
// result.
absl::Status RunBench(const ClientOptions& client, Arguments arguments, const BenchOutput& output);

}  // namespace kith::cli
