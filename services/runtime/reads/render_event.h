// EventRenderer: records of the log as callers see them.
//
// The payload is put together from the record's bytes without parsing them: a record's clear
// payload and its unsealed parts are disjoint fields of one message, so their concatenation is that
// message serialised. What cannot be unsealed any more is left out, and the event says `erased`.
// Only as JSON, or where it has a secret field to be cleared, it is parsed.
#pragma once

#include "absl/status/status.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/seal/key_store.h"
#include "kith/events/v1/events_service.pb.h"

namespace kith::runtime {

enum class PayloadFormat { kMessage, kJson };
// What a request asks for.
template <class Request>
PayloadFormat FormatOf(const Request& request) {
  return request.payload_as_json() ? PayloadFormat::kJson : PayloadFormat::kMessage;
}

// Immutable; any thread. Borrows everything.
class EventRenderer {
 public:
  EventRenderer(const eventstore::EventLog& log, const eventstore::EventRegistry& registry,
                const eventstore::KeyStore& keys)
      : log_(log), registry_(registry), keys_(keys) {}

  // Makes `event` the record's, whatever it holds, whose memory is used again. DataLoss when the
  // record is of a type unknown here or was tampered with. Reads the log where the event has a
  // cause: not on a gRPC thread.
  absl::Status Render(const eventstore::Record& record, PayloadFormat format,
                      events::v1::Event* event) const;

  // The bytes of the event's message, personal fields included as far as they can be read, and
  // secret ones left out.
  absl::Status RenderPayload(const eventstore::Record& record, google::protobuf::Any* payload,
                             bool* erased) const;

 private:
  absl::StatusOr<int64_t> CausationSequence(const eventstore::EventHeader& header) const;

  const eventstore::EventLog& log_;
  const eventstore::EventRegistry& registry_;
  const eventstore::KeyStore& keys_;
};

}  // namespace kith::runtime
