// The data directory as a whole: that it is one of Kith, or empty, and that nobody else reads it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "eventstore/log/engine.h"

namespace kith::server {

// Whether it has been started on before.
bool HasLog(const std::string& path);

// Makes the directory where it is missing, and keeps others out of what is in it: contacts stand in
// views in clear. Nothing else is changed, and nothing where it is refused:
//   FailedPrecondition  it holds files and none of them is a log of Kith's
//   DataLoss            it was one of Kith, and its log is gone, or its key file
//   Unavailable         it cannot be made or read
absl::Status PrepareDataDirectory(const std::string& path);

// The same for a log that came here without anything else, as from a backup: DataLoss where it has
// events and there is no key file. Its first event is only recorded when there is one.
absl::Status CheckKeyFile(const std::string& path, const eventstore::Engine& log);

}  // namespace kith::server
