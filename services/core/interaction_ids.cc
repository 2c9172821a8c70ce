#include "services/core/interaction_ids.h"

#include <string>
#include <utility>
#include <vector>

namespace kith {

using interactions::v1::Interaction;
using interactions::v1::InteractionEvent;

Interaction InteractionWith(absl::string_view external_id,
                            absl::Span<const InteractionEvent* const> events) {
  // Each has it until an event of its own says another one.
  std::vector<std::pair<absl::string_view, const Interaction*>> holders;
  for (const InteractionEvent* const event : events) {
    const bool is_amended = event->has_interaction_amended();
    const std::string& name =
        is_amended ? event->interaction_amended().name() : event->interaction_recorded().name();
    const Interaction& told = is_amended ? event->interaction_amended().interaction()
                                         : event->interaction_recorded().interaction();
    std::erase_if(holders, [&](const auto& holder) { return holder.first == name; });
    if (told.external_id() == external_id) holders.emplace_back(name, &told);
  }
  Interaction holder;
  if (!holders.empty()) {
    holder = *holders.front().second;
    holder.set_name(std::string(holders.front().first));
  }
  return holder;
}

}  // namespace kith
