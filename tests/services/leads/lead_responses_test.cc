// When a lead was first answered, over the whole server.
#include "eventstore/base/proto_time.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/meetings/v1/meetings_service.grpc.pb.h"
#include "tests/services/leads/leads_fixture.h"
#include "tests/testing/await.h"

namespace kith::leads {
namespace {

using interactions::v1::InteractionsService;
using meetings::v1::MeetingsService;

class LeadResponsesTest : public LeadsFixture {
 protected:
  LeadResponsesTest()
      : LeadsFixture([](runtime::ServerOptions& options) {
          options.policies.turn = absl::Milliseconds(1);
          options.policies.gather = absl::ZeroDuration();
        }) {}

  void Record(const std::string& parent, const std::string& text) {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(parent);
    *request.mutable_interaction() = testing::Proto<interactions::v1::Interaction>(text);
    EXPECT_EQ(server_.Call(&InteractionsService::Stub::RecordInteraction, request).reason(), "");
  }
  // Until the lead says when it was answered; how long after it came into being.
  absl::Duration AwaitAnswer(const std::string& lead) {
    testing::AwaitThat(server_, [&] { return Get(lead)->has_first_response_time(); });
    const v1::Lead now = Get(lead).response;
    return FromTimestamp(now.first_response_time()) - FromTimestamp(now.create_time());
  }
};

// Notes, and what they began, are no answer; the first that is one counts, from when it happened,
// and moves nothing else.
TEST_F(LeadResponsesTest, AreWhatWeBegan) {
  const std::string lead = Created("first_name: 'Bo'");
  server_.clock().Advance(absl::Minutes(10));
  Record(lead, "kind: EMAIL direction: INBOUND");
  Record(lead, "kind: NOTE direction: OUTBOUND");
  server_.clock().Advance(absl::Minutes(10));
  Record(lead, "kind: CALL direction: OUTBOUND");
  EXPECT_EQ(AwaitAnswer(lead), absl::Minutes(20));
  EXPECT_EQ(Get(lead)->status(), v1::NEW);
  server_.clock().Advance(absl::Minutes(10));
  Record(lead, "kind: CALL direction: OUTBOUND");
  const std::string another = Created("first_name: 'Cy'");
  Record(another, "kind: CALL direction: OUTBOUND");
  EXPECT_EQ(AwaitAnswer(another), absl::ZeroDuration());
  EXPECT_EQ(AwaitAnswer(lead), absl::Minutes(20)) << "the first stays";
}

TEST_F(LeadResponsesTest, AreThoseToTheContactThatItIs) {
  const std::string bo = CreateContact("first_name: 'Bo'");
  Record(bo, "kind: CALL direction: OUTBOUND");
  server_.clock().Advance(absl::Minutes(10));
  const std::string lead = Created(absl::StrCat("contact: '", bo, "'"));
  const std::string closed = Created(absl::StrCat("contact: '", bo, "'"));
  Do(&Stub::DisqualifyLead, closed, "reason: DUPLICATE");
  server_.clock().Advance(absl::Minutes(5));
  meetings::v1::CreateMeetingRequest create;
  create.mutable_meeting()->set_display_name("Demo");
  create.mutable_meeting()->mutable_start_time()->set_seconds(
      absl::ToUnixSeconds(server_.clock().Now()));
  create.mutable_meeting()->add_attendees()->set_attendee(bo);
  meetings::v1::HoldMeetingRequest hold;
  hold.set_name(Make(&MeetingsService::Stub::CreateMeeting, create));
  EXPECT_FALSE(Get(lead)->has_first_response_time());
  EXPECT_EQ(server_.Call(&MeetingsService::Stub::HoldMeeting, hold).reason(), "");
  EXPECT_EQ(AwaitAnswer(lead), absl::Minutes(5));
  EXPECT_FALSE(Get(closed)->has_first_response_time());
}

// Goal: whichever name of a contact a lead has, and by whichever we turn to it, the lead is found
// and answered.
TEST_F(LeadResponsesTest, AreThoseToAnyNameOfTheContact) {
  const std::string bo = CreateContact("first_name: 'Bo'");
  const std::string other = CreateContact("first_name: 'B.'");
  const std::string of_bo = Created(absl::StrCat("contact: '", bo, "'"));
  const std::string of_other = Created(absl::StrCat("contact: '", other, "'"));
  contacts::v1::MergeContactsRequest merge;
  merge.set_name(bo);
  merge.add_merged(other);
  EXPECT_EQ(server_.Call(&contacts::v1::ContactsService::Stub::MergeContacts, merge).reason(), "");
  for (const std::string& name : {bo, other}) {
    v1::ListLeadsRequest list;
    list.set_filter(absl::StrCat("contact = '", name, "'"));
    EXPECT_EQ(server_.Call(&Stub::ListLeads, list)->leads_size(), 2);
  }
  server_.clock().Advance(absl::Minutes(10));
  Record(other, "kind: CALL direction: OUTBOUND");
  EXPECT_EQ(AwaitAnswer(of_bo), absl::Minutes(10));
  EXPECT_EQ(AwaitAnswer(of_other), absl::Minutes(10));
}

}  // namespace
}  // namespace kith::leads
