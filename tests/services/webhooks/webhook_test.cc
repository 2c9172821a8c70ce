// The deciders of webhooks and deliveries.
#include "services/webhooks/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "eventstore/base/proto_time.h"
#include "eventstore/base/random.h"
#include "eventstore/base/sha256.h"
#include "kith/type/v1/errors.pb.h"
#include "kith/webhooks/v1/webhooks_errors.pb.h"
#include "services/webhooks/webhook_delivery.h"
#include "services/webhooks/webhook_secret.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/seeded_random.h"

namespace kith::webhooks {
namespace {

using testing::Appends;
using testing::ChangesNothing;
using ::testing::ElementsAre;
using testing::IsRejectedWith;
using testing::Proto;
using testing::SpecId;

constexpr char kName[] = "webhooks/ledger";
constexpr char kDelivery[] = "webhookDeliveries/1";

WebhookState Webhook(const char* more = "") {
  WebhookState state;
  state.lifecycle = Lifecycle::kActive;
  state.resource = Proto<v1::Webhook>(absl::StrCat(R"(
      name: "webhooks/ledger" etag: "3" display_name: "Ledger" url: "https://ledger.example/"
      events { resource: "deals" })",
                                                   more));
  return state;
}
WebhookState ActiveWebhook(const char* more = "") {
  return Webhook(absl::StrCat("state: ACTIVE secrets { id: 'old' }", more).c_str());
}

template <class Command>
Command On(const char* more = "") {
  return Proto<Command>(absl::StrCat("name: '", kName, "' ", more));
}

// What it would become.
v1::Webhook After(const WebhookState& before, const Decision& decision) {
  WebhookState after = before;
  EXPECT_TRUE(decision.ok()) << decision.status();
  if (!decision.ok()) return {};
  for (const Change& change : decision->list()) {
    if (change.stream != kName) continue;
    after = Evolve(std::move(after),
                   {static_cast<const v1::WebhookEvent&>(*change.event), Revision(4), {}, {}});
  }
  return after.resource;
}

class WebhookTest : public ::testing::Test {
 protected:
  CommandContext context() {
    CommandContext context = spec_.context();
    context.user = user_;
    context.on_behalf_of = on_behalf_of_;
    context.grants = grants_;
    context.actor = actor_;
    return context;
  }
  template <class Command>
  Decision Decided(const WebhookState& state, const Command& command) {
    return Decide(state, command, context());
  }

  testing::DeciderSpec spec_;
  std::string user_ = "users/ada";
  std::string on_behalf_of_;
  std::string actor_ = "apiKeys/1";
  const Grants* grants_ = nullptr;
};

TEST_F(WebhookTest, IsToldWithTheRightsOfWhoActivatesIt) {
  const WebhookState before = Webhook();
  const Decision decided = Decided(before, On<v1::ActivateWebhookRequest>());
  const v1::Webhook after = After(before, decided);
  EXPECT_EQ(after.state(), v1::ACTIVE);
  EXPECT_EQ(after.acts_for(), "users/ada");
  ASSERT_EQ(after.secrets_size(), 1);
  EXPECT_EQ(after.secrets(0).id(), SpecId(1));
  EXPECT_FALSE(after.secrets(0).has_expire_time());
  EXPECT_EQ(decided->secret(), SpecId(1));
}

TEST_F(WebhookTest, AsksForPermissionsAsMethodsCallThem) {
  EXPECT_EQ(PermissionToRead("deals"), "deals.read");
  EXPECT_EQ(PermissionToRead("captureReviews"), "capture_reviews.read");
}

TEST_F(WebhookTest, KeepsItsSecretWhereItIsActivatedAgain) {
  const WebhookState before =
      Webhook("state: PAUSED pause_reason: FAILING failures_in_a_row: 10 secrets { id: 'old' }");
  const Decision decided = Decided(before, On<v1::ActivateWebhookRequest>());
  const v1::Webhook after = After(before, decided);
  EXPECT_EQ(after.state(), v1::ACTIVE);
  EXPECT_EQ(after.pause_reason(), v1::PAUSE_REASON_UNSPECIFIED);
  EXPECT_EQ(after.failures_in_a_row(), 0);
  EXPECT_EQ(after.secrets(0).id(), "old");
  EXPECT_EQ(decided->secret(), "");
}

TEST_F(WebhookTest, IsHandedToWhoActivatesItNext) {
  const WebhookState before = ActiveWebhook("acts_for: 'users/ben' activated_with: 'apiKeys/1'");
  const v1::Webhook after = After(before, Decided(before, On<v1::ActivateWebhookRequest>()));
  EXPECT_EQ(after.acts_for(), "users/ada");
  user_ = "users/ben";
  EXPECT_THAT(Decided(before, On<v1::ActivateWebhookRequest>()), ChangesNothing());
  actor_ = "apiKeys/2";
  EXPECT_EQ(After(before, Decided(before, On<v1::ActivateWebhookRequest>())).activated_with(),
            "apiKeys/2");
}

TEST_F(WebhookTest, IsNotActivatedByAServiceThatMayNotDoAll) {
  WebhookState state = Webhook();
  user_ = "";
  const Grants some({"webhooks.*", "deals.*"});
  grants_ = &some;
  EXPECT_THAT(Decided(state, On<v1::ActivateWebhookRequest>()),
              IsRejectedWith(v1::WEBHOOKS_ERROR_NOT_PERMITTED));
  const Grants all({"*"});
  grants_ = &all;
  EXPECT_EQ(After(state, Decided(state, On<v1::ActivateWebhookRequest>())).acts_for(), "");
  state.lifecycle = Lifecycle::kDeleted;
  EXPECT_THAT(Decided(state, On<v1::ActivateWebhookRequest>()),
              IsRejectedWith(v1::WEBHOOKS_ERROR_WEBHOOK_NOT_FOUND));
  EXPECT_THAT(Decided(Webhook(), On<v1::ActivateWebhookRequest>("etag: '2'")),
              IsRejectedWith(type::v1::ERROR_ETAG_MISMATCH));
}

TEST_F(WebhookTest, IsActivatedByWhoMayReadWhatItIsToldOf) {
  WebhookState state = Webhook("events { resource: 'tasks' }");
  const Grants some({"webhooks.*", "deals.read"});
  grants_ = &some;
  EXPECT_THAT(Decided(state, On<v1::ActivateWebhookRequest>()),
              IsRejectedWith(v1::WEBHOOKS_ERROR_NOT_PERMITTED));
  const Grants both({"webhooks.*", "deals.read", "tasks.*"});
  grants_ = &both;
  EXPECT_EQ(After(state, Decided(state, On<v1::ActivateWebhookRequest>())).state(), v1::ACTIVE);
}

TEST_F(WebhookTest, IsPausedAndActsForNobodyThen) {
  const WebhookState before = ActiveWebhook("acts_for: 'users/ben' activated_with: 'apiKeys/1'");
  const v1::Webhook after = After(before, Decided(before, On<v1::PauseWebhookRequest>()));
  EXPECT_EQ(after.state(), v1::PAUSED);
  EXPECT_EQ(after.pause_reason(), v1::ASKED);
  EXPECT_EQ(after.acts_for(), "");
  EXPECT_EQ(after.activated_with(), "");
  WebhookState paused;
  paused.lifecycle = Lifecycle::kActive;
  paused.resource = after;
  EXPECT_THAT(Decided(paused, On<v1::PauseWebhookRequest>()), ChangesNothing());
}

// Who changes where it is must not be told what another may read.
TEST_F(WebhookTest, IsNoLongerActiveWhereItsAddressOrItsEventsChange) {
  const v1::Webhook before = ActiveWebhook("acts_for: 'users/ben'").resource;
  const auto completed = [&](auto change) {
    v1::Webhook after = before;
    change(after);
    WebhookRules().complete(before, spec_.settings, after);
    return after;
  };
  const v1::Webhook moved = completed([](v1::Webhook& w) { w.set_url("https://evil.example/"); });
  EXPECT_EQ(moved.state(), v1::PAUSED);
  EXPECT_EQ(moved.pause_reason(), v1::CHANGED);
  EXPECT_EQ(moved.acts_for(), "");
  EXPECT_EQ(completed([](v1::Webhook& w) { w.mutable_events(0)->add_types("deal_won"); }).state(),
            v1::PAUSED);
  const v1::Webhook renamed = completed([](v1::Webhook& w) { w.set_display_name("Books"); });
  EXPECT_EQ(renamed.state(), v1::ACTIVE);
  EXPECT_EQ(renamed.acts_for(), "users/ben");
}

TEST_F(WebhookTest, SignsWithTheSecretBeforeForAnOverlap) {
  const WebhookState before = ActiveWebhook();
  const Decision decided = Decided(before, On<v1::RotateWebhookSecretRequest>());
  const v1::Webhook after = After(before, decided);
  EXPECT_EQ(decided->secret(), SpecId(1));
  EXPECT_THAT(SigningAt(after, spec_.now), ElementsAre(SpecId(1), "old"));
  EXPECT_THAT(SigningAt(after, spec_.now + absl::Hours(24) - absl::Seconds(1)),
              ElementsAre(SpecId(1), "old"));
  EXPECT_THAT(SigningAt(after, spec_.now + absl::Hours(24)), ElementsAre(SpecId(1)));
  EXPECT_EQ(after.state(), v1::ACTIVE);
  const v1::Webhook at_once =
      After(before, Decided(before, On<v1::RotateWebhookSecretRequest>("overlap { seconds: 0 }")));
  EXPECT_THAT(SigningAt(at_once, spec_.now), ElementsAre(SpecId(1)));
  for (const char* const overlap : {"overlap { seconds: -1 }", "overlap { seconds: 604801 }"}) {
    EXPECT_THAT(Decided(before, On<v1::RotateWebhookSecretRequest>(overlap)),
                IsRejectedWith(type::v1::ERROR_INVALID_FIELD));
  }
}

TEST_F(WebhookTest, HasSoManySecretsAndNoMore) {
  WebhookState state = ActiveWebhook();
  for (int i = 0; i < kSecretsMax - 1; ++i) {
    state.resource = After(state, Decided(state, On<v1::RotateWebhookSecretRequest>()));
  }
  ASSERT_EQ(state.resource.secrets_size(), kSecretsMax);
  EXPECT_THAT(Decided(state, On<v1::RotateWebhookSecretRequest>()),
              IsRejectedWith(v1::WEBHOOKS_ERROR_TOO_MANY_SECRETS));
  EXPECT_TRUE(Decided(state, On<v1::RotateWebhookSecretRequest>("overlap { seconds: 0 }")).ok());
  // No secret signs for longer than it was to.
  const absl::Time end = FromTimestamp(state.resource.secrets(1).expire_time());
  spec_.now += absl::Hours(23);
  state.resource.mutable_secrets()->RemoveLast();
  const v1::Webhook after = After(state, Decided(state, On<v1::RotateWebhookSecretRequest>()));
  EXPECT_EQ(FromTimestamp(after.secrets(2).expire_time()), end);
  EXPECT_EQ(FromTimestamp(after.secrets(1).expire_time()), spec_.now + absl::Hours(24));
}

class DeliveryTest : public WebhookTest {
 protected:
  DeliveryTest() {
    actor_ = "policies/webhook_delivery";
    on_behalf_of_ = user_;
    state_.lifecycle = Lifecycle::kActive;
    state_.resource = Proto<v1::WebhookDelivery>(R"(
        name: "webhookDeliveries/1" etag: "1" webhook: "webhooks/ledger" record: "deals/1"
        event_type: "deal_won" state: PENDING)");
  }

  static v1::QueueWebhookDeliveryRequest Queueing() {
    return Proto<v1::QueueWebhookDeliveryRequest>(R"(
        webhook: "webhooks/ledger" record: "deals/1" resource: "deals" event_type: "deal_won"
        event_sequence: 7 event_stream: "deals/1" event_revision: 2)");
  }
  Decision Queue(const WebhookState& webhook, bool is_readable = true) {
    return Decide(webhook, is_readable, Queueing(), context());
  }
  Decision End(const WebhookState& webhook, const char* more) {
    return Decide(
        state_, webhook,
        Proto<v1::EndWebhookDeliveryRequest>(absl::StrCat("name: 'webhookDeliveries/1' ", more)),
        context());
  }
  Decision Replay(const WebhookState& webhook, const char* more = "") {
    return Decide(
        state_, webhook,
        Proto<v1::ReplayWebhookDeliveryRequest>(absl::StrCat("name: 'webhookDeliveries/1' ", more)),
        context());
  }

  DeliveryState state_;
};

TEST_F(DeliveryTest, IsQueuedForAWebhookThatMayBeTold) {
  const Decision decided = Queue(ActiveWebhook("acts_for: 'users/ada'"));
  EXPECT_THAT(decided,
              Appends("webhookDeliveries/" + SpecId(1),
                      Proto<v1::WebhookDeliveryEvent>(absl::StrCat(R"(webhook_delivery_created {
                    name: "webhookDeliveries/)",
                                                                   SpecId(1), R"("
                    webhook_delivery {
                      webhook: "webhooks/ledger" owner: "users/ada" record: "deals/1"
                      event_type: "deal_won" event_sequence: 7 event_stream: "deals/1"
                      event_revision: 2 state: PENDING } })"))));
}

TEST_F(DeliveryTest, IsNotQueuedForAWebhookThatMayNotBeTold) {
  const char* const acts = "acts_for: 'users/ada'";
  EXPECT_THAT(Queue(ActiveWebhook(acts), /*is_readable=*/false), ChangesNothing());
  EXPECT_THAT(Queue(Webhook("state: PAUSED acts_for: 'users/ada'")), ChangesNothing());
  EXPECT_THAT(Queue(Webhook(acts)), ChangesNothing());
  // It was handed to another since.
  EXPECT_THAT(Queue(ActiveWebhook("acts_for: 'users/ben'")), ChangesNothing());
  EXPECT_THAT(Queue(ActiveWebhook()), ChangesNothing());
  WebhookState gone = ActiveWebhook(acts);
  gone.lifecycle = Lifecycle::kDeleted;
  EXPECT_THAT(Queue(gone), ChangesNothing());
}

TEST_F(DeliveryTest, IsQueuedAndEndedByKithAlone) {
  actor_ = "apiKeys/1";
  EXPECT_THAT(Queue(ActiveWebhook("acts_for: 'users/ada'")),
              IsRejectedWith(v1::WEBHOOKS_ERROR_DELIVERED_BY_ITSELF));
  EXPECT_THAT(End(ActiveWebhook(), ""), IsRejectedWith(v1::WEBHOOKS_ERROR_DELIVERED_BY_ITSELF));
}

TEST_F(DeliveryTest, ThatIsTakenIsOfNoConcernToItsWebhook) {
  EXPECT_THAT(End(ActiveWebhook(), "reply_status: 204 attempts: 2"),
              Appends(kDelivery, Proto<v1::WebhookDeliveryEvent>(R"(webhook_delivery_ended {
                name: "webhookDeliveries/1" state: DELIVERED reply_status: 204 attempts: 2 })")));
}

TEST_F(DeliveryTest, ThatIsTakenAfterOthersFailedEndsTheirCount) {
  const WebhookState failing = ActiveWebhook("failures_in_a_row: 9");
  const Decision decided = End(failing, "reply_status: 200 attempts: 1");
  ASSERT_EQ(decided->list().size(), 2u);
  EXPECT_EQ(After(failing, decided).failures_in_a_row(), 0);
}

TEST_F(DeliveryTest, ThatFailsIsCountedUntilTheWebhookIsPaused) {
  WebhookState webhook = ActiveWebhook("acts_for: 'users/ada'");
  for (int i = 1; i < kFailuresMax; ++i) {
    webhook.resource = After(webhook, End(webhook, "failure: GAVE_UP reply_status: 500"));
    EXPECT_EQ(webhook.resource.failures_in_a_row(), i);
    EXPECT_EQ(webhook.resource.state(), v1::ACTIVE);
  }
  const Decision decided = End(webhook, "failure: GAVE_UP reply_status: 500 attempts: 4");
  ASSERT_EQ(decided->list().size(), 2u);
  EXPECT_EQ(decided->list()[1].event->DebugString(), Proto<v1::WebhookEvent>(R"(webhook_stopped {
              name: "webhooks/ledger" webhook_delivery: "webhookDeliveries/1" failure: GAVE_UP
              reply_status: 500 failures_in_a_row: 10 })")
                                                         .DebugString());
  const v1::Webhook after = After(webhook, decided);
  EXPECT_EQ(after.state(), v1::PAUSED);
  EXPECT_EQ(after.pause_reason(), v1::FAILING);
  EXPECT_EQ(after.acts_for(), "users/ada");
}

TEST_F(DeliveryTest, ThatItsReceiverWantsNeverAgainPausesTheWebhook) {
  const WebhookState webhook = ActiveWebhook();
  EXPECT_EQ(After(webhook, End(webhook, "failure: RECEIVER_GONE reply_status: 410")).state(),
            v1::PAUSED);
}

TEST_F(DeliveryTest, ThatFailsForAnotherReasonIsNotCounted) {
  for (const char* const failure : {"WEBHOOK_PAUSED", "NOT_READABLE", "EVENT_GONE"}) {
    const Decision decided = End(ActiveWebhook(), absl::StrCat("failure: ", failure).c_str());
    EXPECT_EQ(decided->list().size(), 1u) << failure;
  }
  EXPECT_EQ(End(Webhook("state: PAUSED"), "failure: GAVE_UP")->list().size(), 1u);
  state_.resource.set_event_type("webhook_test");
  EXPECT_EQ(End(ActiveWebhook(), "failure: GAVE_UP")->list().size(), 1u);
}

TEST_F(DeliveryTest, EndsOnce) {
  state_.resource.set_state(v1::DELIVERED);
  EXPECT_THAT(End(ActiveWebhook(), "failure: GAVE_UP"), ChangesNothing());
  state_.lifecycle = Lifecycle::kAbsent;
  EXPECT_THAT(End(ActiveWebhook(), ""),
              IsRejectedWith(v1::WEBHOOKS_ERROR_WEBHOOK_DELIVERY_NOT_FOUND));
}

TEST_F(DeliveryTest, IsReplayedOnceItHasEnded) {
  EXPECT_THAT(Replay(ActiveWebhook()), IsRejectedWith(v1::WEBHOOKS_ERROR_DELIVERY_PENDING));
  state_.resource.set_state(v1::FAILED);
  const Decision decided = Replay(ActiveWebhook(), "etag: '1'");
  EXPECT_THAT(decided,
              Appends(kDelivery, Proto<v1::WebhookDeliveryEvent>(R"(webhook_delivery_replayed {
                name: "webhookDeliveries/1" webhook: "webhooks/ledger" record: "deals/1" })")));
  const DeliveryState after =
      Evolve(state_, {static_cast<const v1::WebhookDeliveryEvent&>(*decided->list()[0].event),
                      Revision(2),
                      {},
                      {}});
  EXPECT_EQ(after.resource.state(), v1::PENDING);
  EXPECT_EQ(after.resource.replays(), 1);
  EXPECT_THAT(Replay(ActiveWebhook(), "etag: '9'"), IsRejectedWith(type::v1::ERROR_ETAG_MISMATCH));
  EXPECT_THAT(Replay(Webhook("state: PAUSED")),
              IsRejectedWith(v1::WEBHOOKS_ERROR_WEBHOOK_NOT_ACTIVE));
  EXPECT_THAT(Replay(WebhookState()), IsRejectedWith(v1::WEBHOOKS_ERROR_WEBHOOK_NOT_FOUND));
  state_.lifecycle = Lifecycle::kAbsent;
  EXPECT_THAT(Replay(ActiveWebhook()),
              IsRejectedWith(v1::WEBHOOKS_ERROR_WEBHOOK_DELIVERY_NOT_FOUND));
}

TEST_F(DeliveryTest, OfATestNeedsASecretAndNothingElse) {
  EXPECT_THAT(Decided(Webhook(), On<v1::TestWebhookRequest>()),
              IsRejectedWith(v1::WEBHOOKS_ERROR_NO_SECRET));
  const Decision decided =
      Decided(Webhook("state: PAUSED secrets { id: 'a' }"), On<v1::TestWebhookRequest>());
  EXPECT_THAT(decided,
              Appends("webhookDeliveries/" + SpecId(1),
                      Proto<v1::WebhookDeliveryEvent>(absl::StrCat(R"(webhook_delivery_created {
                    name: "webhookDeliveries/)",
                                                                   SpecId(1), R"("
                    webhook_delivery {
                      webhook: "webhooks/ledger" owner: "users/ada" event_type: "webhook_test"
                      state: PENDING } })"))));
}

class CallTest : public DeliveryTest {
 protected:
  CallTest() { record_.lifecycle = Lifecycle::kActive; }
  Decision Call(const WebhookState& webhook, const char* more) {
    return Decide(webhook, record_,
                  Proto<v1::CallWebhookRequest>(absl::StrCat("webhook: '", kName, "' ", more)),
                  context());
  }

  LinkedRecord record_;
};

TEST_F(CallTest, IsSealedAsWhatIsSaidOfItsRecord) {
  const std::string id = SpecId(1);
  EXPECT_THAT(Call(ActiveWebhook(), "record: 'contacts/ada' payload: '{\"a\": [1]}'"),
              Appends("webhookDeliveries/" + id,
                      Proto<v1::WebhookDeliveryEvent>(absl::StrCat(R"(webhook_delivery_created {
                name: "webhookDeliveries/)",
                                                                   id, R"("
                webhook_delivery {
                  webhook: "webhooks/ledger" owner: "users/ada" record: "contacts/ada"
                  event_type: "webhook_call" state: PENDING }
                person: "contacts/ada" call { payload: '{"a": [1]}' } })"))));
  const Decision of_nothing = Call(ActiveWebhook(), "payload: '7'");
  ASSERT_TRUE(of_nothing.ok()) << of_nothing.status();
  EXPECT_EQ(static_cast<const v1::WebhookDeliveryEvent&>(*of_nothing->list()[0].event)
                .webhook_delivery_created()
                .person(),
            kName);
}

TEST_F(CallTest, IsRefusedWhereItCannotBeMade) {
  EXPECT_THAT(Call(Webhook("state: PAUSED"), "payload: '{}'"),
              IsRejectedWith(v1::WEBHOOKS_ERROR_WEBHOOK_NOT_ACTIVE));
  EXPECT_THAT(Call(WebhookState(), "payload: '{}'"),
              IsRejectedWith(v1::WEBHOOKS_ERROR_WEBHOOK_NOT_FOUND));
  const std::string deep = std::string(32'000, '[') + std::string(32'000, ']');
  for (const char* const payload : {"{", "{} {}", "nonsense", deep.c_str()}) {
    EXPECT_THAT(Call(ActiveWebhook(), absl::StrCat("payload: '", payload, "'").c_str()),
                IsRejectedWith(type::v1::ERROR_INVALID_FIELD))
        << payload;
  }
  record_.lifecycle = Lifecycle::kAbsent;
  EXPECT_THAT(Call(ActiveWebhook(), "record: 'contacts/ada' payload: '{}'"),
              IsRejectedWith(v1::WEBHOOKS_ERROR_LINKED_RECORD_NOT_FOUND));
  EXPECT_TRUE(Call(ActiveWebhook(), "payload: '{}'").ok());
}

TEST_F(CallTest, IsEndedWithItsAnswerUnderTheSameKey) {
  state_.resource.set_event_type("webhook_call");
  EXPECT_THAT(End(ActiveWebhook(), "reply_status: 200 attempts: 1 answer: '{}'"),
              Appends(kDelivery, Proto<v1::WebhookDeliveryEvent>(R"(webhook_delivery_ended {
                name: "webhookDeliveries/1" state: DELIVERED reply_status: 200 attempts: 1
                person: "deals/1" answer { body: "{}" } })")));
}

TEST(WebhookSecret, IsMadeOfItsIdAndTheKeysAlone) {
  testing::SeededRandom random(1);
  const auto keys = eventstore::NewMemoryKeyStore(random);
  const std::string secret = SecretOf(*keys, WorkspaceId(1), kName, "a");
  EXPECT_EQ(secret.size(), 7u + 64u);
  EXPECT_EQ(secret.substr(0, 7), "kithwh_");
  EXPECT_EQ(SecretOf(*keys, WorkspaceId(1), kName, "a"), secret);
  EXPECT_NE(SecretOf(*keys, WorkspaceId(1), kName, "b"), secret);
  EXPECT_NE(SecretOf(*keys, WorkspaceId(1), "webhooks/other", "a"), secret);
  EXPECT_NE(SecretOf(*keys, WorkspaceId(2), kName, "a"), secret);
  EXPECT_NE(secret.substr(7, 32), secret.substr(39));
  const auto others = eventstore::NewMemoryKeyStore(random);
  EXPECT_NE(SecretOf(*others, WorkspaceId(1), kName, "a"), secret);
}

// The digest is what openssl says: printf '1700000000.{}' | openssl dgst -sha256 -hmac kithwh_a
TEST(WebhookSignature, IsOfTheTimeAndTheBodyWithEachSecret) {
  const std::string signature = Signature({"kithwh_a", "kithwh_b"}, 1'700'000'000, "{}");
  ASSERT_EQ(signature.size(), 64u + 2u + 64u);
  EXPECT_EQ(signature.substr(0, 64), Signature({"kithwh_a"}, 1'700'000'000, "{}"));
  EXPECT_EQ(signature.substr(66), Signature({"kithwh_b"}, 1'700'000'000, "{}"));
  EXPECT_EQ(Signature({"kithwh_a"}, 1'700'000'000, "{}"),
            "b25b16bb89f6b1b5d98c5bd41ff7f197ad8cf0f3e8e55eec26331f9f2f8bd092");
  EXPECT_NE(Signature({"kithwh_a"}, 1'700'000'001, "{}"), signature.substr(0, 64));
}

}  // namespace
}  // namespace kith::webhooks
