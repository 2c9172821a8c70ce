// Client: calls any method of a Kith server, knowing it by its descriptor only.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/channel.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/security/credentials.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "deploy/sdk/cpp/kith/client.h"
#include "services/cli/calls/catalog.h"

namespace kith::cli {

// What a reply says beside its message.
struct ReplyInfo {
  // The workspace's last event that the reply reflects, the number in front of `kith-token`; 0 when
  // not said.
  int64_t sequence = 0;
  // The request had been answered before, from `kith-repeated`: this call changed nothing.
  bool repeated = false;
  // What kith-cause takes where it led to something; of a call that goes together with others it is
  // not told.
  std::string token;
};

struct ClientOptions {
  std::string address;                            // "127.0.0.1:7447"
  std::string key;                                // sent as bearer; nothing is sent when empty
  std::string on_behalf_of;                       // the user a service acts for; empty: nobody
  std::shared_ptr<grpc::ChannelCredentials> tls;  // null: none

  std::shared_ptr<grpc::ChannelCredentials> credentials() const {
    return tls != nullptr ? tls : grpc::InsecureChannelCredentials();
  }
};

// Thread-safe; one thread of its own takes the replies of calls by themselves. Calls that the
// server could not take (UNAVAILABLE, RESOURCE_EXHAUSTED) are tried again a few times by gRPC
// itself, which is safe because every mutation of the CLI carries a request id. A failure is a
// status made by server_error.h.
class Client {
 public:
  // Connects with the first call.
  explicit Client(const ClientOptions& options);
  // Over a channel made elsewhere, as tests do.
  Client(const ClientOptions& options, std::shared_ptr<grpc::Channel> channel);
  // Waits for the calls under way.
  ~Client();

  // The token of an event: from now on it is the cause of what calls change. Before the first call
  // that is to have it.
  void SetCause(std::string token) { cause_ = std::move(token); }

  // A unary call; blocks until it is answered. `info` may be null.
  absl::Status Call(const Method& method, const google::protobuf::Message& request,
                    google::protobuf::Message* response, ReplyInfo* info = nullptr);

  // The same without blocking: `done` runs on the client's thread and must not block. Request and
  // response outlive it.
  using Done = std::function<void(absl::Status, ReplyInfo)>;
  void CallAsync(const Method& method, const google::protobuf::Message& request,
                 google::protobuf::Message* response, Done done);

  // The same for who makes many at once: they go over one session, which takes far more of them,
  // and what the server says to try again is. A server that has no sessions, or no room for one
  // more of the key, is called as by CallAsync.
  void CallTogether(const Method& method, const google::protobuf::Message& request,
                    google::protobuf::Message* response, Done done);

  // A call answered by a stream; blocks until it ends, or until `on_message` returns false, which
  // hangs up.
  using OnMessage = std::function<bool(const google::protobuf::Message& message)>;
  absl::Status ReadStream(const Method& method, const google::protobuf::Message& request,
                          const OnMessage& on_message);

  // A call that takes a stream and answers each message with one; blocks until it ends. `next`
  // gives what to send, which lives until it is called again, and null after the last. A few
  // messages are sent ahead of their answers.
  using NextMessage = std::function<const google::protobuf::Message*()>;
  using OnAnswer = std::function<void(std::unique_ptr<google::protobuf::Message>)>;
  absl::Status Exchange(const Method& method, const NextMessage& next, const OnAnswer& on_answer);

 private:
  struct Pending;
  class Stream;
  class Exchanging;

  void TakeReplies();
  // Says who calls, and for whom, and of what changes something why.
  void Describe(const Method& method, grpc::ClientContext* context) const;
  absl::Status ToStatus(const grpc::Status& status) const;

  const ClientOptions options_;
  std::string cause_;                      // empty: none
  std::atomic<bool> has_sessions_ = true;  // until it is known that there is none to be had
  std::unique_ptr<sdk::Client> together_;
  grpc::TemplatedGenericStub<google::protobuf::Message, google::protobuf::Message> stub_;
  // A queue and not gRPC's callbacks, so that nothing of a call is left when the client is gone.
  grpc::CompletionQueue queue_;
  std::thread replies_;
};

}  // namespace kith::cli
