#include "projections/deals/touched_deals.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/interactions/v1/interaction_events.pb.h"

namespace kith::deals {
namespace {

bool IsDeal(absl::string_view name) { return absl::StartsWith(name, "deals/"); }

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

bool IsAboutDeals(const eventstore::RecordedEvent& event) {
  const absl::string_view stream = event.header().stream;
  if (eventstore::CategoryOf(stream) != "interactions" || IsDeal(stream)) return true;
  const auto& links = NewLinksIn(MessageOf(event));
  return std::any_of(links.begin(), links.end(), IsDeal);
}

absl::Status ForEachTouchedDeal(const eventstore::RecordedEvent& event, TouchedDealVisitor visit) {
  const interactions::v1::InteractionEvent& message = MessageOf(event);
  absl::Time time = event.header().occur_time;
  if (message.has_interaction_amended()) {
    time = FromTimestamp(message.interaction_amended().interaction().occur_time());
  } else if (message.has_interaction_recorded()) {
    const absl::string_view stream = event.header().stream;
    const absl::string_view parent = stream.substr(0, stream.rfind('/'));
    if (IsDeal(parent)) KITH_RETURN_IF_ERROR(visit(parent, time));
  }
  for (const std::string& link : NewLinksIn(message)) {
    if (IsDeal(link)) KITH_RETURN_IF_ERROR(visit(link, time));
  }
  return absl::OkStatus();
}

}  // namespace kith::deals
