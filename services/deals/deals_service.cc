#include "services/deals/deals_service.h"

#include <memory>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "projections/deals/deal_list.h"
#include "projections/deals/pipeline_board.h"
#include "projections/deals/pipeline_list.h"
#include "services/core/default_pipeline.h"
#include "services/deals/pipelines_service.h"
#include "services/runtime/table_reads.h"

namespace kith::deals {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

absl::Status Get(const ReadContext& context, const v1::GetDealRequest& request,
                 v1::Deal* response) {
  return runtime::GetRow(context, DealList::Deals(), request.name(), DealNotFound, response);
}

absl::Status List(const ReadContext& context, const v1::ListDealsRequest& request,
                  v1::ListDealsResponse* response) {
  return runtime::ListRows(context, DealList::Deals(), request, response->mutable_deals(),
                           response->mutable_next_page_token());
}

absl::Status GetBoard(const ReadContext& context, const v1::GetPipelineBoardRequest& request,
                      v1::PipelineBoard* response) {
  const absl::string_view pipeline =
      request.pipeline().empty() ? kDefaultPipeline : absl::string_view(request.pipeline());
  KITH_ASSIGN_OR_RETURN(auto board,
                        ReadPipelineBoard(context.view(), {.workspace = context.workspace(),
                                                           .pipeline = pipeline,
                                                           .owner = request.owner(),
                                                           .read_time = context.read_time}));
  if (!board.has_value()) return PipelineNotFound(pipeline);
  *response = *std::move(board);
  return absl::OkStatus();
}

}  // namespace

DealsService::DealsService(runtime::Runtime& runtime)
    : endpoint_(*runtime.endpoint),
      list_(runtime.views.Find(DealList::kName)),
      board_(runtime.views.Find(PipelineBoard::kName)) {}

grpc::ServerUnaryReactor* DealsService::CreateDeal(grpc::CallbackServerContext* rpc,
                                                   const v1::CreateDealRequest* request,
                                                   v1::Deal* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* DealsService::GetDeal(grpc::CallbackServerContext* rpc,
                                                const v1::GetDealRequest* request,
                                                v1::Deal* response) {
  return endpoint_.Read(rpc, request, response, list_, ReadKind::kPoint, Get);
}

grpc::ServerUnaryReactor* DealsService::ListDeals(grpc::CallbackServerContext* rpc,
                                                  const v1::ListDealsRequest* request,
                                                  v1::ListDealsResponse* response) {
  return endpoint_.Read(rpc, request, response, list_, ReadKind::kScan, List);
}

grpc::ServerUnaryReactor* DealsService::UpdateDeal(grpc::CallbackServerContext* rpc,
                                                   const v1::UpdateDealRequest* request,
                                                   v1::Deal* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* DealsService::DeleteDeal(grpc::CallbackServerContext* rpc,
                                                   const v1::DeleteDealRequest* request,
                                                   google::protobuf::Empty* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* DealsService::MoveDeal(grpc::CallbackServerContext* rpc,
                                                 const v1::MoveDealRequest* request,
                                                 v1::Deal* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* DealsService::WinDeal(grpc::CallbackServerContext* rpc,
                                                const v1::WinDealRequest* request,
                                                v1::Deal* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* DealsService::LoseDeal(grpc::CallbackServerContext* rpc,
                                                 const v1::LoseDealRequest* request,
                                                 v1::Deal* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* DealsService::ReopenDeal(grpc::CallbackServerContext* rpc,
                                                   const v1::ReopenDealRequest* request,
                                                   v1::Deal* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* DealsService::GetPipelineBoard(grpc::CallbackServerContext* rpc,
                                                         const v1::GetPipelineBoardRequest* request,
                                                         v1::PipelineBoard* response) {
  return endpoint_.Read(rpc, request, response, board_, ReadKind::kScan, GetBoard);
}

void Register(runtime::ServerBuilder& server) {
  server.RegisterEvents<v1::DealEvent>(DealAggregate::kCategory);
  server.RegisterEvents<v1::PipelineEvent>(PipelineAggregate::kCategory);
  server.AddProjection(std::make_unique<DealList>());
  server.AddProjection(std::make_unique<PipelineList>());
  server.AddProjection(std::make_unique<PipelineBoard>());
  server.AddService(
      [](runtime::Runtime& runtime) { return std::make_unique<DealsService>(runtime); });
  server.AddService(
      [](runtime::Runtime& runtime) { return std::make_unique<PipelinesService>(runtime); });
}

}  // namespace kith::deals
