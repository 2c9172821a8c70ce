// Everything that deals and their pipelines bring to a server.
#include <memory>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "projections/deals/deal_list.h"
#include "projections/deals/pipeline_board.h"
#include "projections/deals/pipeline_list.h"
#include "services/core/default_pipeline.h"
#include "services/deals/deal_commands.h"
#include "services/deals/pipeline_commands.h"
#include "services/runtime/resources/table_reads.h"
#include "services/runtime/server_builder.h"

namespace kith::deals {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

absl::Status GetDeal(const ReadContext& context, const v1::GetDealRequest& request,
                     v1::Deal* response) {
  return runtime::GetRow(context, DealList::Deals(), request.name(), DealNotFound, response);
}

absl::Status ListDeals(const ReadContext& context, const v1::ListDealsRequest& request,
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

absl::Status GetPipeline(const ReadContext& context, const v1::GetPipelineRequest& request,
                         v1::Pipeline* response) {
  return runtime::GetRow(context, PipelineList::Pipelines(), request.name(), PipelineNotFound,
                         response);
}

absl::Status ListPipelines(const ReadContext& context, const v1::ListPipelinesRequest& request,
                           v1::ListPipelinesResponse* response) {
  return runtime::ListRows(context, PipelineList::Pipelines(), request,
                           response->mutable_pipelines(), response->mutable_next_page_token());
}

void BindDeals(runtime::Runtime&, runtime::MethodTable& methods) {
  methods.Command<v1::CreateDealRequest, v1::Deal>(DealCommands());
  methods.Read(DealList::kName, ReadKind::kPoint, GetDeal);
  methods.Read(DealList::kName, ReadKind::kScan, ListDeals);
  methods.Command<v1::UpdateDealRequest, v1::Deal>(DealCommands());
  methods.Command<v1::DeleteDealRequest, google::protobuf::Empty>(DealCommands());
  methods.Command<v1::MoveDealRequest, v1::Deal>(DealCommands());
  methods.Command<v1::WinDealRequest, v1::Deal>(DealCommands());
  methods.Command<v1::LoseDealRequest, v1::Deal>(DealCommands());
  methods.Command<v1::ReopenDealRequest, v1::Deal>(DealCommands());
  methods.Read(PipelineBoard::kName, ReadKind::kScan, GetBoard);
}

void BindPipelines(runtime::Runtime&, runtime::MethodTable& methods) {
  methods.Command<v1::CreatePipelineRequest, v1::Pipeline>(PipelineCommands());
  methods.Read(PipelineList::kName, ReadKind::kPoint, GetPipeline);
  methods.Read(PipelineList::kName, ReadKind::kScan, ListPipelines);
  methods.Command<v1::UpdatePipelineRequest, v1::Pipeline>(PipelineCommands());
  methods.Command<v1::AddStageRequest, v1::Pipeline>(PipelineCommands());
  methods.Command<v1::UpdateStageRequest, v1::Pipeline>(PipelineCommands());
  methods.Command<v1::ArchiveStageRequest, v1::Pipeline>(PipelineCommands());
  methods.Command<v1::ReorderStagesRequest, v1::Pipeline>(PipelineCommands());
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.RegisterEvents<v1::DealEvent>(DealAggregate::kCategory);
  server.RegisterEvents<v1::PipelineEvent>(PipelineAggregate::kCategory);
  server.AddProjection(std::make_unique<DealList>());
  server.AddProjection(std::make_unique<PipelineList>());
  server.AddProjection(std::make_unique<PipelineBoard>());
  server.Serve(BindDeals);
  server.Serve(BindPipelines);
}

}  // namespace kith::deals
