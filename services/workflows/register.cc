// Everything that workflows and their runs bring to a server.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/options/v1/options.pb.h"
#include "kith/scoring_models/v1/scoring_model.pb.h"
#include "projections/workflows/active_workflows.h"
#include "projections/workflows/interaction_triggers.h"
#include "projections/workflows/part_tables.h"
#include "projections/workflows/run_steps.h"
#include "projections/workflows/score_triggers.h"
#include "projections/workflows/workflow_directory.h"
#include "projections/workflows/workflow_run_directory.h"
#include "projections/workflows/workflow_schedules.h"
#include "projections/workflows/workflow_triggers.h"
#include "services/core/collection.h"
#include "services/runtime/resources/collections.h"
#include "services/runtime/server_builder.h"
#include "services/workflows/dry_run_read.h"
#include "services/workflows/fire_commands.h"
#include "services/workflows/run_commands.h"
#include "services/workflows/workflow.h"
#include "services/workflows/workflow_fields.h"
#include "services/workflows/workflow_run.h"

namespace kith::workflows {
namespace {

// What thresholds are of, which triggers may wait for.
const runtime::ResourceType& ScoringModelsIn(const std::vector<runtime::ResourceType>& resources) {
  const auto found =
      std::find_if(resources.begin(), resources.end(), [](const runtime::ResourceType& type) {
        return type.rules->resource->GetDescriptor() ==
               scoring_models::v1::ScoringModel::descriptor();
      });
  KITH_CHECK(found != resources.end());
  return *found;
}

struct WorkflowCommands {
  runtime::ResourceType models;  // scoring models
  ServerFacts facts;

  Decision Run(runtime::Loader& load, const v1::ActivateWorkflowRequest& command,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const WorkflowState* state, load.Load<WorkflowAggregate>(command.name()));
    const v1::WorkflowTrigger& trigger = state->resource.trigger();
    if (trigger.has_score_reached()) {
      KITH_ASSIGN_OR_RETURN(
          const void* const loaded,
          load.LoadAny(*models.aggregate, trigger.score_reached().scoring_model()));
      const ResourceNow now = models.now_of(loaded);
      const bool is_there = now.lifecycle == Lifecycle::kActive;
      const auto* const model =
          is_there ? static_cast<const scoring_models::v1::ScoringModel*>(now.resource) : nullptr;
      KITH_RETURN_IF_ERROR(CheckReached(trigger, model));
    }
    const std::string kind = TriggerKindOf(trigger);
    std::vector<const WorkflowState*> others;
    if (!kind.empty()) {
      KITH_ASSIGN_OR_RETURN(others, load.LoadTagged<WorkflowAggregate>(kActivePurpose, kind));
    }
    Decision decision = Decide(*state, others, command, context);
    if (!decision.ok()) return decision;
    // It may have been saved when more was let through.
    KITH_RETURN_IF_ERROR(CheckFields(state->resource, facts));
    KITH_RETURN_IF_ERROR(MayKnowTime(trigger, facts.collections, context.grants));
    return decision;
  }
  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const WorkflowState* state, load.Load<WorkflowAggregate>(command.name()));
    return Decide(*state, command, context);
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command,
                      v1::Workflow* response) const {
    KITH_ASSIGN_OR_RETURN(const WorkflowState* state,
                          after.Load<WorkflowAggregate>(command.name()));
    WriteReply(WorkflowRules(), state->resource, response);
    return absl::OkStatus();
  }
};

// What a run can be about.
bool SetsOff(const runtime::ResourceType& type) {
  const auto& rules = v1::WorkflowRun::descriptor()
                          ->FindFieldByNumber(v1::WorkflowRun::kRecordFieldNumber)
                          ->options()
                          .GetExtension(options::v1::field);
  return std::find(rules.resource().begin(), rules.resource().end(), type.rules->pattern()) !=
         rules.resource().end();
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.AddResource<WorkflowAggregate, v1::GetWorkflowRequest>(
      WorkflowRules(), std::make_unique<WorkflowDirectory>());
  server.AddResource<RunAggregate, v1::GetWorkflowRunRequest>(
      RunRules(), std::make_unique<WorkflowRunDirectory>());
  server.AddPolicy(std::make_unique<RunSteps>());
  server.AddPolicy(std::make_unique<InteractionTriggers>());
  server.AddPolicy(std::make_unique<WorkflowSchedules>());
  server.AddPolicy(std::make_unique<ScoreTriggers>());
  server.AddPolicyOfDirectory(
      std::string(kMessages), [](const projections::ResourceDirectory& directory) {
        return std::make_unique<WorkflowTriggers>(kMessages, directory, "contact");
      });
  server.AddPolicyOfEach(
      [](const runtime::ResourceType& type) -> std::unique_ptr<projections::Policy> {
        if (!SetsOff(type)) return nullptr;
        return std::make_unique<WorkflowTriggers>(type.rules->category, *type.directory);
      });
  server.Serve([&server](runtime::Runtime& runtime, runtime::MethodTable& methods) {
    ServerFacts facts;
    facts.collections = runtime::CollectionsOf(server.resources());
    facts.command = [&methods](absl::string_view name) {
      const runtime::BoundMethod* const command = methods.FindCommand(name);
      return command == nullptr ? nullptr : command->method().descriptor;
    };
    const WorkflowCommands workflows{ScoringModelsIn(server.resources()), std::move(facts)};
    methods.Command<v1::ActivateWorkflowRequest, v1::Workflow>(workflows);
    methods.Command<v1::PauseWorkflowRequest, v1::Workflow>(workflows);
    methods.Command<v1::FireWorkflowRequest, v1::Workflow>(
        FireCommands(server.resources(), methods, runtime));
    const auto dry_run = std::make_shared<const DryRunRead>(server.resources(), runtime, methods);
    // Whose records a workflow is about is known when it is read: all are waited for.
    runtime::ReadViews directories;
    for (const runtime::ResourceType& type : server.resources()) {
      if (type.directory != nullptr) {
        directories.push_back(&runtime.views.Find(type.directory->name()));
      }
    }
    methods.Read(
        runtime::MethodOf<v1::DryRunWorkflowRequest>(), WorkflowDirectory::kName,
        runtime::ReadKind::kScan,
        [dry_run](const runtime::ReadContext& context, const google::protobuf::Message& request,
                  google::protobuf::Message* response) {
          return dry_run->Run(context, static_cast<const v1::DryRunWorkflowRequest&>(request),
                              static_cast<v1::DryRunWorkflowResponse*>(response));
        },
        [directories](const google::protobuf::Message&) { return directories; });
    const RunCommands commands(server.resources(), server.parts(), methods, runtime);
    methods.Command<v1::AdvanceWorkflowRunRequest, v1::WorkflowRun>(commands);
    methods.Command<v1::CancelWorkflowRunRequest, v1::WorkflowRun>(commands);
    methods.Command<v1::RetryWorkflowRunRequest, v1::WorkflowRun>(commands);
  });
}

}  // namespace kith::workflows
