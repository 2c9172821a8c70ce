#include "services/interactions/linked_record.h"

#include <gtest/gtest.h>

namespace kith::interactions {
namespace {

using Lifecycle = LinkedRecord::Lifecycle;
using contacts::v1::ContactEvent;
using deals::v1::DealEvent;

template <class EventMessage>
LinkedRecord Fold(std::initializer_list<EventMessage> history) {
  LinkedRecord state;
  for (const EventMessage& event : history) {
    state = Evolve(state, Recorded<EventMessage>{.event = event});
  }
  return state;
}

ContactEvent ContactCreated() {
  ContactEvent event;
  event.mutable_contact_created()->set_name("contacts/1");
  return event;
}
ContactEvent ContactUpdated() {
  ContactEvent event;
  event.mutable_contact_updated()->set_name("contacts/1");
  return event;
}
ContactEvent ContactDeleted() {
  ContactEvent event;
  event.mutable_contact_deleted()->set_name("contacts/1");
  return event;
}

TEST(LinkedRecord, IsAbsentBeforeTheFirstEvent) {
  EXPECT_EQ(Fold<ContactEvent>({}).lifecycle, Lifecycle::kAbsent);
}

TEST(LinkedRecord, LivesFromItsCreation) {
  EXPECT_EQ(Fold({ContactCreated()}).lifecycle, Lifecycle::kLive);
  EXPECT_EQ(Fold({ContactCreated(), ContactUpdated()}).lifecycle, Lifecycle::kLive);
}

TEST(LinkedRecord, IsGoneOnceDeleted) {
  EXPECT_EQ(Fold({ContactCreated(), ContactDeleted()}).lifecycle, Lifecycle::kDeleted);
}

TEST(LinkedRecord, PassesOverAnEventOfANewerKith) {
  EXPECT_EQ(Fold({ContactCreated(), ContactEvent()}).lifecycle, Lifecycle::kLive);
}

TEST(LinkedRecord, OfADealLivesUntilItIsDeletedWhateverElseHappens) {
  DealEvent created, moved, won, lost, reopened, updated, deleted;
  created.mutable_deal_created();
  moved.mutable_deal_stage_changed();
  won.mutable_deal_won();
  lost.mutable_deal_lost();
  reopened.mutable_deal_reopened();
  updated.mutable_deal_updated();
  deleted.mutable_deal_deleted();
  EXPECT_EQ(Fold({created, updated, moved, won, reopened, lost}).lifecycle, Lifecycle::kLive);
  EXPECT_EQ(Fold({created, won, deleted}).lifecycle, Lifecycle::kDeleted);
}

}  // namespace
}  // namespace kith::interactions
