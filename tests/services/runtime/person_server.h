// PersonServer: a server over a log in memory, with small services of persons, listening on a
// port that the system chooses; and clients of it. It answers to three credentials: "owner"
// (everything in workspace 1), "reader" ("*.read" there) and "stranger" (everything in workspace
// 2).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "eventstore/memory/memory_engine.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/grpcpp.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "services/runtime/server_builder.h"
#include "tests/services/runtime/gate.h"
#include "tests/testing/manual_clock.h"
#include "tests/testing/seeded_random.h"
#include "tests/testing/temp_folder.h"

namespace kith::runtime {

class PersonServer {
 public:
  // `options` as a test changed them; clock, randomness and the views' path are set here.
  // `more` adds what it has beside the services; `credentials` are those of its clients.
  explicit PersonServer(ServerOptions options = {},
                        const std::function<void(ServerBuilder&)>& more = nullptr,
                        const std::shared_ptr<grpc::ChannelCredentials>& credentials =
                            grpc::InsecureChannelCredentials());
  ~PersonServer() { Stop(); }

  // The server's objects end before the gates do.
  void Stop();
  void StopWithGatesAsTheyAre() { server_->Stop(); }
  // Stopping has begun: calls are refused.
  bool stopping();
  int port() const { return server_->port(); }
  Server& server() { return *server_; }

  std::shared_ptr<grpc::Channel> channel() const { return channel_; }
  // A further one, with a connection of its own.
  std::shared_ptr<grpc::Channel> NewChannel(
      const std::shared_ptr<grpc::ChannelCredentials>& credentials) const;
  contacts::v1::ContactsService::Stub& contacts() { return *contacts_; }
  events::v1::EventsService::Stub& events() { return *events_; }
  interactions::v1::InteractionsService::Stub& interactions() { return *interactions_; }

  eventstore::MemoryDisk& disk() { return *disk_; }
  kith::testing::ManualClock& clock() { return clock_; }
  Runtime& runtime() { return server_->runtime(); }
  const MethodTable& methods() const { return server_->methods(); }

  Gate list_gate;  // every list passes it
  Gate view_gate;  // the view passes it at every event

 private:
  kith::testing::TempFolder folder_;
  kith::testing::ManualClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  kith::testing::SeededRandom random_{29};
  std::shared_ptr<eventstore::MemoryDisk> disk_ = std::make_shared<eventstore::MemoryDisk>();
  ServerOptions options_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<contacts::v1::ContactsService::Stub> contacts_;
  std::unique_ptr<events::v1::EventsService::Stub> events_;
  std::unique_ptr<interactions::v1::InteractionsService::Stub> interactions_;
};

// A client's side of one call, with credentials; "" sends none.
class Call : public grpc::ClientContext {
 public:
  explicit Call(absl::string_view credentials = "owner");

  // An entry of the reply's initial metadata; empty where there is none.
  std::string Reply(const std::string& key) const;
};

// The google.rpc.Status in a failed status's details; empty where there is none.
google::rpc::Status DetailsOf(const grpc::Status& status);
// "kith.type.v1/CONFLICT", as its ErrorInfo says.
std::string ErrorOf(const grpc::Status& status);

}  // namespace kith::runtime
