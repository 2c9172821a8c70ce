// Sessions of the SDK send calls together: a message costs as much as several calls.
#include <atomic>
#include <future>
#include <vector>

#include "absl/strings/str_cat.h"
#include "deploy/sdk/cpp/kith/session.h"
#include "eventstore/base/mutex.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/sessions/v1/sessions_service.grpc.pb.h"

namespace kith::testing {
namespace {

using contacts::v1::Contact;
using contacts::v1::GetContactRequest;
using sessions::v1::RunSessionRequest;
using sessions::v1::RunSessionResponse;

// Answers each message by one, with empty replies.
class CountingServer final : public sessions::v1::SessionsService::Service {
 public:
  CountingServer() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    channel_ =
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
  }
  ~CountingServer() override { server_->Shutdown(std::chrono::system_clock::now()); }

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  // How many calls each message had.
  std::vector<int> messages() const {
    MutexLock lock(mutex_);
    return messages_;
  }

 private:
  using Stream = grpc::ServerReaderWriter<RunSessionResponse, RunSessionRequest>;

  grpc::Status RunSession(grpc::ServerContext*, Stream* stream) override {
    RunSessionRequest request;
    while (stream->Read(&request)) {
      RunSessionResponse response;
      for (const auto& call : request.calls()) response.add_outcomes()->set_id(call.id());
      {
        MutexLock lock(mutex_);
        messages_.push_back(request.calls_size());
      }
      stream->Write(response);
    }
    return grpc::Status::OK;
  }

  mutable Mutex mutex_;
  std::vector<int> messages_ KITH_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST(GatheredCalls, GoTogetherWhereWhatWasToldTogetherMakesThem) {
  constexpr int kCalls = 10;
  CountingServer server;
  Contact contacts[1 + kCalls];
  std::atomic<int> left = kCalls;
  std::promise<void> all_told;
  const auto session = sdk::Session::Open(server.channel(), {});
  session->Call(GetContactRequest(), &contacts[0], [&](const sdk::Outcome& first) {
    EXPECT_TRUE(first.ok()) << first.status.message();
    for (int i = 1; i <= kCalls; ++i) {
      session->Call(GetContactRequest(), &contacts[i], [&](const sdk::Outcome& outcome) {
        EXPECT_TRUE(outcome.ok()) << outcome.status.message();
        if (--left == 0) all_told.set_value();
      });
    }
  });
  all_told.get_future().wait();
  EXPECT_EQ(server.messages(), std::vector<int>({1, kCalls}));
}

}  // namespace
}  // namespace kith::testing
