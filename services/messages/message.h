// The message: what is sent to a contact. It comes into being queued, and is sent, or fails, once.
//
// Pure: see services/core/decider.h. Whether a message may be sent is decided over the contact,
// what the message is made of, and how many of the day there were before; all are conditions of the
// append.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kith/companies/v1/company_events.pb.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/mail_templates/v1/mail_template_events.pb.h"
#include "kith/messages/v1/message.pb.h"
#include "kith/messages/v1/message_events.pb.h"
#include "kith/messages/v1/messages_service.pb.h"
#include "kith/users/v1/user_events.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/resource_rules.h"

namespace kith::messages {

// Of a workspace that says no number of its own.
inline constexpr int kDailyMessagesDefault = 1'000;

// Without what the message says.
struct MessageState : ResourceState<v1::Message> {};

struct MessageAggregate {
  using Resource = v1::Message;
  using State = MessageState;
  using Event = v1::MessageEvent;
  static constexpr absl::string_view kCategory = "messages";
};
MessageState Evolve(MessageState state, const Recorded<v1::MessageEvent>& recorded);

// The claim of the EmailKey of an address: of the events by which it was unsubscribed, and asked
// for messages again. Persisted inside the hashes of the log's tags.
inline constexpr absl::string_view kUnsubscribedClaim = "messages.unsubscribed";
// Whether the person unsubscribed by this message, and did not ask for more since.
bool IsUnsubscribed(const MessageState& state);

// How many messages were queued on a day: in a stream of the day, of one event for each. So the
// number is exact whoever queues at once, and costs one state in memory.
struct SendingDayState {
  int count = 0;
};
struct SendingDayAggregate {
  using State = SendingDayState;
  using Event = v1::SendingDayEvent;
  static constexpr absl::string_view kCategory = "sendingDays";
};
SendingDayState Evolve(SendingDayState state, const Recorded<v1::SendingDayEvent>& recorded);
// "sendingDays/2026-11-29": the workspace's day at this moment.
std::string SendingDayOf(absl::Time now, const Settings& settings);

// What other records say, as far as a message needs it.
struct ContactAggregate : ResourceAggregate<contacts::v1::Contact, contacts::v1::ContactEvent> {
  static constexpr absl::string_view kCategory = "contacts";
};
struct CompanyAggregate : ResourceAggregate<companies::v1::Company, companies::v1::CompanyEvent> {
  static constexpr absl::string_view kCategory = "companies";
};
struct UserAggregate : ResourceAggregate<users::v1::User, users::v1::UserEvent> {
  static constexpr absl::string_view kCategory = "users";
};
struct DealAggregate : ResourceAggregate<deals::v1::Deal, deals::v1::DealEvent> {
  static constexpr absl::string_view kCategory = "deals";
};
struct TemplateAggregate
    : ResourceAggregate<mail_templates::v1::MailTemplate, mail_templates::v1::MailTemplateEvent> {
  static constexpr absl::string_view kCategory = "mailTemplates";
};

// Null: the message needs none. Of one that is not there, or hidden, the state is that of none.
struct SendingFacts {
  const ContactAggregate::State& contact;
  const TemplateAggregate::State* mail_template = nullptr;
  const DealAggregate::State* deal = nullptr;
  const CompanyAggregate::State* company = nullptr;
  const UserAggregate::State* owner = nullptr;
  const SendingDayState& day;  // SendingDayOf(context.now)
  // The message by which the address was unsubscribed, whoever's it was then: "" where the caller
  // does not see that. Nullopt: it was not.
  std::optional<std::string> unsubscribed = std::nullopt;
};

// MESSAGES_ERROR_LINKED_RECORD_NOT_FOUND, _NO_ADDRESS, _OPTED_OUT, _ADDRESS_UNDELIVERABLE,
// _SENDING_STOPPED, _DAILY_LIMIT_REACHED, _TOO_LONG, _PERSON_ERASED; ERROR_ETAG_MISMATCH,
// ERROR_INVALID_FIELD; ERROR_PERMISSION_DENIED where it would tell an amount that the caller may
// not read.
Decision Decide(const SendingFacts& facts, const v1::SendMessageRequest& command,
                const CommandContext& context);
// MESSAGES_ERROR_MESSAGE_NOT_FOUND, _MESSAGE_NOT_QUEUED.
Decision Decide(const MessageState& state, const v1::RecordMessageSentRequest& command);
Decision Decide(const MessageState& state, const v1::RecordMessageFailedRequest& command);
// MESSAGES_ERROR_MESSAGE_NOT_FOUND.
Decision Decide(const MessageState& state, const v1::RecordMessageBouncedRequest& command);

// Why nothing may be sent to the contact; OK where it may. Of one that is there.
absl::Status CheckReachable(const contacts::v1::Contact& contact);

// What is known of the address of a queued message as it is about to go out.
struct AddressFacts {
  const contacts::v1::Contact& contact;  // that the message is to
  // Those that have, or had, the address, and are there; the message's own may be among them.
  std::vector<const contacts::v1::Contact*> claimants = {};
  bool is_unsubscribed = false;   // by any message that IsUnsubscribed, whoever's it is
  bool is_transactional = false;  // the message is
};
// Whether a queued message must not go to its address any more, as a new one must not: the address
// is known by its normal form. Where the contact does not have it any more, as after it was taken
// out of a merge, whoever else has it says whether they are written to.
bool IsSuppressed(const std::string& address, const AddressFacts& facts);

absl::Status MessageNotFound(absl::string_view name);
// A message with what it says, as the event tells it that queued it.
v1::Message RenderQueued(const Recorded<v1::MessageEvent>& recorded);

}  // namespace kith::messages
