// The server's log: one JSON object a line on stderr, for people and machines alike. gRPC's own log
// is a part of it, at level debug.
#pragma once

namespace kith::server {

// Makes every line of spdlog an object with time, level and message. A message that is itself a
// JSON object, as the runtime writes of each call, stands under "call". Once, before the first
// line.
void LogAsJson();

}  // namespace kith::server
