#include "services/messages/message_engagement.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/messages/v1/messages_errors.pb.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"

namespace kith::messages {
namespace {

bool IsAutomatic(v1::AutomaticCause cause) { return cause != v1::AUTOMATIC_CAUSE_UNSPECIFIED; }

// Whether anything is noted of the message now, whoever wanted it not to be since.
bool IsNoted(const EngagementFacts& facts, const Settings& settings) {
  const v1::Message& message = facts.message.resource;
  return message.tracked() && message.state() != v1::FAILED && !settings.tracking_stopped &&
         !facts.contact.resource.do_not_track();
}

template <class List>
Telling TellingOf(const List& told, bool is_automatic, int each_max) {
  const auto alike = std::count_if(told.begin(), told.end(), [&](const auto& one) {
    return IsAutomatic(one.automatic()) == is_automatic;
  });
  return alike < each_max ? Telling::kEach : Telling::kCounted;
}

// The clicks that happened so shortly before that whoever made them may have made this one.
std::vector<const v1::MessageClick*> ClicksBefore(const v1::Message& message, absl::Time occurred) {
  std::vector<const v1::MessageClick*> clicks;
  for (const v1::MessageClick& click : message.clicks()) {
    const absl::Duration ago = occurred - FromTimestamp(click.click_time());
    const bool is_candidate =
        !IsAutomatic(click.automatic()) || click.automatic() == v1::ALL_LINKS_AT_ONCE;
    if (is_candidate && ago >= absl::ZeroDuration() && ago < kAtOnce) clicks.push_back(&click);
  }
  return clicks;
}

// Marks a click as one of those that follow all links, and those before it.
void MarkAllAtOnce(const v1::Message& message, int link_count, absl::Time occurred,
                   v1::MessageClicked& clicked) {
  const auto before = ClicksBefore(message, occurred);
  std::set<int> links = {clicked.link()};
  for (const v1::MessageClick* const click : before) links.insert(click->link());
  const int count = static_cast<int>(links.size());
  const bool are_all = link_count > 1 && count >= link_count;
  if (count < kAtOnceLinks && !are_all) return;
  clicked.set_automatic(v1::ALL_LINKS_AT_ONCE);
  for (const v1::MessageClick* const click : before) {
    if (IsAutomatic(click->automatic())) continue;
    const bool is_earlier =
        !clicked.has_automatic_since() ||
        FromTimestamp(click->click_time()) < FromTimestamp(clicked.automatic_since());
    if (is_earlier) *clicked.mutable_automatic_since() = click->click_time();
  }
}

// Or whoever may record it of one message could have any address written to no more.
absl::Status CheckWentTo(const v1::Message& queued,
                         const v1::RecordMessageUnsubscribedRequest& command) {
  if (queued.erased()) {
    return RejectState(v1::MESSAGES_ERROR_PERSON_ERASED,
                       "The person was erased: nobody knows the address that the message went to.",
                       command.name());
  }
  const auto key = EmailKey(command.email());
  const bool is_same =
      command.email() == queued.address() || (key.has_value() && key == EmailKey(queued.address()));
  if (is_same) return absl::OkStatus();
  return RejectField("email", "must be the address that the message went to: GetMessage tells it");
}

}  // namespace

v1::AutomaticCause CauseBy(const v1::Message& message, v1::AutomaticCause said,
                           absl::Time occurred) {
  if (IsAutomatic(said)) return said;
  const bool is_soon =
      !message.has_send_time() || occurred - FromTimestamp(message.send_time()) < kSoon;
  return is_soon ? v1::SOON_AFTER_SENDING : v1::AUTOMATIC_CAUSE_UNSPECIFIED;
}

Telling TellingOpen(const EngagementFacts& facts, bool is_automatic, const Settings& settings) {
  if (!IsNoted(facts, settings)) return Telling::kNot;
  return TellingOf(facts.message.resource.opens(), is_automatic,
                   is_automatic ? kAutomaticOpensMax : kOpensMax);
}

Telling TellingClick(const EngagementFacts& facts, bool is_automatic, const Settings& settings) {
  if (!IsNoted(facts, settings)) return Telling::kNot;
  return TellingOf(facts.message.resource.clicks(), is_automatic,
                   is_automatic ? kAutomaticClicksMax : kClicksMax);
}

absl::Status CheckEngaging(const EngagementFacts& facts, const std::string& name) {
  const bool is_there = facts.message.lifecycle == Lifecycle::kActive &&
                        facts.contact.lifecycle == Lifecycle::kActive &&
                        !facts.contact.resource.erased();
  return is_there ? absl::OkStatus() : MessageNotFound(name);
}

Decision Decide(const EngagementFacts& facts, const v1::RecordMessageOpenedRequest& command,
                const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckEngaging(facts, command.name()));
  const auto cause = CauseBy(facts.message.resource, command.automatic(), context.occurred);
  if (TellingOpen(facts, IsAutomatic(cause), context.settings) != Telling::kEach) {
    return NoChange();
  }
  v1::MessageEvent event;
  event.mutable_message_opened()->set_name(command.name());
  event.mutable_message_opened()->set_automatic(cause);
  return Changes().Append(command.name(), std::move(event));
}

Decision Decide(const EngagementFacts& facts, const v1::RecordMessageClickedRequest& command,
                const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckEngaging(facts, command.name()));
  const v1::Message& message = facts.message.resource;
  v1::MessageEvent event;
  v1::MessageClicked& clicked = *event.mutable_message_clicked();
  clicked.set_name(command.name());
  clicked.set_link(command.link());
  clicked.set_automatic(CauseBy(message, command.automatic(), context.occurred));
  if (!IsAutomatic(clicked.automatic())) {
    MarkAllAtOnce(message, command.link_count(), context.occurred, clicked);
  }
  if (TellingClick(facts, IsAutomatic(clicked.automatic()), context.settings) != Telling::kEach) {
    return NoChange();
  }
  return Changes().Append(command.name(), std::move(event));
}

Decision Decide(const EngagementFacts& facts, const v1::CountMessageTrafficRequest& command,
                const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckEngaging(facts, command.name()));
  const v1::MessageTraffic& traffic = command.traffic();
  const bool is_any = traffic.opens() > 0 || traffic.automatic_opens() > 0 ||
                      traffic.clicks() > 0 || traffic.automatic_clicks() > 0;
  if (!is_any || !IsNoted(facts, context.settings)) return NoChange();
  v1::MessageEvent event;
  event.mutable_message_traffic_counted()->set_name(command.name());
  *event.mutable_message_traffic_counted()->mutable_traffic() = traffic;
  return Changes().Append(command.name(), std::move(event));
}

Decision Decide(const EngagementFacts& facts, const v1::Message& queued,
                const v1::RecordMessageUnsubscribedRequest& command) {
  if (facts.message.lifecycle != Lifecycle::kActive) return MessageNotFound(command.name());
  KITH_RETURN_IF_ERROR(CheckWentTo(queued, command));
  if (IsUnsubscribed(facts.message)) return NoChange();
  v1::MessageEvent event;
  event.mutable_message_unsubscribed()->set_name(command.name());
  std::vector<Claim> claims;
  auto key = EmailKey(command.email());
  if (key.has_value()) claims.push_back({std::string(kUnsubscribedClaim), *std::move(key)});
  return Changes().Append(command.name(), std::move(event), std::move(claims));
}

Change Resubscribed(const std::string& message, const std::string& email_key) {
  auto event = std::make_unique<v1::MessageEvent>();
  event->mutable_message_resubscribed()->set_name(message);
  Change change{message, std::move(event), {}};
  change.claims.push_back({std::string(kUnsubscribedClaim), email_key});
  return change;
}

std::optional<contacts::v1::UpdateContactRequest> OptOutOf(
    const contacts::v1::Contact& contact, const v1::RecordMessageUnsubscribedRequest& command) {
  contacts::v1::UpdateContactRequest update;
  contacts::v1::Contact& wanted = *update.mutable_contact();
  wanted.set_name(std::string(ParentOf(command.name())));  // another one by now, where it is merged
  *wanted.mutable_emails() = contact.emails();
  const auto key = EmailKey(command.email());
  bool is_there = false;
  bool changes = false;
  for (contacts::v1::EmailAddress& email : *wanted.mutable_emails()) {
    const bool is_same =
        email.address() == command.email() || (key.has_value() && EmailKey(email.address()) == key);
    is_there |= is_same;
    if (!is_same || email.opted_out()) continue;
    email.set_opted_out(true);
    email.set_opt_out_cause(command.name());
    changes = true;
  }
  if (is_there) {
    if (!changes) return std::nullopt;
    update.mutable_update_mask()->add_paths("emails");
    return update;
  }
  // Whom it went to has another address by now: who asks for no more mail gets none there either.
  if (contact.do_not_email()) return std::nullopt;
  wanted.clear_emails();
  wanted.set_do_not_email(true);
  update.mutable_update_mask()->add_paths("do_not_email");
  return update;
}

std::optional<contacts::v1::UpdateContactRequest> OptOutOfOther(
    const contacts::v1::Contact& contact, const v1::RecordMessageUnsubscribedRequest& command) {
  const auto key = EmailKey(command.email());
  const bool has_it = std::any_of(
      contact.emails().begin(), contact.emails().end(),
      [&](const auto& email) { return key.has_value() && EmailKey(email.address()) == key; });
  if (!has_it) return std::nullopt;
  auto update = OptOutOf(contact, command);
  if (update.has_value()) update->mutable_contact()->set_name(contact.name());
  return update;
}

std::optional<contacts::v1::UpdateContactRequest> OptInOf(const contacts::v1::Contact& contact,
                                                          const std::string& email_key) {
  contacts::v1::UpdateContactRequest update;
  update.mutable_contact()->set_name(contact.name());
  update.mutable_update_mask()->add_paths("emails");
  *update.mutable_contact()->mutable_emails() = contact.emails();
  bool changes = false;
  for (contacts::v1::EmailAddress& email : *update.mutable_contact()->mutable_emails()) {
    if (!email.opted_out() || EmailKey(email.address()) != email_key) continue;
    email.clear_opted_out();
    email.clear_opt_out_cause();
    changes = true;
  }
  if (!changes) return std::nullopt;
  return update;
}

}  // namespace kith::messages
