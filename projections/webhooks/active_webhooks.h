// The webhooks that are told of a resource's events, as a policy remembers them: a fold of the
// webhooks' events in tables of its own. Pure.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/event_registry.h"
#include "google/protobuf/message.h"
#include "kith/webhooks/v1/webhook_rows.pb.h"
#include "projections/engine/view_batch.h"
#include "projections/reactions/policy.h"
#include "projections/tables/table_core.h"

namespace kith::webhooks {

// Of one resource so many can be active; a further one is told nothing of it.
inline constexpr int kActiveMax = 50;

// Whether it is of a webhook.
bool IsOfWebhook(const eventstore::RecordedEvent& event);
// Folds an event of a webhook; those that are told of `resource` are remembered.
absl::Status FoldActive(const eventstore::RecordedEvent& event, absl::string_view resource,
                        projections::ViewBatch& batch);
absl::StatusOr<v1::ActiveWebhooks> ReadActive(projections::ViewBatch& batch, WorkspaceId workspace);

// "deal_won".
const std::string& TypeOf(const eventstore::RecordedEvent& event);

// Of what a condition asks: a row of a table. Null: what is told has none.
struct AskedRow {
  const projections::TableDeclaration* table = nullptr;
  const google::protobuf::Message* row = nullptr;
};

// The event, which is about `record`, is queued for each webhook that asks for it.
absl::Status QueueFor(const v1::ActiveWebhooks& active, const eventstore::RecordedEvent& event,
                      absl::string_view resource, const std::string& record, const AskedRow& asked,
                      projections::Reactions& reactions);

}  // namespace kith::webhooks
