// One line of the server's log per call: a JSON object that says who called what, how it ended and
// how long it took; never what was said. Calls that succeed are logged at debug level, refusals at
// info, our own failures at error with their full text.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"

namespace kith::runtime {

struct CallLine {
  absl::string_view method;
  WorkspaceId workspace;  // 0: not known
  absl::string_view request_id;
  absl::Duration duration;
  const absl::Status& status;
};

// Costs next to nothing when the level is off. Any thread.
void LogCall(const CallLine& line);

// The text as a JSON string, with its quotes; bytes that are not ASCII are replaced.
std::string JsonString(absl::string_view text);

}  // namespace kith::runtime
