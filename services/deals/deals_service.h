// DealsService over gRPC: each handler is one line, what is the same for all RPCs is Endpoint's.
#pragma once

#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "services/deals/deal_commands.h"
#include "services/runtime/server_builder.h"

namespace kith::deals {

// Thread-safe. Borrows the runtime, which outlives it.
class DealsService final : public v1::DealsService::CallbackService {
 public:
  explicit DealsService(runtime::Runtime& runtime);

  grpc::ServerUnaryReactor* CreateDeal(grpc::CallbackServerContext* rpc,
                                       const v1::CreateDealRequest* request,
                                       v1::Deal* response) override;
  grpc::ServerUnaryReactor* GetDeal(grpc::CallbackServerContext* rpc,
                                    const v1::GetDealRequest* request, v1::Deal* response) override;
  grpc::ServerUnaryReactor* ListDeals(grpc::CallbackServerContext* rpc,
                                      const v1::ListDealsRequest* request,
                                      v1::ListDealsResponse* response) override;
  grpc::ServerUnaryReactor* UpdateDeal(grpc::CallbackServerContext* rpc,
                                       const v1::UpdateDealRequest* request,
                                       v1::Deal* response) override;
  grpc::ServerUnaryReactor* DeleteDeal(grpc::CallbackServerContext* rpc,
                                       const v1::DeleteDealRequest* request,
                                       google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* MoveDeal(grpc::CallbackServerContext* rpc,
                                     const v1::MoveDealRequest* request,
                                     v1::Deal* response) override;
  grpc::ServerUnaryReactor* WinDeal(grpc::CallbackServerContext* rpc,
                                    const v1::WinDealRequest* request, v1::Deal* response) override;
  grpc::ServerUnaryReactor* LoseDeal(grpc::CallbackServerContext* rpc,
                                     const v1::LoseDealRequest* request,
                                     v1::Deal* response) override;
  grpc::ServerUnaryReactor* ReopenDeal(grpc::CallbackServerContext* rpc,
                                       const v1::ReopenDealRequest* request,
                                       v1::Deal* response) override;
  grpc::ServerUnaryReactor* GetPipelineBoard(grpc::CallbackServerContext* rpc,
                                             const v1::GetPipelineBoardRequest* request,
                                             v1::PipelineBoard* response) override;

 private:
  runtime::Endpoint& endpoint_;
  projections::View& list_;
  projections::View& board_;
  const DealCommands commands_{};
};

// Everything the capability brings to a server, pipelines too.
void Register(runtime::ServerBuilder& server);

}  // namespace kith::deals
