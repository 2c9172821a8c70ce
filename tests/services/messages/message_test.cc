#include "services/messages/message.h"

#include <gtest/gtest.h>

#include "kith/messages/v1/messages_errors.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "tests/testing/decider_spec.h"

namespace kith::messages {
namespace {

using testing::ChangesNothing;
using testing::Given;
using testing::IsRejectedWith;
using testing::Proto;

constexpr char kName[] = "contacts/ada/messages/01H00000000000000000000001";

class SendMessage : public ::testing::Test {
 protected:
  SendMessage() {
    contact_.lifecycle = Lifecycle::kActive;
    contact_.resource = Proto<contacts::v1::Contact>(R"(
        name: "contacts/ada" first_name: "Ada" emails { address: "ada@example.com" })");
    template_.lifecycle = Lifecycle::kActive;
    template_.resource = Proto<mail_templates::v1::MailTemplate>(R"(
        name: "mailTemplates/hello" etag: "7" subject: "Hi {{contact.first_name}}"
        text: "Dear {{contact.first_name}}" html: "<p>{{contact.first_name}}</p>")");
    command_.set_contact("contacts/ada");
    command_.set_mail_template("mailTemplates/hello");
  }

  Decision Decided() {
    CommandContext context = spec_.context();
    context.grants = grants_;
    context.actor = actor_;
    return Decide(
        SendingFacts{.contact = contact_,
                     .mail_template = command_.mail_template().empty() ? nullptr : &template_,
                     .deal = command_.deal().empty() ? nullptr : &deal_,
                     .day = day_,
                     .unsubscribed = unsubscribed_},
        command_, context);
  }
  void SayItself() {
    command_.clear_mail_template();
    command_.set_subject("Hi {{x}}");
    command_.set_text("As it is");
  }

  testing::DeciderSpec spec_;
  const Grants* grants_ = nullptr;
  std::string actor_ = "apiKeys/1";
  ContactAggregate::State contact_;
  TemplateAggregate::State template_;
  DealAggregate::State deal_;
  SendingDayState day_;
  std::optional<std::string> unsubscribed_;
  v1::SendMessageRequest command_;
};

// What no person sends says so to programs that would answer it.
TEST_F(SendMessage, IsAutomaticWhereAPolicySendsIt) {
  const auto is_automatic = [&] {
    const Decision decided = Decided();
    return decided.ok() && static_cast<const v1::MessageEvent&>(*decided->list()[0].event)
                               .message_queued()
                               .message()
                               .automatic();
  };
  EXPECT_FALSE(is_automatic());
  actor_ = "policies/run_steps";
  EXPECT_TRUE(is_automatic());
}

TEST_F(SendMessage, IsRefusedWhereTheAddressUnsubscribed) {
  unsubscribed_ = "contacts/eve/messages/1";
  EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_OPTED_OUT));
}

TEST_F(SendMessage, AsksWhatTheContactPrefersWhereItNamesNoChannel) {
  for (const char* preferred : {"", "email", "E-Mail", "mail"}) {
    contact_.resource.set_preferred_channel(preferred);
    EXPECT_TRUE(Decided().ok()) << preferred;
  }
  for (const char* preferred : {"phone", "no e-mails"}) {
    contact_.resource.set_preferred_channel(preferred);
    EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_OTHER_CHANNEL_PREFERRED)) << preferred;
  }
  command_.set_channel(v1::EMAIL);
  EXPECT_TRUE(Decided().ok());
  command_.clear_channel();
  command_.set_transactional(true);
  EXPECT_TRUE(Decided().ok()) << "it answers the person";
}

TEST_F(SendMessage, QueuesWhatTheTemplateSaysAndCountsIt) {
  spec_.settings.reply_to = "sales@acme.example";
  day_.count = 4;
  const Decision decided = Decided();
  ASSERT_TRUE(decided.ok()) << decided.status();
  ASSERT_EQ(decided->list().size(), 2u);
  EXPECT_EQ(decided->list()[0].stream, kName);
  EXPECT_EQ(decided->list()[0].event->DebugString(), Proto<v1::MessageEvent>(R"(
      message_queued {
        name: "contacts/ada/messages/01H00000000000000000000001"
        contact: "contacts/ada"
        message {
          channel: EMAIL
          mail_template: "mailTemplates/hello"
          template_etag: "7"
          reply_to: "sales@acme.example"
          tracked: true
        }
        personal {
          address: "ada@example.com"
          subject: "Hi Ada"
          text: "Dear Ada"
          html: "<p>Ada</p>"
        }
      })")
                                                         .DebugString());
  EXPECT_EQ(decided->list()[1].stream, "sendingDays/2024-01-31");
  EXPECT_EQ(decided->list()[1].event->DebugString(), Proto<v1::SendingDayEvent>(R"(
      message_counted { message: "contacts/ada/messages/01H00000000000000000000001" number: 5 }
      )")
                                                         .DebugString());
}

TEST_F(SendMessage, SaysATextOfItsOwnAsItIs) {
  SayItself();
  const Decision decided = Decided();
  ASSERT_TRUE(decided.ok()) << decided.status();
  const auto& event = static_cast<const v1::MessageEvent&>(*decided->list()[0].event);
  EXPECT_EQ(event.message_queued().personal().subject(), "Hi {{x}}");
}

TEST_F(SendMessage, IsEitherATemplateOrATextOfItsOwn) {
  command_.set_text("and this");
  EXPECT_THAT(Decided(), IsRejectedWith(type::v1::ERROR_INVALID_FIELD));
  command_.clear_text();
  command_.clear_mail_template();
  EXPECT_THAT(Decided(), IsRejectedWith(type::v1::ERROR_INVALID_FIELD));
  SayItself();
  command_.set_template_etag("7");
  EXPECT_THAT(Decided(), IsRejectedWith(type::v1::ERROR_INVALID_FIELD));
}

TEST_F(SendMessage, IsOfTheRevisionThatTheCallerSaw) {
  command_.set_template_etag("6");
  EXPECT_THAT(Decided(), IsRejectedWith(type::v1::ERROR_ETAG_MISMATCH));
  command_.set_template_etag("7");
  EXPECT_TRUE(Decided().ok());
}

TEST_F(SendMessage, NeedsRecordsThatAreThere) {
  command_.set_deal("deals/none");
  EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_LINKED_RECORD_NOT_FOUND));
  command_.clear_deal();
  template_.lifecycle = Lifecycle::kDeleted;
  EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_LINKED_RECORD_NOT_FOUND));
  SayItself();
  EXPECT_TRUE(Decided().ok());
  contact_.lifecycle = Lifecycle::kDeleted;
  EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_LINKED_RECORD_NOT_FOUND));
}

TEST_F(SendMessage, GoesToNobodyWhoAskedNotToBeWrittenTo) {
  contact_.resource.set_do_not_email(true);
  EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_OPTED_OUT));
  contact_.resource.set_do_not_email(false);
  contact_.resource.mutable_emails(0)->set_opted_out(true);
  EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_OPTED_OUT));
  // Another address is not the one to write to, and not instead of it.
  contact_.resource.add_emails()->set_address("other@example.com");
  EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_OPTED_OUT));
  contact_.resource.mutable_emails(1)->set_primary(true);
  EXPECT_TRUE(Decided().ok());
}

// Goal: who refused their consent to e-mail, or withdrew it, for whatever purpose, is sent only
// what answers what they did themselves.
TEST_F(SendMessage, GoesToNobodyWhoRefusedTheirConsent) {
  contacts::v1::Consent& consent = *contact_.resource.add_consents();
  consent = Proto<contacts::v1::Consent>(R"(purpose: "newsletter" channel: BY_EMAIL state: GIVEN)");
  EXPECT_TRUE(Decided().ok());
  for (const auto state : {contacts::v1::REFUSED, contacts::v1::WITHDRAWN}) {
    consent.set_state(state);
    EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_OPTED_OUT));
  }
  command_.set_transactional(true);
  EXPECT_TRUE(Decided().ok());
  command_.set_transactional(false);
  consent.set_channel(contacts::v1::BY_PHONE);
  EXPECT_TRUE(Decided().ok());
}

class QueuedMail : public ::testing::Test {
 protected:
  bool IsSuppressedNow() const {
    return IsSuppressed("FB@example.com", {.contact = ada_,
                                           .claimants = {&ada_, &fb_},
                                           .is_unsubscribed = is_unsubscribed_,
                                           .is_transactional = is_transactional_});
  }

  contacts::v1::Contact ada_ = Proto<contacts::v1::Contact>(R"(
      name: "contacts/ada" emails { address: "ada@example.com" })");
  contacts::v1::Contact fb_ = Proto<contacts::v1::Contact>(R"(
      name: "contacts/fb" emails { address: "fb@example.com" }
      emails { address: "b@example.com" })");
  bool is_unsubscribed_ = false;
  bool is_transactional_ = false;
};

TEST_F(QueuedMail, GoesToNobodyWhoWithdrewTheirConsentMeanwhile) {
  ada_.add_emails()->set_address("fb@example.com");
  *ada_.add_consents() =
      Proto<contacts::v1::Consent>(R"(purpose: "newsletter" channel: BY_EMAIL state: WITHDRAWN)");
  EXPECT_TRUE(IsSuppressedNow());
  is_transactional_ = true;
  EXPECT_FALSE(IsSuppressedNow());
}

TEST_F(QueuedMail, GoesToNoAddressThatItsContactMarkedByItsNormalForm) {
  ada_.add_emails()->set_address("Fb@Example.com");
  EXPECT_FALSE(IsSuppressedNow());
  ada_.mutable_emails(1)->set_opted_out(true);
  EXPECT_TRUE(IsSuppressedNow());
  ada_.mutable_emails(1)->set_opted_out(false);
  ada_.mutable_emails(1)->set_undeliverable(true);
  EXPECT_TRUE(IsSuppressedNow());
  // Another address of the contact is another one.
  ada_.mutable_emails(1)->set_undeliverable(false);
  ada_.mutable_emails(0)->set_opted_out(true);
  EXPECT_FALSE(IsSuppressedNow());
  ada_.set_do_not_email(true);
  EXPECT_TRUE(IsSuppressedNow());
}

TEST_F(QueuedMail, GoesToNoAddressThatAnyMessageUnsubscribed) {
  is_unsubscribed_ = true;
  EXPECT_TRUE(IsSuppressedNow());
}

TEST_F(QueuedMail, AsksWhoHasTheAddressWhereItsContactHasItNoMore) {
  EXPECT_FALSE(IsSuppressedNow());
  fb_.mutable_emails(1)->set_opted_out(true);
  EXPECT_FALSE(IsSuppressedNow()) << "another address of theirs";
  fb_.mutable_emails(0)->set_opted_out(true);
  EXPECT_TRUE(IsSuppressedNow());
  fb_.mutable_emails(0)->set_opted_out(false);
  fb_.mutable_emails(0)->set_undeliverable(true);
  EXPECT_TRUE(IsSuppressedNow());
  fb_.mutable_emails(0)->set_undeliverable(false);
  fb_.set_do_not_email(true);
  EXPECT_TRUE(IsSuppressedNow());
  // Who gave the address up says nothing of it.
  fb_.mutable_emails()->DeleteSubrange(0, 1);
  EXPECT_FALSE(IsSuppressedNow());
}

// What another contact with the same address wants refuses no new message to this one, either.
TEST_F(QueuedMail, GoesToAnAddressThatItsContactHasWhateverOthersWant) {
  ada_.add_emails()->set_address("fb@example.com");
  fb_.set_do_not_email(true);
  fb_.mutable_emails(0)->set_opted_out(true);
  EXPECT_FALSE(IsSuppressedNow());
}

TEST_F(SendMessage, NeedsAnAddressThatMailReaches) {
  contact_.resource.mutable_emails(0)->set_undeliverable(true);
  EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_ADDRESS_UNDELIVERABLE));
  contact_.resource.clear_emails();
  EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_NO_ADDRESS));
  contact_.resource.set_erased(true);
  EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_PERSON_ERASED));
}

TEST_F(SendMessage, IsRefusedWhileTheWorkspaceHasStoppedSending) {
  spec_.settings.sending_stopped = true;
  EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_SENDING_STOPPED));
}

TEST_F(SendMessage, IsRefusedBeyondTheNumberOfTheDay) {
  day_.count = kDailyMessagesDefault - 1;
  EXPECT_TRUE(Decided().ok());
  day_.count = kDailyMessagesDefault;
  EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_DAILY_LIMIT_REACHED));
  spec_.settings.daily_messages_max = kDailyMessagesDefault + 1;
  EXPECT_TRUE(Decided().ok());
}

TEST_F(SendMessage, IsRefusedWhereItWouldBeTooLong) {
  contact_.resource.set_first_name(std::string(999, 'x'));
  EXPECT_THAT(Decided(), IsRejectedWith(v1::MESSAGES_ERROR_TOO_LONG));
}

// Goal: who may not read amounts does not get them by a message to themselves.
TEST_F(SendMessage, TellsNoAmountForWhoMayNotReadIt) {
  template_.resource.set_text("{{deal.amount}}");
  const Grants without({"*"}, RoleGrants());
  grants_ = &without;
  EXPECT_THAT(Decided(), IsRejectedWith(type::v1::ERROR_PERMISSION_DENIED));
  const Grants with({"*"}, RoleGrants{{}, {"MONEY"}});
  grants_ = &with;
  EXPECT_TRUE(Decided().ok());
}

TEST(SendingDay, IsThatOfTheWorkspacesZone) {
  Settings settings;
  const absl::Time late =
      absl::FromCivil(absl::CivilMinute(2026, 11, 29, 23, 30), absl::UTCTimeZone());
  EXPECT_EQ(SendingDayOf(late, settings), "sendingDays/2026-11-29");
  settings.time_zone = "Europe/Berlin";
  EXPECT_EQ(SendingDayOf(late, settings), "sendingDays/2026-11-30");
}

v1::MessageEvent Queued() {
  return Proto<v1::MessageEvent>(R"(message_queued {
      name: "contacts/ada/messages/01H00000000000000000000001" contact: "contacts/ada"
      message { channel: EMAIL } personal { subject: "Hi" } })");
}
v1::MessageEvent Sent() {
  return Proto<v1::MessageEvent>("message_sent { message_id: '<1@acme.example>' }");
}
v1::MessageEvent Failed() {
  return Proto<v1::MessageEvent>("message_failed { failure: REJECTED reply: '550 5.1.1' }");
}
v1::RecordMessageSentRequest RecordSent() {
  v1::RecordMessageSentRequest request;
  request.set_name(kName);
  request.set_message_id("<1@acme.example>");
  return request;
}
v1::RecordMessageFailedRequest RecordFailed() {
  v1::RecordMessageFailedRequest request;
  request.set_name(kName);
  request.set_failure(v1::GAVE_UP);
  return request;
}

TEST(RecordMessage, EndsAQueuedOneOnce) {
  const auto queued = Given<MessageAggregate>({Queued()});
  EXPECT_TRUE(Decide(queued, RecordSent()).ok());
  EXPECT_TRUE(Decide(queued, RecordFailed()).ok());
  const auto sent = Given<MessageAggregate>({Queued(), Sent()});
  EXPECT_THAT(Decide(sent, RecordSent()), ChangesNothing());
  EXPECT_THAT(Decide(sent, RecordFailed()), IsRejectedWith(v1::MESSAGES_ERROR_MESSAGE_NOT_QUEUED));
  const auto failed = Given<MessageAggregate>({Queued(), Failed()});
  EXPECT_THAT(Decide(failed, RecordFailed()), ChangesNothing());
  EXPECT_THAT(Decide(failed, RecordSent()), IsRejectedWith(v1::MESSAGES_ERROR_MESSAGE_NOT_QUEUED));
}

TEST(RecordMessage, KeepsTheNumbersOfAReplyAndNotWhatItSays) {
  const auto queued = Given<MessageAggregate>({Queued()});
  v1::RecordMessageFailedRequest request = RecordFailed();
  request.set_reply("550 5.1.1 <ada@example.com>: Ada Byron is not here");
  const auto kept = [&] {
    const Decision failed = Decide(queued, request);
    EXPECT_TRUE(failed.ok()) << failed.status();
    return static_cast<const v1::MessageEvent&>(*failed->list()[0].event).message_failed().reply();
  };
  EXPECT_EQ(kept(), "550 5.1.1");
  request.set_reply("Ada Byron is not here");
  EXPECT_EQ(kept(), "");
}

// By what mail servers know it by it is found again, without the angle brackets.
TEST(RecordMessage, ClaimsTheMessageIdItWasSentWith) {
  const auto queued = Given<MessageAggregate>({Queued()});
  const Decision sent = Decide(queued, RecordSent());
  ASSERT_TRUE(sent.ok());
  EXPECT_EQ(sent->list()[0].claims,
            (std::vector<Claim>{{"messages.message_id", "1@acme.example"}}));
}

TEST(RecordMessage, BouncesOneThatWasSentForGoodOnce) {
  v1::RecordMessageBouncedRequest soft;
  soft.set_name(kName);
  soft.set_kind(v1::SOFT);
  v1::RecordMessageBouncedRequest hard = soft;
  hard.set_kind(v1::HARD);
  const auto soft_bounce =
      Proto<v1::MessageEvent>("message_bounced { kind: SOFT status: '4.2.2' }");
  const auto hard_bounce = Proto<v1::MessageEvent>("message_bounced { kind: HARD }");
  EXPECT_THAT(Decide(MessageState(), hard), IsRejectedWith(v1::MESSAGES_ERROR_MESSAGE_NOT_FOUND));
  EXPECT_THAT(Decide(Given<MessageAggregate>({Queued()}), hard), ChangesNothing());
  EXPECT_THAT(Decide(Given<MessageAggregate>({Queued(), Failed()}), hard), ChangesNothing());
  const auto sent = Given<MessageAggregate>({Queued(), Sent()});
  EXPECT_EQ(Decide(sent, soft)->list().size(), 1u);
  const auto bounced = Given<MessageAggregate>({Queued(), Sent(), soft_bounce});
  EXPECT_EQ(bounced.resource.state(), v1::SENT);
  EXPECT_EQ(bounced.resource.bounce_status(), "4.2.2");
  EXPECT_THAT(Decide(bounced, soft), ChangesNothing());
  EXPECT_EQ(Decide(bounced, hard)->list().size(), 1u);
  const auto gone = Given<MessageAggregate>({Queued(), Sent(), hard_bounce});
  EXPECT_THAT(Decide(gone, soft), ChangesNothing());
}

TEST(RecordMessage, RefusesOneThatNeverWas) {
  EXPECT_THAT(Decide(MessageState(), RecordSent()),
              IsRejectedWith(v1::MESSAGES_ERROR_MESSAGE_NOT_FOUND));
}

TEST(MessageFold, TellsWhatBecameOfItAndNotWhatItSays) {
  const v1::Message sent = Given<MessageAggregate>({Queued(), Sent()}).resource;
  EXPECT_EQ(sent.state(), v1::SENT);
  EXPECT_EQ(sent.message_id(), "<1@acme.example>");
  EXPECT_EQ(sent.subject(), "");
  EXPECT_EQ(sent.etag(), "2");
  EXPECT_TRUE(sent.has_send_time());
  const v1::Message failed = Given<MessageAggregate>({Queued(), Failed()}).resource;
  EXPECT_EQ(failed.state(), v1::FAILED);
  EXPECT_EQ(failed.failure(), v1::REJECTED);
  EXPECT_EQ(failed.failure_reply(), "550 5.1.1");
}

}  // namespace
}  // namespace kith::messages
