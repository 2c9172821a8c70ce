#include "services/webhooks/webhook_effect.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/log.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/util/json_util.h"
#include "kith/webhooks/v1/webhook_deliveries_service.pb.h"
#include "services/core/resource_name.h"
#include "services/runtime/commands/transact.h"
#include "services/runtime/reads/hide_masked.h"
#include "services/runtime/requests/request_key.h"
#include "services/webhooks/webhook_commands.h"
#include "services/webhooks/webhook_delivery.h"
#include "services/webhooks/webhook_secret.h"

namespace kith::webhooks {
namespace {

using runtime::Caller;
using runtime::EffectContext;
using runtime::HttpResult;

constexpr absl::string_view kPolicy = "policies/webhook_delivery";
constexpr int kGone = 410;

WebhookEffect::Outcome Ended(const std::string& name, v1::DeliveryFailure failure, int status,
                             int attempts, std::string answer = "") {
  auto request = std::make_unique<v1::EndWebhookDeliveryRequest>();
  request->set_name(name);
  request->set_failure(failure);
  request->set_reply_status(status);
  request->set_attempts(attempts);
  request->set_answer(std::move(answer));
  return request;
}

bool IsTaken(const HttpResult& result) {
  return result.end == HttpResult::End::kAnswered && result.status >= 200 && result.status < 300;
}

absl::StatusOr<std::string> JsonOf(const events::v1::Event& event) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(event, &json, options).ok()) {
    return absl::DataLossError("an event cannot be told as JSON");
  }
  return json;
}

// What a test says in place of an event.
void WriteTest(const v1::WebhookDelivery& delivery, events::v1::Event* event) {
  event->set_stream(delivery.webhook());
  event->set_type(delivery.event_type());
  *event->mutable_record_time() = delivery.create_time();
  *event->mutable_occur_time() = delivery.create_time();
}

// Notes that a delivery was tried and is to be tried again; what became of the note itself is told
// nobody, as the delivery goes on in any case. Deletes itself.
class TryNote final : public runtime::Command {
 public:
  TryNote(runtime::Origin origin, v1::WebhookDeliveryTried tried, absl::AnyInvocable<void()> noted)
      : origin_(std::move(origin)), tried_(std::move(tried)), noted_(std::move(noted)) {}

  const runtime::Origin& origin() const override { return origin_; }
  Decision Decide(runtime::Loader& load, const CommandContext&) override {
    KITH_ASSIGN_OR_RETURN(const DeliveryState* const state,
                          load.Load<DeliveryAggregate>(tried_.name()));
    return DecideTried(*state, tried_);
  }
  absl::Status Render(runtime::Rendering&) override { return absl::OkStatus(); }
  void Done(absl::Status) override {
    const std::unique_ptr<TryNote> ended(this);
    noted_();
  }

 private:
  const runtime::Origin origin_;
  const v1::WebhookDeliveryTried tried_;
  absl::AnyInvocable<void()> noted_;
};

}  // namespace

WebhookEffect::WebhookEffect(const WebhookOptions& options)
    : options_(options),
      attempts_max_(options.back_off.attempts_max()),
      lanes_(options.at_once_max) {}

void WebhookEffect::Attach(const runtime::Runtime& runtime) {
  runtime_ = &runtime;
  renderer_ = std::make_unique<runtime::EventRenderer>(runtime.log, runtime.registry, runtime.keys);
  client_ = std::make_unique<runtime::HttpClient>(options_.http);
}

void WebhookEffect::Stop() {
  stopping_ = true;
  if (client_ != nullptr) client_->Stop();
}

void WebhookEffect::Perform(const google::protobuf::Message& request, const EffectContext& context,
                            Done done) {
  KITH_CHECK(runtime_ != nullptr);
  const auto& asked = static_cast<const v1::DeliverWebhookRequest&>(request);
  std::string lane = absl::StrCat(context.workspace.value(), "/", asked.webhook());
  Done leave = [this, lane, done = std::move(done)](Outcome outcome) mutable {
    lanes_.Leave(lane);
    done(std::move(outcome));
  };
  lanes_.Enter(lane, [this, &asked, &context, lane, leave = std::move(leave)]() mutable {
    // The event is read from the disk.
    runtime_->pools.folds.Run(
        [this, &asked, &context, lane = std::move(lane), leave = std::move(leave)]() mutable {
          Post(asked.name(), lane, context, std::move(leave));
        });
  });
}

void WebhookEffect::Post(const std::string& name, const std::string& lane,
                         const EffectContext& context, Done done) {
  if (stopping_) return done(absl::UnavailableError("the server stops"));
  const auto known = runtime_->transact.Fold<DeliveryAggregate>(context.workspace, name);
  if (!known.ok()) return done(absl::UnavailableError("the delivery cannot be read now"));
  const v1::WebhookDelivery& delivery = (*known)->resource;
  // Where its end is recorded, and was not noted before a crash, it is recorded again: no change.
  if (delivery.state() != v1::PENDING) {
    return done(Ended(name, delivery.failure(), delivery.reply_status(), delivery.attempts()));
  }
  auto prepared = Prepare(delivery, context);
  if (!prepared.ok()) return done(absl::UnavailableError("the event cannot be read now"));
  if (prepared->failure != v1::DELIVERY_FAILURE_UNSPECIFIED) {
    Forget(lane, name);
    return done(Ended(name, prepared->failure, 0, context.attempt - 1));
  }
  client_->Send(std::move(prepared->post), [this, delivery, &context, lane, done = std::move(done)](
                                               const HttpResult& result) mutable {
    Outcome outcome = OutcomeOf(result, delivery, lane, context);
    const bool is_tried_again = !outcome.ok() && result.end != HttpResult::End::kStopped;
    if (!is_tried_again) return done(std::move(outcome));
    NoteTry(delivery, result, context,
            [done = std::move(done), outcome = std::move(outcome)]() mutable {
              done(std::move(outcome));
            });
  });
}

absl::StatusOr<WebhookEffect::Prepared> WebhookEffect::Prepare(const v1::WebhookDelivery& delivery,
                                                               const EffectContext& context) const {
  const bool is_test = delivery.event_type() == kTestType;
  KITH_ASSIGN_OR_RETURN(const auto state, runtime_->transact.Fold<WebhookAggregate>(
                                              context.workspace, delivery.webhook()));
  const v1::Webhook& webhook = state->resource;
  if (state->lifecycle != Lifecycle::kActive) return Prepared{v1::WEBHOOK_GONE, {}};
  if (webhook.state() != v1::ACTIVE && !is_test) return Prepared{v1::WEBHOOK_PAUSED, {}};
  Prepared prepared;
  KITH_ASSIGN_OR_RETURN(prepared.failure,
                        WriteBody(webhook, delivery, context.workspace, &prepared.post.body));
  if (prepared.failure != v1::DELIVERY_FAILURE_UNSPECIFIED) return prepared;
  std::vector<std::string> secrets;
  for (const std::string& id : SigningAt(webhook, context.now)) {
    secrets.push_back(SecretOf(runtime_->keys, context.workspace, webhook.name(), id));
  }
  const int64_t seconds = absl::ToUnixSeconds(context.now);
  prepared.post.url = webhook.url();
  prepared.post.headers = {
      "Content-Type: application/json", absl::StrCat("Kith-Webhook-Event: ", delivery.event_type()),
      absl::StrCat("Kith-Webhook-Id: ", IdOf(delivery.name())),
      absl::StrCat("Kith-Webhook-Timestamp: ", seconds),
      absl::StrCat("Kith-Webhook-Signature: ", Signature(secrets, seconds, prepared.post.body))};
  return prepared;
}

absl::StatusOr<v1::DeliveryFailure> WebhookEffect::WriteBody(const v1::Webhook& webhook,
                                                             const v1::WebhookDelivery& delivery,
                                                             WorkspaceId workspace,
                                                             std::string* body) const {
  if (delivery.event_type() == kCallType) {
    // What somebody had posted is nothing to whoever the webhook acts for by now.
    if (delivery.owner() != webhook.acts_for()) return v1::NOT_READABLE;
    return ReadCall(workspace, delivery, body);
  }
  events::v1::Event event;
  if (delivery.event_type() == kTestType) {
    WriteTest(delivery, &event);
  } else {
    KITH_ASSIGN_OR_RETURN(const std::shared_ptr<const Caller> caller,
                          CallerOf(workspace, webhook, delivery));
    if (caller == nullptr) return v1::NOT_READABLE;
    KITH_ASSIGN_OR_RETURN(const v1::DeliveryFailure failure, Read(delivery, *caller, &event));
    if (failure != v1::DELIVERY_FAILURE_UNSPECIFIED) return failure;
  }
  KITH_ASSIGN_OR_RETURN(*body, JsonOf(event));
  return v1::DELIVERY_FAILURE_UNSPECIFIED;
}

absl::StatusOr<v1::DeliveryFailure> WebhookEffect::ReadCall(WorkspaceId workspace,
                                                            const v1::WebhookDelivery& delivery,
                                                            std::string* payload) const {
  const auto cursor =
      runtime_->log.ReadStream(workspace, delivery.name(), Revision(1),
                               eventstore::Direction::kForwards, eventstore::ReadTier::kDisk);
  KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record, cursor->Next());
  if (record == nullptr) return v1::EVENT_GONE;
  KITH_ASSIGN_OR_RETURN(const auto event,
                        runtime_->registry.Decode(std::move(record), runtime_->keys));
  if (event->erased) return v1::EVENT_GONE;
  *payload = static_cast<const v1::WebhookDeliveryEvent&>(*event->event)
                 .webhook_delivery_created()
                 .call()
                 .payload();
  return v1::DELIVERY_FAILURE_UNSPECIFIED;
}

// What is longer than is read, or no JSON, is not kept.
std::string WebhookEffect::AnswerTo(const v1::WebhookDelivery& delivery, const HttpResult& result,
                                    WorkspaceId workspace) const {
  const bool is_kept = delivery.event_type() == kCallType && !result.is_cut &&
                       !runtime_->keys.IsDestroyed(workspace, PersonOf(delivery)) &&
                       IsJson(result.answer);
  return is_kept ? result.answer : "";
}

absl::StatusOr<std::shared_ptr<const Caller>> WebhookEffect::CallerOf(
    WorkspaceId workspace, const v1::Webhook& webhook, const v1::WebhookDelivery& delivery) const {
  std::shared_ptr<const Caller> caller = runtime_->authorizer->CallerOfPolicy(workspace, kPolicy);
  if (caller == nullptr) return absl::UnavailableError("the workspace is not there");
  if (!webhook.acts_for().empty()) {
    auto user = runtime_->authorizer->OnBehalfOf(std::move(caller), webhook.acts_for());
    if (!user.ok()) return std::shared_ptr<const Caller>();
    caller = *std::move(user);
  }
  const bool is_of_record =
      delivery.event_stream() == delivery.record() ||
      absl::StartsWith(delivery.event_stream(), absl::StrCat(delivery.record(), "/"));
  if (!is_of_record) return std::shared_ptr<const Caller>();
  const std::string permission = PermissionToRead(eventstore::CategoryOf(delivery.event_stream()));
  if (!caller->grants.Contain(permission)) return std::shared_ptr<const Caller>();
  KITH_ASSIGN_OR_RETURN(const bool sees,
                        runtime_->transact.Sees(*caller, delivery.record(), permission));
  return sees ? caller : std::shared_ptr<const Caller>();
}

absl::StatusOr<v1::DeliveryFailure> WebhookEffect::Read(const v1::WebhookDelivery& delivery,
                                                        const Caller& caller,
                                                        events::v1::Event* event) const {
  const auto cursor =
      runtime_->log.ReadStream(caller.workspace, delivery.event_stream(),
                               Revision(static_cast<uint64_t>(delivery.event_revision())),
                               eventstore::Direction::kForwards, eventstore::ReadTier::kDisk);
  KITH_ASSIGN_OR_RETURN(const std::shared_ptr<const eventstore::Record> record, cursor->Next());
  if (record == nullptr) return v1::EVENT_GONE;
  const absl::Status rendered = renderer_->Render(*record, runtime::PayloadFormat::kMessage, event);
  // Damage stays, and is told in the log; what may pass is tried again.
  if (absl::IsDataLoss(rendered)) {
    Log(LogLevel::kError, "an event that a webhook asks for cannot be read",
        {{"error", std::string(rendered.message())}});
    return v1::EVENT_GONE;
  }
  KITH_RETURN_IF_ERROR(rendered);
  runtime::HideMasked(caller, event);
  return v1::DELIVERY_FAILURE_UNSPECIFIED;
}

WebhookEffect::Outcome WebhookEffect::OutcomeOf(const HttpResult& result,
                                                const v1::WebhookDelivery& delivery,
                                                const std::string& lane,
                                                const EffectContext& context) {
  if (result.end == HttpResult::End::kStopped) return absl::UnavailableError("the server stops");
  const std::string& name = delivery.name();
  Count(result);
  v1::DeliveryFailure failure = v1::DELIVERY_FAILURE_UNSPECIFIED;
  if (!IsTaken(result)) {
    // Without a name: of a receiver that is down there are many, and equal lines become one.
    Log(LogLevel::kInfo, "a webhook did not take a delivery",
        {{"status", result.status}, {"why", result.why}});
    if (result.end == HttpResult::End::kRefused) {
      failure = v1::ADDRESS_REFUSED;
    } else if (result.status == kGone) {
      failure = v1::RECEIVER_GONE;
    } else if (context.attempt >= attempts_max_) {
      failure = v1::GAVE_UP;
    } else if (Wait(lane, name)) {
      return absl::UnavailableError("the webhook did not take it");
    } else {
      failure = v1::TOO_MANY_WAITING;
    }
  }
  Forget(lane, name);
  return Ended(name, failure, result.status, context.attempt,
               AnswerTo(delivery, result, context.workspace));
}

void WebhookEffect::NoteTry(const v1::WebhookDelivery& delivery, const HttpResult& result,
                            const EffectContext& context, absl::AnyInvocable<void()> noted) const {
  v1::WebhookDeliveryTried tried;
  tried.set_name(delivery.name());
  tried.set_attempts(context.attempt);
  tried.set_reply_status(result.status);
  const absl::Time now = runtime_->clock.Now();
  *tried.mutable_next_try_time() = ToTimestamp(now + RetryDelay(context.attempt));
  runtime::Origin origin;
  origin.caller = runtime_->authorizer->CallerOfPolicy(context.workspace, kPolicy);
  if (origin.caller == nullptr) return noted();
  // Tries are counted from one again after a restart.
  origin.request = runtime::MakeRequestKey(
      runtime_->keys, context.workspace, "policy/webhook_delivery/tried",
      absl::StrCat(context.id, "/", context.attempt, "@", absl::ToUnixMicros(now), "/1"), tried,
      nullptr);
  auto note = std::make_unique<TryNote>(std::move(origin), std::move(tried), std::move(noted));
  runtime_->transact.Start(*note.release());
}

bool WebhookEffect::Wait(const std::string& lane, const std::string& name) {
  MutexLock lock(mutex_);
  std::set<std::string>& names = waiting_[lane];
  if (names.size() >= options_.waiting_max && !names.contains(name)) return false;
  names.insert(name);
  return true;
}

void WebhookEffect::Forget(const std::string& lane, const std::string& name) {
  MutexLock lock(mutex_);
  const auto names = waiting_.find(lane);
  if (names == waiting_.end()) return;
  names->second.erase(name);
  if (names->second.empty()) waiting_.erase(names);
}

void WebhookEffect::Count(const HttpResult& result) {
  auto& counter = IsTaken(result)                            ? taken_
                  : result.end == HttpResult::End::kRefused  ? refused_
                  : result.end == HttpResult::End::kAnswered ? declined_
                                                             : unanswered_;
  counter.fetch_add(1, std::memory_order_relaxed);
}

void WebhookEffect::AddMetrics(MetricPage& page) const {
  const auto count = [&](absl::string_view result, const std::atomic<int64_t>& counter) {
    page.Counter("kith_webhook_posts_total", "What became of what was posted to webhooks.",
                 static_cast<double>(counter.load(std::memory_order_relaxed)),
                 {{"result", std::string(result)}});
  };
  count("taken", taken_);
  count("declined", declined_);
  count("unanswered", unanswered_);
  count("refused", refused_);
}

}  // namespace kith::webhooks
