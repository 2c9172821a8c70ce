// A service that acts for a user: what both may do, and who is said to have done it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "absl/strings/str_cat.h"
#include "deploy/sdk/cpp/kith/session.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/test_server.h"

namespace kith::workspaces {
namespace {

using contacts::v1::ContactsService;
using kith::testing::Reply;
using kith::testing::TestServer;
using users::v1::UsersService;
using v1::WorkspacesService;

class OnBehalfOfTest : public ::testing::Test {
 protected:
  OnBehalfOfTest() {
    roles::v1::CreateRoleRequest request;
    request.mutable_role()->set_display_name("Own contacts");
    auto& grant = *request.mutable_role()->add_grants();
    grant.set_permission("contacts.*");
    grant.set_scope(roles::v1::OWN);
    own_ = server_.Call(&roles::v1::RolesService::Stub::CreateRole, request)->name();
    ada_ = CreateUser("Ada", own_);
    service_ = CreateKey({"*"});
  }

  std::string CreateUser(const std::string& name, const std::string& role) {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name(name);
    request.mutable_user()->add_roles(role);
    return server_.Call(&UsersService::Stub::CreateUser, request)->name();
  }
  v1::CreateApiKeyResponse CreateKey(const std::vector<std::string>& permissions,
                                     const std::string& user = "") {
    v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("Website");
    request.mutable_api_key()->set_user(user);
    for (const std::string& permission : permissions) {
      request.mutable_api_key()->add_permissions(permission);
    }
    const auto made = server_.Call(&WorkspacesService::Stub::CreateApiKey, request);
    EXPECT_EQ(made.reason(), "");
    return made.response;
  }
  template <class Stub, class Request, class Response>
  Reply<Response> CallFor(const std::string& user, const std::string& secret,
                          grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                       Response*),
                          const Request& request) {
    Stub stub(server_.channel());
    grpc::ClientContext context;
    context.AddMetadata("authorization", absl::StrCat("Bearer ", secret));
    context.AddMetadata("kith-on-behalf-of", user);
    Reply<Response> reply;
    reply.status = (stub.*method)(&context, request, &reply.response);
    reply.error.ParseFromString(reply.status.error_details());
    return reply;
  }
  Reply<contacts::v1::Contact> CreateContactFor(const std::string& user,
                                                const std::string& secret) {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Grace");
    request.mutable_contact()->set_owner(ada_);
    return CallFor(user, secret, &ContactsService::Stub::CreateContact, request);
  }
  std::string GetFor(const std::string& user, const std::string& contact) {
    contacts::v1::GetContactRequest request;
    request.set_name(contact);
    return CallFor(user, service_.secret(), &ContactsService::Stub::GetContact, request).reason();
  }

  TestServer server_;
  std::string own_;  // a role
  std::string ada_;
  v1::CreateApiKeyResponse service_;
};

TEST_F(OnBehalfOfTest, SaysBothWhoDidItAndForWhom) {
  const auto created = CreateContactFor(ada_, service_.secret());
  ASSERT_EQ(created.reason(), "");
  contacts::v1::ListContactRevisionsRequest request;
  request.set_name(created->name());
  for (int life = 0; life < 2; ++life) {
    const auto history = server_.Call(&ContactsService::Stub::ListContactRevisions, request);
    EXPECT_EQ("apiKeys/" + history->revisions(0).revision().actor(), service_.api_key().name());
    EXPECT_EQ(history->revisions(0).revision().on_behalf_of(), ada_);
    server_.Restart();
  }
  interactions::v1::ListTimelineRequest timeline;
  timeline.set_parent(created->name());
  const auto entries =
      server_.Call(&interactions::v1::InteractionsService::Stub::ListTimeline, timeline);
  EXPECT_EQ(entries->entries(0).on_behalf_of(), ada_);
  events::v1::EventsService::Stub stub(server_.channel());
  grpc::ClientContext context;
  context.AddMetadata("authorization", absl::StrCat("Bearer ", server_.secret()));
  events::v1::ReadEventsRequest read;
  read.mutable_filter()->set_stream_prefix("contacts/");
  const auto stream = stub.ReadEvents(&context, read);
  events::v1::ReadEventsResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.events(0).on_behalf_of(), ada_);
}

// Goal: nobody takes the first of several for the one that counts, whichever was meant.
TEST_F(OnBehalfOfTest, IsSaidOnceAsTheCredentialsAre) {
  const auto refused_with = [&](const std::vector<std::pair<std::string, std::string>>& metadata) {
    ContactsService::Stub stub(server_.channel());
    grpc::ClientContext context;
    for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
    Reply<contacts::v1::ListContactsResponse> reply;
    reply.status = stub.ListContacts(&context, {}, &reply.response);
    reply.error.ParseFromString(reply.status.error_details());
    return reply;
  };
  const std::string key = absl::StrCat("Bearer ", service_.secret());
  const std::string other = absl::StrCat("Bearer ", CreateKey({"*"}).secret());
  ASSERT_EQ(refused_with({{"authorization", key}, {"kith-on-behalf-of", ada_}}).reason(), "");
  for (const std::string& second : {other, key, std::string()}) {
    const auto twice = refused_with({{"authorization", key}, {"authorization", second}});
    EXPECT_EQ(twice.status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << second;
    EXPECT_THAT(twice.status.error_message(), ::testing::HasSubstr("once"));
  }
  for (const std::string& second : {CreateUser("Bob", own_), ada_, std::string()}) {
    const auto twice = refused_with(
        {{"authorization", key}, {"kith-on-behalf-of", ada_}, {"kith-on-behalf-of", second}});
    EXPECT_EQ(twice.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << second;
    EXPECT_THAT(twice.fields(), ::testing::ElementsAre("kith-on-behalf-of"));
  }
}

TEST_F(OnBehalfOfTest, RepeatsNoRequestForSomebodyElse) {
  const std::string contact = CreateContactFor(ada_, service_.secret())->name();
  const std::string bob = CreateUser("Bob", own_);
  contacts::v1::UpdateContactRequest update;
  update.mutable_contact()->set_name(contact);
  update.mutable_contact()->set_lifecycle_stage(contacts::v1::CUSTOMER);
  update.mutable_update_mask()->add_paths("lifecycle_stage");
  update.set_request_id("once");
  const auto update_for = [&](const std::string& user) {
    return CallFor(user, service_.secret(), &ContactsService::Stub::UpdateContact, update);
  };
  ASSERT_EQ(update_for(ada_).reason(), "");
  EXPECT_EQ(update_for(ada_)->lifecycle_stage(), contacts::v1::CUSTOMER);
  const auto told = update_for(bob);
  EXPECT_EQ(told.reason(), "REQUEST_ID_REUSED");
  EXPECT_EQ(told.response.ByteSizeLong(), 0u);
}

TEST_F(OnBehalfOfTest, GrantsWhatBothAreGranted) {
  const std::string auditor = CreateUser("Carl", "roles/auditor");
  EXPECT_EQ(CreateContactFor(auditor, service_.secret()).reason(), "PERMISSION_DENIED")
      << "the user may not";
  const auto narrow = CreateKey({"contacts.read", "users.impersonate"});
  EXPECT_EQ(CreateContactFor(ada_, narrow.secret()).reason(), "PERMISSION_DENIED")
      << "the key may not";
  // Records that the user does not see are not there, though the key by itself sees all.
  contacts::v1::CreateContactRequest request;
  request.mutable_contact()->set_first_name("Grace");
  const auto others = server_.Call(&ContactsService::Stub::CreateContact, request);
  EXPECT_EQ(GetFor(ada_, others->name()), "CONTACT_NOT_FOUND");
  EXPECT_EQ(GetFor(ada_, CreateContactFor(ada_, service_.secret())->name()), "");
  // Nor what reaches across workspaces.
  EXPECT_EQ(CallFor(ada_, server_.secret(), &WorkspacesService::Stub::ListWorkspaces, {}).reason(),
            "PERMISSION_DENIED");
}

TEST_F(OnBehalfOfTest, AsksForAPermissionOfAService) {
  const auto without = CreateKey({"contacts.*"});
  const auto refused = CreateContactFor(ada_, without.secret());
  EXPECT_EQ(refused.reason(), "PERMISSION_DENIED");
  EXPECT_EQ(refused.metadata("permission"), "users.impersonate");
  const auto own = CreateKey({"*"}, CreateUser("Root", "roles/admin"));
  EXPECT_EQ(CreateContactFor(ada_, own.secret()).reason(), "PERMISSION_DENIED")
      << "a user acts for nobody else";
}

TEST_F(OnBehalfOfTest, RefusesUsersWhoAreNotThere) {
  for (const std::string& nobody : {std::string("users/01M842D8ARKKGN3MB7GYD26GXX"),
                                    std::string("Ada"), std::string("a\x01")}) {
    if (nobody.back() < ' ') continue;  // gRPC itself refuses it
    const auto refused = CreateContactFor(nobody, service_.secret());
    EXPECT_EQ(refused.reason(), "ON_BEHALF_OF_NOBODY");
    EXPECT_EQ(refused.metadata("user"), nobody);
  }
  EXPECT_EQ(CreateContactFor("", service_.secret()).reason(), "ON_BEHALF_OF_NOBODY")
      << "a service that forgot for whom does not act by itself";
  const auto created = CreateContactFor(ada_, service_.secret());
  users::v1::DeactivateUserRequest deactivate;
  deactivate.set_name(CreateUser("Bob", own_));
  EXPECT_EQ(GetFor(deactivate.name(), created->name()), "CONTACT_NOT_FOUND");
  ASSERT_EQ(server_.Call(&UsersService::Stub::DeactivateUser, deactivate).reason(), "");
  EXPECT_EQ(GetFor(deactivate.name(), created->name()), "ON_BEHALF_OF_NOBODY");
  users::v1::ActivateUserRequest activate;
  activate.set_name(deactivate.name());
  ASSERT_EQ(server_.Call(&UsersService::Stub::ActivateUser, activate).reason(), "");
  EXPECT_EQ(GetFor(deactivate.name(), created->name()), "CONTACT_NOT_FOUND");
}

// Goal: acting for somebody is no way to more than they have.
TEST_F(OnBehalfOfTest, MakesNoKeysThatTheUserCouldNotMake) {
  v1::CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name("More");
  request.mutable_api_key()->add_permissions("*");
  const std::string keeper = CreateUser("Keeper", "roles/sales-rep");
  EXPECT_EQ(
      CallFor(keeper, service_.secret(), &WorkspacesService::Stub::CreateApiKey, request).reason(),
      "PERMISSION_DENIED");
  const std::string admin = CreateUser("Admin", "roles/admin");
  EXPECT_EQ(
      CallFor(admin, service_.secret(), &WorkspacesService::Stub::CreateApiKey, request).reason(),
      "");
  const auto narrow = CreateKey({"workspaces.write", "users.impersonate"});
  EXPECT_EQ(
      CallFor(admin, narrow.secret(), &WorkspacesService::Stub::CreateApiKey, request).reason(),
      "PERMISSION_NOT_GRANTED");
}

TEST_F(OnBehalfOfTest, GoesWithEachCallOfASession) {
  const std::string bob = CreateUser("Bob", own_);
  const auto session = sdk::Session::Open(server_.channel(), {.key = service_.secret()});
  const std::string contact = CreateContactFor(ada_, service_.secret())->name();
  std::vector<int> codes;
  for (const std::string& user : {ada_, bob, std::string()}) {
    contacts::v1::GetContactRequest request;
    request.set_name(contact);
    contacts::v1::Contact got;
    std::promise<int> code;
    session->Call(request, &got,
                  [&](const sdk::Outcome& told) { code.set_value(told.status.code()); },
                  {.on_behalf_of = user});
    codes.push_back(code.get_future().get());
  }
  EXPECT_THAT(codes, ::testing::ElementsAre(0, grpc::StatusCode::NOT_FOUND, 0));
}

}  // namespace
}  // namespace kith::workspaces
