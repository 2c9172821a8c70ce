// Known agents: programs that look through mail, or load its images, before anybody reads it; by
// what they say they are. Pure; any thread.
#pragma once

#include "absl/strings/string_view.h"

namespace kith::messages {

// Of a request's user agent. One that says nothing is no mail program's and no browser's.
bool IsKnownAgent(absl::string_view user_agent);

}  // namespace kith::messages
