// Goal: nobody is told what the log keeps to itself. Method: a key is made, rotated and revoked,
// and every rendering of what is recorded of it is searched for the hashes of its secrets, in each
// of the forms that they may take.
#include "services/core/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/sha256.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/workspaces/v1/workspace_events.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/test_server.h"

namespace kith::server {
namespace {

using events::v1::EventsService;
using ::testing::HasSubstr;
using ::testing::Not;
using workspaces::v1::WorkspacesService;

class Secrets : public ::testing::Test {
 protected:
  Secrets() {
    workspaces::v1::CreateApiKeyRequest create;
    create.mutable_api_key()->set_display_name("Website");
    create.mutable_api_key()->add_permissions("contacts.read");
    const auto made = server_.Call(&WorkspacesService::Stub::CreateApiKey, create);
    EXPECT_EQ(made.reason(), "");
    key_ = made->api_key().name();
    workspaces::v1::RotateApiKeyRequest rotate;
    rotate.set_name(key_);
    const auto rotated = server_.Call(&WorkspacesService::Stub::RotateApiKey, rotate);
    EXPECT_EQ(rotated.reason(), "");
    for (const std::string& credentials : {made->secret(), rotated->secret()}) {
      const Sha256Hash hash =
          Sha256::Of(std::vector<std::string>(absl::StrSplit(credentials, '_')).back());
      hashes_.emplace_back(hash.data(), hash.data() + hash.size());
    }
    workspaces::v1::RevokeApiKeyRequest revoke;
    revoke.set_name(key_);
    EXPECT_EQ(server_.Call(&WorkspacesService::Stub::RevokeApiKey, revoke).reason(), "");
  }

  std::unique_ptr<grpc::ClientContext> Context() const {
    auto context = std::make_unique<grpc::ClientContext>();
    context->AddMetadata("authorization", absl::StrCat("Bearer ", server_.secret()));
    return context;
  }
  // All bytes of what a request for events answers.
  std::string Read(const events::v1::ReadEventsRequest& request) const {
    EventsService::Stub stub(server_.channel());
    const auto context = Context();
    const auto reader = stub.ReadEvents(context.get(), request);
    std::string bytes;
    events::v1::ReadEventsResponse response;
    while (reader->Read(&response)) bytes += response.SerializeAsString();
    EXPECT_TRUE(reader->Finish().ok());
    return bytes;
  }
  std::string Subscribe(const events::v1::SubscribeEventsRequest& request) const {
    EventsService::Stub stub(server_.channel());
    const auto context = Context();
    const auto reader = stub.SubscribeEvents(context.get(), request);
    std::string bytes;
    events::v1::SubscribeEventsResponse response;
    while (reader->Read(&response) && !response.has_caught_up()) {
      bytes += response.SerializeAsString();
    }
    context->TryCancel();
    return bytes;
  }
  // It tells of the key, and nothing of its secret.
  void ExpectClean(const std::string& bytes) const {
    EXPECT_THAT(bytes, HasSubstr(key_));
    for (const std::string& hash : hashes_) {
      EXPECT_THAT(bytes, Not(HasSubstr(hash)));
      EXPECT_THAT(bytes, Not(HasSubstr(absl::BytesToHexString(hash))));
      EXPECT_THAT(bytes, Not(HasSubstr(absl::Base64Escape(hash))));
      EXPECT_THAT(bytes, Not(HasSubstr(absl::WebSafeBase64Escape(hash))));
    }
    EXPECT_THAT(bytes, Not(HasSubstr("secret_hash")));
  }

  testing::TestServer server_;
  std::string key_;
  std::vector<std::string> hashes_;
};

TEST_F(Secrets, StandInTheLog) {
  const auto& log = server_.runtime().log;
  std::string bytes;
  for (uint64_t position = 1; position <= log.head().value(); ++position) {
    bytes += (*log.ReadAt(Position(position), eventstore::ReadTier::kDisk))->payload;
  }
  for (const std::string& hash : hashes_) {
    EXPECT_THAT(bytes, HasSubstr(hash)) << "what is looked for below is what there is";
  }
}

TEST_F(Secrets, AreToldByNoEvent) {
  for (const bool as_json : {false, true}) {
    events::v1::ReadEventsRequest read;
    read.set_payload_as_json(as_json);
    ExpectClean(Read(read));
    read.set_backwards(true);
    read.set_stream("workspaces/1");
    ExpectClean(Read(read));
    events::v1::SubscribeEventsRequest follow;
    follow.set_payload_as_json(as_json);
    ExpectClean(Subscribe(follow));
  }
}

TEST_F(Secrets, AreToldByNoHistoryAndNoList) {
  ExpectClean(server_.Call(&WorkspacesService::Stub::ListWorkspaceRevisions, {})
                  .response.SerializeAsString());
  ExpectClean(server_.Call(&WorkspacesService::Stub::ListApiKeys, {}).response.SerializeAsString());
}

// What a method tells has no room for any.
TEST_F(Secrets, HaveNoPlaceInAReply) {
  size_t replies = 0;
  for (const auto& [name, method] : server_.methods().methods()) {
    ++replies;
    EXPECT_FALSE(HasSecrets(*method->method().descriptor->output_type())) << name;
  }
  EXPECT_GT(replies, 50u);
  EXPECT_TRUE(HasSecrets(*workspaces::v1::WorkspaceEvent::descriptor()));
}

}  // namespace
}  // namespace kith::server
