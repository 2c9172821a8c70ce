// ForecastService over gRPC: reads the sales forecast. It has no aggregate and no events of its
// own.
#pragma once

#include "kith/forecast/v1/forecast_service.grpc.pb.h"
#include "services/runtime/server_builder.h"

namespace kith::forecast {

// Thread-safe. Borrows the runtime, which outlives it.
class ForecastService final : public v1::ForecastService::CallbackService {
 public:
  explicit ForecastService(runtime::Runtime& runtime);

  grpc::ServerUnaryReactor* QueryForecast(grpc::CallbackServerContext* rpc,
                                          const v1::QueryForecastRequest* request,
                                          v1::Forecast* response) override;

 private:
  runtime::Endpoint& endpoint_;
  projections::View& view_;
};

// Everything the capability brings to a server. Deals and pipelines register their events.
void Register(runtime::ServerBuilder& server);

}  // namespace kith::forecast
