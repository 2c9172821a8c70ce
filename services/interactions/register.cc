// Everything that interactions bring to a server.
#include <memory>

#include "projections/interactions/timeline.h"
#include "services/interactions/interaction_commands.h"
#include "services/interactions/timeline_reader.h"
#include "services/runtime/server_builder.h"

namespace kith::interactions {
namespace {

using projections::Timeline;
using runtime::ReadContext;
using runtime::ReadKind;

void BindMethods(runtime::Runtime& runtime, runtime::MethodTable& methods) {
  const auto reader =
      std::make_shared<const TimelineReader>(runtime.log, runtime.registry, runtime.keys, methods);
  methods.Command<v1::RecordInteractionRequest, v1::Interaction>(InteractionCommands());
  methods.Ingest<v1::IngestInteractionsRequest, v1::IngestInteractionsResponse>(
      InteractionCommands());
  // A scan, although of one row in most cases: the row's key is known only up to a millisecond.
  methods.Read(
      Timeline::kName, ReadKind::kScan,
      [reader](const ReadContext& context, const v1::GetInteractionRequest& request,
               v1::Interaction* response) { return reader->Get(context, request, response); });
  methods.Read(Timeline::kName, ReadKind::kScan,
               [reader](const ReadContext& context, const v1::ListTimelineRequest& request,
                        v1::ListTimelineResponse* response) {
                 return reader->List(context, request, response);
               });
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.RegisterEvents<v1::InteractionEvent>(kInteractions);
  server.AddProjection(std::make_unique<Timeline>());
  server.Serve(BindMethods);
}

}  // namespace kith::interactions
