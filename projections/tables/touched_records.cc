#include "projections/tables/touched_records.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/interactions/v1/interaction_events.pb.h"

namespace kith::projections {
namespace {

// The records that the event begins to concern, beside the interaction's parent.
const google::protobuf::RepeatedPtrField<std::string>& NewLinksIn(
    const interactions::v1::InteractionEvent& event) {
  return event.has_interaction_amended() ? event.interaction_amended().added_links()
                                         : event.interaction_recorded().interaction().links();
}

const interactions::v1::InteractionEvent& MessageOf(const eventstore::RecordedEvent& event) {
  return static_cast<const interactions::v1::InteractionEvent&>(*event.event);
}

}  // namespace

bool IsAbout(absl::string_view collection, const eventstore::RecordedEvent& event) {
  const absl::string_view stream = event.header().stream;
  if (eventstore::CategoryOf(stream) != "interactions" || absl::StartsWith(stream, collection)) {
    return true;
  }
  const auto& links = NewLinksIn(MessageOf(event));
  return std::any_of(links.begin(), links.end(),
                     [&](const std::string& link) { return absl::StartsWith(link, collection); });
}

absl::Status ForEachTouchedRecord(const eventstore::RecordedEvent& event,
                                  TouchedRecordVisitor visit) {
  const interactions::v1::InteractionEvent& message = MessageOf(event);
  absl::Time time = event.header().occur_time;
  if (message.has_interaction_amended()) {
    time = FromTimestamp(message.interaction_amended().interaction().occur_time());
  } else if (message.has_interaction_recorded()) {
    const absl::string_view stream = event.header().stream;
    KITH_RETURN_IF_ERROR(visit(stream.substr(0, stream.rfind('/')), time));
  }
  for (const std::string& link : NewLinksIn(message)) KITH_RETURN_IF_ERROR(visit(link, time));
  return absl::OkStatus();
}

std::vector<std::string> TouchedRecords(const eventstore::RecordedEvent& event) {
  std::vector<std::string> records;
  ForEachTouchedRecord(event, [&](absl::string_view record, absl::Time) {
    records.emplace_back(record);
    return absl::OkStatus();
  }).IgnoreError();  // none of its own
  return records;
}

std::optional<interactions::v1::Interaction> RecordedInteraction(
    const eventstore::RecordedEvent& event) {
  if (!MessageOf(event).has_interaction_recorded()) return std::nullopt;
  const auto& recorded = MessageOf(event).interaction_recorded();
  interactions::v1::Interaction interaction = recorded.interaction();
  interaction.set_name(recorded.name());
  *interaction.mutable_occur_time() = ToTimestamp(event.header().occur_time);
  *interaction.mutable_record_time() = ToTimestamp(event.header().record_time);
  return interaction;
}

}  // namespace kith::projections
