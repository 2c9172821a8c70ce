// Which deals an interaction is about, besides contacts: the one it is recorded on and those it is
// linked to. Pure; any thread.
#pragma once

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/log/event_registry.h"

namespace kith::deals {

// True when there is any, and for every event that is not an interaction. What Projection::Takes of
// a view of deals says.
bool IsAboutDeals(const eventstore::RecordedEvent& event);

// Visits the name of each, which may be gone, and when the interaction happened; of an event of the
// category of interactions. One that is amended touches those that it did not concern before. Ends
// with the visitor's first error.
using TouchedDealVisitor =
    absl::FunctionRef<absl::Status(absl::string_view deal, absl::Time occur_time)>;
absl::Status ForEachTouchedDeal(const eventstore::RecordedEvent& event, TouchedDealVisitor visit);

}  // namespace kith::deals
