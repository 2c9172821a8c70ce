// TestServer: a whole server with every capability, over a log in memory, on a port of the system's
// choice; and calls to it with the key of its first workspace.
//
//   TestServer server;
//   const auto ada = server.Call(&ContactsService::Stub::CreateContact, request);
//   EXPECT_EQ(ada.reason(), "");       // empty: answered
//   EXPECT_EQ(ada->first_name(), "Ada");
//
// Its clock stands still until a test moves it. One thread, but for Call, which any number may use.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "eventstore/memory/memory_engine.h"
#include "eventstore/seal/key_store.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/grpcpp.h"
#include "services/runtime/server_builder.h"
#include "tests/testing/manual_clock.h"
#include "tests/testing/seeded_random.h"
#include "tests/testing/temp_folder.h"

namespace kith::testing {

// What a call came to.
template <class Response>
struct Reply {
  grpc::Status status;
  google::rpc::Status error;  // the details of a failure, typed
  Response response;
  std::string token;     // the position the reply reflects; empty where the server did not say
  std::string sequence;  // the same as the number of the workspace's event

  const Response* operator->() const { return &response; }
  bool ok() const { return status.ok(); }
  // The detail of this type; its default where there is none.
  template <class Detail>
  Detail detail() const {
    Detail unpacked;
    for (const auto& any : error.details()) {
      if (any.UnpackTo(&unpacked)) break;
    }
    return unpacked;
  }
  // Why the call was refused, in the words of the error enum ("CONTACT_NOT_FOUND"); empty when it
  // was not.
  std::string reason() const {
    if (ok()) return "";
    const std::string reason = detail<google::rpc::ErrorInfo>().reason();
    return reason.empty() ? absl::StrCat("code ", status.error_code(), ": ", status.error_message())
                          : reason;
  }
  // An entry of the refusal's metadata; empty where there is none.
  std::string metadata(const std::string& key) const {
    const auto info = detail<google::rpc::ErrorInfo>();
    const auto found = info.metadata().find(key);
    return found == info.metadata().end() ? "" : found->second;
  }
  // The fields that the refusal names, in its order.
  std::vector<std::string> fields() const {
    std::vector<std::string> fields;
    const auto request = detail<google::rpc::BadRequest>();
    for (const auto& violation : request.field_violations()) fields.push_back(violation.field());
    return fields;
  }
};

class TestServer {
 public:
  // Starts; aborts where the server does not. `more` adds what it has beside the capabilities,
  // `adjust` changes its options, and `credentials` are those of its channel.
  explicit TestServer(
      std::function<void(runtime::ServerBuilder&)> more = nullptr,
      std::function<void(runtime::ServerOptions&)> adjust = nullptr,
      std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials());
  ~TestServer();

  // Stops and starts again over the same log and keys; with `new_views` every view is folded anew.
  void Restart(bool new_views = false);

  // One call with these credentials; those of the first workspace's operator by default.
  template <class Stub, class Request, class Response>
  Reply<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                    Response*),
                       const Request& request) const {
    return CallWith(secret_, method, request);
  }
  template <class Stub, class Request, class Response>
  Reply<Response> CallWith(const std::string& secret,
                           grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                        Response*),
                           const Request& request) const {
    Stub stub(channel_);
    grpc::ClientContext context;
    if (!secret.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", secret));
    Reply<Response> reply;
    reply.status = (stub.*method)(&context, request, &reply.response);
    reply.error.ParseFromString(reply.status.error_details());
    reply.token = InitialMetadata(context, "kith-token");
    reply.sequence = reply.token.substr(0, reply.token.find('.'));
    return reply;
  }

  // The credentials of the first workspace's operator.
  const std::string& secret() const { return secret_; }
  WorkspaceId workspace() const { return WorkspaceId(1); }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  // For those who connect themselves.
  std::string address() const { return absl::StrCat("127.0.0.1:", server_->port()); }
  ManualClock& clock() { return clock_; }
  runtime::Server& server() { return *server_; }
  runtime::Runtime& runtime() { return server_->runtime(); }
  const runtime::MethodTable& methods() const { return server_->methods(); }
  eventstore::KeyStore& keys() { return server_->runtime().keys; }
  eventstore::MemoryDisk& disk() { return *disk_; }

 private:
  void Start();
  void Stop();
  static std::string InitialMetadata(const grpc::ClientContext& context, const char* key);

  const std::function<void(runtime::ServerBuilder&)> more_;
  const std::function<void(runtime::ServerOptions&)> adjust_;
  const std::shared_ptr<grpc::ChannelCredentials> credentials_;
  TempFolder folder_;
  ManualClock clock_;
  SeededRandom random_{1};
  std::shared_ptr<eventstore::MemoryDisk> disk_;
  int views_ = 0;  // how often the views were begun anew
  std::unique_ptr<runtime::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::string secret_;
};

}  // namespace kith::testing
