#include "projections/notifications/workflow_notices.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/workflows/v1/workflow_run.pb.h"
#include "projections/notifications/notice.h"

namespace kith::notifications {

using workflows::v1::WorkflowRun;

absl::Status WorkflowNotices::React(const eventstore::RecordedEvent& event,
                                    projections::ViewBatch& batch,
                                    projections::Reactions& reactions) const {
  for (const projections::RowChange& change : batch.changes()) {
    const auto* const before = change.before<WorkflowRun>();
    const auto* const after = change.after<WorkflowRun>();
    if (before == nullptr || after == nullptr || after->owner().empty()) continue;
    if (after->state() != workflows::v1::FAILED || before->state() == workflows::v1::FAILED) {
      continue;
    }
    std::string text = absl::StrCat("The workflow ", after->display_name(), " failed");
    if (!after->outcomes().empty()) {
      const auto& outcome = *after->outcomes().rbegin();
      absl::StrAppend(&text, " at its step ", outcome.step(), ": ", outcome.reason());
    }
    KITH_RETURN_IF_ERROR(
        Tell(event.header(),
             {after->owner(), v1::FAILED_RUN, after->name(), absl::StrCat(text, ".")}, reactions));
  }
  return absl::OkStatus();
}

}  // namespace kith::notifications
