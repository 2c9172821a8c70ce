#include "services/runtime/reads/render_event.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/json_util.h"
#include "services/core/secrets.h"
#include "services/runtime/reads/read_position.h"

namespace kith::runtime {
namespace {

constexpr absl::string_view kTypeUrlPrefix = "type.googleapis.com/";

std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<google::protobuf::Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

absl::Status DoesNotParse(int64_t sequence, absl::string_view stream) {
  return absl::DataLossError(
      absl::StrCat("The event ", sequence, " of ", stream, " does not parse."));
}

absl::Status TurnIntoJson(events::v1::Event* event) {
  const google::protobuf::Any payload = std::move(*event->mutable_payload());
  event->clear_payload();
  const std::unique_ptr<google::protobuf::Message> message =
      NewMessage(google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          payload.type_url().substr(kTypeUrlPrefix.size())));
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  if (!message->ParseFromString(payload.value()) ||
      !google::protobuf::util::MessageToJsonString(*message, event->mutable_payload_json(), options)
           .ok()) {
    return DoesNotParse(event->sequence(), event->stream());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status EventRenderer::Render(const eventstore::Record& record, PayloadFormat format,
                                   events::v1::Event* event) const {
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
  event->set_on_behalf_of(header.on_behalf_of);
  event->set_request_id(header.request.id);
  event->set_correlation_id(header.correlation_id);
  KITH_ASSIGN_OR_RETURN(const int64_t causation, CausationSequence(header));
  event->set_causation_sequence(causation);
  bool erased = false;
  KITH_RETURN_IF_ERROR(RenderPayload(record, event->mutable_payload(), &erased));
  event->set_erased(erased);
  event->clear_payload_json();
  if (format == PayloadFormat::kJson) KITH_RETURN_IF_ERROR(TurnIntoJson(event));
  event->set_token(TokenAt(log_, header.position));
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
  std::string& type_url = *payload->mutable_type_url();
  type_url.assign(kTypeUrlPrefix.data(), kTypeUrlPrefix.size());
  type_url.append(message->full_name());
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
  if (!HasSecrets(*message)) return absl::OkStatus();
  const std::unique_ptr<google::protobuf::Message> event = NewMessage(message);
  if (!event->ParseFromString(bytes)) {
    return DoesNotParse(static_cast<int64_t>(header.sequence.value()), header.stream);
  }
  ClearSecrets(event.get());
  bytes = event->SerializeAsString();
  return absl::OkStatus();
}

absl::StatusOr<int64_t> EventRenderer::CausationSequence(
    const eventstore::EventHeader& header) const {
  if (header.causation == Position()) return 0;
  KITH_ASSIGN_OR_RETURN(const std::shared_ptr<const eventstore::Record> cause,
                        log_.ReadAt(header.causation, eventstore::ReadTier::kDisk));
  // Old logs may have a cause in another workspace, whose number this caller could not use.
  if (cause == nullptr || cause->header.workspace != header.workspace) return 0;
  return static_cast<int64_t>(cause->header.sequence.value());
}

}  // namespace kith::runtime
