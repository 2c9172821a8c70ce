// Recovery: reads where the log stands when it is opened, and refuses one that is damaged or
// shorter than its durable mark. Reads only.
#pragma once

#include "absl/status/statusor.h"
#include "eventstore/log/engine.h"
#include "eventstore/log/sequencer.h"
#include "eventstore/seal/key_store.h"

namespace kith::eventstore {

// The log's state, its last records verified: they decode, end a whole append, and the indexes
// agree with them. DataLoss naming the position or the range that is missing.
absl::StatusOr<LogState> LoadLogState(const Engine& engine);

// Tells the key store about every sealed part it may not have noted, then lets it checkpoint.
// Errors of the key store, DataLoss when a record cannot be read.
absl::Status RecoverKeys(const Engine& engine, const LogState& state, KeyStore& keys);

}  // namespace kith::eventstore
