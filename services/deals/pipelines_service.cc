#include "services/deals/pipelines_service.h"

#include "projections/deals/pipeline_list.h"
#include "services/runtime/table_reads.h"

namespace kith::deals {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

absl::Status Get(const ReadContext& context, const v1::GetPipelineRequest& request,
                 v1::Pipeline* response) {
  return runtime::GetRow(context, PipelineList::Pipelines(), request.name(), PipelineNotFound,
                         response);
}

absl::Status List(const ReadContext& context, const v1::ListPipelinesRequest& request,
                  v1::ListPipelinesResponse* response) {
  return runtime::ListRows(context, PipelineList::Pipelines(), request,
                           response->mutable_pipelines(), response->mutable_next_page_token());
}

}  // namespace

PipelinesService::PipelinesService(runtime::Runtime& runtime)
    : endpoint_(*runtime.endpoint), list_(runtime.views.Find(PipelineList::kName)) {}

grpc::ServerUnaryReactor* PipelinesService::CreatePipeline(grpc::CallbackServerContext* rpc,
                                                           const v1::CreatePipelineRequest* request,
                                                           v1::Pipeline* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* PipelinesService::GetPipeline(grpc::CallbackServerContext* rpc,
                                                        const v1::GetPipelineRequest* request,
                                                        v1::Pipeline* response) {
  return endpoint_.Read(rpc, request, response, list_, ReadKind::kPoint, Get);
}

grpc::ServerUnaryReactor* PipelinesService::ListPipelines(grpc::CallbackServerContext* rpc,
                                                          const v1::ListPipelinesRequest* request,
                                                          v1::ListPipelinesResponse* response) {
  return endpoint_.Read(rpc, request, response, list_, ReadKind::kScan, List);
}

grpc::ServerUnaryReactor* PipelinesService::UpdatePipeline(grpc::CallbackServerContext* rpc,
                                                           const v1::UpdatePipelineRequest* request,
                                                           v1::Pipeline* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* PipelinesService::AddStage(grpc::CallbackServerContext* rpc,
                                                     const v1::AddStageRequest* request,
                                                     v1::Pipeline* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* PipelinesService::UpdateStage(grpc::CallbackServerContext* rpc,
                                                        const v1::UpdateStageRequest* request,
                                                        v1::Pipeline* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* PipelinesService::ArchiveStage(grpc::CallbackServerContext* rpc,
                                                         const v1::ArchiveStageRequest* request,
                                                         v1::Pipeline* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* PipelinesService::ReorderStages(grpc::CallbackServerContext* rpc,
                                                          const v1::ReorderStagesRequest* request,
                                                          v1::Pipeline* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

}  // namespace kith::deals
