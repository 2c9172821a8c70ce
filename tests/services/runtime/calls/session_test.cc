// Sessions: calls mean over one what they mean by themselves.
#include "deploy/sdk/cpp/kith/session.h"

#include <future>
#include <map>

#include "gtest/gtest.h"
#include "kith/sessions/v1/sessions_service.grpc.pb.h"
#include "tests/services/runtime/held_session.h"
#include "tests/services/runtime/person_server.h"

namespace kith::runtime {
namespace {

using contacts::v1::Contact;
using contacts::v1::CreateContactRequest;
using contacts::v1::GetContactRequest;
using contacts::v1::ListContactsRequest;
using contacts::v1::ListContactsResponse;
using sessions::v1::RunSessionRequest;
using sessions::v1::RunSessionResponse;
using sessions::v1::SessionsService;

constexpr char kCreate[] = "kith.contacts.v1.ContactsService/CreateContact";
constexpr char kGet[] = "kith.contacts.v1.ContactsService/GetContact";
constexpr char kList[] = "kith.contacts.v1.ContactsService/ListContacts";

std::string ReasonOf(const google::rpc::Status& status) {
  google::rpc::ErrorInfo info;
  for (const auto& detail : status.details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return absl::StrCat(status.code());
}

// A session by hand, over the stream itself.
class RawSession {
 public:
  explicit RawSession(PersonServer& server, const std::string& credentials = "owner")
      : call_(credentials),
        stub_(SessionsService::NewStub(server.channel())),
        stream_(stub_->RunSession(&call_)) {
    for (const char* method : {kCreate, kGet, kList}) message_.add_methods(method);
  }

  RunSessionRequest::Call& Add(uint64_t id, uint32_t method,
                               const google::protobuf::Message& request) {
    RunSessionRequest::Call& call = *message_.add_calls();
    call.set_id(id);
    call.set_method(method);
    call.set_request(request.SerializeAsString());
    return call;
  }
  RunSessionRequest::Call& Create(uint64_t id, const std::string& first_name) {
    CreateContactRequest request;
    request.mutable_contact()->set_first_name(first_name);
    request.set_request_id(absl::StrCat("r", id));
    return Add(id, 0, request);
  }
  RunSessionRequest::Call& Get(uint64_t id, const std::string& name) {
    GetContactRequest request;
    request.set_name(name);
    return Add(id, 1, request);
  }
  void AddCancel(uint64_t id) { message_.add_cancel(id); }
  bool Send() {
    const bool sent = stream_->Write(message_);
    message_.Clear();
    return sent;
  }
  // Until it is told; all that is told before is kept.
  const RunSessionResponse::Outcome& Await(uint64_t id) {
    RunSessionResponse response;
    while (!told_.contains(id) && stream_->Read(&response)) {
      for (const auto& outcome : response.outcomes()) {
        order_.push_back(outcome.id());
        EXPECT_TRUE(told_.emplace(outcome.id(), outcome).second) << outcome.id() << " twice";
      }
    }
    return told_[id];
  }
  Contact AwaitContact(uint64_t id) {
    const auto& outcome = Await(id);
    EXPECT_EQ(outcome.status().code(), 0) << outcome.status().message();
    Contact contact;
    EXPECT_TRUE(contact.ParseFromString(outcome.reply()));
    return contact;
  }
  std::string AwaitReason(uint64_t id) { return ReasonOf(Await(id).status()); }
  bool IsTold(uint64_t id) const { return told_.contains(id); }
  const std::vector<uint64_t>& order() const { return order_; }
  void WritesDone() { stream_->WritesDone(); }
  void TryCancel() { call_.TryCancel(); }
  grpc::Status End() {
    WritesDone();
    return Finish();
  }
  grpc::Status Finish() {
    RunSessionResponse response;
    while (stream_->Read(&response)) {
      for (const auto& outcome : response.outcomes()) told_.emplace(outcome.id(), outcome);
    }
    return stream_->Finish();
  }

 private:
  runtime::Call call_;
  std::unique_ptr<SessionsService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<RunSessionRequest, RunSessionResponse>> stream_;
  RunSessionRequest message_;
  std::map<uint64_t, RunSessionResponse::Outcome> told_;
  std::vector<uint64_t> order_;
};

TEST(Session, CarriesManyCallsInOneMessage) {
  PersonServer server;
  RawSession session(server);
  for (uint64_t id = 1; id <= 300; ++id) session.Create(id, absl::StrCat("Ada ", id));
  session.Send();
  std::string name;
  for (uint64_t id = 1; id <= 300; ++id) {
    const Contact made = session.AwaitContact(id);
    EXPECT_EQ(made.first_name(), absl::StrCat("Ada ", id));
    EXPECT_NE(session.Await(id).token(), "");
    name = made.name();
  }
  session.Get(301, name);
  session.Get(302, "contacts/01J00000000000000000000000");
  session.Send();
  EXPECT_EQ(session.AwaitReason(302), "CONTACT_NOT_FOUND");
  EXPECT_EQ(session.AwaitReason(301), "0");
  EXPECT_TRUE(session.End().ok());
}

CreateContactRequest Creation(const std::string& first_name) {
  CreateContactRequest request;
  request.mutable_contact()->set_first_name(first_name);
  return request;
}

TEST(Session, TellsTogetherWhatOneCommitHasEnded) {
  constexpr int kCalls = 20;
  ServerOptions options;
  options.pools.sessions.threads = options.pools.folds.threads = 1;
  PersonServer server(options);
  server.disk().HoldCommits();
  // Another's, whose commit those of the session wait for.
  auto other = std::async(std::launch::async, [&] {
    runtime::Call call;
    Contact contact;
    return server.contacts().CreateContact(&call, Creation("Bob"), &contact);
  });
  server.disk().WaitUntilHeld();
  HeldSession session(server, "owner");
  RunSessionRequest message;
  message.add_methods(kCreate);
  for (int id = 1; id <= kCalls; ++id) {
    RunSessionRequest::Call& call = *message.add_calls();
    call.set_id(id);
    call.set_request(Creation(absl::StrCat("Ada ", id)).SerializeAsString());
  }
  session.Give(message);
  // All have begun, and been prepared, when what came after them to both pools has run.
  std::promise<void> begun;
  std::promise<void> prepared;
  const KeyUsage ours;
  server.runtime().pools.session_turns.Run(&ours, [&] { begun.set_value(); });
  begun.get_future().wait();
  server.runtime().pools.folds.Run([&] { prepared.set_value(); });
  prepared.get_future().wait();
  server.disk().ReleaseCommits();
  EXPECT_EQ(session.Take().outcomes_size(), kCalls);
  EXPECT_TRUE(other.get().ok());
}

TEST(Session, RefusesACallAsIfItCameByItself) {
  PersonServer server;
  RawSession session(server, "reader");
  session.Create(1, "Ada");
  session.Get(2, "people/7");
  session.Get(3, "contacts/01J00000000000000000000000").set_method(7);
  session.Get(4, "contacts/01J00000000000000000000000").set_request("\xff\xff");
  session.Get(5, "contacts/01J00000000000000000000000").mutable_timeout();
  session.Send();
  EXPECT_EQ(session.AwaitReason(1), "PERMISSION_DENIED");
  EXPECT_EQ(session.AwaitReason(2), "INVALID_FIELD");
  EXPECT_EQ(session.AwaitReason(3), "INVALID_FIELD");
  EXPECT_EQ(session.AwaitReason(4), "INVALID_FIELD");
  EXPECT_EQ(session.AwaitReason(5), "DEADLINE_EXCEEDED");
  EXPECT_TRUE(session.End().ok());
  RawSession nobody(server, "nobody");
  nobody.Get(1, "contacts/01J00000000000000000000000");
  nobody.Send();
  EXPECT_EQ(nobody.Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST(Session, RepeatsWhatARequestIdHasDone) {
  PersonServer server;
  std::string name;
  {
    RawSession session(server);
    session.Create(1, "Ada");
    session.Send();
    name = session.AwaitContact(1).name();
    EXPECT_FALSE(session.Await(1).repeated());
  }
  RawSession session(server);
  session.Create(1, "Ada");
  session.Send();
  EXPECT_EQ(session.AwaitContact(1).name(), name);
  EXPECT_TRUE(session.Await(1).repeated());
}

TEST(Session, BeginsACallAfterThoseThatItNames) {
  PersonServer server;
  RawSession session(server);
  // All come at once, and each waits for the one before.
  for (uint64_t id = 1; id <= 50; ++id) {
    auto& call = session.Create(id, absl::StrCat("Ada ", id));
    if (id > 1) call.add_after(id - 1);
    call.add_after(900);  // of nobody
  }
  session.Send();
  EXPECT_EQ(session.AwaitReason(50), "0");
  for (uint64_t i = 0; i < 50; ++i) EXPECT_EQ(session.order()[i], i + 1);
}

TEST(Session, ReadsWhatTheCallsBeforeItHaveChanged) {
  PersonServer server;
  server.view_gate.Close();
  RawSession session(server);
  session.Create(1, "Ada");
  session.Send();
  const std::string name = session.AwaitContact(1).name();
  GetContactRequest any;  // reads what the view has
  any.set_name(name);
  any.mutable_read()->set_any(true);
  session.Add(2, 1, any).add_after(1);
  session.Add(3, 1, any);
  session.Send();
  EXPECT_EQ(session.AwaitReason(3), "CONTACT_NOT_FOUND");
  EXPECT_FALSE(session.IsTold(2));
  server.view_gate.Open();
  EXPECT_EQ(session.AwaitContact(2).first_name(), "Ada");
}

TEST(Session, EndsACallThatNobodyWaitsForAnyMore) {
  PersonServer server;
  server.list_gate.Close();
  RawSession session(server);
  session.Add(1, 2, ListContactsRequest());
  session.Get(2, "contacts/01J00000000000000000000000").add_after(1);
  session.Get(3, "contacts/01J00000000000000000000000");
  session.Send();
  server.list_gate.AwaitWaiting(1);
  EXPECT_EQ(session.AwaitReason(3), "CONTACT_NOT_FOUND");
  EXPECT_FALSE(session.IsTold(2));
  session.AddCancel(2);
  session.AddCancel(77);
  session.Get(4, "contacts/01J00000000000000000000000");
  session.Send();
  EXPECT_EQ(session.AwaitReason(4), "CONTACT_NOT_FOUND");  // the cancellation has arrived
  server.list_gate.Open();
  EXPECT_EQ(session.AwaitReason(1), "0");
  EXPECT_EQ(session.Await(2).status().code(), static_cast<int>(absl::StatusCode::kCancelled));
  EXPECT_TRUE(session.End().ok());
}

// Many more than may be untold: those that are not read yet follow when there is room.
TEST(Session, TellsTenThousandCallsThatWaitForOne) {
  PersonServer server;
  server.list_gate.Close();
  RawSession session(server);
  uint64_t id = 0;
  session.Add(++id, 2, ListContactsRequest());
  session.Send();
  server.list_gate.AwaitWaiting(1);
  std::thread writer([&] {
    for (int message = 0; message < 20; ++message) {
      for (int i = 0; i < 500; ++i) {
        session.Get(++id, "contacts/01J00000000000000000000000").add_after(1);
      }
      if (!session.Send()) return;
    }
  });
  server.list_gate.Open();
  writer.join();
  for (uint64_t told = 2; told <= 10'001; ++told) {
    ASSERT_EQ(session.AwaitReason(told), "CONTACT_NOT_FOUND") << told;
  }
  EXPECT_TRUE(session.End().ok());
}

TEST(Session, RefusesAMessageThatIsNone) {
  PersonServer server;
  RawSession session(server);
  session.Create(1, "Ada");
  session.Send();
  for (uint64_t id = 2; id <= 502; ++id) session.Get(id, "contacts/x");
  session.Send();
  const grpc::Status end = session.Finish();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << end.error_message();
  EXPECT_EQ(session.AwaitReason(1), "0");  // what came before is told
}

TEST(Session, TellsWhatItAcceptedWhereTheServerStops) {
  auto server = std::make_unique<PersonServer>();
  server->list_gate.Close();
  RawSession session(*server);
  session.Add(1, 2, ListContactsRequest());
  session.Send();
  server->list_gate.AwaitWaiting(1);
  std::thread stop([&] { server->StopWithGatesAsTheyAre(); });
  while (!server->stopping()) std::this_thread::yield();
  server->list_gate.Open();
  EXPECT_EQ(session.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(session.IsTold(1));
  stop.join();
}

TEST(Session, OfTheSdkGivesRequestIdsAndAnswers) {
  PersonServer server;
  std::atomic<int> answered = 0;
  std::vector<Contact> made(2'000);
  {
    const auto session = sdk::Session::Open(server.channel(), {.key = "owner"});
    CreateContactRequest request;
    for (Contact& contact : made) {
      request.mutable_contact()->set_first_name(absl::StrCat("Ada ", &contact - made.data()));
      session->Call(request, &contact, [&](const sdk::Outcome& outcome) {
        EXPECT_TRUE(outcome.ok()) << outcome.status.message();
        ++answered;
      });
    }
    Contact nothing;
    session->Call(events::v1::SubscribeEventsRequest(), &nothing, [&](const auto& outcome) {
      EXPECT_EQ(outcome.status.code(), static_cast<int>(absl::StatusCode::kInvalidArgument));
      ++answered;
    });
  }
  EXPECT_EQ(answered, 2'001);
  for (const Contact& contact : made) {
    EXPECT_EQ(contact.first_name(), absl::StrCat("Ada ", &contact - made.data()));
  }
}

// Together they would be longer than a message may be, and the session never get through.
TEST(Session, OfTheSdkSendsALongRequestAlone) {
  PersonServer server;
  std::atomic<int> refused = 0;
  ListContactsResponse nothing[12];
  {
    const auto session =
        sdk::Session::Open(server.channel(), {.key = "owner", .patience = std::chrono::seconds(1)});
    for (int i = 0; i < 12; ++i) {
      ListContactsRequest request;
      request.set_filter(std::string(i % 2 == 0 ? 900'000 : 3'500'000, ' '));
      session->Call(request, &nothing[i], [&](const sdk::Outcome& outcome) {
        EXPECT_FALSE(outcome.unknown);
        EXPECT_EQ(ReasonOf(outcome.status), "LIMIT_REACHED");  // no valid one is so long
        ++refused;
      });
    }
  }
  EXPECT_EQ(refused, 12);
}

TEST(Session, OfTheSdkIsGivenUpWhereTheKeyIsNone) {
  PersonServer server;
  int answered = 0;
  {
    const auto session = sdk::Session::Open(server.channel(), {.key = "nobody"});
    Contact contact;
    GetContactRequest request;
    request.set_name("contacts/01J00000000000000000000000");
    session->Call(request, &contact, [&](const sdk::Outcome& outcome) {
      EXPECT_EQ(ReasonOf(outcome.status), "UNAUTHENTICATED");
      EXPECT_TRUE(outcome.unknown);
      ++answered;
    });
  }
  EXPECT_EQ(answered, 1);
}

}  // namespace
}  // namespace kith::runtime
