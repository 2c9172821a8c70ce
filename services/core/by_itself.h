// What Kith does by itself: commands that its policies make, and nobody else.
#pragma once

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "services/core/decider.h"

namespace kith {

// Whether a policy makes the call whose name begins so: "notification". What steps of workflows do
// is done by "workflow_steps".
inline bool IsDoneByPolicy(const CommandContext& context, absl::string_view name) {
  absl::string_view actor = context.actor;
  return absl::ConsumePrefix(&actor, "policies/") && absl::StartsWith(actor, name);
}

}  // namespace kith
