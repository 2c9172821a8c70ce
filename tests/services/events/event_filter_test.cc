#include "services/events/event_filter.h"

#include "eventstore/base/error.h"
#include "kith/events/v1/events_errors.pb.h"
#include "tests/services/events/events_fixture.h"

namespace kith::events {
namespace {

class EventFilterTest : public EventsTest {
 protected:
  EventFilter Compile(const v1::EventFilter& filter) {
    const auto compiled = EventFilter::Compile(filter, registry_);
    KITH_CHECK(compiled.ok());
    return *compiled;
  }
  eventstore::EventHeader Header(const std::string& stream, uint32_t type) {
    eventstore::EventHeader header;
    header.stream = stream;
    header.type = EventType(type);
    return header;
  }
};

TEST_F(EventFilterTest, PassesEverythingWhenNothingIsAsked) {
  const EventFilter filter = Compile({});
  EXPECT_TRUE(filter.Passes(Header("contacts/1", 1)));
  EXPECT_TRUE(filter.Passes(Header("deals/1", 9)));
}

TEST_F(EventFilterTest, PassesStreamsByThePrefixOfTheirName) {
  v1::EventFilter asked;
  asked.set_stream_prefix("contacts/1");
  const EventFilter filter = Compile(asked);
  EXPECT_TRUE(filter.Passes(Header("contacts/1", 1)));
  EXPECT_TRUE(filter.Passes(Header("contacts/1/interactions", 1)));
  EXPECT_FALSE(filter.Passes(Header("contacts/2", 1)));
}

TEST_F(EventFilterTest, TellsTypesOfOneNumberApartByTheirCategory) {
  v1::EventFilter asked;
  asked.add_types("contact_created");
  const EventFilter filter = Compile(asked);
  EXPECT_TRUE(filter.Passes(Header("contacts/1", 1)));
  EXPECT_FALSE(filter.Passes(Header("contacts/1", 3)));
  EXPECT_FALSE(filter.Passes(Header("contacts/1/interactions", 1)));
}

TEST_F(EventFilterTest, PassesAnyOfSeveralTypes) {
  v1::EventFilter asked;
  asked.add_types("contact_deleted");
  asked.add_types("interaction_recorded");
  const EventFilter filter = Compile(asked);
  EXPECT_TRUE(filter.Passes(Header("contacts/1", 3)));
  EXPECT_TRUE(filter.Passes(Header("contacts/1/interactions", 1)));
  EXPECT_FALSE(filter.Passes(Header("contacts/1", 1)));
}

TEST_F(EventFilterTest, RefusesATypeThatNoCategoryHas) {
  v1::EventFilter asked;
  asked.add_types("contact_vanished");
  EXPECT_TRUE(IsError(EventFilter::Compile(asked, registry_).status(),
                      v1::EVENTS_ERROR_UNKNOWN_EVENT_TYPE));
}

}  // namespace
}  // namespace kith::events
