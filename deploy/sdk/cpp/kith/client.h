// Client: calls of a Kith server, each by itself or all together over a session, which is an option
// and changes nothing else.
//
//   auto client = kith::sdk::Client::Open(channel, {.key = key, .session = true});
//   kith::sdk::Outcome outcome = client->Call(request, &contact);
//
// Every request message of Kith belongs to one method, so a call needs no more than its request.
// One that has a field request_id and leaves it empty is given one. What was not available, or what
// the server says to try again, is tried again with the same request, so that it takes effect once:
// never sooner than the server asks for, and for no longer than the client's patience.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/channel.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "kith/session.h"

namespace kith::sdk {

struct ClientOptions {
  std::string key;       // sent as bearer; nothing is sent when empty
  bool session = false;  // calls share one stream, which carries more of them
  // For how long after its first failure a call is tried again, and a session's broken connection.
  std::chrono::milliseconds patience = std::chrono::seconds(30);
  // Of a session, see SessionOptions. A call by itself ends with its deadline: give it one.
  std::chrono::milliseconds silence = std::chrono::seconds(60);
};

// Thread-safe.
class Client {
 public:
  using Done = Session::Done;

  // Connects with the first call.
  static std::unique_ptr<Client> Open(std::shared_ptr<grpc::Channel> channel,
                                      const ClientOptions& options);
  // Waits until every call is told.
  virtual ~Client() = default;

  // As Session::Call. Of the options, `after` is a session's alone, and a call that is tried again
  // counts as told for those after it when it was refused first.
  virtual uint64_t Call(const google::protobuf::Message& request,
                        google::protobuf::Message* response, Done done,
                        const CallOptions& options) = 0;
  uint64_t Call(const google::protobuf::Message& request, google::protobuf::Message* response,
                Done done) {
    return Call(request, response, std::move(done), CallOptions());
  }
  // The same, and waits for the outcome. Not to be called by what a call is done with.
  Outcome Call(const google::protobuf::Message& request, google::protobuf::Message* response,
               const CallOptions& options = CallOptions());
  // Nobody waits for the call any more, as Session::Cancel; it is not tried again.
  virtual void Cancel(uint64_t id) = 0;
};

}  // namespace kith::sdk
