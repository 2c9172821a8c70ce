#include "services/events/event_reader.h"

#include <gmock/gmock.h>

#include "eventstore/base/error.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/log/token.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/reads/read_position.h"
#include "tests/services/events/events_fixture.h"

namespace kith::events {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReadEvents : public EventsTest {
 protected:
  ReadEvents() {
    for (const char* name : {"contacts/1", "contacts/2"}) {
      Create(name, kTheirs);
      Create(name);
      clock_.Advance(absl::Minutes(1));
    }
    Delete("contacts/1");
    Delete("contacts/1", kTheirs);
  }

  // What a request answers, over all its messages.
  std::vector<std::string> Read(const v1::ReadEventsRequest& request) {
    std::vector<std::string> names;
    auto reader = EventReader::Open(*log_, registry_, *renderer_, kOurs, request);
    EXPECT_TRUE(reader.ok()) << reader.status();
    while (reader.ok()) {
      v1::ReadEventsResponse response;
      const auto next = (*reader)->Fill(&response);
      EXPECT_TRUE(next.ok()) << next.status();
      if (!next.ok() || *next == EventReader::Next::kEnd) break;
      ++steps_;
      for (const v1::Event& event : response.events()) names.push_back(NameOf(event));
    }
    return names;
  }
  absl::Status Refused(const v1::ReadEventsRequest& request) {
    return EventReader::Open(*log_, registry_, *renderer_, kOurs, request).status();
  }

  int steps_ = 0;
};

TEST_F(ReadEvents, ReadsTheWholeWorkspaceInOrderAndNobodyElses) {
  EXPECT_THAT(Read({}), ElementsAre("contacts/1@1", "contacts/2@1", "contacts/1@2"));
}

TEST_F(ReadEvents, ReadsBackwardsFromTheEnd) {
  v1::ReadEventsRequest request;
  request.set_backwards(true);
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@2", "contacts/2@1", "contacts/1@1"));
}

TEST_F(ReadEvents, ReadsOneStream) {
  v1::ReadEventsRequest request;
  request.set_stream("contacts/1");
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@1", "contacts/1@2"));
  request.set_backwards(true);
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@2", "contacts/1@1"));
  request.set_stream("contacts/99");
  EXPECT_THAT(Read(request), IsEmpty());
}

TEST_F(ReadEvents, BeginsAtASequenceInEitherDirection) {
  v1::ReadEventsRequest request;
  request.set_sequence(2);
  EXPECT_THAT(Read(request), ElementsAre("contacts/2@1", "contacts/1@2"));
  request.set_backwards(true);
  EXPECT_THAT(Read(request), ElementsAre("contacts/2@1", "contacts/1@1"));
  request.set_sequence(99);
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@2", "contacts/2@1", "contacts/1@1"));
  request.set_backwards(false);
  EXPECT_THAT(Read(request), IsEmpty());
}

TEST_F(ReadEvents, BeginsAStreamAtASequenceOfTheWorkspace) {
  v1::ReadEventsRequest request;
  request.set_stream("contacts/1");
  request.set_sequence(2);
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@2"));
  request.set_backwards(true);
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@1"));
}

TEST_F(ReadEvents, BeginsAtARevisionOfAStream) {
  v1::ReadEventsRequest request;
  request.set_stream("contacts/1");
  request.set_revision(2);
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@2"));
  request.set_revision(3);
  EXPECT_THAT(Read(request), IsEmpty());
  request.set_backwards(true);
  request.set_revision(1);
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@1"));
}

TEST_F(ReadEvents, RefusesARevisionWithoutAStream) {
  v1::ReadEventsRequest request;
  request.set_revision(1);
  EXPECT_TRUE(IsError(Refused(request), type::v1::ERROR_INVALID_FIELD)) << Refused(request);
}

TEST_F(ReadEvents, ResumesAfterATokenForwardsAndBeforeItBackwards) {
  v1::ReadEventsRequest request;
  request.set_token(runtime::TokenAt(*log_, Position(4)));  // of contacts/2@1
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@2"));
  request.set_backwards(true);
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@1"));
  request.set_stream("contacts/1");
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@1"));
}

TEST_F(ReadEvents, BeginsAtATime) {
  const absl::Time second = RecordAt(Position(4))->header.record_time;
  v1::ReadEventsRequest request;
  *request.mutable_time() = ToTimestamp(second);
  EXPECT_THAT(Read(request), ElementsAre("contacts/2@1", "contacts/1@2"));
  *request.mutable_time() = ToTimestamp(second + absl::Microseconds(1));
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@2"));
  request.set_backwards(true);
  EXPECT_THAT(Read(request), ElementsAre("contacts/2@1", "contacts/1@1"));
}

TEST_F(ReadEvents, RefusesATokenThatIsNotOfThisLog) {
  v1::ReadEventsRequest request;
  request.set_token("nonsense");
  EXPECT_TRUE(IsError(Refused(request), type::v1::ERROR_INVALID_TOKEN)) << Refused(request);
  request.set_token(eventstore::SealToken(eventstore::TokenSealer(eventstore::SecretKey()),
                                          {log_->epoch(), Position(1)}));
  EXPECT_TRUE(IsError(Refused(request), type::v1::ERROR_INVALID_TOKEN)) << Refused(request);
  request.set_token(runtime::TokenAt(*log_, Position(1000)));
  EXPECT_TRUE(IsError(Refused(request), type::v1::ERROR_INVALID_TOKEN)) << Refused(request);
}

TEST_F(ReadEvents, PassesOverWhatTheFilterDoesNotWant) {
  v1::ReadEventsRequest request;
  request.mutable_filter()->add_types("contact_created");
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@1", "contacts/2@1"));
  request.mutable_filter()->set_stream_prefix("contacts/2");
  EXPECT_THAT(Read(request), ElementsAre("contacts/2@1"));
}

TEST_F(ReadEvents, EndsAtTheLimitWhichCountsWhatPasses) {
  v1::ReadEventsRequest request;
  request.set_limit(1);
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@1"));
  request.mutable_filter()->add_types("contact_deleted");
  EXPECT_THAT(Read(request), ElementsAre("contacts/1@2"));
  request.set_limit(-1);
  EXPECT_TRUE(IsError(Refused(request), type::v1::ERROR_INVALID_FIELD)) << Refused(request);
}

TEST_F(ReadEvents, KeepsItsMessagesSmall) {
  contacts::v1::ContactEvent large = Created("contacts/3", std::string(200 << 10, 'x'));
  for (int i = 0; i < 4; ++i) Write("contacts/3", large);
  v1::ReadEventsRequest request;
  request.set_stream("contacts/3");
  EXPECT_EQ(Read(request).size(), 4u);
  EXPECT_EQ(steps_, 2);
}

TEST_F(ReadEvents, PausesWhileItPassesOverMuch) {
  for (int i = 0; i < kStepRecordsMax + 1; ++i) Delete("contacts/3");
  v1::ReadEventsRequest request;
  request.mutable_filter()->add_types("interaction_recorded");
  EXPECT_THAT(Read(request), IsEmpty());
  EXPECT_EQ(steps_, 1) << "one step that gave nothing, then the end";
}

}  // namespace
}  // namespace kith::events
