// LinkedRecord: what a deal must know of its owner and its contacts: whether they are there.
//
// The smallest fold of other capabilities' events, by their protos alone.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "services/core/decider.h"
#include "services/core/lifecycle.h"

namespace kith::deals {

struct LinkedRecord {
  Lifecycle lifecycle = Lifecycle::kAbsent;
};

// One aggregate per category, because a stream's events are of its category's message.
struct LinkedContactAggregate {
  using State = LinkedRecord;
  using Event = contacts::v1::ContactEvent;
  static constexpr absl::string_view kCategory = "contacts";
};
struct LinkedUserAggregate {
  using State = LinkedRecord;
  using Event = users::v1::UserEvent;
  static constexpr absl::string_view kCategory = "users";
};

LinkedRecord Evolve(LinkedRecord state, const Recorded<contacts::v1::ContactEvent>& recorded);
LinkedRecord Evolve(LinkedRecord state, const Recorded<users::v1::UserEvent>& recorded);

}  // namespace kith::deals
