// WebhookTriggers: what happens to records of one resource is told to the webhooks that ask for it.
// One of each resource that has custom fields.
#pragma once

#include <string>
#include <vector>

#include "projections/reactions/policy.h"
#include "projections/tables/resource_directory.h"

namespace kith::webhooks {

class WebhookTriggers final : public projections::Policy {
 public:
  // Borrows the directory of `collection`, "deals".
  WebhookTriggers(absl::string_view collection, const projections::ResourceDirectory& directory);
  std::string base() const override { return base_; }

 private:
  // Which webhooks are active it remembers by itself.
  std::vector<std::string> Follows() const override { return {"webhooks"}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;

  const std::string collection_;
  const std::string base_;
  const projections::TableCore& table_;
};

// What a webhook calls them.
inline constexpr absl::string_view kInteractions = "interactions";

// The same of what is recorded under contacts, companies and deals. What was said stays sealed, so
// no condition asks for it.
class InteractionWebhooks final : public projections::Policy {
 public:
  InteractionWebhooks()
      : Policy("webhook_triggers_interactions", 1,
               "Queues what is recorded about records for the webhooks that ask for it.") {}
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {"webhooks", "interactions"}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;
};

// What a webhook calls them, and what it is told of each.
inline constexpr absl::string_view kNotifications = "notifications";
inline constexpr absl::string_view kNotificationCreated = "notification_created";

// What users want to be told of by webhooks is told to those that ask for notifications.
class NotificationWebhooks final : public projections::Policy {
 public:
  // Borrows the directory of notifications.
  explicit NotificationWebhooks(const projections::ResourceDirectory& directory)
      : Policy("webhook_triggers_notifications", 1,
               "Queues notifications, as their users want it, for the webhooks that ask for them."),
        base_(directory.name()),
        table_(directory.table()) {}
  std::string base() const override { return base_; }
  bool reads_personal() const override { return false; }

 private:
  std::vector<std::string> Follows() const override { return {"webhooks"}; }
  absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
                     projections::Reactions& reactions) const override;

  const std::string base_;
  const projections::TableCore& table_;
};

}  // namespace kith::webhooks
