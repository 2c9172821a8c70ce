// Runtime: what services are made of.
#pragma once

#include <string>

#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/base/ulid.h"
#include "eventstore/blobs/blob_store.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/seal/key_store.h"
#include "projections/engine/view_store.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/admission/pools.h"
#include "services/runtime/commands/transact.h"

namespace kith::runtime {

class OwnedRecords;
class PolicyHold;

// Everything lives as long as the server and is thread-safe; nothing is null, but for the
// authorizer while it is being made, the records of owners until every method is bound, the blobs
// where ServerOptions name no folder, and the hold where the data is no copy.
struct Runtime {
  const Clock& clock;
  Random& random;
  UlidGenerator& ulids;
  Pools& pools;
  const eventstore::EventRegistry& registry;
  eventstore::KeyStore& keys;
  eventstore::EventLog& log;
  projections::ViewStore& views;
  Transact& transact;
  const Authorizer* authorizer = nullptr;
  const OwnedRecords* owned = nullptr;
  eventstore::BlobStore* blobs = nullptr;
  PolicyHold* policy_hold = nullptr;
  std::string key_uses;  // as ServerOptions
};

}  // namespace kith::runtime
