// The refusal of an append for want of space on the disk. A pure function, any thread.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace kith {

// ERROR_LIMIT_REACHED with the limit "disk": `free_bytes` are free where the log is, and appends
// need `needed_bytes`. It is worded for callers, who may know no path of the server.
absl::Status DiskFull(uint64_t free_bytes, uint64_t needed_bytes);

}  // namespace kith
