// Streams over gRPC: what a server sends until it ends, and what a client sends item by item.

#include <atomic>
#include <map>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/services/runtime/person_server.h"
#include "tests/services/runtime/plug.h"

namespace kith::runtime {
namespace {

using events::v1::ReadEventsRequest;
using events::v1::ReadEventsResponse;
using events::v1::SubscribeEventsRequest;
using events::v1::SubscribeEventsResponse;
using interactions::v1::IngestInteractionsRequest;
using interactions::v1::IngestInteractionsResponse;

grpc::Status Count(PersonServer& server, int64_t limit, int64_t* received,
                   absl::string_view credentials = "owner") {
  ReadEventsRequest request;
  request.set_limit(limit);
  Call call(credentials);
  const auto stream = server.events().ReadEvents(&call, request);
  ReadEventsResponse response;
  *received = 0;
  while (stream->Read(&response)) EXPECT_EQ(response.events(0).sequence(), ++*received);
  return stream->Finish();
}

TEST(Stream, SendsEveryMessageInOrderAndEnds) {
  PersonServer server;
  for (const int64_t limit : {0, 1, 500}) {
    int64_t received = 0;
    EXPECT_TRUE(Count(server, limit, &received).ok());
    EXPECT_EQ(received, limit);
  }
}

// Goal: what streams send waits for no unary call, and they wait for none of them. Method: every
// thread of one is held, and the other goes on.
TEST(Stream, TakesNoThreadOfUnaryCallsAndLeavesItsOwnToNone) {
  PersonServer server;
  const auto get = [&] {
    Call call;
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Ada");
    contacts::v1::Contact ada;
    EXPECT_TRUE(server.contacts().CreateContact(&call, request, &ada).ok());
    server.disk().ForgetCache(true);
    Call again;
    contacts::v1::GetContactRequest get;
    get.set_name(ada.name());
    EXPECT_TRUE(server.contacts().GetContact(&again, get, &ada).ok());
    Call listing;
    contacts::v1::ListContactsResponse response;
    EXPECT_TRUE(server.contacts()
                    .ListContacts(&listing, contacts::v1::ListContactsRequest(), &response)
                    .ok());
  };
  const auto count = [&] {
    int64_t received = 0;
    EXPECT_TRUE(Count(server, 500, &received).ok());
    EXPECT_EQ(received, 500);
  };
  Pools& pools = server.runtime().pools;
  const PoolsOptions threads;
  {
    const Plug streams(pools.streams, static_cast<int>(threads.streams.threads));
    get();
  }
  const Plug folds(pools.folds, static_cast<int>(threads.folds.threads));
  const Plug reads(pools.reads, static_cast<int>(threads.reads.threads));
  const Plug completions(pools.completions, static_cast<int>(threads.completions.threads));
  const Plug sessions(pools.sessions, static_cast<int>(threads.sessions.threads));
  count();
}

TEST(Stream, EndsWithTheErrorOfItsSource) {
  PersonServer server;
  int64_t received = 0;
  const grpc::Status status = Count(server, 2'000, &received);
  EXPECT_EQ(received, 1'000);
  EXPECT_EQ(ErrorOf(status), "kith.type.v1/DATA_LOSS");
}

TEST(Stream, IsAdmittedLikeEveryCall) {
  PersonServer server;
  int64_t received = 0;
  EXPECT_EQ(Count(server, 1, &received, "nobody").error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST(Stream, ThatIsIdleEndsWhenItsClientHangsUp) {
  PersonServer server;
  Call call;
  const auto stream = server.events().SubscribeEvents(&call, SubscribeEventsRequest());
  SubscribeEventsResponse response;
  ASSERT_TRUE(stream->Read(&response));
  call.TryCancel();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST(Stream, ThatIsIdleEndsWhenTheServerStops) {
  PersonServer server;
  Call call;
  const auto stream = server.events().SubscribeEvents(&call, SubscribeEventsRequest());
  SubscribeEventsResponse response;
  ASSERT_TRUE(stream->Read(&response));
  std::thread stopping([&] { server.Stop(); });
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(ErrorOf(stream->Finish()), "kith.type.v1/SHUTTING_DOWN");
  stopping.join();
}

class Ingest : public ::testing::Test {
 protected:
  Ingest() {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Ada");
    contacts::v1::Contact contact;
    Call call;
    EXPECT_TRUE(server_.contacts().CreateContact(&call, request, &contact).ok());
    ada_ = contact.name();
    token_ = call.Reply("kith-token");
  }

  IngestInteractionsRequest Calls(int count, const std::string& request_id) const {
    IngestInteractionsRequest message;
    for (int i = 0; i < count; ++i) {
      auto* const item = message.add_items();
      item->set_parent(ada_);
      item->mutable_interaction()->set_kind(interactions::v1::CALL);
    }
    message.set_request_id(request_id);
    return message;
  }

  // Sends all while another thread reads, and gathers the results in the order of the messages.
  grpc::Status Send(const std::vector<IngestInteractionsRequest>& messages,
                    IngestInteractionsResponse* all, const std::string& cause = "") {
    Call call;
    if (!cause.empty()) call.AddMetadata("kith-cause", cause);
    const auto stream = server_.interactions().IngestInteractions(&call);
    std::map<int, IngestInteractionsResponse> answers;
    std::thread reading([&] {
      IngestInteractionsResponse response;
      while (stream->Read(&response)) answers[response.results(0).message_index()] = response;
    });
    for (const auto& message : messages) {
      if (!stream->Write(message)) break;
    }
    stream->WritesDone();
    reading.join();
    for (const auto& [index, response] : answers) all->MergeFrom(response);
    return stream->Finish();
  }

  PersonServer server_;
  std::string ada_;
  std::string token_;  // of the event that made her
};

TEST_F(Ingest, AnswersEveryItemInItsOrder) {
  IngestInteractionsResponse response;
  std::vector<IngestInteractionsRequest> messages;
  for (int i = 0; i < 12; ++i) messages.push_back(Calls(50, absl::StrCat("m", i)));
  ASSERT_TRUE(Send(messages, &response).ok());
  ASSERT_EQ(response.results_size(), 600);
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(response.results(i).message_index(), i / 50);
    EXPECT_EQ(response.results(i).item_index(), i % 50);
    EXPECT_NE(response.results(i).name(), "") << response.results(i).status().message();
  }
  EXPECT_EQ(server_.runtime().log.head(), Position(601));
}

TEST_F(Ingest, HoldsUpNoItemForTheFaultOfAnother) {
  IngestInteractionsRequest message = Calls(4, "m");
  message.mutable_items(1)->set_parent("nonsense");
  message.mutable_items(2)->set_parent("contacts/01J00000000000000000000000");
  IngestInteractionsResponse response;
  ASSERT_TRUE(Send({message}, &response).ok());
  EXPECT_NE(response.results(0).name(), "");
  EXPECT_EQ(response.results(1).status().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(response.results(2).status().code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_NE(response.results(3).name(), "");
  EXPECT_EQ(server_.runtime().log.head(), Position(3));
}

TEST_F(Ingest, TakesEffectOnceWhenRepeated) {
  IngestInteractionsResponse first;
  IngestInteractionsResponse second;
  ASSERT_TRUE(Send({Calls(20, "m1"), Calls(20, "m2")}, &first).ok());
  ASSERT_TRUE(Send({Calls(20, "m1"), Calls(20, "m2")}, &second).ok());
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  EXPECT_EQ(server_.runtime().log.head(), Position(41));
}

TEST_F(Ingest, RecordsWhatCausedItsItems) {
  IngestInteractionsResponse response;
  ASSERT_TRUE(Send({Calls(2, "m")}, &response, token_).ok());
  for (const uint64_t position : {2, 3}) {
    const auto record =
        *server_.runtime().log.ReadAt(Position(position), eventstore::ReadTier::kDisk);
    EXPECT_EQ(record->header.causation, Position(1));
  }
  IngestInteractionsResponse refused;
  ASSERT_TRUE(Send({Calls(1, "other")}, &refused, "nonsense").ok());
  EXPECT_EQ(refused.results(0).status().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(server_.runtime().log.head(), Position(3));
}

TEST_F(Ingest, RefusesAMessageWithTooManyItems) {
  IngestInteractionsResponse response;
  const grpc::Status status = Send({Calls(501, "m")}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(server_.runtime().log.head(), Position(1));
}

// The client learns of each message while the stream goes on.
TEST_F(Ingest, AnswersAMessageBeforeTheNextIsSent) {
  Call call;
  const auto stream = server_.interactions().IngestInteractions(&call);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(stream->Write(Calls(3, absl::StrCat("m", i))));
    IngestInteractionsResponse response;
    ASSERT_TRUE(stream->Read(&response));
    ASSERT_EQ(response.results_size(), 3);
    EXPECT_EQ(response.results(2).message_index(), i);
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

// What was accepted before is told, then what was wrong.
TEST_F(Ingest, EndsWithAnErrorAtAMessageThatIsNone) {
  IngestInteractionsRequest broken = Calls(2, "m1");
  broken.mutable_items(1)->mutable_interaction()->set_subject("\xff");
  IngestInteractionsResponse response;
  const grpc::Status status = Send({Calls(3, "m0"), broken, Calls(4, "m2")}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  EXPECT_EQ(ErrorOf(status), "kith.type.v1/INVALID_FIELD");
  EXPECT_EQ(response.results_size(), 3);
  EXPECT_EQ(server_.runtime().log.head(), Position(4));
}

// It would take the memory of all answers otherwise.
TEST_F(Ingest, ReadsNoFurtherThanTheClientReadsAnswers) {
  Call call;
  const auto stream = server_.interactions().IngestInteractions(&call);
  std::atomic<int> written = 0;
  std::thread writing([&] {
    for (int i = 0; i < 400; ++i) {
      if (!stream->Write(Calls(500, absl::StrCat("m", i)))) break;
      ++written;
    }
    stream->WritesDone();
  });
  // Until nothing moves any more: what fits the connection is written, and the rest waits.
  Position head;
  for (int still = 0; still < 200;) {
    const Position now = server_.runtime().log.head();
    still = now == head ? still + 1 : 0;
    head = now;
    std::this_thread::yield();
    Call other;
    contacts::v1::Contact contact;
    contacts::v1::GetContactRequest get;
    get.set_name(ada_);
    EXPECT_TRUE(server_.contacts().GetContact(&other, get, &contact).ok());
  }
  EXPECT_LT(written, 400);
  int answered = 0;
  for (IngestInteractionsResponse response; stream->Read(&response);) ++answered;
  writing.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(answered, 400);
}

TEST_F(Ingest, OfNothingIsAnsweredWithNothing) {
  IngestInteractionsResponse response;
  EXPECT_TRUE(Send({}, &response).ok());
  EXPECT_EQ(response.results_size(), 0);
}

TEST_F(Ingest, EndsWhenTheServerStops) {
  Call call;
  IngestInteractionsResponse response;
  const auto stream = server_.interactions().IngestInteractions(&call);
  ASSERT_TRUE(stream->Write(Calls(1, "m")));
  ASSERT_TRUE(stream->Read(&response));  // the stream is open in the server
  std::thread stopping([&] { server_.Stop(); });
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(ErrorOf(stream->Finish()), "kith.type.v1/SHUTTING_DOWN");
  stopping.join();
}

}  // namespace
}  // namespace kith::runtime
