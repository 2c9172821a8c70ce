// `kith bench`: measures a server, your own or the bare echo of tests/bench.
#pragma once

#include "absl/status/status.h"
#include "services/cli/arguments.h"
#include "services/cli/client.h"

namespace kith::cli {

// kith bench record|get [--in-flight N] [--channels N] [--seconds S] [--rate R] [--bytes B]
// [--records N]; `json` prints one JSON object and no progress. It writes contacts and interactions
// into the caller's workspace.
absl::Status RunBench(const ClientOptions& client, Arguments arguments, bool json);

}  // namespace kith::cli
