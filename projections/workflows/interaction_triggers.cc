#include "projections/workflows/interaction_triggers.h"

#include <utility>

#include "absl/strings/match.h"
#include "eventstore/base/status_macros.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "projections/tables/merged_names.h"
#include "projections/tables/touched_records.h"
#include "projections/workflows/active_workflows.h"
#include "projections/workflows/awaiting_runs.h"
#include "projections/workflows/own_steps.h"
#include "projections/workflows/part_tables.h"

namespace kith::workflows {
namespace {

using interactions::v1::Interaction;
using interactions::v1::InteractionEvent;
using projections::MergedNames;

// Which names mean the same contact: what is recorded under one of them is awaited under another.
const MergedNames& ContactNames() {
  static const auto& names =
      *new MergedNames(contacts::v1::Contact::default_instance(), projections::kPolicyNamesTable);
  return names;
}

const InteractionEvent& MessageOf(const eventstore::RecordedEvent& event) {
  return static_cast<const InteractionEvent&>(*event.event);
}

}  // namespace

bool InteractionTriggers::Concerns(const eventstore::RecordedEvent& event) const {
  return IsOfWorkflow(event) || IsOfWaiting(event) || ContactNames().IsChangedBy(event) ||
         (eventstore::CategoryOf(event.header().stream) == kInteractions &&
          MessageOf(event).has_interaction_recorded());
}

absl::Status InteractionTriggers::React(const eventstore::RecordedEvent& event,
                                        projections::ViewBatch& batch,
                                        projections::Reactions& reactions) const {
  if (IsOfWorkflow(event)) return RememberWorkflow(event, kInteractions, batch).status();
  if (IsOfWaiting(event)) {
    KITH_RETURN_IF_ERROR(RememberWaiting(event, kInteractions, batch));
    return RememberStep(event, batch);
  }
  if (ContactNames().IsChangedBy(event)) return ContactNames().Follow(event, batch);
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(const v1::ActiveWorkflows active, ReadActive(batch, header.workspace));
  KITH_ASSIGN_OR_RETURN(const v1::WorkspaceZone workspace, ReadZone(batch, header.workspace));
  if (active.workflows().empty() && workspace.awaiting() == 0) return absl::OkStatus();
  const projections::TableDeclaration& fields = *PartTable(kInteractions);
  const std::optional<Interaction> interaction = projections::RecordedInteraction(event);
  const std::vector<std::string> records = projections::TouchedRecords(event);
  KITH_ASSIGN_OR_RETURN(const std::string own, StepTakerOf(header, batch));
  for (const v1::ActiveWorkflow& workflow : active.workflows()) {
    if (absl::StartsWith(header.stream, "contacts/") && workflow.workflow() != own &&
        IsSetOff(workflow.trigger(), fields, nullptr, *interaction, header.occur_time)) {
      KITH_RETURN_IF_ERROR(SetOff(workflow, SubjectOf(records), reactions));
    }
  }
  std::vector<std::string> about;
  for (const std::string& record : records) {
    KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          ContactNames().AllOf(batch, header.workspace, record));
    about.insert(about.end(), names.begin(), names.end());
  }
  return TellAwaiting({fields, interaction->name(), std::move(about), nullptr, *interaction},
                      header, batch, reactions);
}

}  // namespace kith::workflows
