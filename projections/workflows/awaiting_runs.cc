#include "projections/workflows/awaiting_runs.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/custom_maps.h"
#include "eventstore/base/map_field.h"
#include "eventstore/base/status_macros.h"
#include "kith/options/v1/options.pb.h"
#include "kith/workflows/v1/workflow_run_events.pb.h"
#include "kith/workflows/v1/workflow_runs_service.pb.h"
#include "projections/tables/row_filter.h"
#include "projections/tables/table.h"
#include "projections/workflows/active_workflows.h"
#include "projections/workflows/part_tables.h"

namespace kith::workflows {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;

// So deep in a record lie names of others.
constexpr int kDepthMax = 4;

const Table<v1::AwaitedRecord>& Records() {
  static const auto& table = *new Table<v1::AwaitedRecord>(
      TableBuilder<v1::AwaitedRecord>(4)
          .Key([](const v1::AwaitedRecord& row) -> const std::string& { return row.record(); })
          .Build());
  return table;
}
// Where a run stands in them.
const Table<v1::AwaitingRunPlace>& Places() {
  static const auto& table = *new Table<v1::AwaitingRunPlace>(
      TableBuilder<v1::AwaitingRunPlace>(5)
          .Key([](const v1::AwaitingRunPlace& row) -> const std::string& { return row.run(); })
          .Build());
  return table;
}

// What is told of runs that wait is counted, so that where none does nothing is looked for.
absl::Status Count(ViewBatch& batch, WorkspaceId workspace, int change) {
  KITH_ASSIGN_OR_RETURN(v1::WorkspaceZone zone, ReadZone(batch, workspace));
  zone.set_awaiting(zone.awaiting() + change);
  return WriteZone(batch, workspace, zone);
}

absl::Status Forget(ViewBatch& batch, WorkspaceId workspace, const std::string& run) {
  KITH_ASSIGN_OR_RETURN(const auto place, Places().Get(batch, workspace, run));
  if (!place.has_value()) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(Places().Delete(batch, workspace, run));
  KITH_RETURN_IF_ERROR(Count(batch, workspace, -1));
  KITH_ASSIGN_OR_RETURN(auto row, Records().Get(batch, workspace, place->record()));
  if (!row.has_value()) return absl::OkStatus();
  auto& runs = *row->mutable_runs();
  runs.erase(std::remove_if(runs.begin(), runs.end(),
                            [&](const v1::AwaitingRun& one) { return one.run() == run; }),
             runs.end());
  return runs.empty() ? Records().Delete(batch, workspace, place->record())
                      : Records().Put(batch, workspace, *row);
}

absl::Status Remember(ViewBatch& batch, WorkspaceId workspace, v1::AwaitingRun run) {
  const std::string record = run.awaited().record();
  KITH_ASSIGN_OR_RETURN(auto known, Records().Get(batch, workspace, record));
  v1::AwaitedRecord row = known.has_value() ? *std::move(known) : v1::AwaitedRecord();
  if (row.runs_size() == kAwaitingMax) return absl::OkStatus();
  v1::AwaitingRunPlace place;
  place.set_run(run.run());
  place.set_record(record);
  row.set_record(record);
  *row.add_runs() = std::move(run);
  KITH_RETURN_IF_ERROR(Places().Put(batch, workspace, place));
  KITH_RETURN_IF_ERROR(Records().Put(batch, workspace, row));
  return Count(batch, workspace, 1);
}

void AddLinks(const Message& message, int depth, std::set<std::string>& names) {
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const FieldDescriptor* const field : set) {
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (IsCustomMap(*field)) {
      for (const auto& [key, value] : EntriesIn(message, *field)) {
        AddLinks(*value, depth + 1, names);
      }
    }
    if (field->is_map() || (is_message && depth == kDepthMax)) continue;
    if (!is_message && field->options().GetExtension(options::v1::field).resource_size() == 0) {
      continue;
    }
    const auto& reflection = *message.GetReflection();
    const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      if (is_message) {
        AddLinks(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                      : reflection.GetMessage(message, field),
                 depth + 1, names);
      } else {
        names.insert(field->is_repeated() ? reflection.GetRepeatedString(message, field, i)
                                          : reflection.GetString(message, field));
      }
    }
  }
}

}  // namespace

bool IsOfWaiting(const eventstore::RecordedEvent& event) {
  if (eventstore::CategoryOf(event.header().stream) != "workflowRuns") return false;
  const auto& run = static_cast<const v1::WorkflowRunEvent&>(*event.event);
  return run.has_workflow_run_advanced() || run.has_workflow_run_deleted();
}

absl::Status RememberWaiting(const eventstore::RecordedEvent& event, absl::string_view resource,
                             ViewBatch& batch) {
  const WorkspaceId workspace = event.header().workspace;
  const std::string& run = event.header().stream;
  KITH_RETURN_IF_ERROR(Forget(batch, workspace, run));
  const auto& happened = static_cast<const v1::WorkflowRunEvent&>(*event.event);
  if (!happened.has_workflow_run_advanced()) return absl::OkStatus();
  const v1::WorkflowRunAdvanced& advanced = happened.workflow_run_advanced();
  const v1::AwaitedChange& awaited = advanced.outcome().awaited();
  if (advanced.state() != v1::WAITING || awaited.resource() != resource) return absl::OkStatus();
  v1::AwaitingRun waiting;
  waiting.set_run(run);
  waiting.set_turn(advanced.turn());
  waiting.set_owner(advanced.owner());
  *waiting.mutable_awaited() = awaited;
  return Remember(batch, workspace, std::move(waiting));
}

bool IsAwaited(const v1::AwaitedChange& awaited, const Occurrence& occurrence, absl::Time now) {
  const std::string& record = awaited.record();
  bool is_related = occurrence.name == record;
  if (!occurrence.about.empty()) {
    is_related = std::find(occurrence.about.begin(), occurrence.about.end(), record) !=
                 occurrence.about.end();
  } else if (!awaited.by_field().empty()) {
    is_related = projections::RowHolds(occurrence.table,
                                       absl::StrCat(awaited.by_field(), " = \"", record, "\""),
                                       occurrence.after, now);
  }
  if (!is_related) return false;
  v1::WorkflowTrigger trigger;
  trigger.set_change(awaited.change());
  trigger.set_condition(awaited.condition());
  trigger.set_condition_before(awaited.condition_before());
  return IsSetOff(trigger, occurrence.table, occurrence.before, occurrence.after, now);
}

bool IsOfState(const v1::AwaitedChange& awaited) {
  return awaited.change() == v1::TRIGGER_CHANGE_UNSPECIFIED && !awaited.condition().empty() &&
         awaited.condition_before().empty() && awaited.by_field().empty() &&
         PartTable(awaited.resource()) == nullptr;
}

absl::Status TellAwaiting(const Occurrence& occurrence, const eventstore::EventHeader& header,
                          ViewBatch& batch, projections::Reactions& reactions) {
  const WorkspaceId workspace = header.workspace;
  KITH_ASSIGN_OR_RETURN(const v1::WorkspaceZone zone, ReadZone(batch, workspace));
  if (zone.awaiting() == 0) return absl::OkStatus();
  std::set<std::string> records(occurrence.about.begin(), occurrence.about.end());
  if (records.empty()) {
    records.insert(occurrence.name);
    AddLinks(occurrence.after, 0, records);
  }
  int told = 0;
  for (const std::string& record : records) {
    KITH_ASSIGN_OR_RETURN(const auto row, Records().Get(batch, workspace, record));
    if (!row.has_value()) continue;
    for (const v1::AwaitingRun& run : row->runs()) {
      if (told == kAwaitingMax || !IsAwaited(run.awaited(), occurrence, header.occur_time)) {
        continue;
      }
      v1::AdvanceWorkflowRunRequest step;
      step.set_name(run.run());
      step.set_turn(run.turn());
      step.set_happened_to(occurrence.name);
      KITH_RETURN_IF_ERROR(reactions.Add({&step}, {.on_behalf_of = run.owner()}));
      ++told;
    }
  }
  return absl::OkStatus();
}

}  // namespace kith::workflows
