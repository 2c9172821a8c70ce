// Carrier: how one call came in and how its reply goes out. What a call is made of knows nothing
// else of the transport: gRPC is one carrier (grpc_methods.h), and whatever carries calls later is
// another.
//
// A call begins before any of its messages is there: who may not make it has none of them read.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"
#include "google/protobuf/message.h"

namespace kith::runtime {

struct Caller;

// Belongs to the transport, which keeps it, and the call it carries, until it is done with both.
// Each function may be called by any thread, one at a time, unless it says otherwise.
class Carrier {
 public:
  virtual ~Carrier() = default;

  // What came with the call under this key, in lower case; null where nothing did, which is not as
  // if an empty text came. Valid until Finish.
  virtual absl::string_view Metadata(const char* key) const = 0;
  // Who calls, where that was asked before the call came; null: the metadata `authorization` says.
  virtual std::shared_ptr<const Caller> caller() const { return nullptr; }
  // The names that the client's certificate is for, where it showed one of an authority that is
  // trusted: "URI:spiffe://example.org/a", "DNS:host".
  virtual std::vector<std::string> certified_names() const { return {}; }
  // How long until the client's deadline; infinite where it set none.
  virtual absl::Duration time_left() const = 0;
  // The client is gone, or waits no longer. Any thread.
  virtual bool IsCancelled() const = 0;
  // Something to tell with the reply; before Finish and before the first StartWrite.
  virtual void AddReplyMetadata(const char* key, std::string value) = 0;
  // The first message is there: reading it takes no time, and no turn of others that arrive.
  virtual bool HasArrived() const { return false; }
  // The first message is asked for later, when others have come: who must not wait for longer than
  // `most` asks `give_up`, once, and where that is true ends the call's wait by Arrived(false).
  // Not where the transport has a limit of its own.
  virtual void AwaitTurn(absl::Duration /*most*/, absl::AnyInvocable<bool()> /*give_up*/) {}
  // The first message may be as large as that, which is much: room for it is taken before it is
  // read. Zero: it is counted when it is there.
  virtual size_t bytes_ahead() const { return 0; }
  // Others may want the place of the message that StartRead asks for next: where it takes longer
  // than `most`, the call hears Arrived(false). Not where the transport has a limit of its own.
  virtual void LimitRead(absl::Duration /*most*/) {}
  // Asks for a message of the client; then Arrived of the call. Not before the one before arrived.
  virtual void StartRead() = 0;
  // Fills `message` with what the last StartRead brought; once for each. False when the bytes are
  // no such message.
  virtual bool Read(google::protobuf::Message* message) = 0;
  // After a Read that was false: what is wrong with the bytes, where the carrier knows more than
  // that they are no such message; and after Arrived(false) why no message came, where the client
  // is to be told. Else OK.
  virtual absl::Status ReadError() const { return absl::OkStatus(); }
  // The bytes of what Read is about to read.
  virtual size_t ReadBytes() const = 0;
};

// Carries a call of one request and one reply.
class UnaryCarrier : public Carrier {
 public:
  // What a read of now must have seen, beside what it asks for itself.
  virtual Position read_after() const { return Position(); }
  // The call has appended up to here; before a Finish that is OK.
  virtual void Appended(Position) {}
  // The end, exactly once: nothing of the call may be touched afterwards. `reply` counts where the
  // status is OK only. `request_id` is told with an error that the caller has to ask about.
  virtual void Finish(const absl::Status& status, absl::string_view request_id,
                      const google::protobuf::Message& reply) = 0;
};

// Carries a call of many replies, and maybe of many requests.
class StreamCarrier : public Carrier {
 public:
  // Then StreamedCall::Written. Not before the one before is written. The message is not needed any
  // more when this returns.
  virtual void StartWrite(const google::protobuf::Message& message) = 0;
  // The end, exactly once, after everything started has been told.
  virtual void Finish(const absl::Status& status) = 0;
};

// One call of a unary method. It ends by its carrier's Finish.
class UnaryCall {
 public:
  virtual ~UnaryCall() = default;
  virtual void Begin() = 0;
  // The request can be read from the carrier; false: there will be none.
  virtual void Arrived(bool ok) = 0;
  // Within Finish: what the reply takes in memory until the client has it, or is gone.
  virtual void Replied(size_t bytes) = 0;
};

// One call of a streaming method. The carrier tells it what happens, on any thread.
class StreamedCall {
 public:
  virtual ~StreamedCall() = default;
  virtual void Begin() = 0;
  // A message can be read from the carrier; false: there are no more.
  virtual void Arrived(bool ok) = 0;
  // Within StartWrite: what the message takes in memory until Written.
  virtual void Writing(size_t bytes) = 0;
  // The client took a message, or false: it is gone.
  virtual void Written(bool ok) = 0;
  // The client hung up, or its deadline passed.
  virtual void Cancelled() = 0;
};

}  // namespace kith::runtime
