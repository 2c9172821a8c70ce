// The runs that wait for something to happen to records, as a policy remembers them: by the record.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/log/event_registry.h"
#include "google/protobuf/message.h"
#include "kith/workflows/v1/workflow_rows.pb.h"
#include "projections/engine/view_batch.h"
#include "projections/reactions/policy.h"
#include "projections/tables/table_core.h"

namespace kith::workflows {

// Of those that wait for one record, further ones only wait until their time is over.
inline constexpr int kAwaitingMax = 100;

// Whether it is of a run, and a run may begin or cease to wait by it.
bool IsOfWaiting(const eventstore::RecordedEvent& event);
// Folds such an event; those that wait for what happens to this resource are remembered.
absl::Status RememberWaiting(const eventstore::RecordedEvent& event, absl::string_view resource,
                             projections::ViewBatch& batch);

// What happened to a record, as those see it that wait for it.
struct Occurrence {
  const projections::TableDeclaration& table;
  const std::string& name;
  // That it is about without being one of them; as an interaction is about a contact.
  std::vector<std::string> about;
  const google::protobuf::Message* before;  // null: it was not there
  const google::protobuf::Message& after;
};
// Runs that wait for it go on.
absl::Status TellAwaiting(const Occurrence& occurrence, const eventstore::EventHeader& header,
                          projections::ViewBatch& batch, projections::Reactions& reactions);

// Whether it is what is awaited.
bool IsAwaited(const v1::AwaitedChange& awaited, const Occurrence& occurrence, absl::Time now);
// Whether it is one record that is waited for, and how it is, and not what becomes of it.
bool IsOfState(const v1::AwaitedChange& awaited);

}  // namespace kith::workflows
