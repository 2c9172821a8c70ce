#include "services/interactions/interactions_service.h"

#include <memory>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/match.h"
#include "eventstore/base/status_macros.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "projections/interactions/timeline.h"

namespace kith::interactions {

using runtime::ReadContext;
using runtime::ReadKind;

namespace {

struct LinkedContact : LinkedAggregate<contacts::v1::Contact, contacts::v1::ContactEvent> {
  static constexpr absl::string_view kCategory = "contacts";
};
struct LinkedDeal : LinkedAggregate<deals::v1::Deal, deals::v1::DealEvent> {
  static constexpr absl::string_view kCategory = "deals";
};

absl::StatusOr<const LinkedRecord*> Load(runtime::Loader& load, absl::string_view record) {
  if (absl::StartsWith(record, "contacts/")) return load.Load<LinkedContact>(record);
  return load.Load<LinkedDeal>(record);
}

Decision RunRecording(runtime::Loader& load, const Recording& command,
                      const CommandContext& context) {
  absl::InlinedVector<const LinkedRecord*, 4> records;
  for (const absl::string_view name : ConcernedBy(command)) {
    KITH_ASSIGN_OR_RETURN(const LinkedRecord* record, Load(load, name));
    records.push_back(record);
  }
  return Decide(records, command, context);
}

}  // namespace

Decision InteractionCommands::Run(runtime::Loader& load,
                                  const v1::RecordInteractionRequest& command,
                                  const CommandContext& context) const {
  return RunRecording(load, {command.parent(), command.interaction()}, context);
}

absl::Status InteractionCommands::Render(runtime::Rendering& after,
                                         const v1::RecordInteractionRequest&,
                                         v1::Interaction* response) const {
  const Recorded<v1::InteractionEvent> event = after.Event<v1::InteractionEvent>(0);
  *response = interactions::Render(event.event.interaction_recorded(), event.occur_time,
                                   event.record_time, event.erased);
  return absl::OkStatus();
}

Decision InteractionCommands::Run(runtime::Loader& load, const Item& item,
                                  const CommandContext& context) const {
  return RunRecording(load, {item.parent(), item.interaction()}, context);
}

absl::Status InteractionCommands::Render(runtime::Rendering& after, const Item&,
                                         v1::IngestInteractionsResponse::Result* result) const {
  result->set_name(after.Event<v1::InteractionEvent>(0).event.interaction_recorded().name());
  return absl::OkStatus();
}

InteractionsService::InteractionsService(runtime::Runtime& runtime)
    : endpoint_(*runtime.endpoint),
      timeline_(runtime.views.Find(projections::Timeline::kName)),
      reader_(runtime.log, runtime.registry, runtime.keys) {}

grpc::ServerUnaryReactor* InteractionsService::RecordInteraction(
    grpc::CallbackServerContext* rpc, const v1::RecordInteractionRequest* request,
    v1::Interaction* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerReadReactor<v1::IngestInteractionsRequest>* InteractionsService::IngestInteractions(
    grpc::CallbackServerContext* rpc, v1::IngestInteractionsResponse* response) {
  return endpoint_.Ingest<v1::IngestInteractionsRequest>(rpc, response, commands_);
}

grpc::ServerUnaryReactor* InteractionsService::GetInteraction(
    grpc::CallbackServerContext* rpc, const v1::GetInteractionRequest* request,
    v1::Interaction* response) {
  // A scan, although of one row in most cases: the row's key is known only up to a millisecond.
  return endpoint_.Read(rpc, request, response, timeline_, ReadKind::kScan,
                        [this](const ReadContext& context, const auto& request, auto* response) {
                          return reader_.Get(context, request, response);
                        });
}

grpc::ServerUnaryReactor* InteractionsService::ListTimeline(grpc::CallbackServerContext* rpc,
                                                            const v1::ListTimelineRequest* request,
                                                            v1::ListTimelineResponse* response) {
  return endpoint_.Read(rpc, request, response, timeline_, ReadKind::kScan,
                        [this](const ReadContext& context, const auto& request, auto* response) {
                          return reader_.List(context, request, response);
                        });
}

void Register(runtime::ServerBuilder& server) {
  server.RegisterEvents<v1::InteractionEvent>(kInteractions);
  server.AddProjection(std::make_unique<projections::Timeline>());
  server.AddService(
      [](runtime::Runtime& runtime) { return std::make_unique<InteractionsService>(runtime); });
}

}  // namespace kith::interactions
