#include "services/webhooks/webhook_fields.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/custom_maps.h"
#include "google/rpc/error_details.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/webhooks/v1/webhooks_errors.pb.h"
#include "projections/webhooks/webhook_triggers.h"
#include "services/core/reject.h"

namespace kith::webhooks {
namespace {

using google::protobuf::Descriptor;
using google::rpc::BadRequest;

// Those whose events webhooks are told of (register.cc).
bool IsTold(const Collection& collection) {
  return collection.name == kNotifications || !CustomMapsOf(*collection.resource).empty();
}

std::string Told(const ServerFacts& facts) {
  std::vector<std::string> names{std::string(kInteractions)};
  for (const Collection& collection : facts.collections) {
    if (IsTold(collection)) names.push_back(collection.name);
  }
  return absl::StrJoin(names, ", ");
}

// What its events are: "kith.deals.v1.DealEvent".
const Descriptor* EventsOf(const Descriptor& resource) {
  return resource.file()->pool()->FindMessageTypeByName(
      absl::StrCat(std::string(resource.full_name()), "Event"));
}

void CheckUrl(const std::string& url, BadRequest& violations) {
  const size_t host = url.find("://");
  if (host == url.npos) return;  // its format is refused already
  const absl::string_view rest = absl::string_view(url).substr(host + 3);
  if (rest.substr(0, rest.find_first_of("/?#")).find('@') != rest.npos) {
    AddViolation("webhook.url", "must not have a user: deliveries are signed", violations);
  }
  if (absl::StrContains(url, '#')) {
    AddViolation("webhook.url", "must not have a fragment, which is not sent", violations);
  }
}

void CheckCondition(const std::string& field, const std::string& condition,
                    const Collection& collection, BadRequest& violations) {
  const std::unique_ptr<google::protobuf::Message> nobody(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(collection.resource)
          ->New());
  const auto held = collection.holds(condition, *nobody, absl::UnixEpoch(), absl::UTCTimeZone());
  if (!held.ok()) {
    AddViolation(absl::StrCat(field, ".condition"), held.status().message(), violations);
  }
}

void CheckEvents(const std::string& field, const v1::WebhookEvents& events,
                 const ServerFacts& facts, BadRequest& violations) {
  const Descriptor* told = interactions::v1::InteractionEvent::descriptor();
  if (events.resource() == kInteractions) {
    if (!events.condition().empty()) {
      AddViolation(absl::StrCat(field, ".condition"), "is of no interactions: they are told whole",
                   violations);
    }
  } else {
    const auto found =
        std::find_if(facts.collections.begin(), facts.collections.end(),
                     [&](const Collection& one) { return one.name == events.resource(); });
    if (found == facts.collections.end() || !IsTold(*found)) {
      return AddViolation(absl::StrCat(field, ".resource"),
                          absl::StrCat("must be one of ", Told(facts)), violations);
    }
    told = EventsOf(*found->resource);
    if (!events.condition().empty()) CheckCondition(field, events.condition(), *found, violations);
  }
  AddRepeats(absl::StrCat(field, ".types"), events.types(), violations);
  for (int i = 0; i < events.types_size(); ++i) {
    const bool is_of_resource =
        events.resource() == kNotifications
            ? events.types(i) == kNotificationCreated
            : told != nullptr && told->FindFieldByName(events.types(i)) != nullptr;
    if (is_of_resource) continue;
    AddViolation(absl::StrCat(field, ".types[", i, "]"),
                 absl::StrCat("is no event of ", events.resource()), violations);
  }
}

}  // namespace

absl::Status CheckFields(const v1::Webhook& webhook, const ServerFacts& facts) {
  BadRequest violations;
  CheckUrl(webhook.url(), violations);
  for (int i = 0; i < webhook.events_size(); ++i) {
    CheckEvents(absl::StrCat("webhook.events[", i, "]"), webhook.events(i), facts, violations);
  }
  return InvalidWebhook(violations);
}

absl::Status InvalidWebhook(const BadRequest& violations) {
  if (violations.field_violations().empty()) return absl::OkStatus();
  return Reject(v1::WEBHOOKS_ERROR_INVALID_WEBHOOK,
                absl::StrCat("The webhook cannot be as it is: ", Summary(violations), "."), {},
                violations);
}

}  // namespace kith::webhooks
