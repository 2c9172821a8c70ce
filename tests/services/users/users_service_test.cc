// Users over gRPC, against a whole server over a log in memory.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "projections/engine/read_guard.h"
#include "services/core/resource_events.h"
#include "services/runtime/resources/revisions.h"
#include "services/users/user.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::users {
namespace {

using Stub = v1::UsersService::Stub;

class UsersServiceTest : public ::testing::Test {
 protected:
  std::string Create(absl::string_view user) {
    v1::CreateUserRequest request;
    *request.mutable_user() = testing::Proto<v1::User>(user);
    const auto created = server_.Call(&Stub::CreateUser, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }

  testing::TestServer server_;
};

TEST_F(UsersServiceTest, FindsUsersByTheirNormalForms) {
  const std::string moses =
      Create(R"pb(display_name: "Moses Frase" office: "Central" email: "Moses@Example.org")pb");
  Create(R"pb(display_name: "Anna Snelling" office: "West")pb");
  for (const char* const filter :
       {R"(office = "central")", R"(display_name = "moses*")", R"(email = "moses@example.ORG")"}) {
    v1::ListUsersRequest list;
    list.set_filter(filter);
    const auto listed = server_.Call(&Stub::ListUsers, list);
    ASSERT_EQ(listed->users_size(), 1) << filter << listed.reason();
    EXPECT_EQ(listed->users(0).name(), moses);
  }
}

// Whatever is written of it, it is one address, and of one user who is there.
TEST_F(UsersServiceTest, RefusesAnAddressThatAnotherHas) {
  const std::string moses = Create(R"pb(display_name: "Moses" email: "Moses@Example.org")pb");
  v1::CreateUserRequest create;
  *create.mutable_user() = testing::Proto<v1::User>(R"pb(display_name: "Anna"
                                                         email: "moses@EXAMPLE.org")pb");
  const auto refused = server_.Call(&Stub::CreateUser, create);
  EXPECT_EQ(refused.reason(), "EMAIL_TAKEN");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(refused.metadata("user"), moses);
  EXPECT_EQ(refused.metadata("field"), "user.email");
  EXPECT_EQ(refused.detail<google::rpc::ResourceInfo>().resource_name(), moses);

  v1::UpdateUserRequest update;
  *update.mutable_user() = testing::Proto<v1::User>(R"pb(email: "moses@example.org")pb");
  update.mutable_user()->set_name(moses);
  EXPECT_EQ(server_.Call(&Stub::UpdateUser, update).reason(), "") << "it is their own";
  update.mutable_user()->set_name(Create(R"pb(display_name: "Anna")pb"));
  EXPECT_EQ(server_.Call(&Stub::UpdateUser, update).reason(), "EMAIL_TAKEN");
  Create(R"pb(display_name: "Nobody's address")pb");

  v1::DeleteUserRequest remove;
  remove.set_name(moses);
  ASSERT_EQ(server_.Call(&Stub::DeleteUser, remove).reason(), "");
  EXPECT_EQ(server_.Call(&Stub::UpdateUser, update).reason(), "") << "they are not there any more";
  v1::UndeleteUserRequest undelete;
  undelete.set_name(moses);
  EXPECT_EQ(server_.Call(&Stub::UndeleteUser, undelete).metadata("user"), update.user().name());
}

// Goal: two who had one address before it was refused are read as ever, and go apart.
TEST_F(UsersServiceTest, ReadsThoseWhoSharedAnAddressBefore) {
  runtime::Origin origin;
  origin.caller = server_.runtime().authorizer->Authenticate(server_.secret());
  const std::vector<std::string> names = {"users/01J00000000000000000000001",
                                          "users/01J00000000000000000000002"};
  for (const std::string& name : names) {
    const auto user = testing::Proto<v1::User>(R"pb(display_name: "A" email: "a@example.org")pb");
    const auto record = [&](runtime::Loader&, const CommandContext&) -> Decision {
      return Changes().Append(name, CreatedEvent<v1::UserEvent>(name, user));
    };
    ASSERT_TRUE(server_.runtime().transact.RunAndWait(origin, server_.workspace(), record).ok());
  }
  v1::ListUsersRequest list;
  list.set_filter(R"(email = "a@example.org")");
  EXPECT_EQ(server_.Call(&Stub::ListUsers, list)->users_size(), 2);
  v1::UpdateUserRequest update;
  update.mutable_user()->set_name(names[0]);
  update.mutable_user()->set_office("West");
  EXPECT_EQ(server_.Call(&Stub::UpdateUser, update).reason(), "");
  update.mutable_user()->set_email("other@example.org");
  EXPECT_EQ(server_.Call(&Stub::UpdateUser, update).reason(), "");
  EXPECT_EQ(server_.Call(&Stub::ListUsers, list)->users_size(), 1);
}

// A history may be long, and is folded from its beginning.
TEST_F(UsersServiceTest, EndsAListOfRevisionsUnderTheGuardOfItsRead) {
  v1::UpdateUserRequest update;
  update.mutable_user()->set_name(Create(R"pb(display_name: "Moses Frase")pb"));
  for (int i = 0; i < 300; ++i) {
    update.mutable_user()->set_office(absl::StrCat(i));
    ASSERT_EQ(server_.Call(&Stub::UpdateUser, update).reason(), "");
  }
  const runtime::Runtime& runtime = server_.runtime();
  const runtime::RevisionLister lister(
      Rules(), runtime.log, runtime.registry,
      *v1::ListUserRevisionsRequest::descriptor()->file()->service(0)->FindMethodByName(
          "ListUserRevisions"));
  v1::ListUserRevisionsRequest ask;
  ask.set_name(update.user().name());
  // The view is there.
  EXPECT_EQ(server_.Call(&Stub::ListUserRevisions, ask)->revisions_size(), 50);
  const auto list = [&](projections::ReadGuard& guard) {
    const projections::ViewSnapshot view =
        runtime.views.Find("user_directory").Latest().Guarded(guard);
    const auto caller = runtime.authorizer->Authenticate(server_.secret());
    const runtime::ReadContext context{*caller,
                                       *runtime.authorizer,
                                       runtime.log,
                                       absl::MakeConstSpan(&view, 1),
                                       eventstore::ReadTier::kDisk,
                                       server_.clock().Now(),
                                       runtime.keys,
                                       ""};
    v1::ListUserRevisionsResponse page;
    return lister.Run(context, ask, &page);
  };
  bool is_gone = false;
  const auto interrupted = [&] { return is_gone ? absl::CancelledError() : absl::OkStatus(); };
  projections::ReadGuard wide(interrupted);
  EXPECT_EQ(list(wide), absl::OkStatus());
  projections::ReadGuard few_rows(interrupted, {.rows = 290});
  EXPECT_TRUE(IsError(list(few_rows), type::v1::ERROR_LIMIT_REACHED));
  projections::ReadGuard few_bytes(interrupted, {.bytes = 1'000});
  EXPECT_TRUE(IsError(list(few_bytes), type::v1::ERROR_LIMIT_REACHED));
  is_gone = true;
  projections::ReadGuard left(interrupted);
  EXPECT_EQ(list(left), absl::CancelledError());
}

}  // namespace
}  // namespace kith::users
