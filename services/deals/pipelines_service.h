// PipelinesService over gRPC: each handler is one line, what is the same for all RPCs is
// Endpoint's.
#pragma once

#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "services/deals/pipeline_commands.h"
#include "services/runtime/server_builder.h"

namespace kith::deals {

// Thread-safe. Borrows the runtime, which outlives it. Registered with the deals.
class PipelinesService final : public v1::PipelinesService::CallbackService {
 public:
  explicit PipelinesService(runtime::Runtime& runtime);

  grpc::ServerUnaryReactor* CreatePipeline(grpc::CallbackServerContext* rpc,
                                           const v1::CreatePipelineRequest* request,
                                           v1::Pipeline* response) override;
  grpc::ServerUnaryReactor* GetPipeline(grpc::CallbackServerContext* rpc,
                                        const v1::GetPipelineRequest* request,
                                        v1::Pipeline* response) override;
  grpc::ServerUnaryReactor* ListPipelines(grpc::CallbackServerContext* rpc,
                                          const v1::ListPipelinesRequest* request,
                                          v1::ListPipelinesResponse* response) override;
  grpc::ServerUnaryReactor* UpdatePipeline(grpc::CallbackServerContext* rpc,
                                           const v1::UpdatePipelineRequest* request,
                                           v1::Pipeline* response) override;
  grpc::ServerUnaryReactor* AddStage(grpc::CallbackServerContext* rpc,
                                     const v1::AddStageRequest* request,
                                     v1::Pipeline* response) override;
  grpc::ServerUnaryReactor* UpdateStage(grpc::CallbackServerContext* rpc,
                                        const v1::UpdateStageRequest* request,
                                        v1::Pipeline* response) override;
  grpc::ServerUnaryReactor* ArchiveStage(grpc::CallbackServerContext* rpc,
                                         const v1::ArchiveStageRequest* request,
                                         v1::Pipeline* response) override;
  grpc::ServerUnaryReactor* ReorderStages(grpc::CallbackServerContext* rpc,
                                          const v1::ReorderStagesRequest* request,
                                          v1::Pipeline* response) override;

 private:
  runtime::Endpoint& endpoint_;
  projections::View& list_;
  const PipelineCommands commands_{};
};

}  // namespace kith::deals
