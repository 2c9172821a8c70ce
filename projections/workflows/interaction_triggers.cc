#include "projections/workflows/interaction_triggers.h"

#include "absl/strings/match.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "projections/tables/touched_records.h"
#include "projections/workflows/active_workflows.h"
#include "projections/workflows/awaiting_runs.h"
#include "projections/workflows/part_tables.h"

namespace kith::workflows {
namespace {

using interactions::v1::Interaction;
using interactions::v1::InteractionEvent;

const InteractionEvent& MessageOf(const eventstore::RecordedEvent& event) {
  return static_cast<const InteractionEvent&>(*event.event);
}

}  // namespace

std::optional<Interaction> RecordedInteraction(const eventstore::RecordedEvent& event) {
  if (!MessageOf(event).has_interaction_recorded()) return std::nullopt;
  const auto& recorded = MessageOf(event).interaction_recorded();
  Interaction interaction = recorded.interaction();
  interaction.set_name(recorded.name());
  *interaction.mutable_occur_time() = ToTimestamp(event.header().occur_time);
  *interaction.mutable_record_time() = ToTimestamp(event.header().record_time);
  return interaction;
}

std::vector<std::string> RecordsOfInteraction(const eventstore::RecordedEvent& event) {
  std::vector<std::string> records;
  projections::ForEachTouchedRecord(event, [&](absl::string_view record, absl::Time) {
    records.emplace_back(record);
    return absl::OkStatus();
  }).IgnoreError();  // none of its own
  return records;
}

bool InteractionTriggers::Concerns(const eventstore::RecordedEvent& event) const {
  return IsOfWorkflow(event) || IsOfWaiting(event) ||
         (eventstore::CategoryOf(event.header().stream) == kInteractions &&
          MessageOf(event).has_interaction_recorded());
}

absl::Status InteractionTriggers::React(const eventstore::RecordedEvent& event,
                                        projections::ViewBatch& batch,
                                        projections::Reactions& reactions) const {
  if (IsOfWorkflow(event)) return RememberWorkflow(event, kInteractions, batch).status();
  if (IsOfWaiting(event)) return RememberWaiting(event, kInteractions, batch);
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(const v1::ActiveWorkflows active, ReadActive(batch, header.workspace));
  KITH_ASSIGN_OR_RETURN(const v1::WorkspaceZone workspace, ReadZone(batch, header.workspace));
  if (active.workflows().empty() && workspace.awaiting() == 0) return absl::OkStatus();
  const projections::TableDeclaration& fields = *PartTable(kInteractions);
  const std::optional<Interaction> interaction = RecordedInteraction(event);
  const std::vector<std::string> records = RecordsOfInteraction(event);
  for (const v1::ActiveWorkflow& workflow : active.workflows()) {
    if (absl::StartsWith(header.stream, "contacts/") &&
        IsSetOff(workflow.trigger(), fields, nullptr, *interaction, header.occur_time)) {
      KITH_RETURN_IF_ERROR(SetOff(workflow, records.front(), reactions));
    }
  }
  return TellAwaiting({fields, interaction->name(), records, nullptr, *interaction}, header, batch,
                      reactions);
}

}  // namespace kith::workflows
