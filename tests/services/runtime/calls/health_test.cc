#include "services/runtime/calls/health.h"

#include <thread>

#include "gmock/gmock.h"
#include "grpc/health/v1/health.pb.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "gtest/gtest.h"
#include "tests/services/runtime/person_server.h"

namespace kith::runtime {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using projections::ViewHealth;
using projections::ViewState;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr char kContacts[] = "kith.contacts.v1.ContactsService";
constexpr char kEvents[] = "kith.events.v1.EventsService";

HealthCheckRequest Of(const std::string& service) {
  HealthCheckRequest request;
  request.set_service(service);
  return request;
}

// What Check says; SERVICE_UNKNOWN where it is NOT_FOUND.
HealthCheckResponse::ServingStatus Check(PersonServer& server, const std::string& service) {
  const grpc::internal::RpcMethod method("/grpc.health.v1.Health/Check",
                                         grpc::internal::RpcMethod::NORMAL_RPC);
  grpc::ClientContext context;
  HealthCheckResponse response;
  const grpc::Status status =
      grpc::internal::BlockingUnaryCall<HealthCheckRequest, HealthCheckResponse>(
          server.channel().get(), method, &context, Of(service), &response);
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) {
    return HealthCheckResponse::SERVICE_UNKNOWN;
  }
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.status();
}

// One Watch.
class Watcher {
 public:
  Watcher(PersonServer& server, const std::string& service)
      : reader_(grpc::internal::ClientReaderFactory<HealthCheckResponse>::Create(
            server.channel().get(),
            grpc::internal::RpcMethod("/grpc.health.v1.Health/Watch",
                                      grpc::internal::RpcMethod::SERVER_STREAMING),
            &context_, Of(service))) {}
  ~Watcher() { context_.TryCancel(); }

  // Waits for what is told next; UNKNOWN at the end.
  HealthCheckResponse::ServingStatus Next() {
    HealthCheckResponse response;
    return reader_->Read(&response) ? response.status() : HealthCheckResponse::UNKNOWN;
  }

 private:
  grpc::ClientContext context_;
  const std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader_;
};

ViewHealth View(const std::string& name, ViewState state) {
  ViewHealth health;
  health.view = name;
  health.state = state;
  return health;
}

TEST(ServingNow, AServiceServesWhileTheViewsItReadsAreLive) {
  const ViewsOfServices services = {{"a", {"one", "two"}}, {"b", {"two"}}, {"c", {}}};
  EXPECT_THAT(
      ServingNow(services, {View("one", ViewState::kLive), View("two", ViewState::kLive)}, true),
      UnorderedElementsAre(Pair("", true), Pair("a", true), Pair("b", true), Pair("c", true),
                           Pair("kith.ready", true)));
  for (const ViewState state : {ViewState::kBuilding, ViewState::kStopped, ViewState::kLate}) {
    EXPECT_THAT(ServingNow(services, {View("one", state), View("two", ViewState::kLive)}, true),
                UnorderedElementsAre(Pair("", true), Pair("a", false), Pair("b", true),
                                     Pair("c", true), Pair("kith.ready", false)));
  }
  EXPECT_THAT(ServingNow(services, {View("one", ViewState::kLive)}, false),
              UnorderedElementsAre(Pair("", false), Pair("a", true), Pair("b", true),
                                   Pair("c", true), Pair("kith.ready", false)));
}

TEST(Health, EachServiceSpeaksForItself) {
  PersonServer server;
  for (const char* service : {"", kContacts, kEvents, "kith.ready"}) {
    EXPECT_EQ(Check(server, service), HealthCheckResponse::SERVING) << service;
  }
  EXPECT_EQ(Check(server, "kith.leads.v1.LeadsService"), HealthCheckResponse::SERVICE_UNKNOWN);
}

TEST(Health, TheServerServesWhileItsLogTakesWrites) {
  PersonServer server;
  Watcher log(server, "");
  EXPECT_EQ(log.Next(), HealthCheckResponse::SERVING);
  server.disk().SetFreeBytes(0);
  EXPECT_EQ(log.Next(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(Check(server, kContacts), HealthCheckResponse::SERVING) << "reads go on";
  server.disk().SetFreeBytes(uint64_t{1} << 40);
  EXPECT_EQ(log.Next(), HealthCheckResponse::SERVING);
}

TEST(Health, WatchersAreToldThatTheServerStops) {
  PersonServer server;
  Watcher ready(server, "kith.ready");
  EXPECT_EQ(ready.Next(), HealthCheckResponse::SERVING);
  server.list_gate.Close();  // a call holds the stop up, so that the watcher hears of it
  std::thread listing([&] {
    Call call;
    contacts::v1::ListContactsResponse response;
    (void)server.contacts().ListContacts(&call, contacts::v1::ListContactsRequest(), &response);
  });
  server.list_gate.AwaitWaiting(1);
  std::thread stopping([&] { server.StopWithGatesAsTheyAre(); });
  EXPECT_EQ(ready.Next(), HealthCheckResponse::NOT_SERVING);
  server.list_gate.Open();
  listing.join();
  stopping.join();
}

}  // namespace
}  // namespace kith::runtime
