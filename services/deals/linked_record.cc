#include "services/deals/linked_record.h"

namespace kith::deals {

LinkedRecord Evolve(LinkedRecord state, const Recorded<contacts::v1::ContactEvent>& recorded) {
  switch (recorded.event.event_case()) {
    case contacts::v1::ContactEvent::kContactCreated:
      return {Lifecycle::kActive};
    case contacts::v1::ContactEvent::kContactDeleted:
      return {Lifecycle::kDeleted};
    case contacts::v1::ContactEvent::kContactUpdated:
    case contacts::v1::ContactEvent::EVENT_NOT_SET:  // of a newer Kith
      return state;
  }
  return state;
}

LinkedRecord Evolve(LinkedRecord state, const Recorded<users::v1::UserEvent>& recorded) {
  switch (recorded.event.event_case()) {
    case users::v1::UserEvent::kUserCreated:
      return {Lifecycle::kActive};
    case users::v1::UserEvent::kUserDeleted:
      return {Lifecycle::kDeleted};
    case users::v1::UserEvent::kUserUpdated:
    case users::v1::UserEvent::EVENT_NOT_SET:  // of a newer Kith
      return state;
  }
  return state;
}

}  // namespace kith::deals
