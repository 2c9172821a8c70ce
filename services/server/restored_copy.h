// How kithd knows that its data directory is a copy, as one put back from a backup: what the
// original may have done, or still does, must not be done once more. Two small files beside the
// log, `home` and `restored`; FORMAT.md.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/log/engine.h"
#include "services/runtime/policies/policy_hold.h"

namespace kith::server {

// What holds the policies of a server over the directory `data`, whose log is open; null where it
// is where it was, or somebody has resumed it. A copy is marked as one, on disk when this returns,
// until the hold is ended. Unavailable where that cannot be read or written.
absl::StatusOr<std::shared_ptr<runtime::PolicyHold>> HoldOfCopy(const std::string& data,
                                                                const eventstore::Engine& log,
                                                                absl::Time now);

}  // namespace kith::server
