// Everything that workflows and their runs bring to a server.
#include <memory>

#include "eventstore/base/custom_maps.h"
#include "eventstore/base/status_macros.h"
#include "projections/workflows/interaction_triggers.h"
#include "projections/workflows/run_steps.h"
#include "projections/workflows/workflow_directory.h"
#include "projections/workflows/workflow_run_directory.h"
#include "projections/workflows/workflow_triggers.h"
#include "services/runtime/server_builder.h"
#include "services/workflows/run_commands.h"
#include "services/workflows/workflow.h"
#include "services/workflows/workflow_run.h"

namespace kith::workflows {
namespace {

struct WorkflowCommands {
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

// What a company works on, it wants fields of its own of.
bool SetsOff(const runtime::ResourceType& type) {
  return !CustomMapsOf(*type.rules->resource->GetDescriptor()).empty();
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.AddResource<WorkflowAggregate, v1::GetWorkflowRequest>(
      WorkflowRules(), std::make_unique<WorkflowDirectory>());
  server.AddResource<RunAggregate, v1::GetWorkflowRunRequest>(
      RunRules(), std::make_unique<WorkflowRunDirectory>());
  server.AddPolicy(std::make_unique<RunSteps>());
  server.AddPolicy(std::make_unique<InteractionTriggers>());
  server.AddPolicyOfEach(
      [](const runtime::ResourceType& type) -> std::unique_ptr<projections::Policy> {
        if (!SetsOff(type)) return nullptr;
        return std::make_unique<WorkflowTriggers>(type.rules->category, *type.directory);
      });
  server.Serve([&server](runtime::Runtime&, runtime::MethodTable& methods) {
    methods.Command<v1::ActivateWorkflowRequest, v1::Workflow>(WorkflowCommands());
    methods.Command<v1::PauseWorkflowRequest, v1::Workflow>(WorkflowCommands());
    const RunCommands commands(server.resources(), methods);
    methods.Command<v1::AdvanceWorkflowRunRequest, v1::WorkflowRun>(commands);
    methods.Command<v1::CancelWorkflowRunRequest, v1::WorkflowRun>(commands);
    methods.Command<v1::RetryWorkflowRunRequest, v1::WorkflowRun>(commands);
  });
}

}  // namespace kith::workflows
