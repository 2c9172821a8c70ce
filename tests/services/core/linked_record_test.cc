#include "services/core/linked_record.h"

#include <gtest/gtest.h>

#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/users/v1/user_events.pb.h"

namespace kith {
namespace {

using contacts::v1::Contact;
using contacts::v1::ContactEvent;
using deals::v1::Deal;
using deals::v1::DealEvent;

template <class Resource, class EventMessage>
Lifecycle After(std::initializer_list<EventMessage> history) {
  LinkedState<Resource> state;
  for (const EventMessage& event : history) {
    state = Evolve(state, Recorded<EventMessage>{.event = event});
  }
  const LinkedRecord* const record = &state;  // as decisions see it
  return record->lifecycle;
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
  EXPECT_EQ((After<Contact, ContactEvent>({})), Lifecycle::kAbsent);
}

TEST(LinkedRecord, IsThereFromItsCreation) {
  EXPECT_EQ(After<Contact>({ContactCreated()}), Lifecycle::kActive);
  EXPECT_EQ(After<Contact>({ContactCreated(), ContactUpdated()}), Lifecycle::kActive);
}

TEST(LinkedRecord, IsGoneOnceDeleted) {
  EXPECT_EQ(After<Contact>({ContactCreated(), ContactDeleted()}), Lifecycle::kDeleted);
}

TEST(LinkedRecord, IsThereUntilItIsDeletedWhateverElseHappens) {
  DealEvent created, moved, won, lost, reopened, updated, deleted;
  created.mutable_deal_created();
  moved.mutable_deal_stage_changed();
  won.mutable_deal_won();
  lost.mutable_deal_lost();
  reopened.mutable_deal_reopened();
  updated.mutable_deal_updated();
  deleted.mutable_deal_deleted();
  EXPECT_EQ(After<Deal>({created, updated, moved, won, reopened, lost}), Lifecycle::kActive);
  EXPECT_EQ(After<Deal>({created, won, deleted}), Lifecycle::kDeleted);
}

TEST(LinkedRecord, FollowsAUser) {
  users::v1::UserEvent created, updated, deleted;
  created.mutable_user_created();
  updated.mutable_user_updated();
  deleted.mutable_user_deleted();
  EXPECT_EQ(After<users::v1::User>({created, updated}), Lifecycle::kActive);
  EXPECT_EQ(After<users::v1::User>({created, deleted}), Lifecycle::kDeleted);
}

}  // namespace
}  // namespace kith
