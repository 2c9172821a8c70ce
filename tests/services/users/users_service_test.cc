// Users over gRPC, against a whole server over a log in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "projections/engine/read_guard.h"
#include "services/runtime/resources/revisions.h"
#include "services/users/user.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::users {
namespace {

using ::kith::testing::Proto;
using ::kith::testing::Reply;
using Stub = v1::UsersService::Stub;

class UsersServiceTest : public ::testing::Test {
 protected:
  Reply<v1::User> Create(absl::string_view user) {
    v1::CreateUserRequest request;
    *request.mutable_user() = Proto<v1::User>(user);
    return server_.Call(&Stub::CreateUser, request);
  }
  Reply<v1::User> Get(const std::string& name) {
    v1::GetUserRequest request;
    request.set_name(name);
    return server_.Call(&Stub::GetUser, request);
  }

  testing::TestServer server_;
};

TEST_F(UsersServiceTest, LeadsAUserThroughItsLife) {
  const auto created = Create(R"pb(display_name: "Moses Frase" office: "Central")pb");
  ASSERT_EQ(created.reason(), "");
  EXPECT_EQ(Get(created->name())->SerializeAsString(), created->SerializeAsString());

  v1::UpdateUserRequest update;
  update.mutable_user()->set_name(created->name());
  update.mutable_user()->set_office("West");
  const auto updated = server_.Call(&Stub::UpdateUser, update);
  ASSERT_EQ(updated.reason(), "");
  EXPECT_EQ(updated->office(), "West");
  EXPECT_EQ(updated->display_name(), "Moses Frase");
  EXPECT_EQ(updated->etag(), "2");

  v1::ListUsersRequest list;
  list.set_filter(R"(office = "west")");
  const auto listed = server_.Call(&Stub::ListUsers, list);
  ASSERT_EQ(listed->users_size(), 1);
  EXPECT_EQ(listed->users(0).name(), created->name());

  v1::DeleteUserRequest remove;
  remove.set_name(created->name());
  EXPECT_EQ(server_.Call(&Stub::DeleteUser, remove).reason(), "");
  EXPECT_EQ(Get(created->name()).reason(), "USER_NOT_FOUND");
}

TEST_F(UsersServiceTest, BringsADeletedUserBack) {
  const std::string moses = Create(R"pb(display_name: "Moses Frase")pb")->name();
  const std::string anna = Create(R"pb(display_name: "Anna Snelling")pb")->name();
  v1::DeleteUserRequest remove;
  for (const std::string& name : {moses, anna}) {
    server_.clock().Advance(absl::Hours(24));
    remove.set_name(name);
    EXPECT_EQ(server_.Call(&Stub::DeleteUser, remove).reason(), "");
  }
  const auto deleted = [&] {
    std::vector<std::string> names;
    const auto listed = server_.Call(&Stub::ListDeletedUsers, v1::ListDeletedUsersRequest());
    EXPECT_EQ(listed->next_page_token(), "");
    for (const v1::User& user : listed->users()) names.push_back(user.display_name());
    return names;
  };
  EXPECT_THAT(deleted(), ::testing::ElementsAre("Anna Snelling", "Moses Frase"));

  v1::UndeleteUserRequest undelete;
  undelete.set_name(anna);
  const auto back = server_.Call(&Stub::UndeleteUser, undelete);
  EXPECT_EQ(back.reason(), "");
  EXPECT_EQ(back->display_name(), "Anna Snelling");
  EXPECT_FALSE(back->has_delete_time());
  EXPECT_EQ(Get(anna)->SerializeAsString(), back->SerializeAsString());
  EXPECT_THAT(deleted(), ::testing::ElementsAre("Moses Frase"));
  // After 30 days nobody is reminded of it.
  server_.clock().Advance(absl::Hours(24 * 29 - 1));
  EXPECT_THAT(deleted(), ::testing::ElementsAre("Moses Frase"));
  server_.clock().Advance(absl::Hours(2));
  EXPECT_THAT(deleted(), ::testing::IsEmpty());
}

TEST_F(UsersServiceTest, ReadsManyAtOnceAndSaysWhoIsMissing) {
  const std::string moses = Create(R"pb(display_name: "Moses Frase")pb")->name();
  const std::string anna = Create(R"pb(display_name: "Anna Snelling")pb")->name();
  v1::BatchGetUsersRequest request;
  request.add_names(anna);
  request.add_names("users/01J00000000000000000000000");
  request.add_names(moses);
  request.add_names(anna);
  const auto got = server_.Call(&Stub::BatchGetUsers, request);
  ASSERT_EQ(got.reason(), "");
  ASSERT_EQ(got->users_size(), 3);
  EXPECT_EQ(got->users(0).display_name(), "Anna Snelling");
  EXPECT_EQ(got->users(1).display_name(), "Moses Frase");
  EXPECT_EQ(got->users(2).name(), anna);
  EXPECT_THAT(got->missing(), ::testing::ElementsAre("users/01J00000000000000000000000"));
  EXPECT_EQ(got->left_out_size(), 0);
  request.add_names("people/7");
  EXPECT_THAT(server_.Call(&Stub::BatchGetUsers, request).fields(),
              ::testing::ElementsAre("names[4]"));
}

class UserRevisionsTest : public UsersServiceTest {
 protected:
  void Update(absl::string_view user) {
    v1::UpdateUserRequest update;
    *update.mutable_user() = Proto<v1::User>(user);
    update.mutable_user()->set_name(name_);
    EXPECT_EQ(server_.Call(&Stub::UpdateUser, update).reason(), "");
  }
  void Delete() {
    v1::DeleteUserRequest remove;
    remove.set_name(name_);
    remove.set_request_id("gone-1");
    EXPECT_EQ(server_.Call(&Stub::DeleteUser, remove).reason(), "");
  }
  Reply<v1::ListUserRevisionsResponse> List() {
    return server_.Call(&Stub::ListUserRevisions, ask_);
  }
  // "2 user_updated office" of each, by pages.
  std::vector<std::string> All() {
    std::vector<std::string> all;
    do {
      const auto page = List();
      EXPECT_EQ(page.reason(), "");
      for (const v1::UserRevision& one : page->revisions()) {
        all.push_back(absl::StrCat(one.revision().etag(), " ", one.revision().type(), " ",
                                   absl::StrJoin(one.revision().changed().paths(), ",")));
      }
      ask_.set_page_token(page->next_page_token());
    } while (!ask_.page_token().empty());
    return all;
  }
  void Live() {
    ask_.set_name(name_);
    Update(R"pb(office: "West")pb");
    Update(R"pb(email: "moses@example.org" office: "East")pb");
    Update(R"pb(email: "m@example.org")pb");
    Delete();
  }

  const std::string name_ = Create(R"pb(display_name: "Moses Frase" office: "Central")pb")->name();
  v1::ListUserRevisionsRequest ask_;
};

TEST_F(UserRevisionsTest, TellEachChangeTheLastOneFirst) {
  Live();
  EXPECT_THAT(All(), ::testing::ElementsAre("5 user_deleted delete_time", "4 user_updated email",
                                            "3 user_updated email,office", "2 user_updated office",
                                            "1 user_created display_name,office"));
  const auto page = List();
  const v1::UserRevision& gone = page->revisions(0);
  EXPECT_EQ(gone.revision().request_id(), "gone-1");
  EXPECT_NE(gone.revision().actor(), "");
  EXPECT_TRUE(gone.revision().has_record_time() && gone.revision().has_occur_time());
  EXPECT_GT(gone.revision().sequence(), page->revisions(1).revision().sequence());
  const v1::UserRevision& moved = page->revisions(2);
  EXPECT_EQ(moved.before().ShortDebugString(), R"(office: "West")");
  EXPECT_EQ(moved.after().ShortDebugString(), R"(email: "moses@example.org" office: "East")");
}

TEST_F(UserRevisionsTest, ComeByPagesAndByField) {
  Live();
  ask_.set_page_size(2);
  EXPECT_EQ(All().size(), 5u);
  ask_.set_field("office");
  EXPECT_THAT(All(), ::testing::ElementsAre("3 user_updated email,office", "2 user_updated office",
                                            "1 user_created display_name,office"));
  ask_.set_page_size(1);
  EXPECT_EQ(All().size(), 3u);
  ask_.set_field("shoe_size");
  EXPECT_THAT(List().fields(), ::testing::ElementsAre("field"));
}

TEST_F(UserRevisionsTest, AreThoseOfTheMomentTheyAreAskedFor) {
  ask_.set_name(name_);
  const auto then = List();
  Live();
  ask_.mutable_read()->set_token(then.token);
  EXPECT_THAT(All(), ::testing::ElementsAre("1 user_created display_name,office"));
  ask_.set_name("users/01J00000000000000000000000");
  EXPECT_EQ(List().reason(), "USER_NOT_FOUND");
}

// A history may be long, and is folded from its beginning.
TEST_F(UserRevisionsTest, EndUnderTheGuardOfTheirRead) {
  for (int i = 0; i < 300; ++i) Update(absl::StrCat("office: '", i, "'"));
  const runtime::Runtime& runtime = server_.runtime();
  const runtime::ResourceType users{.rules = &Rules()};
  const runtime::RevisionLister lister(
      users, runtime.log, runtime.registry,
      *v1::ListUserRevisionsRequest::descriptor()->file()->service(0)->FindMethodByName(
          "ListUserRevisions"));
  ask_.set_name(name_);
  EXPECT_EQ(List()->revisions_size(), 50);  // the view is there
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
    return lister.Run(context, ask_, &page);
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

TEST_F(UsersServiceTest, RefusesAUserWithoutAName) {
  const auto refused = Create(R"pb(office: "Central" email: "nowhere")pb");
  EXPECT_EQ(refused.reason(), "INVALID_FIELD");
  EXPECT_EQ(refused.fields().size(), 2u);
}

}  // namespace
}  // namespace kith::users
