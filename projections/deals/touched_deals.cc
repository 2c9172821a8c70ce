#include "projections/deals/touched_deals.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "eventstore/base/status_macros.h"
#include "kith/interactions/v1/interaction_events.pb.h"

namespace kith::deals {
namespace {

bool IsDeal(absl::string_view name) { return absl::StartsWith(name, "deals/"); }

const interactions::v1::Interaction& InteractionIn(const eventstore::RecordedEvent& event) {
  const auto& message = static_cast<const interactions::v1::InteractionEvent&>(*event.event);
  return message.interaction_recorded().interaction();
}

}  // namespace

bool IsAboutDeals(const eventstore::RecordedEvent& event) {
  const absl::string_view stream = event.header().stream;
  if (eventstore::CategoryOf(stream) != "interactions" || IsDeal(stream)) return true;
  const auto& links = InteractionIn(event).links();
  return std::any_of(links.begin(), links.end(), IsDeal);
}

absl::Status ForEachTouchedDeal(const eventstore::RecordedEvent& event,
                                absl::FunctionRef<absl::Status(absl::string_view deal)> visit) {
  const absl::string_view stream = event.header().stream;
  const absl::string_view parent = stream.substr(0, stream.rfind('/'));
  if (IsDeal(parent)) KITH_RETURN_IF_ERROR(visit(parent));
  for (const std::string& link : InteractionIn(event).links()) {
    if (IsDeal(link)) KITH_RETURN_IF_ERROR(visit(link));
  }
  return absl::OkStatus();
}

}  // namespace kith::deals
