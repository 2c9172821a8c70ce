#include "services/messages/message.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/smtp_reply.h"
#include "eventstore/base/status_macros.h"
#include "kith/messages/v1/messages_errors.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/messages/message_fold.h"
#include "services/core/by_itself.h"
#include "services/core/consents.h"
#include "services/core/date.h"
#include "services/core/links.h"
#include "services/core/merge_fields.h"
#include "services/core/personal.h"
#include "services/core/received_mail.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"

namespace kith::messages {
namespace {

constexpr absl::string_view kMoneyGroup = "MONEY";

// What is said, before it is decided whether it may be.
struct Said {
  std::string subject;
  std::string text;
  std::string html;
};

// An invitation says in whose name it comes, so nobody writes one but by a meeting.
void CheckInvitation(const v1::SendMessageRequest& command, const CommandContext& context,
                     google::rpc::BadRequest& violations) {
  if (IsDoneByPolicy(context, "meeting_invitations")) return;
  const std::pair<const char*, const std::string&> said[] = {
      {"meeting", command.meeting()},
      {"calendar", command.calendar()},
      {"calendar_method", command.calendar_method()}};
  for (const auto& [field, text] : said) {
    if (text.empty()) continue;
    AddViolation(field, "is what Kith itself says: give the meeting send_invitations", violations);
  }
}

absl::Status CheckSaid(const v1::SendMessageRequest& command, const CommandContext& context) {
  google::rpc::BadRequest violations;
  CheckInvitation(command, context, violations);
  const bool is_template = !command.mail_template().empty();
  const std::pair<const char*, const std::string&> texts[] = {
      {"subject", command.subject()}, {"text", command.text()}, {"html", command.html()}};
  for (const auto& [field, text] : texts) {
    if (is_template && !text.empty()) {
      AddViolation(field, "must be empty: the mail template says it", violations);
    } else if (!is_template && text.empty() && absl::string_view(field) != "html") {
      AddViolation(field, "must be set, or a mail_template", violations);
    }
  }
  if (!is_template && !command.template_etag().empty()) {
    AddViolation("template_etag", "must be empty where there is no mail_template", violations);
  }
  return RejectFields(violations);
}

absl::Status CheckRecords(const SendingFacts& facts, const v1::SendMessageRequest& command) {
  Links links = {{"contact", command.contact()}};
  std::vector<const LinkedRecord*> records = {&facts.contact};
  if (facts.mail_template != nullptr) {
    links.push_back({"mail_template", command.mail_template()});
    records.push_back(facts.mail_template);
  }
  if (facts.deal != nullptr) {
    links.push_back({"deal", command.deal()});
    records.push_back(facts.deal);
  }
  return CheckLinks(v1::MESSAGES_ERROR_LINKED_RECORD_NOT_FOUND, links, records);
}

absl::Status CheckWorkspace(const SendingFacts& facts, const CommandContext& context) {
  const std::string day = SendingDayOf(context.now, context.settings);
  if (context.settings.sending_stopped) {
    return RejectState(v1::MESSAGES_ERROR_SENDING_STOPPED, "The workspace has stopped all sending.",
                       day);
  }
  const int chosen = context.settings.daily_messages_max;
  const int most = chosen == 0 ? kDailyMessagesDefault : chosen;
  if (facts.day.count < most) return absl::OkStatus();
  google::rpc::QuotaFailure quota;
  auto& violation = *quota.add_violations();
  violation.set_subject(day);
  violation.set_description(absl::StrCat(most, " messages a day"));
  return Reject(v1::MESSAGES_ERROR_DAILY_LIMIT_REACHED,
                absl::StrCat("The workspace queues at most ", most, " messages a day, and has."),
                {{"daily_messages_max", absl::StrCat(most)}}, quota);
}

// What people write there is free: "email", "E-Mail".
bool IsEmail(absl::string_view channel) {
  std::string letters;
  for (const char c : channel) {
    if (absl::ascii_isalpha(static_cast<unsigned char>(c))) letters += absl::ascii_tolower(c);
  }
  return letters == "email" || letters == "mail";
}

absl::Status CheckPreferred(const contacts::v1::Contact& contact,
                            const v1::SendMessageRequest& command) {
  const std::string& preferred = contact.preferred_channel();
  if (command.channel() == v1::EMAIL || preferred.empty() || IsEmail(preferred)) {
    return absl::OkStatus();
  }
  return RejectState(v1::MESSAGES_ERROR_OTHER_CHANNEL_PREFERRED,
                     "The contact prefers another channel than e-mail. Reach them by that one, or "
                     "say channel EMAIL.",
                     contact.name(), {{"preferred_channel", preferred}});
}

// Who may not read amounts writes none, to whomever.
absl::Status CheckAmounts(const mail_templates::v1::MailTemplate& mail_template,
                          const Grants* grants) {
  if (grants == nullptr || grants->Show(kMoneyGroup)) return absl::OkStatus();
  for (const std::string& field : MergeFieldsIn(mail_template)) {
    if (!IsAmount(field)) continue;
    return Reject(type::v1::ERROR_PERMISSION_DENIED,
                  absl::StrCat("The mail template tells ", field,
                               ", and your roles do not let you read amounts."),
                  {{"field_group", std::string(kMoneyGroup)}});
  }
  return absl::OkStatus();
}

template <class State>
auto* ResourceIn(const State* state) {
  const bool is_there = state != nullptr && state->lifecycle == Lifecycle::kActive;
  return is_there ? &state->resource : nullptr;
}

absl::StatusOr<Said> SayBy(const SendingFacts& facts, const v1::SendMessageRequest& command,
                           const CommandContext& context) {
  if (facts.mail_template == nullptr) {
    return Said{command.subject(), command.text(), command.html()};
  }
  const mail_templates::v1::MailTemplate& mail_template = facts.mail_template->resource;
  KITH_RETURN_IF_ERROR(CheckEtag(command.template_etag(), mail_template.etag()));
  KITH_RETURN_IF_ERROR(CheckAmounts(mail_template, context.grants));
  const contacts::v1::Contact& contact = facts.contact.resource;
  auto merged = MergeTemplate(mail_template, {.contact = &contact,
                                              .address = AddressOf(contact)->address(),
                                              .company = ResourceIn(facts.company),
                                              .owner = ResourceIn(facts.owner),
                                              .deal = ResourceIn(facts.deal),
                                              .workspace = context.settings.display_name});
  if (!merged.ok()) {
    return RejectState(v1::MESSAGES_ERROR_TOO_LONG, merged.status().message(),
                       mail_template.name());
  }
  return Said{std::move(merged->subject), std::move(merged->text), std::move(merged->html)};
}

// A user who does it themselves: what a workflow does, it does for whoever activated it.
std::string SenderOf(const CommandContext& context) {
  if (absl::StartsWith(context.actor, "policies/")) return "";
  return std::string(context.on_behalf_of.empty() ? context.user : context.on_behalf_of);
}

bool IsToBeTracked(const SendingFacts& facts, const v1::Message& message,
                   const Settings& settings) {
  const bool is_wanted =
      !settings.tracking_stopped && !facts.contact.resource.do_not_track() &&
      (facts.mail_template == nullptr || !facts.mail_template->resource.do_not_track());
  return is_wanted && !message.html().empty() && !message.transactional();
}

// Whether nothing is sent to the address because of what the contact says of it; nullopt where the
// contact does not have the address.
std::optional<bool> IsMarkedAt(const contacts::v1::Contact& contact, const std::string& address) {
  const auto key = EmailKey(address);
  std::optional<bool> is_marked;
  for (const contacts::v1::EmailAddress& email : contact.emails()) {
    const bool is_same =
        email.address() == address || (key.has_value() && EmailKey(email.address()) == key);
    if (!is_same) continue;
    is_marked = is_marked.value_or(false) || email.opted_out() || email.undeliverable();
  }
  return is_marked;
}

// What the person agreed to; transactional messages do not ask.
absl::Status CheckConsents(const contacts::v1::Contact& contact) {
  if (!RefusesChannel(contact, contacts::v1::BY_EMAIL)) return absl::OkStatus();
  return RejectState(v1::MESSAGES_ERROR_OPTED_OUT,
                     "The person refused their consent to e-mail, or withdrew it (consents). "
                     "Only a transactional message may be sent.",
                     contact.name());
}

// What becomes of a message that is queued: `told` is what is asked to be recorded of it.
absl::StatusOr<bool> MayStillBecome(const MessageState& state, const std::string& name,
                                    v1::MessageState told) {
  if (state.lifecycle != Lifecycle::kActive) return MessageNotFound(name);
  if (state.resource.state() == told) return false;
  if (state.resource.state() == v1::QUEUED) return true;
  return RejectState(v1::MESSAGES_ERROR_MESSAGE_NOT_QUEUED,
                     "The message was sent, or has failed: nothing else becomes of it.", name,
                     {{"state", v1::MessageState_Name(state.resource.state())}});
}

}  // namespace

absl::Status MessageNotFound(absl::string_view name) {
  return RejectResource(v1::MESSAGES_ERROR_MESSAGE_NOT_FOUND,
                        absl::StrCat("There is no ", name, "."), name);
}

std::string SendingDayOf(absl::Time now, const Settings& settings) {
  const absl::TimeZone zone = TimeZoneOf(settings.time_zone).value_or(absl::UTCTimeZone());
  return absl::StrCat(SendingDayAggregate::kCategory, "/", absl::FormatTime("%Y-%m-%d", now, zone));
}

absl::Status CheckReachable(const contacts::v1::Contact& contact) {
  if (contact.erased()) {
    return RejectState(v1::MESSAGES_ERROR_PERSON_ERASED, "The person was erased.", contact.name());
  }
  const contacts::v1::EmailAddress* const address = AddressOf(contact);
  if (contact.do_not_email() || (address != nullptr && address->opted_out())) {
    return RejectState(v1::MESSAGES_ERROR_OPTED_OUT, "The person asked not to be written to.",
                       contact.name());
  }
  if (address == nullptr) {
    return RejectState(v1::MESSAGES_ERROR_NO_ADDRESS, "The contact has no e-mail address.",
                       contact.name());
  }
  if (!address->undeliverable()) return absl::OkStatus();
  return RejectState(v1::MESSAGES_ERROR_ADDRESS_UNDELIVERABLE,
                     "Mail to the contact's address came back.", contact.name());
}

bool IsSuppressed(const std::string& address, const AddressFacts& facts) {
  const auto is_refused = [&](const contacts::v1::Contact& contact) {
    return contact.do_not_email() ||
           (!facts.is_transactional && RefusesChannel(contact, contacts::v1::BY_EMAIL));
  };
  if (facts.is_unsubscribed || is_refused(facts.contact)) return true;
  // What others say of an address that the contact has, too, does not keep new mail from it.
  if (const auto own = IsMarkedAt(facts.contact, address)) return *own;
  return std::any_of(facts.claimants.begin(), facts.claimants.end(),
                     [&](const contacts::v1::Contact* claimant) {
                       const auto theirs = IsMarkedAt(*claimant, address);
                       return theirs.has_value() && (*theirs || is_refused(*claimant));
                     });
}

Decision Decide(const SendingFacts& facts, const v1::SendMessageRequest& command,
                const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckSaid(command, context));
  KITH_RETURN_IF_ERROR(CheckRecords(facts, command));
  const contacts::v1::Contact& contact = facts.contact.resource;
  KITH_RETURN_IF_ERROR(CheckReachable(contact));
  const bool is_transactional = command.transactional() || !command.meeting().empty();
  if (!is_transactional) {
    KITH_RETURN_IF_ERROR(CheckConsents(contact));
    KITH_RETURN_IF_ERROR(CheckPreferred(contact, command));
  }
  if (facts.unsubscribed.has_value()) {
    return RejectState(v1::MESSAGES_ERROR_OPTED_OUT,
                       "The person unsubscribed from messages to this address. Where they ask for "
                       "them again, record that: RecordMessageResubscribed.",
                       contact.name(), {{"message", *facts.unsubscribed}});
  }
  KITH_ASSIGN_OR_RETURN(Said said, SayBy(facts, command, context));
  KITH_RETURN_IF_ERROR(CheckWorkspace(facts, context));

  v1::Message message;
  message.set_channel(v1::EMAIL);
  message.set_deal(command.deal());
  if (facts.mail_template != nullptr) {
    message.set_mail_template(command.mail_template());
    message.set_template_etag(facts.mail_template->resource.etag());
  }
  message.set_sender(SenderOf(context));
  message.set_transactional(is_transactional);
  // An invitation is its organizer's.
  message.set_automatic(absl::StartsWith(context.actor, "policies/") && command.meeting().empty());
  message.set_reply_to(context.settings.reply_to);
  message.set_address(AddressOf(contact)->address());
  message.set_subject(std::move(said.subject));
  message.set_text(std::move(said.text));
  message.set_html(std::move(said.html));
  message.set_meeting(command.meeting());
  message.set_calendar(command.calendar());
  message.set_calendar_method(command.calendar_method());
  message.set_tracked(IsToBeTracked(facts, message, context.settings));

  const std::string name = absl::StrCat(command.contact(), "/messages/", context.ids.Next());
  v1::MessageEvent event;
  v1::MessageQueued& queued = *event.mutable_message_queued();
  queued.set_name(name);
  queued.set_contact(command.contact());
  auto split = SplitPersonal(std::move(message));
  *queued.mutable_message() = std::move(split.clear);
  *queued.mutable_personal() = std::move(split.personal);

  v1::SendingDayEvent one_more;
  one_more.mutable_message_counted()->set_message(name);
  one_more.mutable_message_counted()->set_number(facts.day.count + 1);
  return Changes()
      .Append(name, std::move(event))
      .Append(SendingDayOf(context.now, context.settings), std::move(one_more));
}

Decision Decide(const MessageState& state, const v1::RecordMessageSentRequest& command) {
  KITH_ASSIGN_OR_RETURN(const bool is_new, MayStillBecome(state, command.name(), v1::SENT));
  if (!is_new) return NoChange();
  v1::MessageEvent event;
  event.mutable_message_sent()->set_name(command.name());
  event.mutable_message_sent()->set_message_id(command.message_id());
  event.mutable_message_sent()->set_tracked(command.tracked());
  // By it a mail that comes back is known again.
  std::vector<Claim> claims;
  std::string id = MessageIdOf(command.message_id());
  if (!id.empty()) claims.push_back({std::string(kMessageIdClaim), std::move(id)});
  return Changes().Append(command.name(), std::move(event), std::move(claims));
}

Decision Decide(const MessageState& state, const v1::RecordMessageFailedRequest& command) {
  KITH_ASSIGN_OR_RETURN(const bool is_new, MayStillBecome(state, command.name(), v1::FAILED));
  if (!is_new) return NoChange();
  v1::MessageEvent event;
  v1::MessageFailed& failed = *event.mutable_message_failed();
  failed.set_name(command.name());
  failed.set_failure(command.failure());
  failed.set_reply(SmtpReplyNumbers(command.reply()));
  return Changes().Append(command.name(), std::move(event));
}

Decision Decide(const MessageState& state, const v1::RecordMessageBouncedRequest& command) {
  if (state.lifecycle != Lifecycle::kActive) return MessageNotFound(command.name());
  const v1::Message& message = state.resource;
  const bool is_known = message.bounce() == v1::HARD || message.bounce() == command.kind();
  if (message.state() != v1::SENT || is_known) return NoChange();
  v1::MessageEvent event;
  v1::MessageBounced& bounced = *event.mutable_message_bounced();
  bounced.set_name(command.name());
  bounced.set_kind(command.kind());
  bounced.set_status(command.status());
  return Changes().Append(command.name(), std::move(event));
}

bool IsUnsubscribed(const MessageState& state) {
  return state.resource.has_unsubscribe_time() && !state.resource.has_resubscribe_time();
}

MessageState Evolve(MessageState state, const Recorded<v1::MessageEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldMessage);
  return state;
}

SendingDayState Evolve(SendingDayState state, const Recorded<v1::SendingDayEvent>& recorded) {
  if (recorded.event.has_message_counted()) ++state.count;
  return state;
}

v1::Message RenderQueued(const Recorded<v1::MessageEvent>& recorded) {
  v1::Message message;
  FoldMessage({recorded.event, recorded.revision, recorded.occur_time, recorded.erased}, message);
  message.MergeFrom(recorded.event.message_queued().personal());
  message.set_erased(recorded.erased);
  return message;
}

}  // namespace kith::messages
