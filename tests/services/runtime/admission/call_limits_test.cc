// What callers may have on their way: past a limit they are refused, typed, and the others go on.
#include "services/runtime/admission/call_limits.h"

#include <atomic>
#include <list>
#include <thread>
#include <vector>

#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "tests/services/runtime/person_server.h"

namespace kith::runtime {
namespace {

using contacts::v1::Contact;
using contacts::v1::CreateContactRequest;
using contacts::v1::GetContactRequest;
using contacts::v1::ListContactsRequest;
using contacts::v1::ListContactsResponse;
using events::v1::SubscribeEventsRequest;
using events::v1::SubscribeEventsResponse;

TEST(KeyUsage, GivesABurstAndThenWhatTheRateAllows) {
  KeyUsage usage;
  absl::Duration now = absl::Hours(3);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(usage.TakeEvent(10, now), absl::ZeroDuration()) << i;
  EXPECT_EQ(usage.TakeEvent(10, now), absl::Milliseconds(100));
  now += absl::Milliseconds(250);
  EXPECT_EQ(usage.TakeEvent(10, now), absl::ZeroDuration());
  EXPECT_EQ(usage.TakeEvent(10, now), absl::ZeroDuration());
  EXPECT_EQ(usage.TakeEvent(10, now), absl::Milliseconds(50));
  // Another thread's time, read a little earlier, gives nothing and takes nothing.
  EXPECT_EQ(usage.TakeEvent(10, now - absl::Milliseconds(1)), absl::Milliseconds(50));
  EXPECT_EQ(usage.TakeEvent(10, now), absl::Milliseconds(50));
}

TEST(CallTracker, SaysWhenBulkLoadsTakeEnough) {
  CallLimits limits;
  limits.request_bytes_max = 1'000;
  CallTracker tracker(limits);
  const Method& method = MethodOf<interactions::v1::IngestInteractionsRequest>();
  const auto one = std::make_shared<KeyUsage>();
  const auto other = std::make_shared<KeyUsage>();
  auto first = tracker.Enter(one, method);
  auto second = tracker.Enter(other, method);
  ASSERT_TRUE(first.ok() && second.ok());
  first->AddLoadBytes(499);
  EXPECT_FALSE(first->HasLoadsEnough());
  first->AddLoadBytes(1);  // half of them, the most that one key has
  EXPECT_TRUE(first->HasLoadsEnough());
  EXPECT_FALSE(second->HasLoadsEnough());
  second->AddLoadBytes(490);
  EXPECT_FALSE(second->HasLoadsEnough());
  first->AddLoadBytes(10);  // all of them
  EXPECT_TRUE(second->HasLoadsEnough());
  { const CallTracker::Share ended = *std::move(first); }
  EXPECT_FALSE(second->HasLoadsEnough());
  EXPECT_EQ(one->load_bytes.load(), 0);
  EXPECT_EQ(one->loads.load(), 0);
}

TEST(CallTracker, SaysWhenRepliesThatAreNotTakenAreTooMany) {
  CallLimits limits;
  limits.reply_bytes_max = 1'000;
  CallTracker tracker(limits);
  const Method& method = MethodOf<GetContactRequest>();
  const auto one = std::make_shared<KeyUsage>();
  const auto other = std::make_shared<KeyUsage>();
  auto first = tracker.Enter(one, method);
  auto second = tracker.Enter(other, method);
  ASSERT_TRUE(first.ok() && second.ok());
  first->AddReplyBytes(249);
  EXPECT_FALSE(first->HasRepliesEnough());
  first->AddReplyBytes(250);
  EXPECT_TRUE(first->HasRepliesEnough());
  EXPECT_TRUE(first->CheckReplies().ok());
  first->AddReplyBytes(1);  // half of them, the most that one key has
  EXPECT_FALSE(first->CheckReplies().ok());
  EXPECT_TRUE(second->CheckReplies().ok());
  first->AddReplyBytes(-1);
  EXPECT_TRUE(first->CheckReplies().ok());
  first->AddReplyBytes(2);
  second->AddReplyBytes(499);  // all of them
  EXPECT_FALSE(second->CheckReplies().ok());
  { const CallTracker::Share ended = *std::move(first); }
  EXPECT_TRUE(second->CheckReplies().ok());
  EXPECT_EQ(one->reply_bytes.load(), 0);
}

TEST(CallTracker, GivesAWorkspaceThreeQuartersHoweverManyKeysItHas) {
  CallLimits limits;
  limits.calls_max = 8;
  limits.reply_bytes_max = limits.request_bytes_max = 1'000;
  CallTracker tracker(limits);
  const Method& method = MethodOf<GetContactRequest>();
  const auto workspace = std::make_shared<WorkspaceUsage>();
  std::list<CallTracker::Share> shares;
  for (int i = 0; i < 6; ++i) {
    auto share = tracker.Enter(std::make_shared<KeyUsage>(workspace), method);
    ASSERT_TRUE(share.ok()) << i;
    shares.push_back(*std::move(share));
  }
  EXPECT_FALSE(tracker.Enter(std::make_shared<KeyUsage>(workspace), method).ok());
  auto other = tracker.Enter(std::make_shared<KeyUsage>(), method);
  ASSERT_TRUE(other.ok());
  for (CallTracker::Share& share : shares) share.AddReplyBytes(125);
  EXPECT_FALSE(shares.front().CheckReplies().ok());
  EXPECT_TRUE(other->CheckReplies().ok());
  for (CallTracker::Share& share : shares) share.AddLoadBytes(125);
  EXPECT_TRUE(shares.front().HasLoadsEnough());
  EXPECT_FALSE(other->HasLoadsEnough());
  shares.clear();
  EXPECT_EQ(workspace->calls + workspace->reply_bytes + workspace->load_bytes, 0);
}

TEST(CallTracker, GivesNoPlaceToCallsThatAreNotLetIn) {
  CallLimits limits;
  limits.calls_max = 2;
  CallTracker tracker(limits);
  const Method& method = MethodOf<GetContactRequest>();
  const auto key = std::make_shared<KeyUsage>();
  std::list<CallTracker::Call> strangers;
  for (int i = 0; i < 10; ++i) strangers.emplace_back(tracker);
  auto first = tracker.Enter(key, method);
  EXPECT_EQ(tracker.CheckCalls(), absl::OkStatus());
  auto second = tracker.Enter(key, method);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_FALSE(tracker.CheckCalls().ok());
  { const CallTracker::Share ended = *std::move(first); }
  EXPECT_EQ(tracker.CheckCalls(), absl::OkStatus());
}

// The `limit` that a refusal names; else what the call came to.
std::string LimitOf(const grpc::Status& status) {
  if (status.ok()) return "answered";
  google::rpc::ErrorInfo info;
  const google::rpc::Status details = DetailsOf(status);
  for (const auto& detail : details.details()) {
    if (detail.UnpackTo(&info)) break;
  }
  if (info.reason() != "LIMIT_REACHED") return info.reason();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  return info.metadata().at("limit");
}

// A list that stays in the server until its gate opens. What an earlier call took is given back a
// little after its client has the reply: until then it is refused, and asks again.
class HeldList {
 public:
  HeldList(PersonServer& server, const std::string& credentials, size_t filter_bytes = 0)
      : thread_([&server, credentials, filter_bytes] {
          ListContactsRequest request;
          request.set_filter(std::string(filter_bytes, ' '));
          grpc::Status status;
          do {
            Call call(credentials);
            ListContactsResponse response;
            status = server.contacts().ListContacts(&call, request, &response);
          } while (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
          EXPECT_TRUE(status.ok()) << status.error_message();
        }) {}
  ~HeldList() { thread_.join(); }

 private:
  std::thread thread_;
};

std::string TryGet(PersonServer& server, const std::string& credentials) {
  Call call(credentials);
  GetContactRequest request;
  request.set_name("contacts/01J00000000000000000000000");
  Contact contact;
  return LimitOf(server.contacts().GetContact(&call, request, &contact));
}

// gRPC ends calls of anybody when its memory is full, and one key must not fill it.
TEST(CallLimits, LeaveMemoryOfGrpcToOtherKeys) {
  constexpr int64_t kReadAhead = 64 << 10;  // of each call, before anybody asks for it
  EXPECT_LE(CallLimits().calls_per_key_max * kReadAhead * 2,
            static_cast<int64_t>(ConnectionLimits().memory_bytes));
}

TEST(CallLimits, BoundTheCallsOfAKeyAndNotOfTheOthers) {
  ServerOptions options;
  options.calls.calls_per_key_max = 2;
  PersonServer server(options);
  server.list_gate.Close();
  {
    std::list<HeldList> held;
    held.emplace_back(server, "owner");
    held.emplace_back(server, "owner");
    server.list_gate.AwaitWaiting(2);
    EXPECT_EQ(TryGet(server, "owner"), "max_calls_per_key");
    EXPECT_EQ(TryGet(server, "reader"), "CONTACT_NOT_FOUND");
    server.list_gate.Open();
  }
  EXPECT_EQ(TryGet(server, "owner"), "CONTACT_NOT_FOUND");
}

TEST(CallLimits, BoundTheCallsOfAll) {
  ServerOptions options;
  options.calls.calls_max = 2;
  PersonServer server(options);
  server.list_gate.Close();
  {
    std::list<HeldList> held;
    held.emplace_back(server, "owner");
    held.emplace_back(server, "reader");
    server.list_gate.AwaitWaiting(2);
    EXPECT_EQ(TryGet(server, "stranger"), "max_calls");
    EXPECT_EQ(TryGet(server, "nobody"), "max_calls");  // before anything is looked up
    server.list_gate.Open();
  }
  EXPECT_EQ(TryGet(server, "stranger"), "CONTACT_NOT_FOUND");
}

TEST(CallLimits, BoundTheBytesOfRequestsInFlight) {
  ServerOptions options;
  options.calls.request_bytes_max = 1'000;
  PersonServer server(options);
  server.list_gate.Close();
  {
    const HeldList held(server, "owner", 480);
    server.list_gate.AwaitWaiting(1);
    // One key has half of them.
    Call call("owner");
    ListContactsRequest request;
    request.set_filter(std::string(100, ' '));
    ListContactsResponse response;
    EXPECT_EQ(LimitOf(server.contacts().ListContacts(&call, request, &response)),
              "max_request_bytes");
    EXPECT_EQ(TryGet(server, "reader"), "CONTACT_NOT_FOUND");
    const HeldList another(server, "stranger", 490);
    server.list_gate.AwaitWaiting(2);
    EXPECT_EQ(TryGet(server, "reader"), "max_request_bytes");
    server.list_gate.Open();
  }
  EXPECT_EQ(TryGet(server, "reader"), "CONTACT_NOT_FOUND");
}

// A list whose reply its client does not read, beyond what its connection lets the server send.
class UnreadList {
 public:
  UnreadList(int port, const std::string& credentials, int contacts)
      : call_(credentials),
        stub_(OwnChannel(port)),
        stream_(
            stub_.PrepareCall(&call_, "/kith.contacts.v1.ContactsService/ListContacts", &queue_)) {
    ListContactsRequest request;
    request.set_page_size(contacts);
    const std::string bytes = request.SerializeAsString();
    const grpc::Slice slice(bytes);
    stream_->StartCall(&call_);
    Await();
    stream_->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), &call_);
    Await();
  }
  ~UnreadList() {
    call_.TryCancel();
    grpc::Status status;
    stream_->Finish(&status, &call_);
    Await();
  }

 private:
  static std::shared_ptr<grpc::Channel> OwnChannel(int port) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // its window stays small
    return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port),
                                     grpc::InsecureChannelCredentials(), arguments);
  }
  void Await() {
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue_.Next(&tag, &ok));
  }

  Call call_;
  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  const std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

TEST(CallLimits, BoundTheRepliesThatAreNotTaken) {
  ServerOptions options;
  options.calls.reply_bytes_max = 600'000;
  PersonServer server(options);
  const auto list = [&](const std::string& credentials) {
    Call call(credentials);
    ListContactsRequest request;
    request.set_page_size(1);
    ListContactsResponse response;
    return LimitOf(server.contacts().ListContacts(&call, request, &response));
  };
  const auto create = [&] {
    Call call;
    CreateContactRequest request;
    request.mutable_contact()->set_first_name("Ada");
    Contact contact;
    return LimitOf(server.contacts().CreateContact(&call, request, &contact));
  };
  {
    const UnreadList unread(server.port(), "owner", 400);
    while (list("owner") == "answered") continue;  // until it is made
    EXPECT_EQ(list("owner"), "max_reply_bytes");
    EXPECT_EQ(create(), "max_reply_bytes");  // and nothing is changed
    EXPECT_EQ(server.runtime().log.WorkspaceHead(WorkspaceId(1)), Sequence());
    EXPECT_EQ(list("stranger"), "answered");
  }
  while (list("owner") == "max_reply_bytes") continue;  // until the server knows
  EXPECT_EQ(create(), "answered");
}

TEST(CallLimits, BoundTheStreamsOfAKey) {
  ServerOptions options;
  options.calls.streams_per_key_max = 2;
  PersonServer server(options);
  std::list<Call> calls;
  std::list<std::unique_ptr<grpc::ClientReader<SubscribeEventsResponse>>> streams;
  SubscribeEventsResponse response;
  const auto open = [&](const char* credentials) {
    streams.push_back(server.events().SubscribeEvents(&calls.emplace_back(credentials),
                                                      SubscribeEventsRequest()));
    return streams.back()->Read(&response);
  };
  EXPECT_TRUE(open("owner"));
  EXPECT_TRUE(open("owner"));
  EXPECT_FALSE(open("owner"));
  EXPECT_EQ(LimitOf(streams.back()->Finish()), "max_streams_per_key");
  EXPECT_TRUE(open("stranger"));
  // One that ends makes room; until the server knows of it, a further one is refused.
  calls.front().TryCancel();
  while (!open("owner")) EXPECT_EQ(LimitOf(streams.back()->Finish()), "max_streams_per_key");
  for (Call& call : calls) call.TryCancel();
}

TEST(CallLimits, BoundTheBulkLoadsOfAKey) {
  ServerOptions options;
  options.calls.loads_per_key_max = 1;
  PersonServer server(options);
  interactions::v1::IngestInteractionsResponse response;
  Call first("owner");
  const auto stream = server.interactions().IngestInteractions(&first);
  stream->Write(interactions::v1::IngestInteractionsRequest());
  ASSERT_TRUE(stream->Read(&response));
  Call second("owner");
  const auto refused = server.interactions().IngestInteractions(&second);
  EXPECT_FALSE(refused->Read(&response));
  EXPECT_EQ(LimitOf(refused->Finish()), "max_loads_per_key");
  Call third("stranger");
  const auto another = server.interactions().IngestInteractions(&third);
  another->WritesDone();
  EXPECT_EQ(LimitOf(another->Finish()), "answered");
  stream->WritesDone();
  EXPECT_EQ(LimitOf(stream->Finish()), "answered");
}

// Each stream has one message on its way, so it ends, however little memory there is.
TEST(CallLimits, LetABulkLoadGoOnWhereAllTakeEnough) {
  ServerOptions options;
  options.calls.request_bytes_max = 1;
  PersonServer server(options);
  Call call("owner");
  const auto stream = server.interactions().IngestInteractions(&call);
  for (int i = 0; i < 20; ++i) {
    interactions::v1::IngestInteractionsRequest message;
    message.add_items();
    ASSERT_TRUE(stream->Write(message));
  }
  stream->WritesDone();
  interactions::v1::IngestInteractionsResponse response;
  int answers = 0;
  while (stream->Read(&response)) answers += response.results_size();
  EXPECT_EQ(answers, 20);
  EXPECT_EQ(LimitOf(stream->Finish()), "answered");
}

// Nothing but the end of the call, where a request should be.
TEST(CallLimits, TellACallWithoutAMessageThatItIsOne) {
  PersonServer server;
  Call call;
  grpc::GenericStub stub(server.channel());
  grpc::ByteBuffer reply;
  grpc::CompletionQueue queue;
  const auto stream =
      stub.PrepareCall(&call, "/kith.contacts.v1.ContactsService/GetContact", &queue);
  grpc::Status status;
  const auto await = [&] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  stream->StartCall(&call);
  ASSERT_TRUE(await());
  stream->WritesDone(&call);
  ASSERT_TRUE(await());
  stream->Finish(&status, &call);
  ASSERT_TRUE(await());
  EXPECT_EQ(LimitOf(status), "INVALID_FIELD");
  EXPECT_NE(status.error_message().find("without a message"), std::string::npos)
      << status.error_message();
}

TEST(CallLimits, BoundTheChangesOfAKeyInASecond) {
  ServerOptions options;
  options.calls.events_per_second_per_key = 2;
  PersonServer server(options);
  const auto create = [&](const char* credentials) {
    Call call(credentials);
    CreateContactRequest request;
    request.mutable_contact()->set_first_name("Ada");
    Contact contact;
    return LimitOf(server.contacts().CreateContact(&call, request, &contact));
  };
  EXPECT_EQ(create("owner"), "answered");
  EXPECT_EQ(create("owner"), "answered");
  EXPECT_EQ(create("owner"), "events_per_second_per_key");
  EXPECT_EQ(create("stranger"), "answered");
  EXPECT_EQ(TryGet(server, "owner"), "CONTACT_NOT_FOUND");
  // Time gives changes; whoever sets the time of day gives and takes none.
  server.clock().Jump(absl::Hours(3));
  EXPECT_EQ(create("owner"), "events_per_second_per_key");
  server.clock().Jump(-absl::Hours(6));
  server.clock().Advance(absl::Milliseconds(500));
  EXPECT_EQ(create("owner"), "answered");
}

// A batch is let in where one change is, and makes the key wait for as many as it has.
TEST(CallLimits, CountEveryChangeOfABatch) {
  ServerOptions options;
  options.calls.events_per_second_per_key = 2;
  PersonServer server(options);
  const auto create = [&](int size) {
    Call call;
    contacts::v1::BatchCreateContactsRequest request;
    for (int i = 0; i < size; ++i) request.add_requests()->mutable_contact()->set_first_name("Ada");
    contacts::v1::BatchCreateContactsResponse response;
    return LimitOf(server.contacts().BatchCreateContacts(&call, request, &response));
  };
  EXPECT_EQ(create(5), "answered");
  server.clock().Advance(absl::Milliseconds(1'900));
  EXPECT_EQ(create(1), "events_per_second_per_key");
  server.clock().Advance(absl::Milliseconds(200));
  EXPECT_EQ(create(1), "answered");
}

// Parsed, the empty addresses would take ten times their bytes.
TEST(CallLimits, RefuseARequestLongerThanAnyValidOneUnparsed) {
  PersonServer server;
  CreateContactRequest request;
  const size_t bytes_max = MethodOf<CreateContactRequest>().request_bytes_max;
  for (size_t i = 0; i <= bytes_max / 2; ++i) request.mutable_contact()->add_emails();
  Contact contact;
  Call call;
  EXPECT_EQ(LimitOf(server.contacts().CreateContact(&call, request, &contact)), "request_bytes");
  Call nobody("nobody");
  EXPECT_EQ(LimitOf(server.contacts().CreateContact(&nobody, request, &contact)),
            "UNAUTHENTICATED");
  // One that could be valid is looked at, and told what is wrong with it.
  request.Clear();
  for (int i = 0; i < 1'000; ++i) request.mutable_contact()->add_emails();
  Call again;
  EXPECT_EQ(LimitOf(server.contacts().CreateContact(&again, request, &contact)), "INVALID_FIELD");
}

}  // namespace
}  // namespace kith::runtime
