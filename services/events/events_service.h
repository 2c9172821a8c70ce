// EventsService: the log of the caller's workspace over gRPC.
#pragma once

#include "grpcpp/grpcpp.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "services/events/render_event.h"
#include "services/events/subscription.h"
#include "services/runtime/server_builder.h"

namespace kith::events {

// Thread-safe.
class EventsService final : public v1::EventsService::CallbackService {
 public:
  // Borrows the runtime.
  explicit EventsService(runtime::Runtime& runtime);

  grpc::ServerWriteReactor<v1::ReadEventsResponse>* ReadEvents(
      grpc::CallbackServerContext* rpc, const v1::ReadEventsRequest* request) override;
  grpc::ServerWriteReactor<v1::SubscribeEventsResponse>* SubscribeEvents(
      grpc::CallbackServerContext* rpc, const v1::SubscribeEventsRequest* request) override;

 private:
  runtime::Runtime& runtime_;
  const EventRenderer renderer_;
};

}  // namespace kith::events
