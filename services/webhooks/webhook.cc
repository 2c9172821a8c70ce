#include "services/webhooks/webhook.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/util/message_differencer.h"
#include "kith/webhooks/v1/webhooks_errors.pb.h"
#include "projections/webhooks/webhook_fold.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/core/resource_name.h"
#include "services/core/shown_fields.h"
#include "services/webhooks/webhook_fields.h"

namespace kith::webhooks {
namespace {

constexpr absl::Duration kOverlapDefault = absl::Hours(24);
constexpr absl::Duration kOverlapMax = absl::Hours(24 * 7);

bool IsSame(const v1::Webhook& a, const v1::Webhook& b) {
  if (a.url() != b.url() || a.events_size() != b.events_size()) return false;
  for (int i = 0; i < a.events_size(); ++i) {
    if (!google::protobuf::util::MessageDifferencer::Equals(a.events(i), b.events(i))) return false;
  }
  return true;
}

void CompleteFields(const v1::Webhook& before, const Settings&, v1::Webhook& after) {
  if (before.state() != v1::ACTIVE || IsSame(before, after)) return;
  after.set_state(v1::PAUSED);
  after.set_pause_reason(v1::CHANGED);
  after.clear_acts_for();
  after.clear_activated_with();
}

// The event that says what of it changed; none where nothing did.
Decision Updated(const v1::Webhook& before, const v1::Webhook& after) {
  using google::protobuf::util::MessageDifferencer;
  google::protobuf::FieldMask changed;
  if (after.activated_with() != before.activated_with()) changed.add_paths("activated_with");
  if (after.acts_for() != before.acts_for()) changed.add_paths("acts_for");
  if (after.failures_in_a_row() != before.failures_in_a_row()) {
    changed.add_paths("failures_in_a_row");
  }
  if (after.pause_reason() != before.pause_reason()) changed.add_paths("pause_reason");
  bool has_same_secrets = after.secrets_size() == before.secrets_size();
  for (int i = 0; has_same_secrets && i < after.secrets_size(); ++i) {
    has_same_secrets = MessageDifferencer::Equals(after.secrets(i), before.secrets(i));
  }
  if (!has_same_secrets) changed.add_paths("secrets");
  if (after.state() != before.state()) changed.add_paths("state");
  if (changed.paths().empty()) return NoChange();
  return Changes().Append(after.name(), UpdatedEvent<v1::WebhookEvent>(after, changed));
}

// Puts a new secret before those that still sign `until` then; its id.
std::string AddSecret(absl::Time now, absl::Time until, IdPool& ids, v1::Webhook& webhook) {
  const auto before = webhook.secrets();
  webhook.clear_secrets();
  v1::WebhookSecret& made = *webhook.add_secrets();
  made.set_id(ids.Next());
  *made.mutable_create_time() = ToTimestamp(now);
  for (const v1::WebhookSecret& secret : before) {
    const absl::Time end =
        secret.has_expire_time() ? std::min(FromTimestamp(secret.expire_time()), until) : until;
    if (end <= now) continue;
    v1::WebhookSecret& kept = *webhook.add_secrets();
    kept = secret;
    *kept.mutable_expire_time() = ToTimestamp(end);
  }
  return made.id();
}

// Nobody has a webhook told what they are not told themselves: where they are no user, for whom it
// could be told, everything.
absl::Status MayBeTold(const v1::Webhook& webhook, const CommandContext& context) {
  const Grants* const grants = context.grants;
  if (grants == nullptr) return absl::OkStatus();
  if (context.user.empty() && !grants->ContainAll("*")) {
    return Reject(v1::WEBHOOKS_ERROR_NOT_PERMITTED,
                  "The credentials are no user's, for whom the webhook could be told, and do not "
                  "grant everything. Use those of a user.");
  }
  const bool shows_all = ShowAllFields(grants);
  for (const v1::WebhookEvents& events : webhook.events()) {
    const std::string permission = PermissionToRead(events.resource());
    if (!grants->Contain(permission)) {
      return Reject(v1::WEBHOOKS_ERROR_NOT_PERMITTED,
                    absl::StrCat("To be told of ", events.resource(),
                                 ", your credentials have to grant ", permission, "."),
                    {{"permission", permission}});
    }
    if (!events.condition().empty() && !shows_all) {
      return Reject(v1::WEBHOOKS_ERROR_NOT_PERMITTED,
                    "Your roles hide fields from you, and a condition may tell what they hold. Ask "
                    "for events without one.");
    }
  }
  return absl::OkStatus();
}

}  // namespace

WebhookState Evolve(WebhookState state, const Recorded<v1::WebhookEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldWebhook);
  return state;
}

const ResourceRules& WebhookRules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<WebhookAggregate>()
                             .NotFound(v1::WEBHOOKS_ERROR_WEBHOOK_NOT_FOUND)
                             .LinkNotFound(v1::WEBHOOKS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .Complete(CompleteFields)
                             .Check(CheckFields)
                             .FoldedBy<FoldWebhook>()
                             .Build());
  return rules;
}

absl::Status CheckThere(const WebhookState& state, absl::string_view name) {
  return state.lifecycle == Lifecycle::kActive ? absl::OkStatus()
                                               : ResourceNotFound(WebhookRules(), name);
}

std::string PermissionToRead(absl::string_view resource) {
  return absl::StrCat(Underscored(resource), ".read");
}

bool HasCondition(const v1::Webhook& webhook, absl::string_view resource) {
  return std::any_of(webhook.events().begin(), webhook.events().end(), [&](const auto& events) {
    return events.resource() == resource && !events.condition().empty();
  });
}

std::vector<std::string> SigningAt(const v1::Webhook& webhook, absl::Time now) {
  std::vector<std::string> ids;
  for (const v1::WebhookSecret& secret : webhook.secrets()) {
    if (secret.has_expire_time() && FromTimestamp(secret.expire_time()) <= now) continue;
    ids.push_back(secret.id());
  }
  return ids;
}

Decision Decide(const WebhookState& state, const v1::ActivateWebhookRequest& command,
                const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckThere(state, command.name()));
  const v1::Webhook& before = state.resource;
  KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), before.etag()));
  KITH_RETURN_IF_ERROR(MayBeTold(before, context));
  v1::Webhook after = before;
  after.set_state(v1::ACTIVE);
  after.clear_pause_reason();
  after.clear_failures_in_a_row();
  after.set_acts_for(std::string(context.user));
  after.set_activated_with(context.actor);
  if (!before.secrets().empty()) return Updated(before, after);
  std::string made = AddSecret(context.now, context.now, context.ids, after);
  return (*Updated(before, after)).WithSecret(std::move(made));
}

Decision Decide(const WebhookState& state, const v1::PauseWebhookRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckThere(state, command.name()));
  const v1::Webhook& before = state.resource;
  KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), before.etag()));
  if (before.state() == v1::PAUSED) return NoChange();
  v1::Webhook after = before;
  after.set_state(v1::PAUSED);
  after.set_pause_reason(v1::ASKED);
  after.clear_acts_for();
  after.clear_activated_with();
  return Updated(before, after);
}

Decision Decide(const WebhookState& state, const v1::RotateWebhookSecretRequest& command,
                const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckThere(state, command.name()));
  const v1::Webhook& before = state.resource;
  KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), before.etag()));
  const absl::Duration overlap = command.has_overlap()
                                     ? absl::Seconds(command.overlap().seconds()) +
                                           absl::Nanoseconds(command.overlap().nanos())
                                     : kOverlapDefault;
  if (overlap < absl::ZeroDuration() || overlap > kOverlapMax) {
    return RejectField("overlap", "must be from 0 to 7 days");
  }
  v1::Webhook after = before;
  std::string made = AddSecret(context.now, context.now + overlap, context.ids, after);
  if (after.secrets_size() > kSecretsMax) {
    return RejectState(v1::WEBHOOKS_ERROR_TOO_MANY_SECRETS,
                       absl::StrCat(kSecretsMax,
                                    " secrets of the webhook sign its deliveries, as "
                                    "many as may at once. Wait until the first of "
                                    "them ends, or rotate with an overlap of 0."),
                       command.name());
  }
  return (*Updated(before, after)).WithSecret(std::move(made));
}

}  // namespace kith::webhooks
