// Who is told of deals, over the whole server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "eventstore/base/proto_time.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/notifications/v1/notifications_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "tests/testing/await.h"
#include "tests/testing/members.h"
#include "tests/testing/test_server.h"

namespace kith::notifications {
namespace {

using deals::v1::DealsService;
using users::v1::UsersService;
using Stub = v1::NotificationsService::Stub;

class DealNoticesTest : public ::testing::Test {
 protected:
  DealNoticesTest()
      : server_(nullptr, [](runtime::ServerOptions& options) {
          options.policies.turn = absl::Milliseconds(1);
          options.policies.gather = absl::ZeroDuration();
        }) {}

  std::string CreateUser(absl::string_view display_name) {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name(std::string(display_name));
    return server_.Call(&UsersService::Stub::CreateUser, request)->name();
  }
  std::string CreateDeal(absl::string_view owner) {
    deals::v1::CreateDealRequest request;
    request.mutable_deal()->set_display_name("Aspen");
    request.mutable_deal()->set_owner(std::string(owner));
    const auto created = server_.Call(&DealsService::Stub::CreateDeal, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  void SetOwner(const std::string& deal, const std::string& owner) {
    deals::v1::UpdateDealRequest request;
    request.mutable_deal()->set_name(deal);
    request.mutable_deal()->set_owner(owner);
    EXPECT_EQ(server_.Call(&DealsService::Stub::UpdateDeal, request).reason(), "");
  }
  void Win(const std::string& deal) {
    deals::v1::WinDealRequest request;
    request.set_name(deal);
    EXPECT_EQ(server_.Call(&DealsService::Stub::WinDeal, request).reason(), "");
  }
  v1::ListNotificationsResponse Unread(const std::string& owner) {
    v1::ListNotificationsRequest request;
    request.set_filter(absl::StrCat("owner = \"", owner, "\" AND read = false"));
    request.set_order_by("create_time");
    const auto listed = server_.Call(&Stub::ListNotifications, request);
    EXPECT_EQ(listed.reason(), "");
    return listed.response;
  }
  void Await(const std::string& owner, int count) {
    testing::AwaitThat(server_, [&] { return Unread(owner).notifications_size() >= count; });
  }

  testing::TestServer server_;
};

TEST_F(DealNoticesTest, TellsWhoseADealBecomesAndWhereItStands) {
  const std::string ada = CreateUser("Ada");
  const std::string ben = CreateUser("Ben");
  const std::string deal = CreateDeal(ada);
  SetOwner(deal, ben);
  Await(ben, 1);
  const v1::Notification told = Unread(ben).notifications(0);
  EXPECT_EQ(told.kind(), v1::ASSIGNMENT);
  EXPECT_EQ(told.record(), deal);
  EXPECT_EQ(told.display_name(), "The deal Aspen is yours now.");
  Win(deal);
  Await(ben, 2);
  EXPECT_EQ(Unread(ben).notifications(1).kind(), v1::STAGE_CHANGE);
  EXPECT_EQ(Unread(ben).notifications(1).display_name(),
            "The deal Aspen stands in closed-won now.");
  EXPECT_EQ(Unread(ada).notifications_size(), 0);
}

TEST_F(DealNoticesTest, TellsNobodyOfWhatTheyDoWithAKeyOfTheirs) {
  const testing::Member ben = testing::AddMember(server_, "Ben", "roles/admin");
  const std::string deal = CreateDeal("");
  deals::v1::UpdateDealRequest request;
  request.mutable_deal()->set_name(deal);
  request.mutable_deal()->set_owner(ben.name);
  EXPECT_EQ(server_.CallWith(ben.secret, &DealsService::Stub::UpdateDeal, request).reason(), "");
  Win(deal);
  Await(ben.name, 1);
  EXPECT_EQ(Unread(ben.name).notifications(0).kind(), v1::STAGE_CHANGE);
}

// Nothing is recorded earlier than what was: it happens long before its record time then.
TEST_F(DealNoticesTest, TellsOfWhatHappensAfterTheClockWasSetBack) {
  const std::string ben = CreateUser("Ben");
  const std::string deal = CreateDeal("");
  deals::v1::CreateDealRequest imported;
  imported.mutable_deal()->set_display_name("Birch");
  imported.mutable_deal()->set_owner(ben);
  *imported.mutable_occur_time() = ToTimestamp(server_.clock().Now() - absl::Hours(72));
  const auto created = server_.Call(&DealsService::Stub::CreateDeal, imported);
  EXPECT_EQ(created.reason(), "") << created.status.error_message();
  server_.clock().Jump(absl::Hours(72));
  CreateUser("Ada");
  server_.clock().Jump(-absl::Hours(72) + absl::Minutes(1));
  // What the caller says was long ago is no news, however the clock stands.
  deals::v1::WinDealRequest win;
  win.set_name(created->name());
  *win.mutable_occur_time() = ToTimestamp(server_.clock().Now() - absl::Hours(48));
  EXPECT_EQ(server_.Call(&DealsService::Stub::WinDeal, win).reason(), "");
  SetOwner(deal, ben);
  Await(ben, 1);
  ASSERT_EQ(Unread(ben).notifications_size(), 1);
  EXPECT_EQ(Unread(ben).notifications(0).record(), deal);
}

TEST_F(DealNoticesTest, TellsOnceOfACause) {
  const std::string ben = CreateUser("Ben");
  SetOwner(CreateDeal(""), ben);
  Await(ben, 1);
  const v1::Notification told = Unread(ben).notifications(0);
  v1::CreateNotificationRequest again;
  *again.mutable_notification() = told;
  // Of an event nobody else tells: who could, would keep others from hearing of it.
  const auto refused = server_.Call(&Stub::CreateNotification, again);
  EXPECT_THAT(refused.fields(), ::testing::ElementsAre("notification.cause"));
  again.mutable_notification()->set_cause("spring");
  EXPECT_EQ(server_.Call(&Stub::CreateNotification, again).reason(), "");
  EXPECT_EQ(server_.Call(&Stub::CreateNotification, again).reason(), "TOLD_ALREADY");
  again.mutable_notification()->set_kind(v1::OVERDUE);
  EXPECT_EQ(server_.Call(&Stub::CreateNotification, again).reason(), "");
  server_.Restart(/*new_views=*/true);
  EXPECT_EQ(Unread(ben).notifications_size(), 3);
}

}  // namespace
}  // namespace kith::notifications
