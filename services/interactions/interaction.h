// Interaction: the decision to record one. A fact: nothing is folded to record it, on condition
// that the records it concerns are there. What is said of it later is in amendment.h.
#pragma once

#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/interaction_ids.h"
#include "services/core/linked_record.h"

namespace kith::interactions {

// Persisted in stream names: "contacts/01J…/interactions".
inline constexpr absl::string_view kInteractions = "interactions";

inline constexpr absl::string_view kExternalIdClaim = kInteractionExternalIdClaim;

// What a RecordInteractionRequest and an item of a bulk load both say. Borrows them.
struct Recording {
  absl::string_view parent;
  const v1::Interaction& interaction;
};

// The records that an interaction concerns, each once: its parent, then its links. The views point
// into the command.
using ConcernedRecords = absl::InlinedVector<absl::string_view, 4>;
ConcernedRecords ConcernedBy(const Recording& command);

// INTERACTIONS_ERROR_EXTERNAL_ID_TAKEN; "" for one that is hidden from the caller.
absl::Status ExternalIdTaken(absl::string_view holder);

// `records` are the states of ConcernedBy(command), in that order. Rejects with
//   INTERACTIONS_ERROR_LINKED_RECORD_NOT_FOUND  one of them is not there, or was deleted
Decision Decide(absl::Span<const LinkedRecord* const> records, const Recording& command,
                const CommandContext& context);

// The interaction as a caller sees it that was never amended.
v1::Interaction Render(const v1::InteractionRecorded& recorded, absl::Time occur_time,
                       absl::Time record_time, bool erased);

}  // namespace kith::interactions
