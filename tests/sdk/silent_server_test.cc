// Sessions of the SDK whose server, network or gRPC say nothing at all: no call is waited for for
// ever.
#include <algorithm>
#include <future>
#include <thread>

#include "deploy/sdk/cpp/kith/session.h"
#include "gtest/gtest.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/sessions/v1/sessions_service.grpc.pb.h"
#include "tests/testing/test_server.h"

namespace kith::testing {
namespace {

using contacts::v1::Contact;
using contacts::v1::CreateContactRequest;
using sessions::v1::RunSessionRequest;
using sessions::v1::RunSessionResponse;
using std::chrono::hours;
using std::chrono::milliseconds;

// Answers each call with an empty reply, but for the first `silent` ones, of which it tells nothing
// or, where it `answers_when_asked`, not before it is asked: by a message without calls.
class SilentServer final : public sessions::v1::SessionsService::Service {
 public:
  explicit SilentServer(int silent, bool answers_when_asked = false)
      : silent_(silent), answers_when_asked_(answers_when_asked) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    channel_ =
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
  }
  ~SilentServer() override { server_->Shutdown(std::chrono::system_clock::now()); }

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  // Request by request, as they came.
  std::vector<std::string> calls() {
    MutexLock lock(mutex_);
    return calls_;
  }
  // Messages without a call.
  int asked() const { return asked_; }

 private:
  using Stream = grpc::ServerReaderWriter<RunSessionResponse, RunSessionRequest>;

  grpc::Status RunSession(grpc::ServerContext*, Stream* stream) override {
    RunSessionRequest request;
    RunSessionResponse response;
    while (stream->Read(&request)) {
      const bool asks = request.calls().empty();
      asked_ += asks;
      bool is_silent = !(asks && answers_when_asked_);
      for (const RunSessionRequest::Call& call : request.calls()) {
        is_silent = silent_-- > 0;
        MutexLock lock(mutex_);
        calls_.push_back(call.request());
        response.add_outcomes()->set_id(call.id());
      }
      if (is_silent) continue;
      stream->Write(response);
      response.Clear();
    }
    return grpc::Status::OK;
  }

  std::atomic<int> silent_;
  const bool answers_when_asked_;
  std::atomic<int> asked_ = 0;
  Mutex mutex_;
  std::vector<std::string> calls_ KITH_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

// The outcome of one call of such a session, which has ended by then.
sdk::Outcome OutcomeOver(const std::shared_ptr<grpc::Channel>& channel,
                         const sdk::SessionOptions& options, const sdk::CallOptions& call = {}) {
  sdk::Outcome told;
  int times = 0;
  Contact contact;
  auto session = sdk::Session::Open(channel, options);
  session->Call(
      CreateContactRequest(), &contact,
      [&](const sdk::Outcome& outcome) {
        told = outcome;
        ++times;
      },
      call);
  session.reset();
  EXPECT_EQ(times, 1);
  return told;
}

TEST(SilentSession, SendsItsCallsAgain) {
  SilentServer server(/*silent=*/2);
  const sdk::Outcome told = OutcomeOver(server.channel(), {.silence = milliseconds(200)});
  EXPECT_TRUE(told.ok()) << told.status.message();
  const std::vector<std::string> calls = server.calls();
  ASSERT_GE(calls.size(), 3u) << "more where an answer came late";
  EXPECT_NE(calls[0], "") << "it has a request id";
  for (const std::string& call : calls) EXPECT_EQ(call, calls[0]) << "with the same request id";
}

// Only what is written to a connection that was reset comes back as an error for certain.
TEST(SilentSession, WritesToAConnectionThatTellsNothing) {
  SilentServer server(/*silent=*/1'000, /*answers_when_asked=*/true);
  const sdk::Outcome told = OutcomeOver(server.channel(), {.silence = milliseconds(400)});
  EXPECT_TRUE(told.ok()) << told.status.message();
  EXPECT_GT(server.asked(), 0);
}

TEST(SilentSession, GivesItsCallsUpWhenItsPatienceEnds) {
  SilentServer server(/*silent=*/1'000);
  const sdk::Outcome told =
      OutcomeOver(server.channel(), {.patience = milliseconds(100), .silence = milliseconds(20)});
  EXPECT_EQ(told.status.code(), grpc::StatusCode::UNAVAILABLE) << told.status.message();
  EXPECT_TRUE(told.unknown);
}

TEST(SilentSession, GivesACallUpAtItsDeadline) {
  SilentServer server(/*silent=*/1'000);
  const sdk::Outcome told =
      OutcomeOver(server.channel(), {.silence = hours(1)}, {.timeout = milliseconds(10)});
  EXPECT_EQ(told.status.code(), grpc::StatusCode::DEADLINE_EXCEEDED) << told.status.message();
  EXPECT_TRUE(told.unknown);
}

// Goal: a stream that gRPC does not end, though asked to, is left to it.
// Method: the stream is held by a thread that tells an outcome, until a call that was made
// meanwhile is told: over another stream.
TEST(SilentSession, LeavesAStreamBehindThatDoesNotEnd) {
  TestServer server;
  auto session =
      sdk::Session::Open(server.channel(), {.key = server.secret(), .silence = milliseconds(200)});
  CreateContactRequest request;
  request.mutable_contact()->set_first_name("Ada");
  Contact first;
  Contact second;
  std::promise<sdk::Outcome> told;
  session->Call(request, &first, [&](const sdk::Outcome& outcome) {
    EXPECT_TRUE(outcome.ok()) << outcome.status.message();
    std::promise<sdk::Outcome> meanwhile;
    session->Call(request, &second, [&](const sdk::Outcome& other) { meanwhile.set_value(other); });
    told.set_value(meanwhile.get_future().get());
  });
  const sdk::Outcome outcome = told.get_future().get();
  EXPECT_TRUE(outcome.ok()) << outcome.status.message();
  EXPECT_NE(second.name(), first.name());
  session.reset();
}

}  // namespace
}  // namespace kith::testing
