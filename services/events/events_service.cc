#include "services/events/events_service.h"

#include <memory>

#include "services/events/event_reader.h"

namespace kith::events {

EventsService::EventsService(runtime::Runtime& runtime)
    : runtime_(runtime), renderer_(runtime.log, runtime.registry, runtime.keys) {}

grpc::ServerWriteReactor<v1::ReadEventsResponse>* EventsService::ReadEvents(
    grpc::CallbackServerContext* rpc, const v1::ReadEventsRequest* request) {
  return runtime_.endpoint->Stream<v1::ReadEventsResponse>(
      rpc, request,
      [this](const runtime::CallerContext& context, const v1::ReadEventsRequest& request) {
        return EventReader::Open(runtime_.log, runtime_.registry, renderer_,
                                 context.caller->workspace, request);
      });
}

grpc::ServerWriteReactor<v1::SubscribeEventsResponse>* EventsService::SubscribeEvents(
    grpc::CallbackServerContext* rpc, const v1::SubscribeEventsRequest* request) {
  return runtime_.endpoint->Stream<v1::SubscribeEventsResponse>(
      rpc, request,
      [this](const runtime::CallerContext& context, const v1::SubscribeEventsRequest& request) {
        return Subscription::Open({runtime_.log, runtime_.registry, renderer_, runtime_.clock, {}},
                                  context.caller->workspace, request);
      });
}

void Register(runtime::ServerBuilder& server) {
  server.AddService(
      [](runtime::Runtime& runtime) { return std::make_unique<EventsService>(runtime); });
}

}  // namespace kith::events
