#include "services/messages/message_engagement.h"

#include <gtest/gtest.h>

#include "eventstore/base/proto_time.h"
#include "kith/messages/v1/messages_errors.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "tests/testing/decider_spec.h"

namespace kith::messages {
namespace {

using testing::ChangesNothing;
using testing::IsRejectedWith;
using testing::kBegin;
using testing::Proto;

constexpr char kName[] = "contacts/ada/messages/1";

// A message that was sent at kBegin, and what happens to it after so long.
class Engagement : public ::testing::Test {
 protected:
  Engagement() {
    contact_.lifecycle = Lifecycle::kActive;
    contact_.resource = Proto<contacts::v1::Contact>(R"(
        name: "contacts/ada" emails { address: "ada@example.com" primary: true }
        emails { address: "ada@home.example" })");
    Happen(kBegin, R"(message_queued { name: "contacts/ada/messages/1" contact: "contacts/ada"
                      message { tracked: true } })");
  }
  void Sent(bool is_tracked = true) {
    Happen(kBegin, is_tracked ? "message_sent { tracked: true }" : "message_sent {}");
  }
  void Happen(absl::Time time, const std::string& event) {
    Evolved(time, Proto<v1::MessageEvent>(event));
  }
  void Evolved(absl::Time time, const v1::MessageEvent& event) {
    message_ = Evolve(std::move(message_),
                      Recorded<v1::MessageEvent>{event, Revision(++revision_), time, time, false});
  }

  template <class Command>
  Decision Decided(Command command, absl::Duration after) {
    spec_.now = spec_.occurred = kBegin + after;
    command.set_name(kName);
    return Decide(EngagementFacts{message_, contact_}, command, spec_.context());
  }
  Decision Unsubscribed(const std::string& email) {
    v1::RecordMessageUnsubscribedRequest command;
    command.set_name(kName);
    command.set_email(email);
    return Decide(EngagementFacts{message_, contact_}, queued_, command);
  }
  // Decides it and lets it happen; why it counts as a program's.
  template <class Command>
  v1::AutomaticCause Does(const Command& command, absl::Duration after) {
    const Decision decided = Decided(command, after);
    EXPECT_TRUE(decided.ok()) << decided.status();
    if (!decided.ok() || decided->list().size() != 1) {
      ADD_FAILURE() << "it is not noted";
      return v1::AUTOMATIC_CAUSE_UNSPECIFIED;
    }
    const auto& event = static_cast<const v1::MessageEvent&>(*decided->list()[0].event);
    Evolved(spec_.occurred, event);
    return event.has_message_opened() ? event.message_opened().automatic()
                                      : event.message_clicked().automatic();
  }
  v1::AutomaticCause Opens(absl::Duration after,
                           v1::AutomaticCause cause = v1::AUTOMATIC_CAUSE_UNSPECIFIED) {
    v1::RecordMessageOpenedRequest command;
    command.set_automatic(cause);
    return Does(command, after);
  }
  static v1::RecordMessageClickedRequest Clicking(int link, int link_count) {
    v1::RecordMessageClickedRequest command;
    command.set_link(link);
    command.set_link_count(link_count);
    return command;
  }
  v1::AutomaticCause Clicks(int link, absl::Duration after, int link_count = 5) {
    return Does(Clicking(link, link_count), after);
  }
  const v1::Message& now() const { return message_.resource; }
  static absl::Time At(const google::protobuf::Timestamp& time) { return FromTimestamp(time); }

  testing::DeciderSpec spec_;
  MessageState message_;
  v1::Message queued_ = Proto<v1::Message>("address: 'Ada@example.com'");  // with what it says
  ContactAggregate::State contact_;
  uint64_t revision_ = 0;
};

TEST_F(Engagement, CountsOpensAndRemembersTheFirstAndTheLast) {
  Sent();
  EXPECT_EQ(Opens(absl::Hours(1)), v1::AUTOMATIC_CAUSE_UNSPECIFIED);
  EXPECT_EQ(Opens(absl::Hours(3)), v1::AUTOMATIC_CAUSE_UNSPECIFIED);
  EXPECT_EQ(now().open_count(), 2);
  EXPECT_EQ(At(now().first_open_time()), kBegin + absl::Hours(1));
  EXPECT_EQ(At(now().last_open_time()), kBegin + absl::Hours(3));
  EXPECT_EQ(now().automatic_open_count(), 0);
  EXPECT_EQ(now().state(), v1::SENT);
}

TEST_F(Engagement, TakesAClickForAnOpen) {
  Sent();
  EXPECT_EQ(Clicks(2, absl::Hours(1)), v1::AUTOMATIC_CAUSE_UNSPECIFIED);
  EXPECT_EQ(now().click_count(), 1);
  EXPECT_EQ(now().clicks(0).link(), 2);
  EXPECT_EQ(now().open_count(), 1);
  EXPECT_EQ(At(now().first_open_time()), kBegin + absl::Hours(1));
  // The image came later: one open, which was there before it.
  Opens(absl::Hours(2));
  EXPECT_EQ(now().open_count(), 1);
  EXPECT_EQ(At(now().first_open_time()), kBegin + absl::Hours(1));
  EXPECT_EQ(At(now().last_open_time()), kBegin + absl::Hours(2));
}

TEST_F(Engagement, IsAProgramsWhereItComesAtOnce) {
  EXPECT_EQ(Opens(absl::ZeroDuration()), v1::SOON_AFTER_SENDING);  // it is not recorded as sent yet
  Sent();
  EXPECT_EQ(Opens(absl::Seconds(9)), v1::SOON_AFTER_SENDING);
  EXPECT_EQ(Clicks(0, absl::Seconds(9)), v1::SOON_AFTER_SENDING);
  EXPECT_EQ(now().open_count(), 0);
  EXPECT_FALSE(now().has_first_open_time());
  EXPECT_EQ(now().automatic_open_count(), 2);
  EXPECT_EQ(now().automatic_click_count(), 1);
  EXPECT_EQ(Opens(absl::Seconds(10)), v1::AUTOMATIC_CAUSE_UNSPECIFIED);
  EXPECT_EQ(Opens(absl::Hours(1), v1::KNOWN_AGENT), v1::KNOWN_AGENT);
  EXPECT_EQ(now().open_count(), 1);
}

// Whoever follows all links at once is known by the last of them only; the first ones count anew.
TEST_F(Engagement, IsAProgramsWhereAllLinksAreFollowedAtOnce) {
  Sent();
  Opens(absl::Hours(1));
  EXPECT_EQ(Clicks(0, absl::Hours(2)), v1::AUTOMATIC_CAUSE_UNSPECIFIED);
  EXPECT_EQ(Clicks(1, absl::Hours(2) + absl::Seconds(1)), v1::AUTOMATIC_CAUSE_UNSPECIFIED);
  EXPECT_EQ(now().click_count(), 2);
  EXPECT_EQ(Clicks(2, absl::Hours(2) + absl::Milliseconds(1'500)), v1::ALL_LINKS_AT_ONCE);
  EXPECT_EQ(now().click_count(), 0);
  EXPECT_EQ(now().automatic_click_count(), 3);
  EXPECT_FALSE(now().has_first_click_time());
  EXPECT_EQ(now().clicks(0).automatic(), v1::ALL_LINKS_AT_ONCE);
  EXPECT_EQ(Clicks(3, absl::Hours(2) + absl::Seconds(2)), v1::ALL_LINKS_AT_ONCE);
  // The open was somebody's, and so is what they follow later.
  EXPECT_EQ(now().open_count(), 1);
  EXPECT_EQ(Clicks(1, absl::Hours(5)), v1::AUTOMATIC_CAUSE_UNSPECIFIED);
  EXPECT_EQ(At(now().first_click_time()), kBegin + absl::Hours(5));
}

TEST_F(Engagement, IsAProgramsWhereBothOfTwoLinksAreFollowedAtOnce) {
  Sent();
  EXPECT_EQ(Clicks(0, absl::Hours(1), 2), v1::AUTOMATIC_CAUSE_UNSPECIFIED);
  EXPECT_EQ(now().open_count(), 1);
  EXPECT_EQ(Clicks(1, absl::Hours(1), 2), v1::ALL_LINKS_AT_ONCE);
  EXPECT_EQ(now().open_count(), 0);
  EXPECT_FALSE(now().has_first_open_time());
  // The same link twice is somebody who is impatient.
  EXPECT_EQ(Clicks(0, absl::Hours(2), 2), v1::AUTOMATIC_CAUSE_UNSPECIFIED);
  EXPECT_EQ(Clicks(0, absl::Hours(2), 2), v1::AUTOMATIC_CAUSE_UNSPECIFIED);
  EXPECT_EQ(now().click_count(), 2);
}

TEST_F(Engagement, TellsSoManyOneByOneAndCountsTheRest) {
  Sent();
  for (int i = 0; i < kAutomaticOpensMax; ++i) Opens(absl::Seconds(1));
  EXPECT_THAT(Decided(v1::RecordMessageOpenedRequest(), absl::Seconds(1)), ChangesNothing());
  // Programs leave room for people.
  for (int i = 1; i <= kOpensMax; ++i) Opens(absl::Hours(i));
  EXPECT_THAT(Decided(v1::RecordMessageOpenedRequest(), absl::Hours(30)), ChangesNothing());
  EXPECT_EQ(TellingOpen({message_, contact_}, false, spec_.settings), Telling::kCounted);

  auto count = Proto<v1::CountMessageTrafficRequest>(
      "traffic { opens: 5 automatic_opens: 7 clicks: 2 automatic_clicks: 1 }");
  count.set_name(kName);
  const Decision counted = Decided(count, absl::Hours(40));
  ASSERT_TRUE(counted.ok());
  Evolved(spec_.occurred, static_cast<const v1::MessageEvent&>(*counted->list().at(0).event));
  EXPECT_EQ(now().opens_size(), kOpensMax + kAutomaticOpensMax);
  EXPECT_EQ(now().open_count(), kOpensMax + 5);
  EXPECT_EQ(now().automatic_open_count(), kAutomaticOpensMax + 7);
  EXPECT_EQ(At(now().first_open_time()), kBegin + absl::Hours(1));
  EXPECT_EQ(At(now().last_open_time()), kBegin + absl::Hours(40));
  EXPECT_EQ(now().click_count(), 2);
  EXPECT_EQ(At(now().first_click_time()), kBegin + absl::Hours(40));
  EXPECT_THAT(Decided(v1::CountMessageTrafficRequest(), absl::Hours(41)), ChangesNothing());
}

// What was not to be noted is not, whenever that was said.
TEST_F(Engagement, IsNotNotedWhereSomebodyDoesNotWantIt) {
  Sent();
  contact_.resource.set_do_not_track(true);
  EXPECT_THAT(Decided(v1::RecordMessageOpenedRequest(), absl::Hours(1)), ChangesNothing());
  contact_.resource.set_do_not_track(false);
  spec_.settings.tracking_stopped = true;
  EXPECT_THAT(Decided(Clicking(0, 1), absl::Hours(1)), ChangesNothing());
  spec_.settings.tracking_stopped = false;
  Sent(/*is_tracked=*/false);
  EXPECT_THAT(Decided(v1::RecordMessageOpenedRequest(), absl::Hours(1)), ChangesNothing());
  Sent();
  Happen(kBegin, "message_failed { failure: GAVE_UP }");
  EXPECT_THAT(Decided(v1::RecordMessageOpenedRequest(), absl::Hours(1)), ChangesNothing());
}

TEST_F(Engagement, IsOfNobodyWhoIsGone) {
  Sent();
  contact_.lifecycle = Lifecycle::kDeleted;
  EXPECT_THAT(Decided(v1::RecordMessageOpenedRequest(), absl::Hours(1)),
              IsRejectedWith(v1::MESSAGES_ERROR_MESSAGE_NOT_FOUND));
  contact_.lifecycle = Lifecycle::kActive;
  contact_.resource.set_erased(true);
  EXPECT_THAT(Decided(Clicking(0, 1), absl::Hours(1)),
              IsRejectedWith(v1::MESSAGES_ERROR_MESSAGE_NOT_FOUND));
  // But whoever unsubscribes does so, whatever became of the contact.
  EXPECT_TRUE(Unsubscribed("ada@example.com").ok());
  message_ = MessageState();
  EXPECT_THAT(Unsubscribed("ada@example.com"),
              IsRejectedWith(v1::MESSAGES_ERROR_MESSAGE_NOT_FOUND));
}

TEST_F(Engagement, EndsWithWhoUnsubscribesOnce) {
  Sent();
  const Decision decided = Unsubscribed("Ada@Example.com");
  ASSERT_TRUE(decided.ok());
  EXPECT_EQ(decided->list().at(0).claims,
            (std::vector<Claim>{{"messages.unsubscribed", "ada@example.com"}}));
  Evolved(kBegin + absl::Hours(1),
          static_cast<const v1::MessageEvent&>(*decided->list().at(0).event));
  EXPECT_EQ(At(now().unsubscribe_time()), kBegin + absl::Hours(1));
  EXPECT_THAT(Unsubscribed("ada@example.com"), ChangesNothing());
  EXPECT_TRUE(IsUnsubscribed(message_));
  Happen(kBegin + absl::Hours(2), "message_resubscribed {}");
  EXPECT_FALSE(IsUnsubscribed(message_));
  EXPECT_TRUE(now().has_unsubscribe_time()) << "the report counts it still";
  const Decision again = Unsubscribed("ada@example.com");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->list().size(), 1u);
}

// Or one message would be enough to have anybody written to no more.
TEST_F(Engagement, EndsForTheAddressAloneThatTheMessageWentTo) {
  Sent();
  for (const char* other : {"ada@home.example", "eve@example.com", "not an address", ""}) {
    EXPECT_THAT(Unsubscribed(other), IsRejectedWith(type::v1::ERROR_INVALID_FIELD)) << other;
  }
  // One that is none, as it was written to.
  queued_.set_address("ada@intranet");
  EXPECT_TRUE(Unsubscribed("ada@intranet").ok());
  queued_.clear_address();
  queued_.set_erased(true);
  EXPECT_THAT(Unsubscribed("ada@example.com"), IsRejectedWith(v1::MESSAGES_ERROR_PERSON_ERASED));
  EXPECT_THAT(Unsubscribed(""), IsRejectedWith(v1::MESSAGES_ERROR_PERSON_ERASED));
}

TEST(OptIn, IsOfTheAddressAlone) {
  auto contact = Proto<contacts::v1::Contact>(R"(
      name: "contacts/ada"
      emails { address: "Ada@example.com" opted_out: true opt_out_cause: "x" }
      emails { address: "ada@home.example" opted_out: true })");
  const auto update = OptInOf(contact, "ada@example.com");
  ASSERT_TRUE(update.has_value());
  EXPECT_FALSE(update->contact().emails(0).opted_out());
  EXPECT_EQ(update->contact().emails(0).opt_out_cause(), "");
  EXPECT_TRUE(update->contact().emails(1).opted_out());
  EXPECT_FALSE(OptInOf(contact, "eve@example.com").has_value());
}

TEST(OptOut, IsOfTheAddressThatTheMessageWentTo) {
  auto contact = Proto<contacts::v1::Contact>(R"(
      name: "contacts/ada" emails { address: "ada@example.com" primary: true }
      emails { address: "Ada@Home.example" })");
  v1::RecordMessageUnsubscribedRequest command;
  command.set_name(kName);
  command.set_email("ada@home.example");
  auto update = OptOutOf(contact, command);
  ASSERT_TRUE(update.has_value());
  EXPECT_EQ(update->update_mask().paths(0), "emails");
  EXPECT_FALSE(update->contact().emails(0).opted_out());
  EXPECT_TRUE(update->contact().emails(1).opted_out());
  EXPECT_EQ(update->contact().emails(1).opt_out_cause(), kName);
  *contact.mutable_emails() = update->contact().emails();
  EXPECT_FALSE(OptOutOf(contact, command).has_value());

  // An address that is not theirs any more.
  command.set_email("ada@old.example");
  update = OptOutOf(contact, command);
  ASSERT_TRUE(update.has_value());
  EXPECT_EQ(update->update_mask().paths(0), "do_not_email");
  EXPECT_TRUE(update->contact().do_not_email());
  contact.set_do_not_email(true);
  EXPECT_FALSE(OptOutOf(contact, command).has_value());
}

}  // namespace
}  // namespace kith::messages
