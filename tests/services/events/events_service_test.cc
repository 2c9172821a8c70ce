// The capability over gRPC, in a whole server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/test_server.h"

namespace kith::events {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The reason of a refusal.
std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status error;
  error.ParseFromString(status.error_details());
  google::rpc::ErrorInfo info;
  for (const google::protobuf::Any& detail : error.details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}

// One SubscribeEvents call. One thread.
class Subscriber {
 public:
  Subscriber(const testing::TestServer& server, const v1::SubscribeEventsRequest& request)
      : Subscriber(server, server.secret(), request) {}
  Subscriber(const testing::TestServer& server, const std::string& secret,
             const v1::SubscribeEventsRequest& request)
      : stub_(server.channel()) {
    context_.AddMetadata("authorization", absl::StrCat("Bearer ", secret));
    reader_ = stub_.SubscribeEvents(&context_, request);
  }
  ~Subscriber() { context_.TryCancel(); }

  // The types of events told until it says that it caught up; keeps the last token.
  std::vector<std::string> UntilCaughtUp() {
    std::vector<std::string> types;
    v1::SubscribeEventsResponse response;
    while (reader_->Read(&response) && !response.has_caught_up()) Take(response, &types);
    return types;
  }
  // The types of the next `count` events.
  std::vector<std::string> Next(size_t count) {
    std::vector<std::string> types;
    v1::SubscribeEventsResponse response;
    while (types.size() < count && reader_->Read(&response)) Take(response, &types);
    return types;
  }
  // Reads to the end, which must come by itself.
  grpc::Status End() {
    v1::SubscribeEventsResponse response;
    while (reader_->Read(&response)) {
    }
    return reader_->Finish();
  }
  const std::string& token() const { return token_; }

 private:
  void Take(const v1::SubscribeEventsResponse& response, std::vector<std::string>* types) {
    for (const v1::Event& event : response.events().events()) {
      types->push_back(event.type());
      token_ = event.token();
    }
  }

  v1::EventsService::Stub stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::SubscribeEventsResponse>> reader_;
  std::string token_;
};

class EventsServiceTest : public ::testing::Test {
 protected:
  void CreateContact(const std::string& notes = "") {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Ada");
    request.mutable_contact()->set_notes(notes);
    const auto reply = server_.Call(&contacts::v1::ContactsService::Stub::CreateContact, request);
    EXPECT_EQ(reply.reason(), "");
  }

  // What a request answers, and how it ends.
  std::pair<std::vector<v1::Event>, grpc::Status> Read(const v1::ReadEventsRequest& request,
                                                       const std::string& secret) {
    v1::EventsService::Stub stub(server_.channel());
    grpc::ClientContext context;
    context.AddMetadata("authorization", absl::StrCat("Bearer ", secret));
    const auto reader = stub.ReadEvents(&context, request);
    std::vector<v1::Event> events;
    v1::ReadEventsResponse response;
    while (reader->Read(&response)) {
      events.insert(events.end(), response.events().begin(), response.events().end());
    }
    return {std::move(events), reader->Finish()};
  }

  static v1::SubscribeEventsRequest Contacts() {
    v1::SubscribeEventsRequest request;
    request.mutable_filter()->set_stream_prefix("contacts/");
    return request;
  }

  testing::TestServer server_;
};

TEST_F(EventsServiceTest, ReadsTheWorkspaceWithoutAHole) {
  for (int i = 0; i < 3; ++i) CreateContact();
  const auto [events, status] = Read({}, server_.secret());
  EXPECT_TRUE(status.ok()) << status.error_message();
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].sequence(), static_cast<int64_t>(i) + 1);
    EXPECT_NE(events[i].token(), "");
  }
  EXPECT_EQ(events.back().type(), "contact_created");
}

TEST_F(EventsServiceTest, ReadsMoreThanOneMessageHolds) {
  const std::string notes(16 << 10, 'x');
  for (int i = 0; i < 40; ++i) CreateContact(notes);  // some 640 KiB
  v1::ReadEventsRequest request;
  request.mutable_filter()->add_types("contact_created");
  const auto [events, status] = Read(request, server_.secret());
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(events.size(), 40u);
}

TEST_F(EventsServiceTest, RefusesByName) {
  v1::ReadEventsRequest unknown_type;
  unknown_type.mutable_filter()->add_types("contact_vanished");
  EXPECT_EQ(ReasonOf(Read(unknown_type, server_.secret()).second), "UNKNOWN_EVENT_TYPE");
  v1::ReadEventsRequest bad_token;
  bad_token.set_token("nonsense");
  EXPECT_EQ(ReasonOf(Read(bad_token, server_.secret()).second), "INVALID_TOKEN");
  EXPECT_EQ(ReasonOf(Read({}, "nobody").second), "UNAUTHENTICATED");

  v1::SubscribeEventsRequest beyond;
  beyond.set_sequence(1'000'000);
  EXPECT_EQ(ReasonOf(Subscriber(server_, beyond).End()), "OUT_OF_RANGE");
}

TEST_F(EventsServiceTest, TellsASubscriberWhatStandsThereAndThenWhatFollows) {
  CreateContact();
  Subscriber subscriber(server_, Contacts());
  EXPECT_THAT(subscriber.UntilCaughtUp(), ElementsAre("contact_created"));
  CreateContact();
  CreateContact();
  EXPECT_THAT(subscriber.Next(2), ElementsAre("contact_created", "contact_created"));
}

TEST_F(EventsServiceTest, ResumesASubscriptionAcrossARestartWithoutGapOrRepetition) {
  CreateContact();
  auto before = std::make_unique<Subscriber>(server_, Contacts());
  EXPECT_THAT(before->UntilCaughtUp(), ElementsAre("contact_created"));
  const std::string token = before->token();
  CreateContact();
  before.reset();
  server_.Restart();
  CreateContact();
  v1::SubscribeEventsRequest request = Contacts();
  request.set_token(token);
  Subscriber after(server_, request);
  EXPECT_THAT(after.UntilCaughtUp(), ElementsAre("contact_created", "contact_created"));
  EXPECT_NE(after.token(), token);
  request.set_token(after.token());
  EXPECT_THAT(Subscriber(server_, request).UntilCaughtUp(), IsEmpty());
}

// A cause is an event of the workspace, or there is none.
TEST_F(EventsServiceTest, TakesNoEventOfAnotherWorkspaceForACause) {
  using Contacts = contacts::v1::ContactsService::Stub;
  const auto create = [&](const std::string& cause) {
    Contacts stub(server_.channel());
    grpc::ClientContext context;
    context.AddMetadata("authorization", absl::StrCat("Bearer ", server_.secret()));
    context.AddMetadata("kith-cause", cause);
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Ada");
    contacts::v1::Contact made;
    return ReasonOf(stub.CreateContact(&context, request, &made));
  };
  workspaces::v1::CreateWorkspaceRequest request;
  request.mutable_workspace()->set_display_name("Other");
  const auto other =
      server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateWorkspace, request);
  contacts::v1::CreateContactRequest theirs;
  theirs.mutable_contact()->set_first_name("Grace");
  const auto elsewhere = server_.CallWith(other->secret(), &Contacts::CreateContact, theirs);
  const auto here = server_.Call(&Contacts::CreateContact, theirs);
  // Also where the log has to look on the disk.
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(create(elsewhere.token), "INVALID_TOKEN");
    EXPECT_EQ(create(here.token), "");
    server_.Restart();
  }
  v1::ReadEventsRequest read;
  read.mutable_filter()->set_stream_prefix("contacts/");
  const std::vector<v1::Event> events = Read(read, server_.secret()).first;
  ASSERT_EQ(events.size(), 3u) << "what is refused is not recorded";
  EXPECT_EQ(events[1].causation_sequence(), events[0].sequence());
  EXPECT_EQ(events[2].causation_sequence(), events[0].sequence());
}

TEST_F(EventsServiceTest, EndsSubscriptionsWhenTheServerStops) {
  Subscriber subscriber(server_, Contacts());
  subscriber.UntilCaughtUp();
  server_.Restart();
  const grpc::Status status = subscriber.End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
  EXPECT_EQ(ReasonOf(status), "SHUTTING_DOWN");
}

TEST_F(EventsServiceTest, TellsASubscriberNothingMoreOnceItsKeyIsRevoked) {
  using Workspaces = workspaces::v1::WorkspacesService::Stub;
  workspaces::v1::CreateApiKeyRequest create;
  create.mutable_api_key()->set_display_name("a guest's");
  create.mutable_api_key()->add_permissions("*.read");
  const auto guest = server_.Call(&Workspaces::CreateApiKey, create);
  ASSERT_EQ(guest.reason(), "");
  Subscriber revoked(server_, guest->secret(), Contacts());
  Subscriber stays(server_, Contacts());
  EXPECT_THAT(revoked.UntilCaughtUp(), IsEmpty());
  EXPECT_THAT(stays.UntilCaughtUp(), IsEmpty());
  CreateContact();
  EXPECT_THAT(revoked.Next(1), ElementsAre("contact_created"));

  workspaces::v1::RevokeApiKeyRequest revoke;
  revoke.set_name(guest->api_key().name());
  EXPECT_EQ(server_.Call(&Workspaces::RevokeApiKey, revoke).reason(), "");
  CreateContact();
  ASSERT_THAT(revoked.Next(1), IsEmpty());
  const grpc::Status status = revoked.End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << status.error_message();
  EXPECT_EQ(ReasonOf(status), "UNAUTHENTICATED");
  EXPECT_THAT(stays.Next(2), ElementsAre("contact_created", "contact_created"));
}

// Goal: a subscriber that does not read holds up neither writers nor other subscribers, and finds
// everything when it reads again. Method: more bytes than its connection buffers.
TEST_F(EventsServiceTest, IsNotHeldUpByASubscriberThatDoesNotRead) {
  Subscriber slow(server_, Contacts());
  Subscriber quick(server_, Contacts());
  EXPECT_THAT(quick.UntilCaughtUp(), IsEmpty());
  const std::string notes(16 << 10, 'x');
  constexpr size_t kContacts = 100;
  for (size_t i = 0; i < kContacts; ++i) CreateContact(notes);
  EXPECT_EQ(quick.Next(kContacts).size(), kContacts);
  EXPECT_EQ(slow.Next(kContacts).size(), kContacts);
}

}  // namespace
}  // namespace kith::events
