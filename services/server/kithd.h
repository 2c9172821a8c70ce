// Kithd: one server over one data directory: data/log, data/keys, data/views.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "services/runtime/server_builder.h"
#include "services/server/options.h"

namespace kith::server {

// Opens or creates the data directory and answers. The first start makes a development workspace
// and writes the key of its owner to data/development.key, readable by this user only. Every error
// is one line that says what to do, and what was in the directory is as it was:
//   FailedPrecondition  another process holds the directory, or it is not one of Kith
//   DataLoss            its files are damaged or missing
//   ResourceExhausted   the disk is too full to open it
//   Unavailable         the address is in use, or the disk cannot be used
// Once in a process. The server keeps nothing of `options`.
absl::StatusOr<std::unique_ptr<runtime::Server>> StartKithd(const Options& options);

}  // namespace kith::server
