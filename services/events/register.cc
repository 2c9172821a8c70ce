// Everything that reading the log brings to a server.
#include <memory>

#include "eventstore/base/status_macros.h"
#include "services/events/event_reader.h"
#include "services/events/subscription.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/reads/render_event.h"
#include "services/runtime/server_builder.h"

namespace kith::events {
namespace {

using runtime::CallerContext;
using runtime::StreamSource;

absl::Status TellsAll(const runtime::Caller& caller) {
  return runtime::CheckReachesAll(caller, "events.read");
}

void BindMethods(runtime::Runtime& runtime, runtime::MethodTable& methods) {
  const auto renderer =
      std::make_shared<const runtime::EventRenderer>(runtime.log, runtime.registry, runtime.keys);
  methods.Stream(
      [&runtime, renderer](const CallerContext& context, const v1::ReadEventsRequest& request)
          -> absl::StatusOr<std::unique_ptr<StreamSource<v1::ReadEventsResponse>>> {
        return EventReader::Open(runtime.log, runtime.registry, *renderer,
                                 context.caller->workspace, request);
      },
      TellsAll);
  methods.Stream(
      [&runtime, renderer](const CallerContext& context, const v1::SubscribeEventsRequest& request)
          -> absl::StatusOr<std::unique_ptr<StreamSource<v1::SubscribeEventsResponse>>> {
        return Subscription::Open({runtime.log, runtime.registry, *renderer, runtime.clock, {}},
                                  context.caller->workspace, request);
      },
      TellsAll);
}

}  // namespace

void Register(runtime::ServerBuilder& server) { server.Serve(BindMethods); }

}  // namespace kith::events
