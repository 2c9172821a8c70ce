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

}  // namespace kith::projections
