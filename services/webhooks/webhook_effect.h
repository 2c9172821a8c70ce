// WebhookEffect: posts what is queued for webhooks.
//
// What the event says is read from the log whenever it is posted, and whether it may be told is
// asked then: the webhook may have been paused, whom it acts for may read the record no more, a
// person may have been erased. At least once: where the process ends between the receiver's answer
// and the event that says so, it is posted again under the same id.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/metrics.h"
#include "eventstore/base/mutex.h"
#include "kith/events/v1/events_service.pb.h"
#include "kith/webhooks/v1/webhook.pb.h"
#include "kith/webhooks/v1/webhook_delivery.pb.h"
#include "services/runtime/effects/effect.h"
#include "services/runtime/effects/http_client.h"
#include "services/runtime/effects/lanes.h"
#include "services/runtime/reads/render_event.h"
#include "services/runtime/runtime.h"
#include "services/webhooks/post_webhooks.h"

namespace kith::webhooks {

class WebhookEffect final : public runtime::Effect {
 public:
  explicit WebhookEffect(const WebhookOptions& options);

  // While the server starts, before anything is asked for. Borrows it.
  void Attach(const runtime::Runtime& runtime);

  const google::protobuf::Descriptor& takes() const override {
    return *v1::DeliverWebhookRequest::descriptor();
  }
  void Perform(const google::protobuf::Message& request, const runtime::EffectContext& context,
               Done done) override;
  absl::Duration RetryDelay(int attempt) const override { return options_.back_off.After(attempt); }
  int attempts_max() const override { return attempts_max_; }
  // As many as the runner knows: those that wait for a slow receiver cost a few words.
  size_t performed_max() const override { return 8'192; }
  void Stop() override;

 private:
  // What is posted, or why nothing is.
  struct Prepared {
    v1::DeliveryFailure failure = v1::DELIVERY_FAILURE_UNSPECIFIED;
    runtime::HttpPost post;
  };

  void Post(const std::string& name, const std::string& lane, const runtime::EffectContext& context,
            Done done);
  // Errors: what cannot be read now.
  absl::StatusOr<Prepared> Prepare(const v1::WebhookDelivery& delivery,
                                   const runtime::EffectContext& context) const;
  // As the event stream tells it, as far as `caller` may read it; EVENT_GONE where there is none.
  absl::StatusOr<v1::DeliveryFailure> Read(const v1::WebhookDelivery& delivery,
                                           const runtime::Caller& caller,
                                           events::v1::Event* event) const;
  // What a call says; EVENT_GONE where it cannot be read any more.
  absl::StatusOr<v1::DeliveryFailure> ReadCall(WorkspaceId workspace,
                                               const v1::WebhookDelivery& delivery,
                                               std::string* payload) const;
  // The body of what is posted.
  absl::StatusOr<v1::DeliveryFailure> WriteBody(const v1::Webhook& webhook,
                                                const v1::WebhookDelivery& delivery,
                                                WorkspaceId workspace, std::string* body) const;
  // Of a call, what may be kept.
  std::string AnswerTo(const v1::WebhookDelivery& delivery, const runtime::HttpResult& result,
                       WorkspaceId workspace) const;
  // Whoever the webhook acts for; null where they may be told nothing any more.
  absl::StatusOr<std::shared_ptr<const runtime::Caller>> CallerOf(
      WorkspaceId workspace, const v1::Webhook& webhook, const v1::WebhookDelivery& delivery) const;
  Outcome OutcomeOf(const runtime::HttpResult& result, const v1::WebhookDelivery& delivery,
                    const std::string& lane, const runtime::EffectContext& context);
  // Has it noted that the delivery is tried again, and when; then `noted`, whatever became of that.
  void NoteTry(const v1::WebhookDelivery& delivery, const runtime::HttpResult& result,
               const runtime::EffectContext& context, absl::AnyInvocable<void()> noted) const;
  // It waits to be tried again, or it ends. False: too many wait.
  bool Wait(const std::string& lane, const std::string& name) KITH_EXCLUDES(mutex_);
  void Forget(const std::string& lane, const std::string& name) KITH_EXCLUDES(mutex_);
  void Count(const runtime::HttpResult& result);
  void AddMetrics(MetricPage& page) const;

  const WebhookOptions options_;
  const int attempts_max_;
  const runtime::Runtime* runtime_ = nullptr;  // null until it is attached
  std::unique_ptr<runtime::EventRenderer> renderer_;
  std::unique_ptr<runtime::HttpClient> client_;
  runtime::Lanes lanes_;  // of webhooks: "1/webhooks/01J…"

  std::atomic<bool> stopping_ = false;
  Mutex mutex_;
  absl::flat_hash_map<std::string, std::set<std::string>> waiting_ KITH_GUARDED_BY(mutex_);

  std::atomic<int64_t> taken_ = 0;
  std::atomic<int64_t> declined_ = 0;
  std::atomic<int64_t> unanswered_ = 0;
  std::atomic<int64_t> refused_ = 0;
  const MetricSource metrics_{[this](MetricPage& page) { AddMetrics(page); }};
};

}  // namespace kith::webhooks
