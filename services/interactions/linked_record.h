// LinkedRecord: what an interaction must know of the contacts and deals it concerns: whether they
// are there.
//
// The smallest fold of other capabilities' events, by their protos alone.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "services/core/decider.h"

namespace kith::interactions {

struct LinkedRecord {
  enum class Lifecycle { kAbsent, kLive, kDeleted };
  Lifecycle lifecycle = Lifecycle::kAbsent;
};

// One aggregate per category, because a stream's events are of its category's message.
struct LinkedContactAggregate {
  using State = LinkedRecord;
  using Event = contacts::v1::ContactEvent;
  static constexpr absl::string_view kCategory = "contacts";
};
struct LinkedDealAggregate {
  using State = LinkedRecord;
  using Event = deals::v1::DealEvent;
  static constexpr absl::string_view kCategory = "deals";
};

LinkedRecord Evolve(LinkedRecord state, const Recorded<contacts::v1::ContactEvent>& recorded);
LinkedRecord Evolve(LinkedRecord state, const Recorded<deals::v1::DealEvent>& recorded);

}  // namespace kith::interactions
