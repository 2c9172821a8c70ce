#include "services/workflows/dry_run_read.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/workflows/v1/workflow_events.pb.h"
#include "kith/workflows/v1/workflows_errors.pb.h"
#include "projections/tables/fold_resource.h"
#include "projections/workflows/workflow_directory.h"
#include "projections/workflows/workflow_fold.h"
#include "services/core/date.h"
#include "services/core/reject.h"
#include "services/runtime/admission/field_groups.h"
#include "services/runtime/resources/collections.h"
#include "services/workflows/dry_run.h"
#include "services/workflows/workflow.h"
#include "services/workflows/workflow_fields.h"
#include "services/workflows/workflow_history.h"

namespace kith::workflows {
namespace {

using eventstore::ReadTier;
using Runs = std::vector<v1::DryRun>;

constexpr int kRunsDefault = 100;

// What tells a run from others: by what it was set off, and over which record.
using Cause = std::pair<absl::Time, std::pair<int64_t, std::string>>;
Cause CauseOf(const v1::DryRun& run) {
  return {FromTimestamp(run.time()), {run.sequence(), run.record()}};
}

bool DoTheSame(const v1::DryRun& a, const v1::DryRun& b) {
  if (a.steps_size() != b.steps_size() || a.state() != b.state()) return false;
  for (int i = 0; i < a.steps_size(); ++i) {
    if (a.steps(i).SerializeAsString() != b.steps(i).SerializeAsString()) return false;
  }
  return true;
}

// Each run of either, in the order of their causes.
Runs Compare(Runs runs, Runs others) {
  std::map<Cause, v1::DryRun> all;
  for (v1::DryRun& run : runs) {
    run.set_comparison(v1::ONLY_THIS);
    all[CauseOf(run)] = std::move(run);
  }
  for (v1::DryRun& other : others) {
    const auto [known, is_new] = all.try_emplace(CauseOf(other));
    v1::DryRun& run = known->second;
    if (is_new) {
      run = other;
      run.clear_steps();
      run.set_comparison(v1::ONLY_OTHER);
    } else {
      run.set_comparison(DoTheSame(run, other) ? v1::SAME : v1::DIFFERENT);
    }
    if (run.comparison() != v1::SAME)
      *run.mutable_other_steps() = std::move(*other.mutable_steps());
  }
  Runs told;
  for (auto& [cause, run] : all) told.push_back(std::move(run));
  return told;
}

absl::Status Refused(absl::string_view field, absl::string_view what) {
  google::rpc::BadRequest violations;
  AddViolation(field, what, violations);
  return RejectFields(violations);
}

}  // namespace

DryRunRead::DryRunRead(std::vector<runtime::ResourceType> resources,
                       const runtime::Runtime& runtime, const runtime::MethodTable& methods)
    : resources_(std::move(resources)), runtime_(runtime), methods_(methods) {
  facts_.collections = runtime::CollectionsOf(resources_);
  facts_.command = [&methods](absl::string_view name) -> const google::protobuf::MethodDescriptor* {
    const runtime::BoundMethod* const command = methods.FindCommand(name);
    return command == nullptr ? nullptr : command->method().descriptor;
  };
}

absl::StatusOr<v1::Workflow> DryRunRead::Checked(const v1::Workflow& definition) const {
  KITH_RETURN_IF_ERROR(CheckFields(definition, facts_));
  return definition;
}

absl::StatusOr<v1::Workflow> DryRunRead::Wanted(const runtime::ReadContext& context,
                                                const v1::DryRunWorkflowRequest& request) const {
  if (request.has_definition() != request.name().empty()) {
    return Refused("definition", "must be given, or name, and not both");
  }
  if (request.has_definition()) return Checked(request.definition());
  KITH_ASSIGN_OR_RETURN(auto found,
                        WorkflowDirectory::Workflows().Get(context.view(), context.workspace(),
                                                           request.name(), ReadTier::kDisk));
  if (!found.has_value()) return ResourceNotFound(WorkflowRules(), request.name());
  return *std::move(found);
}

absl::StatusOr<std::optional<v1::Workflow>> DryRunRead::Other(
    const runtime::ReadContext& context, const v1::DryRunWorkflowRequest& request) const {
  if (request.has_other_definition()) return Checked(request.other_definition());
  if (request.other_etag().empty()) return std::nullopt;
  if (request.name().empty()) return Refused("other_etag", "is of the workflow called name");
  v1::Workflow workflow;
  const auto cursor = context.log.ReadStream(context.workspace(), request.name(), Revision(1),
                                             eventstore::Direction::kForwards, ReadTier::kDisk);
  while (true) {
    KITH_ASSIGN_OR_RETURN(auto record, cursor->Next());
    if (record == nullptr) break;
    KITH_ASSIGN_OR_RETURN(const auto event, runtime_.registry.DecodeClear(std::move(record)));
    FoldWorkflow(projections::HappeningOf(*event), workflow);
    if (workflow.etag() == request.other_etag()) return workflow;
  }
  return Refused("other_etag", "is of no version of the workflow");
}

absl::Status DryRunRead::Run(const runtime::ReadContext& context,
                             const v1::DryRunWorkflowRequest& request,
                             v1::DryRunWorkflowResponse* response) const {
  // It tells of every record, whoever may see it, and of what is personal in it.
  if (!context.caller.grants.ContainAll("events.read") ||
      !runtime::ReadsAllGroups(context.caller)) {
    return Reject(v1::WORKFLOWS_ERROR_NOT_PERMITTED,
                  "What a workflow would have done tells of all records: the credentials have to "
                  "show everything.");
  }
  KITH_ASSIGN_OR_RETURN(const v1::Workflow workflow, Wanted(context, request));
  KITH_ASSIGN_OR_RETURN(const std::optional<v1::Workflow> other, Other(context, request));
  KITH_ASSIGN_OR_RETURN(const auto settings, context.SettingsThen());
  DryRunner::Span span{.start = FromTimestamp(request.start_time()),
                       .end = context.read_time,
                       .zone = TimeZoneOf(settings->time_zone).value_or(absl::UTCTimeZone()),
                       .runs_max = request.max_runs() == 0 ? kRunsDefault : request.max_runs()};
  if (request.has_end_time()) span.end = std::min(span.end, FromTimestamp(request.end_time()));
  if (span.end < span.start) return Refused("end_time", "must not be before start_time");
  WorkflowHistory history(runtime_, resources_, context.workspace(), context.view().position());
  DryRunner runner(workflow, span, methods_, facts_.collections, history);
  KITH_ASSIGN_OR_RETURN(Runs runs, runner.Run());
  absl::Time told_until = runner.told_until();
  int events = history.events_looked_at();
  bool is_out_of_events = history.is_out_of_events();
  bool is_out_of_rows = history.is_out_of_rows();
  if (other.has_value()) {
    WorkflowHistory other_history(runtime_, resources_, context.workspace(), history.end());
    DryRunner against(*other, span, methods_, facts_.collections, other_history);
    KITH_ASSIGN_OR_RETURN(Runs others, against.Run());
    told_until = std::min(told_until, against.told_until());
    events += other_history.events_looked_at();
    is_out_of_events = is_out_of_events || other_history.is_out_of_events();
    is_out_of_rows = is_out_of_rows || other_history.is_out_of_rows();
    runs = Compare(std::move(runs), std::move(others));
    // Of what one of them tells and the other does not any more, nothing is known.
    while (!runs.empty() && FromTimestamp(runs.back().time()) >= told_until) runs.pop_back();
  }
  for (v1::DryRun& run : runs) *response->add_runs() = std::move(run);
  response->set_events_looked_at(events);
  if (is_out_of_events) {
    response->set_bound(v1::EVENTS);
  } else if (told_until < absl::InfiniteFuture()) {
    response->set_bound(v1::RUNS);
  } else if (is_out_of_rows) {
    response->set_bound(v1::RECORDS);
  }
  if (told_until < absl::InfiniteFuture()) {
    *response->mutable_bound_time() = ToTimestamp(told_until);
  }
  return absl::OkStatus();
}

}  // namespace kith::workflows
