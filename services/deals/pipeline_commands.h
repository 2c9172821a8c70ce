// The commands on pipelines: what each is decided on, and what it is answered with.
#pragma once

#include "kith/deals/v1/pipelines_service.pb.h"
#include "services/deals/pipeline.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"

namespace kith::deals {

// Stateless; any thread, several at a time. See MethodTable::Command.
class PipelineCommands {
 public:
  Decision Run(runtime::Loader& load, const v1::CreatePipelineRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::UpdatePipelineRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::AddStageRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::UpdateStageRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::ArchiveStageRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::ReorderStagesRequest& command,
               const CommandContext& context) const;

  absl::Status Render(runtime::Rendering& after, const v1::CreatePipelineRequest& command,
                      v1::Pipeline* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::UpdatePipelineRequest& command,
                      v1::Pipeline* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::AddStageRequest& command,
                      v1::Pipeline* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::UpdateStageRequest& command,
                      v1::Pipeline* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::ArchiveStageRequest& command,
                      v1::Pipeline* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::ReorderStagesRequest& command,
                      v1::Pipeline* response) const;
};

}  // namespace kith::deals
