// Everything that captures bring to a server.
#include <memory>

#include "projections/captures/capture_review_directory.h"
#include "services/captures/capture_commands.h"
#include "services/captures/capture_review.h"
#include "services/runtime/server_builder.h"

namespace kith::captures {

void Register(runtime::ServerBuilder& server) {
  server.AddResource<CaptureReviewAggregate, v1::GetCaptureReviewRequest>(
      Rules(), std::make_unique<CaptureReviewDirectory>());
  server.Serve([&server](runtime::Runtime& runtime, runtime::MethodTable& methods) {
    const CaptureCommands commands(server.resources(), runtime, methods);
    methods.Command<v1::CaptureInteractionRequest, v1::Capture>(commands);
    methods.Batch(runtime::MethodOf<v1::BatchCaptureInteractionsRequest>());
    methods.Ingest<v1::IngestCapturesRequest, v1::IngestCapturesResponse>(commands);
    methods.Command<v1::ResolveCaptureReviewRequest, v1::CaptureReview>(commands);
  });
}

}  // namespace kith::captures
