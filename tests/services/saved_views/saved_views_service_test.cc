// Saved views over gRPC: what is their own. What every resource does is asked in tests/conformance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/saved_views/v1/saved_views_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::saved_views {
namespace {

using ::kith::testing::Proto;
using ::kith::testing::Reply;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Stub = v1::SavedViewsService::Stub;

class SavedViewsServiceTest : public ::testing::Test {
 protected:
  Reply<v1::SavedView> Create(absl::string_view saved_view) {
    v1::CreateSavedViewRequest request;
    *request.mutable_saved_view() = Proto<v1::SavedView>(saved_view);
    return server_.Call(&Stub::CreateSavedView, request);
  }
  Reply<v1::SavedView> Update(const std::string& name, absl::string_view saved_view) {
    v1::UpdateSavedViewRequest request;
    *request.mutable_saved_view() = Proto<v1::SavedView>(saved_view);
    request.mutable_saved_view()->set_name(name);
    return server_.Call(&Stub::UpdateSavedView, request);
  }
  Reply<v1::SavedView> Get(const std::string& name) {
    v1::GetSavedViewRequest request;
    request.set_name(name);
    return server_.Call(&Stub::GetSavedView, request);
  }
  std::vector<std::string> Find(const std::string& filter) {
    v1::ListSavedViewsRequest request;
    request.set_filter(filter);
    request.set_order_by("display_name");
    const auto page = server_.Call(&Stub::ListSavedViews, request);
    EXPECT_EQ(page.reason(), "");
    std::vector<std::string> names;
    for (const auto& each : page->saved_views()) names.push_back(each.display_name());
    return names;
  }
  std::string NewUser(const std::string& display_name) {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name(display_name);
    return server_.Call(&users::v1::UsersService::Stub::CreateUser, request)->name();
  }

  testing::TestServer server_;
};

TEST_F(SavedViewsServiceTest, AreFoundByWhatTheyListAndWhoseTheyAre) {
  const std::string ada = NewUser("Ada");
  ASSERT_EQ(
      Create(absl::StrCat(R"pb(display_name: "Älteste" resource: "deals" owner: ")pb", ada, "\""))
          .reason(),
      "");
  ASSERT_EQ(Create(R"pb(display_name: "Alle" resource: "deals" shared: true)pb").reason(), "");
  ASSERT_EQ(Create(R"pb(display_name: "Leads" resource: "contacts" shared: true)pb").reason(), "");
  EXPECT_THAT(Find("resource = deals"), ElementsAre("Alle", "Älteste"));
  EXPECT_THAT(Find("shared = true"), ElementsAre("Alle", "Leads"));
  EXPECT_THAT(Find(absl::StrCat("owner = \"", ada, "\"")), ElementsAre("Älteste"));
  EXPECT_THAT(Find("display_name = \"altest*\""), ElementsAre("Älteste"));
}

TEST_F(SavedViewsServiceTest, KeepWhatTheyShowInItsOrder) {
  const auto made =
      Create(R"pb(display_name: "Closing next"
                  resource: "deals"
                  filter: "status = OPEN AND (expected_close_date < today+30d OR NOT owner:*)"
                  order_by: "expected_close_date desc"
                  columns: "display_name"
                  columns: "custom.seats"
                  columns: "name")pb");
  ASSERT_EQ(made.reason(), "");
  EXPECT_THAT(Get(made->name())->columns(), ElementsAre("display_name", "custom.seats", "name"));
}

TEST_F(SavedViewsServiceTest, ListOnlyWhatTheServerLists) {
  const auto refused = Create(R"pb(display_name: "Mine" resource: "cats" columns: "fur")pb");
  EXPECT_EQ(refused.reason(), "UNKNOWN_COLLECTION");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.fields(), ElementsAre("saved_view.resource"));
  // Those that are registered, itself among them; interactions are no resource with a list.
  EXPECT_THAT(refused.metadata("collections"),
              AllOf(HasSubstr("contacts, "), HasSubstr("savedViews"), Not(HasSubstr("inter"))));
}

TEST_F(SavedViewsServiceTest, ShowOnlyFieldsThatThereAre) {
  const auto refused = Create(R"pb(display_name: "Mine"
                                   resource: "users"
                                   columns: "display_name"
                                   columns: "custom.seats"
                                   columns: "fur")pb");
  EXPECT_EQ(refused.reason(), "UNKNOWN_COLUMN");
  EXPECT_THAT(refused.fields(), ElementsAre("saved_view.columns[1]", "saved_view.columns[2]"));
  EXPECT_THAT(refused.metadata("fields"), StartsWith("name, etag, display_name, email, office, "));
  // What fits one collection need not fit another.
  const auto made = Create(R"pb(display_name: "Mine" resource: "deals" columns: "amount")pb");
  ASSERT_EQ(made.reason(), "");
  EXPECT_EQ(Update(made->name(), R"pb(resource: "users")pb").reason(), "UNKNOWN_COLUMN");
}

TEST_F(SavedViewsServiceTest, AskOnlyWhatTheListTakes) {
  const auto refused =
      Create(R"pb(display_name: "Mine" resource: "users" filter: "fur = grey" order_by: "fur")pb");
  EXPECT_EQ(refused.reason(), "CANNOT_BE_LISTED");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.fields(), ElementsAre("saved_view.filter", "saved_view.order_by"));
  EXPECT_THAT(refused.status.error_message(), HasSubstr("fur"));
}

TEST_F(SavedViewsServiceTest, AreRefusedWhereTheyCannotBeRead) {
  const auto refused = Create(R"pb(display_name: "Mine"
                                   resource: "no list"
                                   filter: "owner = "
                                   order_by: "owner sideways"
                                   columns: "Full Name")pb");
  EXPECT_EQ(refused.reason(), "INVALID_FIELD");
  EXPECT_THAT(refused.fields(), ElementsAre("saved_view.resource", "saved_view.filter",
                                            "saved_view.order_by", "saved_view.columns[0]"));
}

TEST_F(SavedViewsServiceTest, ShowAFieldOnce) {
  const auto refused = Create(R"pb(display_name: "Mine"
                                   resource: "deals"
                                   columns: "name"
                                   columns: "amount"
                                   columns: "name")pb");
  EXPECT_EQ(refused.reason(), "INVALID_FIELD");
  EXPECT_THAT(refused.fields(), ElementsAre("saved_view.columns[2]"));
}

TEST_F(SavedViewsServiceTest, AreNobodysWhenTheirOwnerGoes) {
  const std::string ada = NewUser("Ada");
  const auto mine =
      Create(absl::StrCat(R"pb(display_name: "Mine" resource: "deals" owner: ")pb", ada, "\""));
  ASSERT_EQ(mine.reason(), "");
  users::v1::DeleteUserRequest deletion;
  deletion.set_name(ada);
  ASSERT_EQ(server_.Call(&users::v1::UsersService::Stub::DeleteUser, deletion).reason(), "");
  const auto left = Get(mine->name());
  EXPECT_EQ(left.reason(), "");
  EXPECT_EQ(left->owner(), "");
  EXPECT_EQ(left->display_name(), "Mine");
}

}  // namespace
}  // namespace kith::saved_views
