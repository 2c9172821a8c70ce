// One line of the server's log per call: who called what, how it ended and how long it took; never
// what was said. Calls that succeed are logged at debug level, refusals at info, those that took
// too long at warning with the parts of their time, our own failures at error with their full text.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"
#include "services/runtime/requests/call_parts.h"

namespace kith::runtime {

struct CallLine {
  absl::string_view method;
  WorkspaceId workspace;  // 0: not known
  absl::string_view request_id;
  absl::Duration duration;
  const absl::Status& status;
  const CallParts* slow = nullptr;  // where its time went, of one that took too long
};

// Costs next to nothing when the level is off. Any thread.
void LogCall(const CallLine& line);

}  // namespace kith::runtime
