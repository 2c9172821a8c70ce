// What a caller without the groups PERSONAL and MONEY does not find out by what is no standard
// method, nor by what people are called. That of standard methods is asked in tests/conformance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/forecast/v1/forecast_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith {
namespace {

using contacts::v1::ContactsService;
using deals::v1::DealsService;
using forecast::v1::ForecastService;
using interactions::v1::InteractionsService;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Proto;

class FieldGroupsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto role =
        server_.Call(&roles::v1::RolesService::Stub::CreateRole,
                     Proto<roles::v1::CreateRoleRequest>(
                         "role { display_name: 'Plain' grants { permission: '*' scope: ALL } }"));
    users::v1::CreateUserRequest user;
    user.mutable_user()->set_display_name("Greta Hollander");
    user.mutable_user()->set_email("greta@example.com");
    user.mutable_user()->add_roles(role->name());
    greta_ = server_.Call(&users::v1::UsersService::Stub::CreateUser, user)->name();
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Greta's");
    key.mutable_api_key()->set_user(greta_);
    key.mutable_api_key()->add_permissions("*");
    key_ = server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
    deals::v1::CreateDealRequest deal;
    *deal.mutable_deal() = Proto<deals::v1::Deal>(
        "display_name: 'Crane' pipeline: 'pipelines/default' "
        "amount { currency_code: 'EUR' units: 100 }");
    deal.mutable_deal()->set_owner(greta_);
    deal_ = server_.Call(&DealsService::Stub::CreateDeal, deal)->name();
  }
  testing::Reply<deals::v1::ListDealsResponse> ListDeals(const std::string& filter) {
    deals::v1::ListDealsRequest request;
    request.set_filter(filter);
    return server_.CallWith(key_, &DealsService::Stub::ListDeals, request);
  }

  testing::TestServer server_;
  std::string greta_;
  std::string deal_;
  std::string key_;  // Greta's, whose role has neither group
};

TEST_F(FieldGroupsTest, AreOfWhatAForecastIsComparedWith) {
  forecast::v1::QueryForecastRequest request;
  EXPECT_EQ(server_.CallWith(key_, &ForecastService::Stub::QueryForecast, request).reason(), "");
  *request.mutable_quota() = Proto<google::type::Money>("currency_code: 'EUR' units: 50");
  EXPECT_EQ(server_.Call(&ForecastService::Stub::QueryForecast, request).reason(), "");
  const auto refused = server_.CallWith(key_, &ForecastService::Stub::QueryForecast, request);
  EXPECT_EQ(refused.reason(), "PERMISSION_DENIED");
  EXPECT_EQ(refused.metadata("field"), "quota");
}

// Goal: a guess is not confirmed by a change that makes none.
TEST_F(FieldGroupsTest, AreOfWhatACommandChanges) {
  deals::v1::WinDealRequest win;
  win.set_name(deal_);
  *win.mutable_amount() = Proto<google::type::Money>("currency_code: 'EUR' units: 100");
  EXPECT_EQ(server_.CallWith(key_, &DealsService::Stub::WinDeal, win).metadata("field"), "amount");
  win.clear_amount();
  EXPECT_EQ(server_.CallWith(key_, &DealsService::Stub::WinDeal, win).reason(), "");

  interactions::v1::RecordInteractionRequest record;
  record.set_parent(deal_);
  record.mutable_interaction()->set_kind(interactions::v1::NOTE);
  record.mutable_interaction()->set_subject("Lunch");
  const auto recorded =
      server_.CallWith(key_, &InteractionsService::Stub::RecordInteraction, record);
  ASSERT_EQ(recorded.reason(), "") << "what somebody brings they may say";
  interactions::v1::AmendInteractionRequest amend;
  amend.mutable_interaction()->set_name(recorded->name());
  amend.mutable_interaction()->set_subject("Lunch");
  const auto refused = server_.CallWith(key_, &InteractionsService::Stub::AmendInteraction, amend);
  EXPECT_EQ(refused.reason(), "PERMISSION_DENIED");
  EXPECT_EQ(refused.metadata("field"), "interaction.subject");
}

TEST_F(FieldGroupsTest, AreOfWhatPeopleAreCalled) {
  const std::string id = greta_.substr(greta_.find('/') + 1);
  EXPECT_EQ(ListDeals("owner = " + id)->deals_size(), 1);
  for (const char* const called : {"'Greta Hollander'", "'greta@example.com'", "'Nobody'"}) {
    const auto refused = ListDeals(absl::StrCat("owner = ", called));
    EXPECT_EQ(refused.reason(), "UNKNOWN_ALIAS") << called;
    EXPECT_THAT(refused.status.error_message(), HasSubstr("none of the users has it as id, at"));
  }
  EXPECT_EQ(ListDeals("stage = 'Nowhere'").reason(), "UNKNOWN_ALIAS");
  EXPECT_EQ(ListDeals("pipeline = Sales").reason(), "") << "what is nobody's";
}

}  // namespace
}  // namespace kith
