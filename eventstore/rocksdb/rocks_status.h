// RocksDB's status in Kith's error currency.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "rocksdb/status.h"

namespace kith::eventstore {

// What a failed status says; where descriptors have run out, also what whoever runs the server does
// about it.
std::string TextOf(const rocksdb::Status& status);

// OK stays OK; Corruption is DataLoss, Incomplete (the block is not in the cache) and everything
// else Unavailable. `doing` begins the message: "reading the log".
absl::Status FromRocks(const rocksdb::Status& status, absl::string_view doing);

// Unavailable, of a failed status, with what whoever starts the server does about it.
absl::Status CannotWrite(const rocksdb::Status& status, absl::string_view folder);

// Why the database in `folder` could not be locked: FailedPrecondition when somebody has it open,
// Unavailable when this user may not write to it.
absl::Status FromLock(const rocksdb::Status& status, absl::string_view folder);

}  // namespace kith::eventstore
