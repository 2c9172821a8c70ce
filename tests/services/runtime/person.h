// Person: a small aggregate over the events of contacts, for tests of the runtime.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "services/core/decider.h"

namespace kith::runtime {

struct PersonState {
  bool exists = false;
  std::string first_name;
  std::string etag;
};

struct PersonAggregate {
  using State = PersonState;
  using Event = contacts::v1::ContactEvent;
  static constexpr absl::string_view kCategory = "contacts";
};

inline PersonState Evolve(PersonState state, const Recorded<contacts::v1::ContactEvent>& recorded) {
  state.etag = EtagOf(recorded.revision);
  switch (recorded.event.event_case()) {
    case contacts::v1::ContactEvent::kContactCreated:
      state.exists = true;
      state.first_name = recorded.event.contact_created().personal().first_name();
      break;
    case contacts::v1::ContactEvent::kContactUpdated:
      state.first_name = recorded.event.contact_updated().personal().first_name();
      break;
    case contacts::v1::ContactEvent::kContactDeleted:
      state.exists = false;
      break;
    case contacts::v1::ContactEvent::kContactUndeleted:
      state.exists = true;
      break;
    case contacts::v1::ContactEvent::kContactMerged:
    case contacts::v1::ContactEvent::kContactMergedInto:
    case contacts::v1::ContactEvent::kContactUnmerged:
    case contacts::v1::ContactEvent::kContactUnmergedFrom:
    case contacts::v1::ContactEvent::EVENT_NOT_SET:
      break;
  }
  return state;
}

// A second aggregate over the same streams: it counts events.
struct CountState {
  int events = 0;
};
struct CountAggregate {
  using State = CountState;
  using Event = contacts::v1::ContactEvent;
  static constexpr absl::string_view kCategory = "contacts";
};
inline CountState Evolve(CountState state, const Recorded<contacts::v1::ContactEvent>&) {
  ++state.events;
  return state;
}

inline contacts::v1::ContactEvent PersonCreated(absl::string_view name, absl::string_view first) {
  contacts::v1::ContactEvent event;
  event.mutable_contact_created()->set_name(std::string(name));
  event.mutable_contact_created()->mutable_contact();
  event.mutable_contact_created()->mutable_personal()->set_first_name(std::string(first));
  return event;
}

inline contacts::v1::ContactEvent PersonRenamed(absl::string_view name, absl::string_view first) {
  contacts::v1::ContactEvent event;
  event.mutable_contact_updated()->set_name(std::string(name));
  event.mutable_contact_updated()->mutable_update_mask()->add_paths("first_name");
  event.mutable_contact_updated()->mutable_personal()->set_first_name(std::string(first));
  return event;
}

inline contacts::v1::ContactEvent PersonDeleted(absl::string_view name) {
  contacts::v1::ContactEvent event;
  event.mutable_contact_deleted()->set_name(std::string(name));
  return event;
}

}  // namespace kith::runtime
