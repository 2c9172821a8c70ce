// Webhooks over the whole server: what they are told of, with whose rights, what it looks like, and
// what comes of receivers that do not take it. What every resource does is asked in
// tests/conformance.
#include "tests/services/webhooks/webhooks_fixture.h"
#include "tests/testing/await.h"

namespace kith::webhooks {
namespace {

TEST_F(WebhooksServiceTest, AreToldOfWhatTheyAskFor) {
  const std::string webhook = ActiveWebhook("events { resource: 'deals' }");
  const std::string deal = CreateDeal("Big one", "amount { currency_code: 'EUR' units: 100 }");
  const auto deliveries = Await(1);
  ASSERT_EQ(deliveries.size(), 1u);
  const v1::WebhookDelivery& delivery = deliveries[0];
  EXPECT_EQ(delivery.webhook(), webhook);
  EXPECT_EQ(delivery.record(), deal);
  EXPECT_EQ(delivery.event_type(), "deal_created");
  EXPECT_EQ(delivery.reply_status(), 200);
  EXPECT_EQ(delivery.attempts(), 1);
  ASSERT_EQ(sink_.requests().size(), 1u);
  const HttpRequest request = sink_.requests()[0];
  EXPECT_EQ(request.line, "POST /kith HTTP/1.1");
  EXPECT_EQ(request.Header("Content-Type"), "application/json");
  EXPECT_EQ(absl::StrCat("webhookDeliveries/", request.Header("Kith-Webhook-Id")), delivery.name());
  EXPECT_EQ(request.Header("Kith-Webhook-Timestamp"),
            absl::StrCat(absl::ToUnixSeconds(server_.clock().Now())));
  EXPECT_EQ(SignaturesIn(request), SignaturesBy({secret_}, request));
  const Json event = Json::parse(request.body);
  EXPECT_EQ(event["type"], "deal_created");
  EXPECT_EQ(event["stream"], deal);
  EXPECT_EQ(event["sequence"], absl::StrCat(delivery.event_sequence()));
  EXPECT_EQ(event["revision"], "1");
  EXPECT_EQ(event["payload"]["@type"], "type.googleapis.com/kith.deals.v1.DealCreated");
  EXPECT_EQ(event["payload"]["deal"]["display_name"], "Big one");
  EXPECT_EQ(event["payload"]["deal"]["amount"]["units"], "100");
}

TEST_F(WebhooksServiceTest, AreToldOfNothingElse) {
  ActiveWebhook(R"(events { resource: 'deals' types: 'deal_updated'
                            condition: 'display_name = "Yes*"' }
                   events { resource: 'contacts' types: 'contact_deleted' })");
  const std::string deal = CreateDeal("No");
  RenameDeal(deal, "No, too");
  RenameDeal(deal, "Yes");
  contacts::v1::CreateContactRequest create;
  create.mutable_contact()->set_first_name("Ada");
  contacts::v1::DeleteContactRequest remove;
  remove.set_name(Made(&ContactsService::Stub::CreateContact, create).name());
  Made(&ContactsService::Stub::DeleteContact, remove);
  Await(2);
  EXPECT_THAT(TypesTold(), UnorderedElementsAre("deal_updated", "contact_deleted"));
  for (const HttpRequest& request : sink_.requests()) {
    const Json event = Json::parse(request.body);
    if (event["type"] == "deal_updated") {
      EXPECT_EQ(event["payload"]["deal"]["display_name"], "Yes");
    }
  }
}

TEST_F(WebhooksServiceTest, AreToldOfWhatIsRecordedUnderRecords) {
  ActiveWebhook(
      "events { resource: 'interactions' } events { resource: 'deals' types: 'deal_won' }");
  const std::string deal = CreateDeal("Big one");
  interactions::v1::RecordInteractionRequest record;
  record.set_parent(deal);
  record.mutable_interaction()->set_subject("Called");
  record.mutable_interaction()->set_kind(interactions::v1::CALL);
  Made(&interactions::v1::InteractionsService::Stub::RecordInteraction, record);
  const auto deliveries = Await(1);
  ASSERT_EQ(deliveries.size(), 1u);
  EXPECT_EQ(deliveries[0].record(), deal);
  EXPECT_THAT(TypesTold(), ElementsAre("interaction_recorded"));
  EXPECT_TRUE(absl::StrContains(sink_.requests()[0].body, "Called"));
}

TEST_F(WebhooksServiceTest, AreToldOfNothingWhileTheyAreNotActive) {
  const std::string webhook = CreateWebhook("events { resource: 'deals' }");
  CreateDeal("Before");
  Activate(webhook);
  CreateDeal("While it is active");
  Await(1);
  v1::PauseWebhookRequest pause;
  pause.set_name(webhook);
  EXPECT_EQ(Made(&Stub::PauseWebhook, pause).pause_reason(), v1::ASKED);
  CreateDeal("While it is paused");
  EXPECT_EQ(Activate(webhook).secret(), "");
  CreateDeal("Again");
  Await(2);
  std::vector<std::string> names;
  for (const HttpRequest& request : sink_.requests()) {
    names.push_back(Json::parse(request.body)["payload"]["deal"]["display_name"]);
  }
  EXPECT_THAT(names, ElementsAre("While it is active", "Again"));
}

// AC-6. They are told of what others do to what their user may read, in its order, and of a
// deletion only what is gone.
TEST_F(WebhooksServiceTest, MaySkipWhatTheirOwnUserDoes) {
  const auto [rob, key] = CreateUser(CreateRole(
      R"(grants { permission: 'deals.*' scope: OWN } grants { permission: 'webhooks.*' scope: ALL }
         field_groups: PERSONAL field_groups: MONEY)"));
  Activate(CreateWebhook("events { resource: 'deals' } skip_own_changes: true"), key);
  deals::v1::CreateDealRequest own;
  own.mutable_deal()->set_display_name("By Rob");
  Made(&DealsService::Stub::CreateDeal, own, key);
  deals::v1::BatchCreateDealsRequest batch;
  batch.add_requests()->mutable_deal()->set_display_name("Nobody's");
  for (const char* const name : {"First", "Second"}) {
    deals::v1::Deal& deal = *batch.add_requests()->mutable_deal();
    deal.set_display_name(name);
    deal.set_owner(rob);
  }
  const auto made = Made(&DealsService::Stub::BatchCreateDeals, batch);
  Await(2);
  deals::v1::DeleteDealRequest remove;
  remove.set_name(made.deals(1).name());
  Made(&DealsService::Stub::DeleteDeal, remove);
  const auto told = Await(3);
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0].record(), made.deals(1).name());
  EXPECT_EQ(told[1].record(), made.deals(2).name());
  EXPECT_LT(told[0].event_sequence(), told[1].event_sequence());
  const Json deletion = Json::parse(sink_.requests().back().body);
  EXPECT_EQ(deletion["type"], "deal_deleted");
  EXPECT_EQ(deletion["payload"]["name"], remove.name());
  EXPECT_EQ(deletion["payload"].size(), 2u) << "its type, and the name";
  EXPECT_EQ(Deliveries().size(), 3u);
}

TEST_F(WebhooksServiceTest, LearnWhatWhoActivatedThemMayReadAndNoMore) {
  const std::string role = CreateRole(
      R"(grants { permission: 'deals.read' scope: OWN }
         grants { permission: 'deals.write' scope: OWN }
         grants { permission: 'webhooks.*' scope: ALL }
         grants { permission: 'webhook_deliveries.*' scope: OWN })");
  const auto [rob, key] = CreateUser(role);
  const auto [sue, another_key] = CreateUser(role);
  // He has nothing told that he may not read at all.
  const std::string refused =
      CreateWebhook("events { resource: 'deals' } events { resource: 'contacts' }");
  v1::ActivateWebhookRequest activate;
  activate.set_name(refused);
  EXPECT_EQ(server_.CallWith(key, &Stub::ActivateWebhook, activate).reason(), "NOT_PERMITTED");
  const std::string webhook = CreateWebhook("events { resource: 'deals' }");
  EXPECT_EQ(Activate(webhook, key).webhook().acts_for(), rob);
  CreateDeal("Sue's", absl::StrCat("owner: '", sue, "'"));
  const std::string own = CreateDeal(
      "Rob's", absl::StrCat("owner: '", rob, "' amount { currency_code: 'EUR' units: 77 }"));
  const auto deliveries = Await(1);
  ASSERT_EQ(deliveries.size(), 1u);
  EXPECT_EQ(deliveries[0].record(), own);
  EXPECT_EQ(deliveries[0].owner(), rob);
  EXPECT_EQ(Deliveries().size(), 1u);
  // His role lets him read no amounts, so he is told what happened and not what it says.
  const Json event = Json::parse(sink_.requests()[0].body);
  EXPECT_EQ(event["stream"], own);
  EXPECT_FALSE(event.contains("payload"));
  // Nobody else's webhook is told what is his, nor he of theirs.
  v1::GetWebhookDeliveryRequest get;
  get.set_name(deliveries[0].name());
  EXPECT_EQ(server_.CallWith(key, &DeliveryStub::GetWebhookDelivery, get).reason(), "");
  const std::string others = CreateWebhook("events { resource: 'deals' types: 'deal_updated' }");
  Activate(others);
  RenameDeal(CreateDeal("Another"), "Changed");
  get.set_name(Await(2)[1].name());
  EXPECT_EQ(server_.CallWith(key, &DeliveryStub::GetWebhookDelivery, get).reason(),
            "WEBHOOK_DELIVERY_NOT_FOUND");
}

// By whether it comes an event would tell what a hidden field holds.
TEST_F(WebhooksServiceTest, AskNothingOfFieldsThatAreHiddenFromWhomTheyActFor) {
  const std::string grants = R"(grants { permission: 'deals.read' scope: ALL }
                                grants { permission: 'webhooks.*' scope: ALL })";
  const std::string shows = "field_groups: PERSONAL field_groups: MONEY ";
  const std::string role = CreateRole(grants + shows);
  const auto [rob, key] = CreateUser(role);
  const std::string webhook =
      CreateWebhook("events { resource: 'deals' condition: 'amount.units > 100' }");
  Activate(webhook, key);
  const std::string amount = "amount { currency_code: 'EUR' units: 101 }";
  CreateDeal("While he reads amounts", amount);
  ASSERT_EQ(Await(1).size(), 1u);
  roles::v1::UpdateRoleRequest update;
  update.mutable_role()->set_name(role);
  update.mutable_role()->add_field_groups(roles::v1::PERSONAL);
  Made(&roles::v1::RolesService::Stub::UpdateRole, update);
  v1::ActivateWebhookRequest activate;
  activate.set_name(webhook);
  EXPECT_EQ(server_.CallWith(key, &Stub::ActivateWebhook, activate).reason(), "NOT_PERMITTED");
  // An event is queued for one webhook after the other, so his had its turn.
  const std::string all = CreateWebhook("events { resource: 'deals' }");
  Activate(all);
  CreateDeal("When he does no more", amount);
  const auto told = Await(2);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].webhook(), webhook);
  EXPECT_EQ(told[1].webhook(), all);
  EXPECT_EQ(Deliveries().size(), 2u);
}

TEST_F(WebhooksServiceTest, LearnNothingOfAPersonWhoseKeyIsGone) {
  Mutex mutex;
  CondVar changed;
  bool may_answer = false;
  ActiveWebhook("events { resource: 'contacts' }");
  SetAnswer([&](const HttpRequest&) {
    MutexLock lock(mutex);
    while (!may_answer) changed.Wait(mutex);
    return HttpAnswer(500);
  });
  contacts::v1::CreateContactRequest create;
  create.mutable_contact()->set_first_name("Ada");
  const std::string ada = Made(&ContactsService::Stub::CreateContact, create).name();
  ASSERT_TRUE(server_.keys().Destroy(WorkspaceId(1), ada).ok());
  {
    MutexLock lock(mutex);
    may_answer = true;
    changed.NotifyAll();
  }
  const auto failed = Await(1, v1::FAILED);
  SetAnswer(nullptr);
  v1::ReplayWebhookDeliveryRequest replay;
  replay.set_name(failed[0].name());
  Made(&DeliveryStub::ReplayWebhookDelivery, replay);
  Await(1);
  const std::string body = sink_.requests().back().body;
  EXPECT_EQ(Json::parse(body)["erased"], true);
  EXPECT_FALSE(absl::StrContains(body, "Ada"));
}

TEST_F(WebhooksServiceTest, SignWithBothSecretsWhileOneIsRotated) {
  const std::string webhook = ActiveWebhook("events { resource: 'deals' }");
  v1::RotateWebhookSecretRequest rotate;
  rotate.set_name(webhook);
  rotate.set_request_id("once");
  const std::string second = Made(&Stub::RotateWebhookSecret, rotate).secret();
  EXPECT_NE(second, secret_);
  EXPECT_EQ(second.size(), secret_.size());
  // It is told once.
  EXPECT_EQ(Made(&Stub::RotateWebhookSecret, rotate).secret(), "");
  CreateDeal("Both");
  Await(1);
  server_.clock().Advance(absl::Hours(24));
  CreateDeal("One");
  Await(2);
  const auto requests = sink_.requests();
  EXPECT_EQ(SignaturesIn(requests[0]), SignaturesBy({second, secret_}, requests[0]));
  EXPECT_EQ(SignaturesIn(requests[1]), SignaturesBy({second}, requests[1]));
  // Nothing that is kept or told has it.
  const v1::Webhook told = Get(webhook);
  EXPECT_FALSE(absl::StrContains(told.SerializeAsString(), second.substr(7)));
  EXPECT_EQ(told.secrets_size(), 2);
}

TEST_F(WebhooksServiceTest, ArePausedWhereManyDeliveriesFailAndGoOnWhenTheyAreActivated) {
  const std::string webhook = ActiveWebhook("events { resource: 'deals' }");
  SetAnswer([](const HttpRequest&) { return HttpAnswer(500); });
  for (int i = 0; i < 10; ++i) {
    CreateDeal(absl::StrCat("Deal ", i));
    Await(static_cast<size_t>(i) + 1, v1::FAILED);
  }
  v1::Webhook paused = Get(webhook);
  EXPECT_EQ(paused.state(), v1::PAUSED);
  EXPECT_EQ(paused.pause_reason(), v1::FAILING);
  EXPECT_EQ(paused.failures_in_a_row(), 10);
  const auto failed = Deliveries("state = FAILED");
  ASSERT_EQ(failed.size(), 10u);
  EXPECT_EQ(failed[9].failure(), v1::GAVE_UP);
  EXPECT_EQ(failed[9].reply_status(), 500);
  CreateDeal("While it is paused");
  v1::ReplayWebhookDeliveryRequest replay;
  replay.set_name(failed[9].name());
  EXPECT_EQ(server_.Call(&DeliveryStub::ReplayWebhookDelivery, replay).reason(),
            "WEBHOOK_NOT_ACTIVE");
  SetAnswer(nullptr);
  Activate(webhook);
  EXPECT_EQ(Get(webhook).failures_in_a_row(), 0);
  const v1::WebhookDelivery replayed = Made(&DeliveryStub::ReplayWebhookDelivery, replay);
  EXPECT_EQ(replayed.state(), v1::PENDING);
  EXPECT_EQ(replayed.replays(), 1);
  CreateDeal("Again");
  Await(2);
  EXPECT_EQ(Deliveries().size(), 11u) << "what happened while it was paused";
  // Under the same id as before.
  const auto requests = sink_.requests();
  int same = 0;
  for (const HttpRequest& request : requests) {
    same += request.Header("Kith-Webhook-Id") == failed[9].name().substr(18);
  }
  EXPECT_EQ(same, 2);
}

TEST_F(WebhooksServiceTest, ArePausedAtOnceWhereTheirReceiverIsGone) {
  const std::string webhook = ActiveWebhook("events { resource: 'deals' }");
  SetAnswer([](const HttpRequest&) { return HttpAnswer(410); });
  CreateDeal("Deal");
  EXPECT_EQ(Await(1, v1::FAILED)[0].failure(), v1::RECEIVER_GONE);
  EXPECT_EQ(Get(webhook).state(), v1::PAUSED);
}

TEST_F(WebhooksServiceTest, AreNotHeldUpByOneWhoseReceiverIsSlow) {
  std::promise<void> go_on;
  const std::shared_future<void> gate = go_on.get_future().share();
  SetAnswer([gate](const HttpRequest& request) {
    if (absl::StrContains(request.line, "/slow")) gate.wait();
    return HttpAnswer(200);
  });
  Activate(CreateWebhook("events { resource: 'deals' }", "/slow"));
  Activate(CreateWebhook("events { resource: 'contacts' }"));
  constexpr int kDeals = 100;  // more than are decided at once
  for (int i = 0; i < kDeals; ++i) CreateDeal(absl::StrCat("Deal ", i));
  Await(kDeals, v1::PENDING);
  contacts::v1::CreateContactRequest create;
  create.mutable_contact()->set_first_name("Ada");
  const std::string ada = Made(&ContactsService::Stub::CreateContact, create).name();
  const auto quick = Await(1);
  ASSERT_EQ(quick.size(), 1u);
  EXPECT_EQ(quick[0].record(), ada);
  // To one webhook 8 are posted at once.
  EXPECT_LE(sink_.accepted(), 8 + 1);
  go_on.set_value();
  Await(kDeals + 1);
}

TEST_F(WebhooksServiceTest, DoNotReachBehindTheServer) {
  ActiveWebhook("events { resource: 'deals' }");
  allows_loopback_ = false;
  server_.Restart();
  CreateDeal("Deal");
  EXPECT_EQ(Await(1, v1::FAILED)[0].failure(), v1::ADDRESS_REFUSED);
  EXPECT_THAT(sink_.requests(), IsEmpty());
}

TEST_F(WebhooksServiceTest, AreNotSavedWithAnAddressThatNothingIsPostedTo) {
  const std::string webhook = ActiveWebhook("events { resource: 'deals' }");
  v1::UpdateWebhookRequest update;
  update.mutable_webhook()->set_name(webhook);
  v1::CreateWebhookRequest create;
  create.mutable_webhook()->set_display_name("Ledger");
  for (const char* const url :
       {"https://10.0.0.1/latest/meta-data", "https://169.254.169.254/", "https://[fd00::1]/",
        "https://[::1]:8443/", "https://[::ffff:10.0.0.1]/", "https://167772161/",
        "http://93.184.216.34/"}) {
    update.mutable_webhook()->set_url(url);
    create.mutable_webhook()->set_url(url);
    const auto refused = server_.Call(&Stub::CreateWebhook, create);
    EXPECT_EQ(refused.reason(), "INVALID_WEBHOOK") << url;
    EXPECT_THAT(refused.fields(), ElementsAre("webhook.url")) << url;
    EXPECT_EQ(server_.Call(&Stub::UpdateWebhook, update).reason(), "INVALID_WEBHOOK") << url;
    v1::BatchCreateWebhooksRequest batch;
    *batch.add_requests() = create;
    EXPECT_EQ(server_.Call(&Stub::BatchCreateWebhooks, batch).reason(), "INVALID_WEBHOOK") << url;
  }
  EXPECT_EQ(Get(webhook).state(), v1::ACTIVE);
  for (const char* const url :
       {"https://93.184.216.34/", "https://ledger.example/", "http://127.0.0.1:9/"}) {
    create.mutable_webhook()->set_url(url);
    Made(&Stub::CreateWebhook, create);
  }
  update.mutable_webhook()->set_url("https://93.184.216.34/");
  EXPECT_EQ(Made(&Stub::UpdateWebhook, update).pause_reason(), v1::CHANGED);
}

// What was saved stays: the operator may have allowed it then.
TEST_F(WebhooksServiceTest, KeepTheAddressThatTheyWereSavedWith) {
  const std::string webhook = CreateWebhook("");
  allows_loopback_ = false;
  server_.Restart();
  v1::UpdateWebhookRequest update;
  *update.mutable_webhook() = Get(webhook);
  update.mutable_webhook()->set_display_name("General ledger");
  EXPECT_EQ(Made(&Stub::UpdateWebhook, update).display_name(), "General ledger");
}

TEST_F(WebhooksServiceTest, AreTestedWhetherTheyAreActiveOrNot) {
  const std::string webhook = CreateWebhook("");
  v1::TestWebhookRequest test;
  test.set_name(webhook);
  EXPECT_EQ(server_.Call(&Stub::TestWebhook, test).reason(), "NO_SECRET");
  v1::RotateWebhookSecretRequest rotate;
  rotate.set_name(webhook);
  const std::string secret = Made(&Stub::RotateWebhookSecret, rotate).secret();
  const v1::WebhookDelivery asked = Made(&Stub::TestWebhook, test);
  EXPECT_EQ(asked.state(), v1::PENDING);
  EXPECT_EQ(Await(1)[0].name(), asked.name());
  const HttpRequest request = sink_.requests()[0];
  EXPECT_EQ(Json::parse(request.body)["type"], "webhook_test");
  EXPECT_EQ(Json::parse(request.body)["stream"], webhook);
  EXPECT_EQ(SignaturesIn(request), SignaturesBy({secret}, request));
}

TEST_F(WebhooksServiceTest, AreCalledWithWhatACallerSays) {
  const std::string webhook = ActiveWebhook("");
  SetAnswer([](const HttpRequest&) { return HttpAnswer(202, R"({"score": 7})"); });
  contacts::v1::CreateContactRequest create;
  create.mutable_contact()->set_first_name("Ada");
  const std::string ada = Made(&ContactsService::Stub::CreateContact, create).name();
  v1::CallWebhookRequest call;
  call.set_webhook(webhook);
  call.set_record(ada);
  call.set_payload(R"({"name": "Ada"})");
  call.set_request_id("once");
  const v1::WebhookDelivery delivery = Made(&Stub::CallWebhook, call);
  EXPECT_EQ(Made(&Stub::CallWebhook, call).name(), delivery.name());
  EXPECT_EQ(Await(1)[0].reply_status(), 202);
  ASSERT_EQ(sink_.requests().size(), 1u);
  const HttpRequest request = sink_.requests()[0];
  EXPECT_EQ(request.body, call.payload());
  EXPECT_EQ(request.Header("Kith-Webhook-Event"), "webhook_call");
  EXPECT_EQ(SignaturesIn(request), SignaturesBy({secret_}, request));
  EXPECT_EQ(AnswerTo(delivery.name()), R"({"score": 7})");
  // No row has what was said; and when the person's key is gone nothing has.
  EXPECT_FALSE(absl::StrContains(Deliveries()[0].DebugString(), "Ada"));
  ASSERT_TRUE(server_.keys().Destroy(WorkspaceId(1), ada).ok());
  EXPECT_EQ(AnswerTo(delivery.name()), "");
  v1::ReplayWebhookDeliveryRequest replay;
  replay.set_name(delivery.name());
  Made(&DeliveryStub::ReplayWebhookDelivery, replay);
  EXPECT_EQ(Await(1, v1::FAILED)[0].failure(), v1::EVENT_GONE);
  EXPECT_EQ(sink_.requests().size(), 1u);
  call.set_record("contacts/nobody");
  call.clear_request_id();
  EXPECT_EQ(server_.Call(&Stub::CallWebhook, call).reason(), "LINKED_RECORD_NOT_FOUND");
}

TEST_F(WebhooksServiceTest, KeepNoAnswerThatIsNoJsonOrTooLong) {
  const std::string webhook = ActiveWebhook("");
  const std::string answers[] = {"<html>", absl::StrCat("\"", std::string(5'000, 'x'), "\"")};
  size_t count = 0;
  for (const std::string& answer : answers) {
    SetAnswer([&](const HttpRequest&) { return HttpAnswer(200, answer); });
    v1::CallWebhookRequest call;
    call.set_webhook(webhook);
    call.set_payload("{}");
    const std::string name = Made(&Stub::CallWebhook, call).name();
    Await(++count);
    EXPECT_EQ(AnswerTo(name), "");
  }
}

TEST_F(WebhooksServiceTest, AreRefusedWhereTheyCannotBe) {
  const auto fields = [&](const std::string& text, const std::string& url = "https://a.example/") {
    v1::CreateWebhookRequest request;
    *request.mutable_webhook() = Proto<v1::Webhook>(text);
    request.mutable_webhook()->set_display_name("x");
    request.mutable_webhook()->set_url(url);
    return server_.Call(&Stub::CreateWebhook, request).fields();
  };
  using Fields = std::vector<std::string>;
  EXPECT_EQ(fields("events { resource: 'users' }"), Fields{"webhook.events[0].resource"});
  EXPECT_EQ(fields("events { }"), Fields{"webhook.events[0].resource"});
  EXPECT_EQ(fields("events { resource: 'deals' types: 'deal_eaten' types: 'deal_won' }"),
            Fields{"webhook.events[0].types[0]"});
  EXPECT_EQ(fields("events { resource: 'deals' types: 'deal_won' types: 'deal_won' }"),
            Fields{"webhook.events[0].types[1]"});
  EXPECT_EQ(fields("events { resource: 'deals' condition: 'colour = 1' }"),
            Fields{"webhook.events[0].condition"});
  EXPECT_EQ(fields("events { resource: 'interactions' condition: 'subject = 1' }"),
            Fields{"webhook.events[0].condition"});
  EXPECT_EQ(fields("", "https://user:pass@a.example/"), Fields{"webhook.url"});
  EXPECT_EQ(fields("", "https://a.example/#x"), Fields{"webhook.url"});
  EXPECT_EQ(fields("", "ftp://a.example/"), Fields{"webhook.url"});
  for (const char* const resource : {"contacts", "companies", "deals", "tasks", "interactions"}) {
    EXPECT_EQ(fields(absl::StrCat("events { resource: '", resource, "' }")), Fields{}) << resource;
  }
  EXPECT_EQ(fields("events { resource: 'contacts' types: 'contact_created' } "
                   "events { resource: 'companies' types: 'company_created' } "
                   "events { resource: 'tasks' types: 'task_completed' } "
                   "events { resource: 'interactions' types: 'interaction_recorded' }"),
            Fields{});
}

TEST_F(WebhooksServiceTest, QueueNothingForCallers) {
  v1::QueueWebhookDeliveryRequest queue;
  queue.set_webhook(CreateWebhook(""));
  queue.set_record(CreateDeal("Deal"));
  queue.set_resource("deals");
  queue.set_event_type("deal_won");
  queue.set_event_sequence(1);
  queue.set_event_stream("workspaces/1");
  queue.set_event_revision(1);
  EXPECT_EQ(server_.Call(&DeliveryStub::QueueWebhookDelivery, queue).reason(),
            "DELIVERED_BY_ITSELF");
}

TEST_F(PatientWebhooksTest, AreToldOfARecordInTheOrderOfItsEvents) {
  ActiveWebhook("events { resource: 'deals' }");
  Mutex mutex;
  std::vector<std::string> ids;  // under the mutex
  SetAnswer([&](const HttpRequest& request) {
    MutexLock lock(mutex);
    ids.push_back(request.Header("Kith-Webhook-Id"));
    // Of each the first try fails.
    const bool is_first = std::count(ids.begin(), ids.end(), ids.back()) == 1;
    return HttpAnswer(is_first ? 503 : 200);
  });
  const std::string deal = CreateDeal("0");
  for (int i = 1; i < 10; ++i) RenameDeal(deal, absl::StrCat(i));
  const auto deliveries = Await(10);
  EXPECT_EQ(deliveries[0].attempts(), 2);
  std::vector<int> told;
  for (const HttpRequest& request : sink_.requests()) {
    told.push_back(
        std::stoi(Json::parse(request.body)["payload"]["deal"]["display_name"].get<std::string>()));
  }
  EXPECT_THAT(told, ElementsAre(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9));
  EXPECT_EQ(Get(deliveries[0].webhook()).failures_in_a_row(), 0);
}

// Goal: who looks at a delivery that is pending sees how it stands with it.
TEST_F(PatientWebhooksTest, SayWhatBecameOfTheirTries) {
  ActiveWebhook("events { resource: 'deals' }");
  Mutex mutex;
  CondVar changed;
  int asked = 0;
  bool is_held = true;
  SetAnswer([&](const HttpRequest&) {
    MutexLock lock(mutex);
    if (++asked == 1) return HttpAnswer(503);
    while (is_held) changed.Wait(mutex);
    return HttpAnswer(200);
  });
  CreateDeal("Deal");
  testing::AwaitThat(server_, [&] {
    const auto deliveries = Deliveries();
    return !deliveries.empty() && deliveries[0].attempts() > 0;
  });
  const v1::WebhookDelivery tried = Deliveries()[0];
  EXPECT_EQ(tried.state(), v1::PENDING);
  EXPECT_EQ(tried.attempts(), 1);
  EXPECT_EQ(tried.reply_status(), 503);
  EXPECT_TRUE(tried.has_next_try_time());
  {
    MutexLock lock(mutex);
    is_held = false;
    changed.NotifyAll();
  }
  const v1::WebhookDelivery told = Await(1)[0];
  EXPECT_EQ(told.attempts(), 2);
  EXPECT_EQ(told.reply_status(), 200);
  EXPECT_FALSE(told.has_next_try_time());
}

TEST_F(PatientWebhooksTest, AreToldUnderTheSameIdAfterARestart) {
  ActiveWebhook("events { resource: 'deals' }");
  Mutex mutex;
  CondVar changed;
  bool is_held = true;
  SetAnswer([&](const HttpRequest&) {
    MutexLock lock(mutex);
    while (is_held) changed.Wait(mutex);
    return HttpAnswer(200);
  });
  CreateDeal("Deal");
  while (sink_.accepted() == 0) std::this_thread::yield();
  server_.Restart(/*new_views=*/true);
  {
    MutexLock lock(mutex);
    is_held = false;
    changed.NotifyAll();
  }
  const auto deliveries = Await(1);
  EXPECT_EQ(Deliveries().size(), 1u);
  for (const HttpRequest& request : sink_.requests()) {
    EXPECT_EQ(request.Header("Kith-Webhook-Id"), deliveries[0].name().substr(18));
  }
}

}  // namespace
}  // namespace kith::webhooks
