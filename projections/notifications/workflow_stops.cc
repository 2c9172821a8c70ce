#include "projections/notifications/workflow_stops.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/status_macros.h"
#include "kith/workflows/v1/workflow.pb.h"
#include "projections/notifications/notice.h"

namespace kith::notifications {
namespace {

using workflows::v1::Workflow;

// Empty: somebody paused it, and knows that.
absl::string_view WhyPaused(const Workflow& workflow) {
  switch (workflow.pause_reason()) {
    case workflows::v1::TOO_MANY_RUNS:
      return "it began as many runs in a day as it may";
    case workflows::v1::RIGHTS_LOST:
      return "it acts for you, and you may not do any more what it does";
    default:
      return "";
  }
}

}  // namespace

absl::Status WorkflowStops::React(const eventstore::RecordedEvent& event,
                                  projections::ViewBatch& batch,
                                  projections::Reactions& reactions) const {
  for (const projections::RowChange& change : batch.changes()) {
    const auto* const before = change.before<Workflow>();
    const auto* const after = change.after<Workflow>();
    if (before == nullptr || after == nullptr || before->acts_for().empty()) continue;
    if (before->state() != workflows::v1::ACTIVE || after->state() != workflows::v1::PAUSED) {
      continue;
    }
    const absl::string_view why = WhyPaused(*after);
    if (why.empty()) continue;
    KITH_RETURN_IF_ERROR(
        Tell(event.header(),
             {before->acts_for(), v1::STOPPED_WORKFLOW, after->name(),
              absl::StrCat("The workflow ", after->display_name(), " was paused: ", why, ".")},
             reactions));
  }
  return absl::OkStatus();
}

}  // namespace kith::notifications
