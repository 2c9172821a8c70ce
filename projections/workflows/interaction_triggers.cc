#include "projections/workflows/interaction_triggers.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/interactions/v1/interaction.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/options/v1/options.pb.h"
#include "projections/tables/query.h"
#include "projections/tables/row_filter.h"
#include "projections/tables/table.h"
#include "projections/workflows/active_workflows.h"

namespace kith::workflows {
namespace {

using interactions::v1::Interaction;
using interactions::v1::InteractionEvent;

// No table of a view: what a condition can ask of an interaction.
const projections::TableDeclaration& Fields() {
  static const auto& table = *new projections::Table<Interaction>(
      projections::TableBuilder<Interaction>(3)
          .Key([](const Interaction& interaction) { return interaction.name(); })
          .Build());
  return table.core().declaration();
}

}  // namespace

bool InteractionTriggers::Concerns(const eventstore::RecordedEvent& event) const {
  return IsOfWorkflow(event) ||
         (absl::StartsWith(event.header().stream, "contacts/") &&
          static_cast<const InteractionEvent&>(*event.event).has_interaction_recorded());
}

absl::Status InteractionTriggers::React(const eventstore::RecordedEvent& event,
                                        projections::ViewBatch& batch,
                                        projections::Reactions& reactions) const {
  if (IsOfWorkflow(event)) return FoldWorkflow(event, kInteractions, batch);
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(const v1::ActiveWorkflows active, ReadActive(batch, header.workspace));
  if (active.workflows().empty()) return absl::OkStatus();
  const auto& recorded = static_cast<const InteractionEvent&>(*event.event).interaction_recorded();
  Interaction interaction = recorded.interaction();
  interaction.set_name(recorded.name());
  *interaction.mutable_occur_time() = ToTimestamp(header.occur_time);
  *interaction.mutable_record_time() = ToTimestamp(header.record_time);
  const std::string contact(absl::StripSuffix(header.stream, "/interactions"));
  for (const v1::ActiveWorkflow& workflow : active.workflows()) {
    if (IsSetOff(workflow.trigger(), Fields(), nullptr, interaction, header.occur_time)) {
      KITH_RETURN_IF_ERROR(SetOff(workflow, contact, reactions));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckInteractionCondition(absl::string_view condition) {
  const auto bound =
      projections::RowFilter::Bind(Fields(), condition, {absl::UnixEpoch(), absl::UTCTimeZone()});
  if (!bound.ok()) return bound.status();
  for (const size_t field : bound->fields()) {
    if (Fields().fields[field].personal) {
      return projections::InvalidFilter(
          absl::StrCat(Fields().fields[field].name, " is personal, and stays sealed"));
    }
  }
  return absl::OkStatus();
}

}  // namespace kith::workflows
