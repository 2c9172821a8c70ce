#include "projections/workflows/workflow_triggers.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "projections/workflows/active_workflows.h"

namespace kith::workflows {
namespace {

using google::protobuf::Message;

// "savedViews" into "saved_views".
std::string Underscored(absl::string_view name) {
  std::string out;
  for (const char c : name) {
    if (absl::ascii_isupper(c)) out.push_back('_');
    out.push_back(absl::ascii_tolower(c));
  }
  return out;
}

}  // namespace

WorkflowTriggers::WorkflowTriggers(absl::string_view collection,
                                   const projections::ResourceDirectory& directory)
    : Policy(
          absl::StrCat("workflow_triggers_", Underscored(collection)), 1,
          absl::StrCat("Sets off the workflows that wait for what happens to ", collection, ".")),
      collection_(collection),
      base_(directory.name()),
      table_(directory.table()) {}

absl::Status WorkflowTriggers::React(const eventstore::RecordedEvent& event,
                                     projections::ViewBatch& batch,
                                     projections::Reactions& reactions) const {
  if (IsOfWorkflow(event)) return FoldWorkflow(event, collection_, batch);
  for (const projections::RowChange& change : batch.changes()) {
    const auto* const after = change.after<Message>();
    if (after == nullptr) continue;
    KITH_ASSIGN_OR_RETURN(const v1::ActiveWorkflows active, ReadActive(batch, change.workspace()));
    for (const v1::ActiveWorkflow& workflow : active.workflows()) {
      if (IsSetOff(workflow.trigger(), table_.declaration(), change.before<Message>(), *after,
                   event.header().occur_time)) {
        KITH_RETURN_IF_ERROR(SetOff(workflow, table_.declaration().key(*after), reactions));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace kith::workflows
