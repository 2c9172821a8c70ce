#include "services/runtime/calls/method_table.h"

#include <atomic>
#include <thread>

#include "eventstore/log/token.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/rpc/error_details.pb.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "kith/users/v1/users_service.pb.h"
#include "tests/services/runtime/person_server.h"
#include "tests/services/runtime/person_services.h"

namespace kith::runtime {
namespace {

using contacts::v1::Contact;
using contacts::v1::CreateContactRequest;
using contacts::v1::GetContactRequest;
using contacts::v1::ListContactsRequest;
using contacts::v1::ListContactsResponse;
using contacts::v1::UpdateContactRequest;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Contact Create(PersonServer& server, const std::string& first_name) {
  CreateContactRequest request;
  request.mutable_contact()->set_first_name(first_name);
  Contact contact;
  Call call;
  const grpc::Status status = server.contacts().CreateContact(&call, request, &contact);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return contact;
}

grpc::Status Get(PersonServer& server, grpc::ClientContext* call, const GetContactRequest& request,
                 std::string* first_name) {
  Contact contact;
  const grpc::Status status = server.contacts().GetContact(call, request, &contact);
  *first_name = contact.first_name();
  return status;
}

GetContactRequest Named(const std::string& name) {
  GetContactRequest request;
  request.set_name(name);
  return request;
}

// An empty request to a method known by its path only.
grpc::Status CallByName(PersonServer& server, const std::string& path, grpc::ByteBuffer* response) {
  grpc::GenericStub stub(server.channel());
  Call context;
  grpc::CompletionQueue queue;
  const grpc::Slice nothing;
  const auto call = stub.PrepareUnaryCall(&context, path, grpc::ByteBuffer(&nothing, 1), &queue);
  call->StartCall();
  grpc::Status status;
  call->Finish(response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status;
}

TEST(MethodTable, LetsNoServerStartWithMethodsThatNobodyBound) {
  Gate open_gate;
  ServerBuilder builder;
  RegisterPersons(builder, open_gate, open_gate);
  builder.Serve([](Runtime&, MethodTable& methods) {
    methods.Answer(ReadKind::kPoint, [](const ReadContext&, const users::v1::GetUserRequest&,
                                        users::v1::User*) { return absl::OkStatus(); });
  });
  kith::testing::TempFolder folder;
  kith::testing::SeededRandom random{31};
  ServerOptions options;
  options.views.path = folder / "views";
  Storage storage;
  storage.engine = eventstore::NewMemoryEngine(std::make_shared<eventstore::MemoryDisk>());
  storage.keys = eventstore::NewMemoryKeyStore(random);
  const auto server = builder.Start(options, std::move(storage));
  EXPECT_THAT(std::string(server.status().message()),
              AllOf(HasSubstr("kith.users.v1.UsersService.CreateUser"),
                    HasSubstr("kith.users.v1.UsersService.ListUsers"),
                    Not(HasSubstr("UsersService.GetUser,")), Not(HasSubstr("Contact"))));
}

TEST(Admission, NeedsCredentialsThatAreKnown) {
  PersonServer server;
  for (const char* credentials : {"", "nobody", "owner2"}) {
    Call call(credentials);
    std::string first_name;
    const grpc::Status status = Get(server, &call, Named("contacts/1"), &first_name);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << credentials;
    EXPECT_EQ(ErrorOf(status), "kith.type.v1/UNAUTHENTICATED");
  }
}

TEST(Admission, RefusesWhatIsNotGrantedBeforeItLooksAtTheRequest) {
  PersonServer server;
  Call call("reader");
  Contact contact;
  const grpc::Status status =
      server.contacts().CreateContact(&call, CreateContactRequest(), &contact);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(ErrorOf(status), "kith.type.v1/PERMISSION_DENIED");
}

TEST(Admission, KeepsWorkspacesApart) {
  PersonServer server;
  const Contact ada = Create(server, "Ada");
  std::string first_name;
  Call stranger("stranger");
  const grpc::Status hidden = Get(server, &stranger, Named(ada.name()), &first_name);
  EXPECT_EQ(hidden.error_code(), grpc::StatusCode::NOT_FOUND);
  // A record of another workspace and one that never was are told apart by nothing.
  Call again("stranger");
  const grpc::Status missing =
      Get(server, &again, Named("contacts/01J00000000000000000000000"), &first_name);
  EXPECT_EQ(missing.error_message(), hidden.error_message());
  EXPECT_EQ(DetailsOf(missing).details_size(), DetailsOf(hidden).details_size());
}

TEST(Mutate, AnswersWithTheStateAfterTheCommand) {
  PersonServer server;
  const Contact ada = Create(server, "Ada");
  EXPECT_EQ(ada.first_name(), "Ada");
  EXPECT_EQ(ada.etag(), "1");
  UpdateContactRequest update;
  *update.mutable_contact() = ada;
  update.mutable_contact()->set_first_name("Bea");
  Call call;
  Contact updated;
  ASSERT_TRUE(server.contacts().UpdateContact(&call, update, &updated).ok());
  EXPECT_EQ(updated.first_name(), "Bea");
  EXPECT_EQ(updated.etag(), "2");
  // The etag it was decided on is not the present one any more.
  Call late;
  const grpc::Status status = server.contacts().UpdateContact(&late, update, &updated);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(ErrorOf(status), "kith.type.v1/ETAG_MISMATCH");
}

TEST(Mutate, NamesEveryViolationAndWritesNothing) {
  PersonServer server;
  CreateContactRequest request;
  request.mutable_contact()->add_emails()->set_address("nope");
  request.mutable_contact()->set_owner("nobody");
  request.mutable_occur_time()->set_seconds(absl::ToUnixSeconds(server.clock().Now()) + 301);
  Call call;
  Contact contact;
  grpc::Status status = server.contacts().CreateContact(&call, request, &contact);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  google::rpc::BadRequest bad;
  ASSERT_TRUE(DetailsOf(status).details(1).UnpackTo(&bad));
  EXPECT_EQ(bad.field_violations_size(), 2);
  request.mutable_contact()->Clear();
  Call ahead;
  status = server.contacts().CreateContact(&ahead, request, &contact);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(server.runtime().log.head(), Position());
}

TEST(Mutate, RefusesTextThatIsNotUtf8AsInvalid) {
  PersonServer server;
  CreateContactRequest request;
  request.mutable_contact()->set_first_name("\xff");
  Call call;
  Contact contact;
  const grpc::Status status = server.contacts().CreateContact(&call, request, &contact);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  EXPECT_EQ(ErrorOf(status), "kith.type.v1/INVALID_FIELD");
}

TEST(Mutate, LeavesUnknownMethodsUnimplemented) {
  PersonServer server;
  grpc::ByteBuffer response;
  EXPECT_EQ(
      CallByName(server, "/kith.contacts.v1.ContactsService/Nonsense", &response).error_code(),
      grpc::StatusCode::UNIMPLEMENTED);
}

TEST(Mutate, AnswersARepeatedRequestAsBefore) {
  PersonServer server;
  CreateContactRequest request;
  request.mutable_contact()->set_first_name("Ada");
  request.set_request_id("once");
  Contact first;
  Contact second;
  Call one;
  Call two;
  ASSERT_TRUE(server.contacts().CreateContact(&one, request, &first).ok());
  ASSERT_TRUE(server.contacts().CreateContact(&two, request, &second).ok());
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(first, second));
  EXPECT_EQ(server.runtime().log.head(), Position(1));
  request.mutable_contact()->set_first_name("Bea");
  Call other;
  const grpc::Status reused = server.contacts().CreateContact(&other, request, &second);
  EXPECT_EQ(reused.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(ErrorOf(reused), "kith.type.v1/REQUEST_ID_REUSED");
}

TEST(Mutate, RecordsTheTraceItIsPartOf) {
  PersonServer server;
  CreateContactRequest request;
  request.mutable_contact()->set_first_name("Ada");
  Contact contact;
  Call call;
  call.AddMetadata("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  ASSERT_TRUE(server.contacts().CreateContact(&call, request, &contact).ok());
  const auto record = *server.runtime().log.ReadAt(Position(1), eventstore::ReadTier::kDisk);
  EXPECT_EQ(record->header.correlation_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(record->header.actor, "owner");
}

TEST(Mutate, RecordsWhatCausedIt) {
  PersonServer server;
  CreateContactRequest request;
  request.mutable_contact()->set_first_name("Ada");
  Contact contact;
  Call cause;
  ASSERT_TRUE(server.contacts().CreateContact(&cause, request, &contact).ok());
  Call effect;
  effect.AddMetadata("kith-cause", cause.Reply("kith-token"));
  ASSERT_TRUE(server.contacts().CreateContact(&effect, request, &contact).ok());
  const auto record = *server.runtime().log.ReadAt(Position(2), eventstore::ReadTier::kDisk);
  EXPECT_EQ(record->header.causation, Position(1));
  Call wrong;
  wrong.AddMetadata("kith-cause", "1");
  const grpc::Status refused = server.contacts().CreateContact(&wrong, request, &contact);
  EXPECT_EQ(ErrorOf(refused), "kith.type.v1/INVALID_TOKEN");
  EXPECT_EQ(server.runtime().log.head(), Position(2));
}

TEST(Read, SeesEverythingAcknowledgedBefore) {
  PersonServer server;
  for (int i = 0; i < 200; ++i) {
    const Contact contact = Create(server, absl::StrCat("n", i));
    Call call;
    std::string first_name;
    ASSERT_TRUE(Get(server, &call, Named(contact.name()), &first_name).ok());
    EXPECT_EQ(first_name, absl::StrCat("n", i));
    EXPECT_THAT(call.Reply("kith-token"), StartsWith(absl::StrCat(i + 1, ".")));
  }
}

// The whole history of one name, asked for in every way there is.
TEST(Read, AnswersAsOfAnyMoment) {
  PersonServer server;
  const Contact contact = Create(server, "v1");
  std::vector<absl::Time> times = {server.clock().Now()};
  std::vector<std::string> tokens;
  for (int version = 1;; ++version) {
    Call now;
    std::string first_name;
    ASSERT_TRUE(Get(server, &now, Named(contact.name()), &first_name).ok());
    tokens.push_back(now.Reply("kith-token"));
    if (version == 5) break;
    server.clock().Advance(absl::Minutes(1));
    UpdateContactRequest update;
    update.mutable_contact()->set_name(contact.name());
    update.mutable_contact()->set_first_name(absl::StrCat("v", version + 1));
    Contact updated;
    Call call;
    ASSERT_TRUE(server.contacts().UpdateContact(&call, update, &updated).ok());
    times.push_back(server.clock().Now());
  }
  for (int version = 1; version <= 5; ++version) {
    GetContactRequest by_sequence = Named(contact.name());
    by_sequence.mutable_read()->set_sequence(version);
    GetContactRequest by_token = Named(contact.name());
    by_token.mutable_read()->set_token(tokens[version - 1]);
    GetContactRequest by_time = Named(contact.name());
    by_time.mutable_read()->mutable_time()->set_seconds(
        absl::ToUnixSeconds(times[version - 1] + absl::Seconds(30)));
    for (const GetContactRequest& request : {by_sequence, by_token, by_time}) {
      Call call;
      std::string first_name;
      const grpc::Status status = Get(server, &call, request, &first_name);
      ASSERT_TRUE(status.ok()) << status.error_message();
      EXPECT_EQ(first_name, absl::StrCat("v", version)) << request.ShortDebugString();
      EXPECT_THAT(tokens[version - 1], StartsWith(absl::StrCat(version, ".")));
      EXPECT_EQ(call.Reply("kith-token"), tokens[version - 1]) << request.ShortDebugString();
    }
  }
  GetContactRequest before = Named(contact.name());
  before.mutable_read()->set_sequence(0);
  Call call;
  std::string first_name;
  EXPECT_EQ(Get(server, &call, before, &first_name).error_code(), grpc::StatusCode::NOT_FOUND);
}

GetContactRequest AsOf(const std::string& name, absl::Time time) {
  GetContactRequest request = Named(name);
  request.mutable_read()->mutable_time()->set_seconds(absl::ToUnixSeconds(time));
  return request;
}

// The clock stands still: what is recorded after the first answer must not be recorded at its time.
TEST(Read, AnswersAsOfNowTheSameForEver) {
  PersonServer server;
  const Contact contact = Create(server, "v");
  for (const absl::Duration ahead : {absl::ZeroDuration(), absl::Hours(1)}) {
    server.clock().Advance(absl::Minutes(1));
    // A time that has not come yet is cut to the present one.
    Call first;
    std::string first_name;
    ASSERT_TRUE(
        Get(server, &first, AsOf(contact.name(), server.clock().Now() + ahead), &first_name).ok());
    UpdateContactRequest update;
    update.mutable_contact()->set_name(contact.name());
    update.mutable_contact()->set_first_name(first_name + "+");
    Contact updated;
    Call call;
    ASSERT_TRUE(server.contacts().UpdateContact(&call, update, &updated).ok());
    Call second;
    std::string again;
    ASSERT_TRUE(Get(server, &second, AsOf(contact.name(), server.clock().Now()), &again).ok());
    EXPECT_EQ(again, first_name);
    EXPECT_EQ(second.Reply("kith-token"), first.Reply("kith-token"));
  }
}

// Its time is given, its fsync not done: an answer without it would be another one later.
TEST(Read, AsOfAChangeInFlightWaitsForIt) {
  PersonServer server;
  const Contact contact = Create(server, "v1");
  server.clock().Advance(absl::Minutes(1));
  server.disk().HoldCommits();
  std::thread creating([&] { Create(server, "v2"); });
  server.disk().WaitUntilHeld();
  std::string first_name;
  Call impatient;
  impatient.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  EXPECT_EQ(
      Get(server, &impatient, AsOf(contact.name(), server.clock().Now()), &first_name).error_code(),
      grpc::StatusCode::DEADLINE_EXCEEDED);
  // What was before it is known.
  Call before;
  EXPECT_TRUE(Get(server, &before, AsOf(contact.name(), server.clock().Now() - absl::Seconds(1)),
                  &first_name)
                  .ok());
  server.disk().ReleaseCommits();
  creating.join();
  Call patient;
  ASSERT_TRUE(Get(server, &patient, AsOf(contact.name(), server.clock().Now()), &first_name).ok());
  EXPECT_THAT(patient.Reply("kith-token"), StartsWith("2."));
}

TEST(Read, RefusesMomentsThatAreNone) {
  PersonServer server;
  const Contact contact = Create(server, "Ada");
  const auto refusal = [&](const GetContactRequest& request) {
    Call call;
    std::string first_name;
    return ErrorOf(Get(server, &call, request, &first_name));
  };
  GetContactRequest request = Named(contact.name());
  request.mutable_read()->set_sequence(2);
  EXPECT_EQ(refusal(request), "kith.type.v1/OUT_OF_RANGE");
  request.mutable_read()->set_sequence(-1);
  EXPECT_EQ(refusal(request), "kith.type.v1/OUT_OF_RANGE");
  request.mutable_read()->set_token("bogus");
  EXPECT_EQ(refusal(request), "kith.type.v1/INVALID_TOKEN");
  request.mutable_read()->set_token(eventstore::SealToken(
      eventstore::TokenSealer(eventstore::SecretKey()), {.position = Position(1)}));
  EXPECT_EQ(refusal(request), "kith.type.v1/INVALID_TOKEN");
  request.mutable_read()->set_token(TokenAt(server.runtime().log, Position(99)));
  EXPECT_EQ(refusal(request), "kith.type.v1/INVALID_TOKEN");
}

TEST(Read, WaitsForItsViewAndGivesUpAtTheDeadline) {
  ServerOptions options;
  options.views.manual_ticks = true;
  PersonServer server(options);
  server.view_gate.Close();
  const Contact contact = Create(server, "Ada");
  server.view_gate.AwaitWaiting(1);
  // Whatever is there: nothing yet.
  GetContactRequest any = Named(contact.name());
  any.mutable_read()->set_any(true);
  Call at_once;
  std::string first_name;
  EXPECT_EQ(Get(server, &at_once, any, &first_name).error_code(), grpc::StatusCode::NOT_FOUND);
  // By default: what was acknowledged. A client without a deadline waits 5 seconds at most.
  Call patient;
  grpc::Status status;
  std::thread waiting([&] { status = Get(server, &patient, Named(contact.name()), &first_name); });
  // The wait may begin before or after this: ticks go on until it has ended.
  std::atomic<bool> ended = false;
  std::thread ticking([&] {
    while (!ended) {
      server.clock().Advance(absl::Seconds(6));
      server.runtime().views.Tick();
      std::this_thread::yield();
    }
  });
  waiting.join();
  ended = true;
  ticking.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ErrorOf(status), "kith.type.v1/VIEW_BEHIND");
  server.view_gate.Open();
  Call again;
  EXPECT_TRUE(Get(server, &again, Named(contact.name()), &first_name).ok());
  EXPECT_EQ(first_name, "Ada");
}

// Calls of a stub that a test waits for one by one.
class PendingList {
 public:
  explicit PendingList(PersonServer& server, const std::string& filter = "")
      : thread_([this, &server, filter] {
          ListContactsRequest request;
          request.set_filter(filter);
          status_ = server.contacts().ListContacts(&call_, request, &response_);
          has_ended_ = true;
        }) {}
  const grpc::Status& Wait() {
    thread_.join();
    return status_;
  }
  Call& call() { return call_; }
  bool has_ended() const { return has_ended_; }

 private:
  Call call_;
  ListContactsResponse response_;
  grpc::Status status_;
  std::atomic<bool> has_ended_ = false;
  std::thread thread_;  // last, so that it begins when the rest is there
};

// As grpc.health.v1 says it: a response whose first field is 1 while the server serves.
std::string Health(PersonServer& server) {
  grpc::ByteBuffer response;
  const grpc::Status status = CallByName(server, "/grpc.health.v1.Health/Check", &response);
  if (!status.ok()) return status.error_message();
  grpc::Slice slice;
  EXPECT_TRUE(response.DumpToSingleSlice(&slice).ok());
  return slice.size() == 2 && slice.begin()[1] == 1 ? "serving" : "not serving";
}

// The promise that slow reads hold up nothing else: the read pool is full, and health, a read from
// memory and writes are answered all the same.
TEST(ReadPool, WhenFullHoldsUpNothingElse) {
  ServerOptions options;
  options.pools.reads = {.threads = 2, .queue_max = 2};
  PersonServer server(options);
  const Contact contact = Create(server, "Ada");
  server.list_gate.Close();
  PendingList first(server);
  PendingList second(server);
  server.list_gate.AwaitWaiting(2);
  // The threads are taken; of the next three the queue takes two, whichever come first.
  PendingList third(server);
  PendingList fourth(server);
  PendingList fifth(server);
  while (!third.has_ended() && !fourth.has_ended() && !fifth.has_ended()) {
    std::this_thread::yield();
  }

  EXPECT_EQ(Health(server), "serving");
  for (int i = 0; i < 20; ++i) {
    Call call;
    std::string first_name;
    EXPECT_TRUE(Get(server, &call, Named(contact.name()), &first_name).ok());
    Create(server, "Bea");
  }
  Call call;
  ListContactsResponse response;
  const grpc::Status refused =
      server.contacts().ListContacts(&call, ListContactsRequest(), &response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ErrorOf(refused), "kith.type.v1/LIMIT_REACHED");

  server.list_gate.Open();
  int answered = 0;
  for (PendingList* list : {&first, &second, &third, &fourth, &fifth})
    answered += list->Wait().ok();
  EXPECT_EQ(answered, 4);
}

TEST(Cancellation, FreesTheCallWhenItsWorkIsDone) {
  PersonServer server;
  server.list_gate.Close();
  PendingList list(server);
  server.list_gate.AwaitWaiting(1);
  list.call().TryCancel();
  EXPECT_EQ(list.Wait().error_code(), grpc::StatusCode::CANCELLED);
  server.list_gate.Open();
  Create(server, "still here");
}

// Stopping the server waits for the scan, which would go on.
TEST(Cancellation, EndsAScanThatNobodyWaitsFor) {
  PersonServer server;
  Create(server, "Ada");
  server.list_gate.Close();
  PendingList list(server, "forever");
  server.list_gate.AwaitWaiting(1);
  server.list_gate.Open();
  list.call().TryCancel();
  EXPECT_EQ(list.Wait().error_code(), grpc::StatusCode::CANCELLED);
}

TEST(Deadline, EndsTheCallAtTheClient) {
  PersonServer server;
  server.list_gate.Close();
  Call call;
  call.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(50));
  ListContactsResponse response;
  EXPECT_EQ(server.contacts().ListContacts(&call, ListContactsRequest(), &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
}

}  // namespace
}  // namespace kith::runtime
