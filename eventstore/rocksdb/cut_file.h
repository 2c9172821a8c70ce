// Makes a file of the log shorter, and says so: whoever asks later why an event that was sent is
// not there should find the line.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kith::eventstore {

// Leaves the file's first `bytes`, and logs what was cut off: `what` says it in words. Unavailable,
// and the file is as it was, where that fails. RocksDB's own files cannot be made shorter. Any
// thread that has the file to itself.
absl::Status CutFile(const std::string& path, uint64_t bytes, absl::string_view what);

}  // namespace kith::eventstore
