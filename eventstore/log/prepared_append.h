// PreparedAppend: an append on its way to the committer, with everything done that does not depend
// on its position: validated, sealed, encoded, hashed, and what it asks about the log looked up as
// of a position.
//
// Owned by one thread at a time: the caller's, an executor's, the committer's, and at the end the
// executor's again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/log/event_log.h"
#include "eventstore/log/log_reader.h"
#include "eventstore/log/record_codec.h"
#include "eventstore/seal/key_store.h"

namespace kith::eventstore {

// A stream that an append writes or has a condition on.
struct StreamFact {
  std::string key;  // of the table `heads`
  StreamHead head;  // as of PreparedAppend::as_of, or later
};

struct PreparedAppend {
  Append append;  // payloads and personal parts have moved into `records` and `bodies`
  EventLog::AppendDone done;
  size_t bytes = 0;  // PayloadBytes(append), as it was when it was let in
  absl::StatusOr<Appended> answer = absl::UnknownError("not answered");

  // One per event, in order. Position, sequence, revision, record time and the append's first
  // position are still blank.
  std::vector<std::shared_ptr<Record>> records;
  std::vector<EncodedBody> bodies;

  std::string request_key;  // of the table `requests`; empty when the append has no request id
  std::vector<StreamFact> streams;  // each once
  std::vector<size_t> written;      // in `streams`, for each of append.streams
  std::vector<size_t> conditioned;  // in `streams`, for each of append.stream_conditions
  std::vector<Position>
      tagged;  // for each tag condition: the first event after its `after`, 0 for none

  Position as_of;    // the facts hold as of this position
  int attempts = 0;  // how often they were looked up
};

// Of all events, clear and personal.
size_t PayloadBytes(const Append& append);

// InvalidArgument naming the first thing that is malformed or over a limit of types.h.
absl::Status ValidateAppend(const Append& append);

// Fills what depends on the append alone, where that is not done yet: records, bodies, keys.
// `prepared.append` has been validated. Errors of KeyStore::Seal: Unavailable in tier kMemory means
// go on in kDisk, on a thread that may wait.
absl::Status EncodeAppend(KeyStore& keys, ReadTier tier, PreparedAppend& prepared);

// Looks the facts up as of the log's head. True when the request is known already: the append is
// answered, and needs no committer. Errors of LogReader: Unavailable in tier kMemory means try
// again in kDisk, on a thread that may wait.
absl::StatusOr<bool> LookUpFacts(const LogReader& reader, Position head, ReadTier tier,
                                 PreparedAppend& prepared);

// The answer to a request that is known with `known`: its numbers of then, or AlreadyExists when it
// was another.
absl::StatusOr<Appended> AnswerKnownRequest(const RequestKey& asked, const Tag& known_digest,
                                            Appended known);

}  // namespace kith::eventstore
