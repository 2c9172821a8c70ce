// CheckAsSeen: what a command with a `name` and an `etag` is held against first. Pure; any thread.
#pragma once

#include "absl/status/status.h"
#include "eventstore/base/check.h"
#include "services/core/decider.h"
#include "services/core/lifecycle.h"
#include "services/core/resource_rules.h"

namespace kith {

// The resource is there, and as the caller last saw it.
template <class State, class Command>
absl::Status CheckAsSeen(const ResourceRules& rules, const State& state, const Command& command) {
  switch (state.lifecycle) {
    case Lifecycle::kAbsent:
    case Lifecycle::kDeleted:
    case Lifecycle::kMerged:
      return ResourceNotFound(rules, command.name());
    case Lifecycle::kActive:
      return CheckEtag(command.etag(), state.resource.etag());
  }
  KITH_UNREACHABLE();
}

}  // namespace kith
