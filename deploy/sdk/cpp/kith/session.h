// Session: calls of a Kith server carried together over one stream, which is many times faster than
// a stream for each.
//
//   auto session = kith::sdk::Session::Open(channel, {.key = key});
//   session->Call(request, &contact, [&](const kith::sdk::Outcome& outcome) { … });
//
// Every request message of Kith belongs to one method, so a call needs no more than its request. A
// request that has a field request_id and leaves it empty is given one: when the connection breaks,
// the session opens another and sends again what was not told, and the server answers what it has
// done already as it did then. So each call takes effect once, however often it was sent.
#pragma once

#include <google/protobuf/message.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/channel.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kith::sdk {

struct SessionOptions {
  std::string key;  // sent as bearer; nothing is sent when empty
  // How long a broken connection is tried again before the calls on their way are given up.
  std::chrono::milliseconds patience = std::chrono::seconds(30);
  // How long the server may tell nothing while calls are on their way before the connection counts
  // as broken, though nothing says that it is: longer than the longest call takes.
  std::chrono::milliseconds silence = std::chrono::seconds(60);
};

struct CallOptions {
  // Zero: none. Where the server tells nothing, the call is told DEADLINE_EXCEEDED a second later.
  std::chrono::milliseconds timeout = std::chrono::milliseconds::zero();
  std::string traceparent;
  // The token of the event that causes what the call changes.
  std::string cause;
  // The user for whom a service makes the call: "users/01J…".
  std::string on_behalf_of;
  // Ids of calls that this one begins after, and whose changes it sees where it reads.
  std::vector<uint64_t> after;
};

// What became of a call.
struct Outcome {
  google::rpc::Status status;  // code 0 where it was answered
  // It was given up before it was told: whether it had an effect is not known. Sending the same
  // request again, with the same request id, settles it.
  bool unknown = false;
  std::string token;      // for reads that must see what it changed
  bool repeated = false;  // it repeats the answer of an earlier call with its request id

  bool ok() const { return status.code() == 0; }
};

// Thread-safe.
class Session {
 public:
  // Connects with the first call.
  static std::unique_ptr<Session> Open(std::shared_ptr<grpc::Channel> channel,
                                       const SessionOptions& options);
  // Waits until every call is told; that ends, whatever the server does, see SessionOptions.
  virtual ~Session() = default;

  using Done = std::function<void(const Outcome&)>;
  // Makes a call and answers its id at once; the request is not needed any more then. `done` is
  // called once, by a thread of gRPC's or the one that ends the session, and must not block; it may
  // make calls, which go when everything that came with the outcome is told. `response` is the
  // caller's, lives until then and is filled where the outcome is OK. A call whose request belongs
  // to no unary method is told INVALID_ARGUMENT before this returns, and its id is 0.
  virtual uint64_t Call(const google::protobuf::Message& request,
                        google::protobuf::Message* response, Done done,
                        const CallOptions& options) = 0;
  uint64_t Call(const google::protobuf::Message& request, google::protobuf::Message* response,
                Done done) {
    return Call(request, response, std::move(done), CallOptions());
  }
  // Nobody waits for the call any more. It is told, as cancelled, which has had no effect, or where
  // that came too late, as what it came to.
  virtual void Cancel(uint64_t id) = 0;
};

}  // namespace kith::sdk
