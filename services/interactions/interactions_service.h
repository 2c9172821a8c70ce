// InteractionsService: what happened between a company and its customers, over gRPC.
#pragma once

#include "absl/status/statusor.h"
#include "grpcpp/grpcpp.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "services/core/decision.h"
#include "services/interactions/interaction.h"
#include "services/interactions/timeline_reader.h"
#include "services/runtime/loader.h"
#include "services/runtime/rendering.h"
#include "services/runtime/server_builder.h"

namespace kith::interactions {

// What Transact runs: loads the records that an interaction concerns, decides, renders. Any thread.
class InteractionCommands {
 public:
  using Item = v1::IngestInteractionsRequest::Item;

  Decision Run(runtime::Loader& load, const v1::RecordInteractionRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const v1::RecordInteractionRequest& command,
                      v1::Interaction* response) const;

  Decision Run(runtime::Loader& load, const Item& item, const CommandContext& context) const;
  absl::Status Render(runtime::Rendering& after, const Item& item,
                      v1::IngestInteractionsResponse::Result* result) const;
};

// Thread-safe.
class InteractionsService final : public v1::InteractionsService::CallbackService {
 public:
  // Borrows the runtime.
  explicit InteractionsService(runtime::Runtime& runtime);

  grpc::ServerUnaryReactor* RecordInteraction(grpc::CallbackServerContext* rpc,
                                              const v1::RecordInteractionRequest* request,
                                              v1::Interaction* response) override;
  grpc::ServerReadReactor<v1::IngestInteractionsRequest>* IngestInteractions(
      grpc::CallbackServerContext* rpc, v1::IngestInteractionsResponse* response) override;
  grpc::ServerUnaryReactor* GetInteraction(grpc::CallbackServerContext* rpc,
                                           const v1::GetInteractionRequest* request,
                                           v1::Interaction* response) override;
  grpc::ServerUnaryReactor* ListTimeline(grpc::CallbackServerContext* rpc,
                                         const v1::ListTimelineRequest* request,
                                         v1::ListTimelineResponse* response) override;

 private:
  runtime::Endpoint& endpoint_;
  projections::View& timeline_;
  const InteractionCommands commands_{};
  const TimelineReader reader_;
};

}  // namespace kith::interactions
