// Sessions that ask for more than they take, or than others leave them.

#include <future>

#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "tests/services/runtime/held_session.h"

namespace kith::runtime {
namespace {

using contacts::v1::Contact;
using contacts::v1::CreateContactRequest;
using contacts::v1::GetContactRequest;
using contacts::v1::ListContactsRequest;
using Request = HeldSession::Request;
using Outcome = HeldSession::Response::Outcome;

enum Method : uint32_t { kCreate, kGet, kList, kNone };

Request Methods() {
  Request message;
  for (const char* name : {"CreateContact", "GetContact", "ListContacts"}) {
    message.add_methods(absl::StrCat("kith.contacts.v1.ContactsService/", name));
  }
  return message;
}

Request::Call& Add(Request* message, uint64_t id, Method method,
                   const google::protobuf::Message& request = GetContactRequest()) {
  Request::Call& call = *message->add_calls();
  call.set_id(id);
  call.set_method(method);
  call.set_request(request.SerializeAsString());
  return call;
}

CreateContactRequest Creation() {
  CreateContactRequest request;
  request.mutable_contact()->set_first_name("Ada");
  return request;
}

// Of a kilobyte for each contact.
ListContactsRequest List(int contacts) {
  ListContactsRequest request;
  request.set_page_size(contacts);
  return request;
}

GetContactRequest Nobody() {
  GetContactRequest request;
  request.set_name("contacts/01J00000000000000000000000");
  return request;
}

ServerOptions OneThread() {
  ServerOptions options;
  options.pools.sessions.threads = 1;
  return options;
}

// The limit that a refusal names, or its reason; empty of what was answered.
std::string RefusalOf(const google::rpc::Status& status) {
  google::rpc::ErrorInfo info;
  for (const auto& detail : status.details()) {
    if (!detail.UnpackTo(&info)) continue;
    const auto limit = info.metadata().find("limit");
    return limit == info.metadata().end() ? info.reason() : limit->second;
  }
  return status.code() == 0 ? "" : absl::StrCat(status.code());
}

std::string RefusalOf(const HeldSession& session, uint64_t id) {
  const auto told = session.told.find(id);
  return told == session.told.end() ? "not told" : RefusalOf(told->second.status());
}

// What a read of these credentials is refused with by itself; nobody is there to be found.
std::string TryGet(PersonServer& server, const std::string& credentials) {
  Call call(credentials);
  GetContactRequest request = Nobody();
  request.mutable_read()->set_any(true);
  Contact contact;
  return RefusalOf(DetailsOf(server.contacts().GetContact(&call, request, &contact)));
}

// Until the sessions of a server with one thread for them have had so many turns each, or need
// none.
void AwaitTurns(PersonServer& server, int turns) {
  const KeyUsage ours;
  for (int i = 0; i < turns; ++i) {
    const auto passed = std::make_shared<std::promise<void>>();
    server.runtime().pools.session_turns.Run(&ours, [passed] { passed->set_value(); });
    passed->get_future().wait();
  }
}

TEST(SessionLimits, ReadNothingMoreWhileAThousandCallsAreNotTold) {
  PersonServer server(OneThread());
  server.list_gate.Close();
  HeldSession session(server, "owner");
  Request first = Methods();
  Add(&first, 1, kList, List(1));
  session.Give(first);
  server.list_gate.AwaitWaiting(1);
  uint64_t id = 1;
  for (const int calls : {500, 498}) {
    Request message;
    for (int i = 0; i < calls; ++i) Add(&message, ++id, kGet, Nobody()).add_after(1);
    session.Give(message);
  }
  Request last;  // the thousandth
  Add(&last, ++id, kGet, Nobody()).add_after(1);
  session.Give(last);
  AwaitTurns(server, 20);
  EXPECT_FALSE(session.is_reading());
  EXPECT_FALSE(session.is_writing());
  EXPECT_EQ(TryGet(server, "owner"), "CONTACT_NOT_FOUND");  // others go on
  server.list_gate.Open();
  session.TakeUntil(1'000);
  EXPECT_EQ(RefusalOf(session, id), "CONTACT_NOT_FOUND");
  session.Give(Request());  // waits until it reads
}

// Requests that wait for others are held as they came: of a key no more than half of what there is.
TEST(SessionLimits, ReadNothingMoreWhileCallsThatWaitAreLong) {
  ServerOptions options = OneThread();
  options.calls.request_bytes_max = 1'000;
  PersonServer server(options);
  server.list_gate.Close();
  HeldSession session(server, "owner");
  Request first = Methods();
  Add(&first, 1, kList, List(1));
  session.Give(first);
  server.list_gate.AwaitWaiting(1);
  Request second;
  ListContactsRequest longer;
  longer.set_filter(std::string(490, ' '));
  Add(&second, 2, kList, longer).add_after(1);
  session.Give(second);
  Request third;
  Add(&third, 3, kGet, Nobody()).add_after(2);
  session.Give(third);
  AwaitTurns(server, 20);
  EXPECT_FALSE(session.is_reading());
  server.list_gate.Open();
  session.TakeUntil(3);
  session.Give(Request());  // waits until it reads
}

// However small they are, and though each is told at once.
TEST(SessionLimits, ReadNothingMoreWhileOutcomesAreNotTaken) {
  PersonServer server(OneThread());
  HeldSession session(server, "owner");
  session.Give(Methods());
  uint64_t id = 0;
  int messages = 0;
  for (; messages < 200 && session.is_reading(); ++messages) {
    Request message;
    for (int i = 0; i < 500; ++i) Add(&message, ++id, kNone);
    session.Give(message);
    AwaitTurns(server, 20);
  }
  EXPECT_GT(messages, 4);
  EXPECT_LT(messages, 200);
  while (session.told.size() < id) EXPECT_LE(session.Take().ByteSizeLong(), 1u << 20);
  EXPECT_EQ(session.told.size(), id);
  EXPECT_EQ(RefusalOf(session, id), "INVALID_FIELD");
  session.Give(Request());
}

// A client refuses messages of more than 4 MiB.
TEST(SessionLimits, TellLongOutcomesInMessagesOfTheirOwn) {
  ServerOptions options = OneThread();
  options.calls.reply_bytes_max = 14'400'000;  // all of them fill half
  PersonServer server(options);
  HeldSession session(server, "owner");
  Request message = Methods();
  for (uint64_t id = 1; id <= 12; ++id) Add(&message, id, kList, List(id % 2 == 0 ? 900 : 300));
  session.Give(message);
  while (TryGet(server, "owner") != "max_reply_bytes") continue;  // until they are made
  while (session.told.size() < 12) EXPECT_LE(session.Take().ByteSizeLong(), 1u << 20);
}

TEST(SessionLimits, BoundTheOutcomesThatAreNotTaken) {
  ServerOptions options = OneThread();
  options.calls.reply_bytes_max = 2'000'000;  // and one key has half
  PersonServer server(options);
  {
    HeldSession session(server, "owner");
    Request message = Methods();
    for (uint64_t id = 1; id <= 4; ++id) Add(&message, id, kList, List(300));
    session.Give(message);
    while (TryGet(server, "owner") != "max_reply_bytes") continue;  // until they are made
    Request more;
    Add(&more, 5, kCreate, Creation());
    Add(&more, 6, kList, List(300));
    Add(&more, 7, kGet, Nobody());
    session.Give(more);
    EXPECT_EQ(TryGet(server, "stranger"), "CONTACT_NOT_FOUND");
    HeldSession other(server, "stranger");
    Request theirs = Methods();
    Add(&theirs, 1, kList, List(100));
    other.Give(theirs);
    other.TakeUntil(1);
    EXPECT_EQ(RefusalOf(other, 1), "");
    AwaitTurns(server, 2);
    session.TakeUntil(7);
    for (uint64_t id = 1; id <= 4; ++id) EXPECT_EQ(RefusalOf(session, id), "");
    for (uint64_t id = 5; id <= 7; ++id) EXPECT_EQ(RefusalOf(session, id), "max_reply_bytes");
    EXPECT_EQ(server.runtime().log.WorkspaceHead(WorkspaceId(1)), Sequence());
    // It has read them.
    EXPECT_EQ(TryGet(server, "owner"), "CONTACT_NOT_FOUND");
  }
  {
    HeldSession session(server, "owner");
    Request message = Methods();
    for (uint64_t id = 1; id <= 4; ++id) Add(&message, id, kList, List(300));
    session.Give(message);
    while (TryGet(server, "owner") != "max_reply_bytes") continue;
  }
  EXPECT_EQ(TryGet(server, "owner"), "CONTACT_NOT_FOUND");  // it has ended
}

// Not only when the last of its calls ends.
TEST(SessionLimits, CountNoOutcomesOfASessionWhoseClientIsGone) {
  ServerOptions options = OneThread();
  options.calls.reply_bytes_max = 1'000'000;
  PersonServer server(options);
  server.view_gate.Close();
  server.list_gate.Close();
  HeldSession session(server, "owner");
  Request message = Methods();
  Add(&message, 1, kCreate, Creation());
  Add(&message, 2, kGet, Nobody()).add_after(1);  // waits for the view
  ListContactsRequest any = List(600);
  any.mutable_read()->set_any(true);
  for (uint64_t id = 3; id <= 4; ++id) Add(&message, id, kList, any);
  session.Give(message);
  server.list_gate.AwaitWaiting(2);
  server.list_gate.Open();
  while (TryGet(server, "owner") != "max_reply_bytes") continue;
  session.HangUp();
  while (TryGet(server, "owner") == "max_reply_bytes") continue;  // until both lists are made
  server.view_gate.Open();
}

TEST(SessionLimits, TakeTheTurnsOfKeysOneAfterTheOther) {
  Gate before;
  Gate after;
  PersonServer server(OneThread());
  before.Close();
  after.Close();
  Pool& pool = server.runtime().pools.sessions;
  pool.Run([&] { before.Pass(); });
  before.AwaitWaiting(1);
  {
    HeldSession busy[3] = {{server, "owner"}, {server, "owner"}, {server, "owner"}};
    HeldSession other(server, "stranger");
    Request message;
    Add(&message, 1, kNone);
    busy[0].Give(message);
    busy[1].Give(message);
    pool.Run([&] { after.Pass(); });  // when two turns were taken
    busy[2].Give(message);
    other.Give(message);
    before.Open();
    after.AwaitWaiting(1);
    EXPECT_TRUE(busy[0].is_writing());
    EXPECT_TRUE(other.is_writing());
    EXPECT_FALSE(busy[1].is_writing());
    after.Open();
    for (HeldSession& session : busy) session.TakeUntil(1);
  }
}

TEST(SessionLimits, HaveTheListsOfOtherKeysBetweenTheirs) {
  Gate before;
  Gate after;
  ServerOptions options = OneThread();
  options.pools.reads.threads = 1;
  PersonServer server(options);
  before.Close();
  after.Close();
  Pool& pool = server.runtime().pools.reads;
  pool.Run([&] { before.Pass(); });
  before.AwaitWaiting(1);
  HeldSession busy(server, "owner");
  HeldSession other(server, "stranger");
  Request message = Methods();
  Add(&message, 1, kList, List(1));
  other.Give(Methods());
  Add(&message, 2, kList, List(1));
  busy.Give(message);
  AwaitTurns(server, 2);
  pool.Run([&] { after.Pass(); });  // when two lists were made
  Request theirs;
  Add(&theirs, 1, kList, List(1));
  other.Give(theirs);
  AwaitTurns(server, 2);
  before.Open();
  after.AwaitWaiting(1);
  EXPECT_TRUE(busy.is_writing());
  EXPECT_TRUE(other.is_writing());
  after.Open();
  busy.TakeUntil(2);
}

// Their calls are there, and wait for no others of the key that do not come.
TEST(SessionLimits, WaitForNoRequestThatArrives) {
  PersonServer server;
  HeldSession session(server, "owner");
  HeldSession slow(server, "owner");
  const auto usage = server.runtime().authorizer->Authenticate("owner")->usage;
  const CallLimits limits;
  // Of one that reads anyhow: nothing but the places counts.
  for (int i = 0; i < limits.arriving_per_key_max; ++i) {
    KeyUsage::StartRead(usage, slow, limits);
  }
  Request message = Methods();
  for (uint64_t id = 1; id <= 500; ++id) Add(&message, id, kGet, Nobody());
  session.Give(message);
  session.TakeUntil(500);
  EXPECT_EQ(RefusalOf(session, 500), "CONTACT_NOT_FOUND");
  for (int i = 0; i < limits.arriving_per_key_max; ++i) {
    usage->Arrived(limits);
  }
}

TEST(Session, CancelsACallThatHasNotBegun) {
  Gate gate;
  PersonServer server(OneThread());
  gate.Close();
  server.runtime().pools.sessions.Run([&] { gate.Pass(); });
  gate.AwaitWaiting(1);
  HeldSession session(server, "owner");
  Request message = Methods();
  for (uint64_t id = 1; id <= 3; ++id) Add(&message, id, kCreate, Creation());
  message.add_cancel(1);
  session.Give(message);
  Request later;
  later.add_cancel(2);
  later.add_cancel(77);
  session.Give(later);
  gate.Open();
  session.TakeUntil(3);
  EXPECT_EQ(session.told.find(1)->second.status().code(),
            static_cast<int>(absl::StatusCode::kCancelled));
  EXPECT_EQ(session.told.find(2)->second.status().code(),
            static_cast<int>(absl::StatusCode::kCancelled));
  EXPECT_EQ(RefusalOf(session, 3), "");
  EXPECT_EQ(server.runtime().log.WorkspaceHead(WorkspaceId(1)), Sequence(1));
}

TEST(Session, WaitsForNoCallThatComesLater) {
  PersonServer server;
  HeldSession session(server, "owner");
  Request message = Methods();
  Add(&message, 1, kGet, Nobody()).add_after(2);
  Add(&message, 2, kGet, Nobody()).add_after(1);
  Add(&message, 3, kGet, Nobody()).add_after(3);
  session.Give(message);
  Request circle;
  Add(&circle, 4, kGet, Nobody()).add_after(5);
  session.Give(circle);
  circle.Clear();
  Add(&circle, 5, kGet, Nobody()).add_after(4);
  session.Give(circle);
  session.TakeUntil(5);
  for (uint64_t id = 1; id <= 5; ++id) EXPECT_EQ(RefusalOf(session, id), "CONTACT_NOT_FOUND");
}

TEST(Session, TellsEachOfTheCallsWithOneId) {
  PersonServer server;
  server.list_gate.Close();
  HeldSession session(server, "owner");
  Request message = Methods();
  Add(&message, 1, kList, List(1));
  Add(&message, 1, kGet, Nobody()).add_after(1);
  Add(&message, 1, kGet, Nobody()).add_after(1);
  Add(&message, 2, kGet, Nobody()).add_after(1);
  session.Give(message);
  server.list_gate.AwaitWaiting(1);
  EXPECT_FALSE(session.is_writing());
  server.list_gate.Open();
  session.TakeUntil(4);
  EXPECT_EQ(session.told.count(1), 3u);
  EXPECT_EQ(RefusalOf(session, 2), "CONTACT_NOT_FOUND");
}

}  // namespace
}  // namespace kith::runtime
