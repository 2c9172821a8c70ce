// The bare echo: a gRPC callback server that does nothing with the same messages as Kith's hot
// calls. What `kith bench` measures against it is the yardstick of what gRPC itself costs on this
// machine. Prints the port it listens on.

#include <signal.h>

#include <cstdio>
#include <string>

#include "absl/synchronization/mutex.h"
#include "grpcpp/grpcpp.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"

namespace {

constexpr char kContact[] = "contacts/01J00000000000000000000000";

class EchoContacts final : public kith::contacts::v1::ContactsService::CallbackService {
  grpc::ServerUnaryReactor* CreateContact(grpc::CallbackServerContext* rpc,
                                          const kith::contacts::v1::CreateContactRequest* request,
                                          kith::contacts::v1::Contact* response) override {
    *response = request->contact();
    return Answer(rpc, response);
  }
  grpc::ServerUnaryReactor* GetContact(grpc::CallbackServerContext* rpc,
                                       const kith::contacts::v1::GetContactRequest*,
                                       kith::contacts::v1::Contact* response) override {
    // As large as what Kith answers about a contact of the bench.
    response->set_first_name("Bench");
    response->set_last_name("Contact 500");
    response->set_display_name("Bench Contact 500");
    response->add_emails()->set_address("bench500@example.com");
    response->mutable_emails(0)->set_primary(true);
    response->set_etag("1");
    response->set_lifecycle_stage(kith::contacts::v1::LEAD);
    response->mutable_create_time()->set_seconds(1'790'000'000);
    response->mutable_update_time()->set_seconds(1'790'000'000);
    return Answer(rpc, response);
  }
  static grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* rpc,
                                          kith::contacts::v1::Contact* response) {
    response->set_name(kContact);
    auto* reactor = rpc->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

class EchoInteractions final : public kith::interactions::v1::InteractionsService::CallbackService {
  grpc::ServerUnaryReactor* RecordInteraction(
      grpc::CallbackServerContext* rpc,
      const kith::interactions::v1::RecordInteractionRequest* request,
      kith::interactions::v1::Interaction* response) override {
    *response = request->interaction();
    response->set_name(
        "contacts/01J00000000000000000000000/interactions/01J00000000000000000000000");
    response->mutable_occur_time()->set_seconds(1'790'000'000);
    response->mutable_record_time()->set_seconds(1'790'000'000);
    auto* reactor = rpc->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int main() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  EchoContacts contacts;
  EchoInteractions interactions;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&contacts);
  builder.RegisterService(&interactions);
  const auto server = builder.BuildAndStart();
  std::printf("echo is ready on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown();
  return 0;
}
