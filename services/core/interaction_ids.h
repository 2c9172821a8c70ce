// The external ids of interactions: which interaction has one, of those that ever claimed it.
// Interactions have no state, so it is said by the events with the claim. Pure functions, any
// thread.
#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kith/interactions/v1/interaction_events.pb.h"

namespace kith {

// The claim of an external id. Persisted inside the hashes of the log's tags.
inline constexpr absl::string_view kInteractionExternalIdClaim = "interactions.external_id";

// The interaction that has this external id: `events` are those with the claim, in their order.
// Without a name where none has it any more, and without what is personal.
interactions::v1::Interaction InteractionWith(
    absl::string_view external_id,
    absl::Span<const interactions::v1::InteractionEvent* const> events);

}  // namespace kith
