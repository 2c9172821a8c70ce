#include "services/deals/pipeline_commands.h"

#include "eventstore/base/status_macros.h"
#include "services/core/resource_name.h"

namespace kith::deals {
namespace {

// The pipeline that a command is about.
absl::string_view StreamOf(const v1::UpdatePipelineRequest& command) {
  return command.pipeline().name();
}
absl::string_view StreamOf(const v1::AddStageRequest& command) { return command.pipeline(); }
absl::string_view StreamOf(const v1::UpdateStageRequest& command) {
  return ParentOf(command.stage().name());
}
absl::string_view StreamOf(const v1::ArchiveStageRequest& command) {
  return ParentOf(command.stage());
}
absl::string_view StreamOf(const v1::ReorderStagesRequest& command) { return command.pipeline(); }

template <class Command>
Decision RunOnPipeline(runtime::Loader& load, const Command& command,
                       const CommandContext& context) {
  KITH_ASSIGN_OR_RETURN(const PipelineState* state,
                        load.Load<PipelineAggregate>(StreamOf(command)));
  return Decide(*state, command, context);
}

absl::Status Answer(const absl::StatusOr<const PipelineState*>& state, v1::Pipeline* response) {
  if (!state.ok()) return state.status();
  *response = (*state)->pipeline;
  return absl::OkStatus();
}

}  // namespace

Decision PipelineCommands::Run(runtime::Loader& load, const v1::CreatePipelineRequest& command,
                               const CommandContext& context) const {
  if (command.pipeline_id().empty()) {
    KITH_ASSIGN_OR_RETURN(Changes changes, Decide(PipelineState(), command, context));
    load.ExpectAbsent(changes.list().front().stream);
    return changes;
  }
  KITH_ASSIGN_OR_RETURN(const PipelineState* state,
                        load.Load<PipelineAggregate>(PipelineName(command.pipeline_id())));
  return Decide(*state, command, context);
}

Decision PipelineCommands::Run(runtime::Loader& load, const v1::UpdatePipelineRequest& command,
                               const CommandContext& context) const {
  return RunOnPipeline(load, command, context);
}

Decision PipelineCommands::Run(runtime::Loader& load, const v1::AddStageRequest& command,
                               const CommandContext& context) const {
  return RunOnPipeline(load, command, context);
}

Decision PipelineCommands::Run(runtime::Loader& load, const v1::UpdateStageRequest& command,
                               const CommandContext& context) const {
  return RunOnPipeline(load, command, context);
}

Decision PipelineCommands::Run(runtime::Loader& load, const v1::ArchiveStageRequest& command,
                               const CommandContext& context) const {
  return RunOnPipeline(load, command, context);
}

Decision PipelineCommands::Run(runtime::Loader& load, const v1::ReorderStagesRequest& command,
                               const CommandContext& context) const {
  return RunOnPipeline(load, command, context);
}

absl::Status PipelineCommands::Render(runtime::Rendering& after, const v1::CreatePipelineRequest&,
                                      v1::Pipeline* response) const {
  return Answer(after.LoadWritten<PipelineAggregate>(), response);
}

absl::Status PipelineCommands::Render(runtime::Rendering& after,
                                      const v1::UpdatePipelineRequest& command,
                                      v1::Pipeline* response) const {
  return Answer(after.Load<PipelineAggregate>(StreamOf(command)), response);
}

absl::Status PipelineCommands::Render(runtime::Rendering& after, const v1::AddStageRequest& command,
                                      v1::Pipeline* response) const {
  return Answer(after.Load<PipelineAggregate>(StreamOf(command)), response);
}

absl::Status PipelineCommands::Render(runtime::Rendering& after,
                                      const v1::UpdateStageRequest& command,
                                      v1::Pipeline* response) const {
  return Answer(after.Load<PipelineAggregate>(StreamOf(command)), response);
}

absl::Status PipelineCommands::Render(runtime::Rendering& after,
                                      const v1::ArchiveStageRequest& command,
                                      v1::Pipeline* response) const {
  return Answer(after.Load<PipelineAggregate>(StreamOf(command)), response);
}

absl::Status PipelineCommands::Render(runtime::Rendering& after,
                                      const v1::ReorderStagesRequest& command,
                                      v1::Pipeline* response) const {
  return Answer(after.Load<PipelineAggregate>(StreamOf(command)), response);
}

}  // namespace kith::deals
