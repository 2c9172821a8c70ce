// What must be true of a log after any crash: checks shared by the tests that kill the process and
// those that cut the power. Failures are GoogleTest's; call within ASSERT_NO_FATAL_FAILURE.
#pragma once

#include <cstdint>
#include <map>

#include "eventstore/log/event_log.h"
#include "eventstore/seal/key_store.h"

namespace kith::eventstore {

// What a caller was told about one append of crash_load.h.
struct Acknowledged {
  uint64_t first = 0;
  uint64_t count = 0;
  uint64_t sequence = 0;
};
// By the number of the request.
using Acknowledgements = std::map<uint64_t, Acknowledged>;

// Positions, sequences and revisions without holes; whole appends of crash_load.h, each once;
// personal fields that open.
void ExpectWhole(const EventLog& log, const KeyStore& keys);

// Indexes that say what the events say. Takes several times as long.
void ExpectIndexes(const EventLog& log, const KeyStore& keys);

// Every acknowledged append stands where its caller was told, whole.
void ExpectAcknowledged(const EventLog& log, const Acknowledgements& acknowledged);

// The last of the acknowledged requests, sent again, get their old answer.
void ExpectRemembered(EventLog& log, const Acknowledgements& acknowledged);

}  // namespace kith::eventstore
