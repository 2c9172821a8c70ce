#include "projections/workflows/run_steps.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/workflows/v1/workflow_rows.pb.h"
#include "kith/workflows/v1/workflow_run_events.pb.h"
#include "kith/workflows/v1/workflow_runs_service.pb.h"
#include "kith/workflows/v1/workflows_service.pb.h"
#include "kith/workspaces/v1/workspace_events.pb.h"
#include "projections/tables/table.h"

namespace kith::workflows {
namespace {

using projections::Reactions;
using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;

// The run's next step, by `at` where it waits for that. A run that another's step set off is one
// deeper, so that workflows that set off each other come to an end.
absl::Status Take(const std::string& run, int turn, const std::string& owner,
                  const google::protobuf::Timestamp* at, bool continues, Reactions& reactions) {
  v1::AdvanceWorkflowRunRequest step;
  step.set_name(run);
  step.set_turn(turn);
  // Where the owner may do nothing any more, the step is refused, and the run says so.
  const Reactions::Terms terms{.on_behalf_of = owner, .otherwise = &step, .continues = continues};
  if (at == nullptr) return reactions.Add({&step}, terms);
  return reactions.Set(absl::StrCat(run, "/wait"), FromTimestamp(*at), step, terms);
}

constexpr absl::string_view kMax = "max";

const Table<v1::WorkflowDay>& Days() {
  static const auto& table = *new Table<v1::WorkflowDay>(
      TableBuilder<v1::WorkflowDay>(1)
          .Key([](const v1::WorkflowDay& row) -> const std::string& { return row.workflow(); })
          .Build());
  return table;
}

const Table<v1::WorkflowDayMax>& DayMaxes() {
  static const auto& table = *new Table<v1::WorkflowDayMax>(
      TableBuilder<v1::WorkflowDayMax>(2)
          .Key([](const v1::WorkflowDayMax& row) -> const std::string& { return row.name(); })
          .Build());
  return table;
}

// The number that the workspace chose by this event; nullopt where it chose none.
std::optional<int> ChosenMax(const workspaces::v1::WorkspaceEvent& event) {
  if (event.has_workspace_created()) {
    return event.workspace_created().workspace().daily_workflow_runs_max();
  }
  if (!event.has_workspace_updated()) return std::nullopt;
  const auto& paths = event.workspace_updated().update_mask().paths();
  if (std::find(paths.begin(), paths.end(), "daily_workflow_runs_max") == paths.end()) {
    return std::nullopt;
  }
  return event.workspace_updated().workspace().daily_workflow_runs_max();
}

absl::Status RememberMax(const eventstore::RecordedEvent& event, ViewBatch& batch) {
  const auto chosen = ChosenMax(static_cast<const workspaces::v1::WorkspaceEvent&>(*event.event));
  if (!chosen.has_value()) return absl::OkStatus();
  v1::WorkflowDayMax row;
  row.set_name(std::string(kMax));
  row.set_count(*chosen);
  return DayMaxes().Put(batch, event.header().workspace, row);
}

// A workflow that began as many runs as it may in a day is paused, and again with each as many
// more: it may have been activated since.
absl::Status CountRun(const eventstore::EventHeader& header, const std::string& workflow,
                      ViewBatch& batch, Reactions& reactions) {
  KITH_ASSIGN_OR_RETURN(const auto known, Days().Get(batch, header.workspace, workflow));
  v1::WorkflowDay day = known.value_or(v1::WorkflowDay());
  const int64_t today = absl::ToInt64Hours(header.record_time - absl::UnixEpoch()) / 24;
  if (day.day() != today) day.set_count(0);
  day.set_workflow(workflow);
  day.set_day(today);
  day.set_count(day.count() + 1);
  KITH_RETURN_IF_ERROR(Days().Put(batch, header.workspace, day));
  KITH_ASSIGN_OR_RETURN(const auto row, DayMaxes().Get(batch, header.workspace, std::string(kMax)));
  const int chosen = row.has_value() ? row->count() : 0;
  const int most = chosen == 0 ? kDailyRunsDefault : chosen;
  if (day.count() % most != 0) return absl::OkStatus();
  v1::PauseWorkflowRequest pause;
  pause.set_name(workflow);
  pause.set_pause_reason(v1::TOO_MANY_RUNS);
  return reactions.Add(pause);
}

}  // namespace

bool RunSteps::Concerns(const eventstore::RecordedEvent& event) const {
  if (eventstore::CategoryOf(event.header().stream) != "workspaces") return true;
  return ChosenMax(static_cast<const workspaces::v1::WorkspaceEvent&>(*event.event)).has_value();
}

absl::Status RunSteps::React(const eventstore::RecordedEvent& recorded, ViewBatch& batch,
                             Reactions& reactions) const {
  if (eventstore::CategoryOf(recorded.header().stream) == "workspaces") {
    return RememberMax(recorded, batch);
  }
  const auto& event = static_cast<const v1::WorkflowRunEvent&>(*recorded.event);
  const std::string& run = recorded.header().stream;
  if (event.has_workflow_run_created()) {
    const v1::WorkflowRun& created = event.workflow_run_created().workflow_run();
    if (created.state() == v1::RUNNING) {
      const bool is_of_step = recorded.header().request.method == projections::PolicyMethod(name());
      KITH_RETURN_IF_ERROR(Take(run, 0, created.owner(), nullptr, !is_of_step, reactions));
    }
    return CountRun(recorded.header(), created.workflow(), batch, reactions);
  }
  if (event.has_workflow_run_deleted()) return reactions.Cancel(absl::StrCat(run, "/wait"));
  if (!event.has_workflow_run_advanced()) return absl::OkStatus();
  const v1::WorkflowRunAdvanced& advanced = event.workflow_run_advanced();
  switch (advanced.state()) {
    case v1::RUNNING:
      // It may go on before the time that it waited for.
      KITH_RETURN_IF_ERROR(reactions.Cancel(absl::StrCat(run, "/wait")));
      return Take(run, advanced.turn(), advanced.owner(), nullptr, true, reactions);
    case v1::WAITING:
      return Take(run, advanced.turn(), advanced.owner(), &advanced.outcome().wait_until_time(),
                  true, reactions);
    default:
      return reactions.Cancel(absl::StrCat(run, "/wait"));
  }
}

}  // namespace kith::workflows
