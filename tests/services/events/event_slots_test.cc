#include "services/events/event_slots.h"

#include <string>

#include "gtest/gtest.h"

namespace kith::events {
namespace {

TEST(EventSlots, PutsEventsWhereThoseOfTheMessageBeforeStood) {
  v1::ReadEventsResponse message;
  {
    EventSlots slots(message.mutable_events());
    for (const char* stream : {"contacts/1", "contacts/2", "contacts/3"}) {
      slots.Next()->set_stream(stream);
    }
    EXPECT_EQ(slots.count(), 3);
  }
  ASSERT_EQ(message.events_size(), 3);
  const v1::Event* const first = &message.events(0);
  {
    EventSlots slots(message.mutable_events());
    v1::Event* const next = slots.Next();
    EXPECT_EQ(next, first);
    next->set_stream("contacts/4");
  }
  ASSERT_EQ(message.events_size(), 1) << "what is not filled is none of it";
  EXPECT_EQ(message.events(0).stream(), "contacts/4");
}

TEST(EventSlots, KeepNoMemoryOfLongEvents) {
  v1::ReadEventsResponse message;
  EventSlots(message.mutable_events())
      .Next()
      ->mutable_payload()
      ->set_value(std::string(9'000, 'a'));
  EXPECT_FALSE(EventSlots(message.mutable_events()).Next()->has_payload());
  EventSlots(message.mutable_events()).Next()->set_payload_json(std::string(9'000, 'a'));
  EXPECT_LT(EventSlots(message.mutable_events()).Next()->payload_json().capacity(), 9'000u);
}

}  // namespace
}  // namespace kith::events
