// Webhooks that are told of notifications, over the whole server.
#include "tests/services/webhooks/webhooks_fixture.h"

namespace kith::webhooks {
namespace {

// Goal: a notification is told once, and only as its user wants it, to webhooks that may see it.
TEST_F(WebhooksServiceTest, AreToldOfNotificationsAsTheirUsersWantIt) {
  const auto [ada, ada_key] = CreateUser("roles/sales-rep");
  const auto [ben, ben_key] = CreateUser(CreateRole(
      R"(grants { permission: 'notifications.*' scope: OWN }
         grants { permission: 'webhooks.*' scope: ALL }
         grants { permission: 'webhook_deliveries.*' scope: OWN })"));
  users::v1::SetNotificationPreferencesRequest prefer;
  prefer.set_name(ada);
  *prefer.mutable_notification_preferences() = Proto<notifications::v1::NotificationPreferences>(
      "kinds { kind: OVERDUE webhook: true } kinds { kind: REMINDER muted: true webhook: true }"
      "kinds { kind: STAGE_CHANGE muted: true }");
  Made(&users::v1::UsersService::Stub::SetNotificationPreferences, prefer);
  const std::string all = ActiveWebhook("events { resource: 'notifications' }");
  const std::string overdue =
      CreateWebhook("events { resource: 'notifications' condition: 'kind = OVERDUE' }");
  Activate(overdue);
  const std::string others = CreateWebhook("events { resource: 'notifications' }");
  Activate(others, ben_key);
  const auto create = [&](const std::string& text, notifications::v1::NotificationKind kind) {
    notifications::v1::CreateNotificationRequest request;
    request.mutable_notification()->set_owner(ada);
    request.mutable_notification()->set_display_name(text);
    request.mutable_notification()->set_kind(kind);
    return server_.Call(&notifications::v1::NotificationsService::Stub::CreateNotification,
                        request);
  };
  const auto first = create("Overdue.", notifications::v1::OVERDUE);
  EXPECT_TRUE(first->webhook_wanted());
  EXPECT_FALSE(create("Yours.", notifications::v1::ASSIGNMENT)->webhook_wanted());
  EXPECT_EQ(create("Moved.", notifications::v1::STAGE_CHANGE).reason(), "NOT_WANTED");
  const auto reminder = create("Soon.", notifications::v1::REMINDER);
  EXPECT_TRUE(reminder->read()) << "it is muted, and told by webhooks only";
  notifications::v1::UpdateNotificationRequest read;
  read.mutable_notification()->set_name(first->name());
  read.mutable_notification()->set_read(true);
  Made(&notifications::v1::NotificationsService::Stub::UpdateNotification, read);
  Await(3);
  server_.Restart(/*new_views=*/true);
  create("Last.", notifications::v1::OVERDUE);
  const auto deliveries = Await(5);
  std::vector<std::pair<std::string, std::string>> told;
  for (const v1::WebhookDelivery& one : deliveries) told.emplace_back(one.webhook(), one.record());
  const std::string last = deliveries.back().record();
  EXPECT_THAT(told,
              UnorderedElementsAre(std::pair(all, first->name()), std::pair(overdue, first->name()),
                                   std::pair(all, reminder->name()), std::pair(all, last),
                                   std::pair(overdue, last)));
  std::vector<std::string> texts;
  for (const HttpRequest& request : sink_.requests()) {
    const Json body = Json::parse(request.body);
    EXPECT_EQ(body["type"], "notification_created");
    texts.push_back(body["payload"]["notification"]["display_name"]);
  }
  EXPECT_THAT(texts, UnorderedElementsAre("Overdue.", "Overdue.", "Soon.", "Last.", "Last."));
}

TEST_F(WebhooksServiceTest, OfNotificationsOnlyTheirComingIntoBeingIsTold) {
  v1::CreateWebhookRequest request;
  *request.mutable_webhook() = Proto<v1::Webhook>(
      "events { resource: 'notifications' types: ['notification_created', 'notification_updated'] "
      "}");
  request.mutable_webhook()->set_display_name("Ledger");
  request.mutable_webhook()->set_url(sink_.url("/kith"));
  const auto refused = server_.Call(&Stub::CreateWebhook, request);
  EXPECT_EQ(refused.reason(), "INVALID_WEBHOOK");
  EXPECT_THAT(refused.fields(), ElementsAre("webhook.events[0].types[1]"));
}

}  // namespace
}  // namespace kith::webhooks
