#include "tests/sdk/refusing_server.h"

#include "absl/strings/str_cat.h"

namespace kith::testing {

using contacts::v1::Contact;
using contacts::v1::CreateContactRequest;
using sessions::v1::RunSessionRequest;
using sessions::v1::RunSessionResponse;

class RefusingServer::Contacts final : public contacts::v1::ContactsService::Service {
 public:
  explicit Contacts(RefusingServer& server) : server_(server) {}

 private:
  grpc::Status CreateContact(grpc::ServerContext*, const CreateContactRequest* request,
                             Contact*) override {
    const google::rpc::Status told = server_.Take(request->SerializeAsString());
    return grpc::Status(static_cast<grpc::StatusCode>(told.code()), told.message(),
                        told.SerializeAsString());
  }

  RefusingServer& server_;
};

class RefusingServer::Sessions final : public sessions::v1::SessionsService::Service {
 public:
  explicit Sessions(RefusingServer& server) : server_(server) {}

 private:
  using Stream = grpc::ServerReaderWriter<RunSessionResponse, RunSessionRequest>;

  grpc::Status RunSession(grpc::ServerContext*, Stream* stream) override {
    RunSessionRequest request;
    while (stream->Read(&request)) {
      RunSessionResponse response;
      for (const RunSessionRequest::Call& call : request.calls()) {
        auto& outcome = *response.add_outcomes();
        outcome.set_id(call.id());
        *outcome.mutable_status() = server_.Take(call.request());
      }
      stream->Write(response);
    }
    return grpc::Status::OK;
  }

  RefusingServer& server_;
};

RefusingServer::RefusingServer(int times, const google::rpc::Status& refusal)
    : refusal_(refusal),
      times_(times),
      contacts_(std::make_unique<Contacts>(*this)),
      sessions_(std::make_unique<Sessions>(*this)) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(contacts_.get());
  builder.RegisterService(sessions_.get());
  server_ = builder.BuildAndStart();
  channel_ =
      grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
}

RefusingServer::~RefusingServer() { server_->Shutdown(std::chrono::system_clock::now()); }

std::vector<std::string> RefusingServer::requests() const {
  MutexLock lock(mutex_);
  return requests_;
}

void RefusingServer::AwaitRequest() const {
  MutexLock lock(mutex_);
  while (requests_.empty()) came_.Wait(mutex_);
}

google::rpc::Status RefusingServer::Take(const std::string& request) {
  MutexLock lock(mutex_);
  requests_.push_back(request);
  came_.NotifyAll();
  return times_-- > 0 ? refusal_ : google::rpc::Status();
}

}  // namespace kith::testing
