#include "services/events/render_event.h"

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "services/runtime/reads/read_position.h"

namespace kith::events {
namespace {

constexpr absl::string_view kTypeUrlPrefix = "type.googleapis.com/";

}  // namespace

absl::Status EventRenderer::Render(const eventstore::Record& record, v1::Event* event) const {
  const eventstore::EventHeader& header = record.header;
  event->set_sequence(static_cast<int64_t>(header.sequence.value()));
  event->set_stream(header.stream);
  event->set_revision(static_cast<int64_t>(header.revision.value()));
  const absl::string_view type =
      registry_.TypeName(eventstore::CategoryOf(header.stream), header.type);
  event->set_type(type.data(), type.size());
  *event->mutable_record_time() = ToTimestamp(header.record_time);
  *event->mutable_occur_time() = ToTimestamp(header.occur_time);
  event->set_actor(header.actor);
  event->set_request_id(header.request.id);
  event->set_correlation_id(header.correlation_id);
  KITH_ASSIGN_OR_RETURN(const int64_t causation, CausationSequence(header));
  event->set_causation_sequence(causation);
  bool erased = false;
  KITH_RETURN_IF_ERROR(RenderPayload(record, event->mutable_payload(), &erased));
  event->set_erased(erased);
  event->set_token(runtime::TokenAt(log_, header.position));
  return absl::OkStatus();
}

absl::Status EventRenderer::RenderPayload(const eventstore::Record& record,
                                          google::protobuf::Any* payload, bool* erased) const {
  const eventstore::EventHeader& header = record.header;
  const google::protobuf::Descriptor* const message =
      registry_.MessageOf(eventstore::CategoryOf(header.stream), header.type);
  if (message == nullptr) {
    return absl::DataLossError(absl::StrCat("The event at position ", header.position.value(),
                                            " of ", header.stream, " has type ",
                                            header.type.value(), ", unknown here."));
  }
  payload->set_type_url(absl::StrCat(kTypeUrlPrefix, message->full_name()));
  std::string& bytes = *payload->mutable_value();
  bytes = record.payload;
  *erased = false;
  for (const eventstore::SealedPart& part : record.sealed) {
    KITH_ASSIGN_OR_RETURN(const std::optional<std::string> plain,
                          keys_.Unseal(header.workspace, part));
    if (plain.has_value()) {
      bytes.append(*plain);
    } else {
      *erased = true;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> EventRenderer::CausationSequence(
    const eventstore::EventHeader& header) const {
  if (header.causation == Position()) return 0;
  KITH_ASSIGN_OR_RETURN(const std::shared_ptr<const eventstore::Record> cause,
                        log_.ReadAt(header.causation, eventstore::ReadTier::kDisk));
  // A cause in another workspace has no number that this caller could use.
  if (cause == nullptr || cause->header.workspace != header.workspace) return 0;
  return static_cast<int64_t>(cause->header.sequence.value());
}

}  // namespace kith::events
