// What an event tells of an interaction: which records it is about, the one it is recorded on and
// those it is linked to, and what was recorded. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/log/event_registry.h"
#include "kith/interactions/v1/interaction.pb.h"

namespace kith::projections {

// True when there is any in `collection`, "deals/", and for every event that is not an interaction.
// What Projection::Takes of a view of them says.
bool IsAbout(absl::string_view collection, const eventstore::RecordedEvent& event);

// Visits the name of each, of every collection, which may be gone, and when the interaction
// happened; of an event of the category of interactions. One that is amended touches those that it
// did not concern before. Ends with the visitor's first error.
using TouchedRecordVisitor =
    absl::FunctionRef<absl::Status(absl::string_view record, absl::Time occur_time)>;
absl::Status ForEachTouchedRecord(const eventstore::RecordedEvent& event,
                                  TouchedRecordVisitor visit);
// Their names, the one it is recorded on first.
std::vector<std::string> TouchedRecords(const eventstore::RecordedEvent& event);

// The interaction that an event of one tells, where it was recorded; what is personal of it is
// missing.
std::optional<interactions::v1::Interaction> RecordedInteraction(
    const eventstore::RecordedEvent& event);

}  // namespace kith::projections
