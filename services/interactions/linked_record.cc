#include "services/interactions/linked_record.h"

namespace kith::interactions {

using Lifecycle = LinkedRecord::Lifecycle;

LinkedRecord Evolve(LinkedRecord state, const Recorded<contacts::v1::ContactEvent>& recorded) {
  switch (recorded.event.event_case()) {
    case contacts::v1::ContactEvent::kContactCreated:
      return {Lifecycle::kLive};
    case contacts::v1::ContactEvent::kContactDeleted:
      return {Lifecycle::kDeleted};
    case contacts::v1::ContactEvent::kContactUpdated:
    case contacts::v1::ContactEvent::EVENT_NOT_SET:  // of a newer Kith
      return state;
  }
  return state;
}

LinkedRecord Evolve(LinkedRecord state, const Recorded<deals::v1::DealEvent>& recorded) {
  switch (recorded.event.event_case()) {
    case deals::v1::DealEvent::kDealCreated:
      return {Lifecycle::kLive};
    case deals::v1::DealEvent::kDealDeleted:
      return {Lifecycle::kDeleted};
    case deals::v1::DealEvent::kDealUpdated:
    case deals::v1::DealEvent::kDealStageChanged:
    case deals::v1::DealEvent::kDealWon:
    case deals::v1::DealEvent::kDealLost:
    case deals::v1::DealEvent::kDealReopened:
    case deals::v1::DealEvent::EVENT_NOT_SET:  // of a newer Kith
      return state;
  }
  return state;
}

}  // namespace kith::interactions
