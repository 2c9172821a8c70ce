#include "services/messages/message_commands.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/normalise.h"
#include "services/core/identity_claims.h"
#include "services/core/merge_fields.h"
#include "services/core/received_mail.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/core/undeliverable.h"
#include "services/messages/message_reader.h"
#include "services/runtime/calls/part_command.h"
#include "services/runtime/requests/method.h"

namespace kith::messages {
namespace {

constexpr size_t kHoldersMax = 50;  // of contacts with one address
// Of messages that are released at once: with the contacts' changes they fit into one append.
constexpr size_t kReleasedMax = 400;

// The state of a record that gaps may be filled from; null where it is not needed.
template <class Aggregate>
absl::StatusOr<const typename Aggregate::State*> LoadFor(const std::vector<std::string>& needed,
                                                         const char* record,
                                                         const std::string& name,
                                                         runtime::Loader& load) {
  const bool is_needed = std::find(needed.begin(), needed.end(), record) != needed.end();
  if (!is_needed || name.empty()) return nullptr;
  return load.Load<Aggregate>(name);
}

// See SendingFacts::unsubscribed.
absl::StatusOr<std::optional<std::string>> FindUnsubscribed(runtime::Loader& load,
                                                            const contacts::v1::Contact& contact) {
  const contacts::v1::EmailAddress* const address = AddressOf(contact);
  const auto key = address == nullptr ? std::nullopt : EmailKey(address->address());
  if (!key.has_value()) return std::nullopt;
  KITH_ASSIGN_OR_RETURN(const auto messages,
                        load.LoadTagged<MessageAggregate>(kUnsubscribedClaim, *key));
  const auto found = std::find_if(messages.begin(), messages.end(),
                                  [](const MessageState* one) { return IsUnsubscribed(*one); });
  if (found == messages.end()) return std::nullopt;
  const std::string& name = (*found)->resource.name();
  KITH_ASSIGN_OR_RETURN(const bool is_seen, load.Sees(ParentOf(name), ReadPermission()));
  return is_seen ? name : "";
}

}  // namespace

Decision MessageCommands::Run(runtime::Loader& load, const v1::SendMessageRequest& command,
                              const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const auto* const contact, load.Load<ContactAggregate>(command.contact()));
  KITH_ASSIGN_OR_RETURN(const auto* const day, load.Load<SendingDayAggregate>(
                                                   SendingDayOf(context.now, context.settings)));
  const TemplateAggregate::State* mail_template = nullptr;
  std::vector<std::string> needed;
  if (!command.mail_template().empty()) {
    KITH_ASSIGN_OR_RETURN(mail_template, load.Load<TemplateAggregate>(command.mail_template()));
    needed = RecordsIn(mail_template->resource);
  }
  const DealAggregate::State* deal = nullptr;
  if (!command.deal().empty()) {
    KITH_ASSIGN_OR_RETURN(deal, load.Load<DealAggregate>(command.deal()));
  }
  KITH_ASSIGN_OR_RETURN(
      const auto* const company,
      LoadFor<CompanyAggregate>(needed, "company", CompanyOf(contact->resource), load));
  KITH_ASSIGN_OR_RETURN(const auto* const owner,
                        LoadFor<UserAggregate>(needed, "owner", contact->resource.owner(), load));
  KITH_ASSIGN_OR_RETURN(std::optional<std::string> unsubscribed,
                        FindUnsubscribed(load, contact->resource));
  Decision decision = Decide({.contact = *contact,
                              .mail_template = mail_template,
                              .deal = deal,
                              .company = company,
                              .owner = owner,
                              .day = *day,
                              .unsubscribed = std::move(unsubscribed)},
                             command, context);
  if (decision.ok()) load.ExpectAbsent(decision->list()[0].stream);  // its id was drawn
  return decision;
}

absl::Status MessageCommands::Render(runtime::Rendering& after, const v1::SendMessageRequest&,
                                     v1::Message* response) const {
  *response = RenderQueued(after.Event<v1::MessageEvent>(0));
  return absl::OkStatus();
}

Decision MessageCommands::Run(runtime::Loader& load, const v1::RecordMessageBouncedRequest& command,
                              const CommandContext& context) const {
  KITH_RETURN_IF_ERROR(CheckStatus(command));
  const MessageState* state = nullptr;
  KITH_RETURN_IF_ERROR(LoadMessage(load, command.name(), &state));
  Decision bounced = Decide(*state, command);
  if (!bounced.ok() || bounced->empty() || command.kind() != v1::HARD) return bounced;
  KITH_RETURN_IF_ERROR(load.NeedDisk());  // the address stands in the log
  KITH_ASSIGN_OR_RETURN(const auto message, reader_->ReadQueued(load.workspace(), command.name()));
  KITH_ASSIGN_OR_RETURN(const auto* const contact,
                        load.Load<ContactAggregate>(ParentOf(command.name())));
  const bool is_there = contact->lifecycle == Lifecycle::kActive && !contact->resource.erased();
  const auto key = message.has_value() ? EmailKey(message->address()) : std::nullopt;
  if (!is_there || !key.has_value()) return bounced;
  contacts::v1::UpdateContactRequest update;
  update.mutable_contact()->set_name(std::string(ParentOf(command.name())));
  update.mutable_update_mask()->add_paths("emails");
  auto& emails = *update.mutable_contact()->mutable_emails();
  emails = contact->resource.emails();
  if (!MarkUndeliverable([&](const std::string& one) { return one == *key; }, emails)) {
    return bounced;
  }
  load.Assume(*std::move(bounced), context);
  Decision marked = runtime::DecidePart(methods_, load, update, context);
  if (marked.ok()) {
    load.Assume(*std::move(marked), context);
    return load.TakeAssumed();
  }
  const bool is_by_rule =
      absl::IsInvalidArgument(marked.status()) || absl::IsFailedPrecondition(marked.status());
  if (load.would_block() || !is_by_rule) return marked.status();
  return load.TakeAssumed();
}

absl::Status MessageCommands::CheckStatus(const v1::RecordMessageBouncedRequest& command) {
  if (command.status().empty() || IsMailStatus(command.status())) return absl::OkStatus();
  return RejectField("status", "must be of three numbers, as \"5.1.1\" (RFC 3463), or empty");
}

Decision MessageCommands::Run(runtime::Loader& load,
                              const v1::RecordMessageUnsubscribedRequest& command,
                              const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const EngagementFacts facts, LoadFacts(load, command.name()));
  // What it says never changes, and is no condition.
  KITH_RETURN_IF_ERROR(load.NeedDisk());
  KITH_ASSIGN_OR_RETURN(const std::optional<v1::Message> queued,
                        reader_->ReadQueued(load.workspace(), command.name()));
  if (!queued.has_value()) return MessageNotFound(command.name());
  Decision message = Decide(facts, *queued, command);
  if (!message.ok()) return message;
  KITH_ASSIGN_OR_RETURN(const std::vector<contacts::v1::UpdateContactRequest> opt_outs,
                        OptOutsOf(load, facts.contact, command));
  load.Assume(*std::move(message), context);
  return TakeWith(load, opt_outs, context);
}

Decision MessageCommands::Run(runtime::Loader& load,
                              const v1::RecordMessageResubscribedRequest& command,
                              const CommandContext& context) const {
  const MessageState* named = nullptr;
  KITH_RETURN_IF_ERROR(LoadMessage(load, command.name(), &named));
  if (named->lifecycle != Lifecycle::kActive) return MessageNotFound(command.name());
  const auto key = EmailKey(command.email());
  if (!key.has_value()) return NoChange();
  // The caller needs the permission for the message that they name, whatever becomes of it. The
  // others follow from the address, whose ever they are, and are told to nobody.
  KITH_RETURN_IF_ERROR(
      load.CheckReach(runtime::MethodOf<v1::RecordMessageResubscribedRequest>().permission,
                      Changes().Add(Resubscribed(command.name(), *key))));
  KITH_ASSIGN_OR_RETURN(const auto messages,
                        load.LoadTagged<MessageAggregate>(kUnsubscribedClaim, *key));
  Changes changes;
  for (const MessageState* const message : messages) {
    if (!IsUnsubscribed(*message)) continue;
    if (changes.list().size() == kReleasedMax) return changes;  // the address stays as it is
    Change released = Resubscribed(message->resource.name(), *key);
    released.is_consequence = true;
    changes = std::move(changes).Add(std::move(released));
  }
  if (changes.empty()) return NoChange();
  KITH_ASSIGN_OR_RETURN(const auto holders, HoldersOf(load, *key));
  std::vector<contacts::v1::UpdateContactRequest> opt_ins;
  for (const contacts::v1::Contact* const holder : holders) {
    if (auto opt_in = OptInOf(*holder, *key)) opt_ins.push_back(*std::move(opt_in));
  }
  load.Assume(std::move(changes), context);
  return TakeWith(load, opt_ins, context);
}

absl::Status MessageCommands::Render(runtime::Rendering& after,
                                     const v1::RecordMessageResubscribedRequest& command,
                                     v1::Message* response) const {
  KITH_ASSIGN_OR_RETURN(const MessageState* state, after.Load<MessageAggregate>(command.name()));
  *response = state->resource;
  size_t released = 0;
  for (const runtime::AppendedEvent& appended : after.events()) {
    const auto* const event =
        google::protobuf::DynamicCastToGenerated<v1::MessageEvent>(appended.event.get());
    if (event != nullptr && event->has_message_resubscribed()) ++released;
  }
  response->set_resubscribe_again(released == kReleasedMax);
  return absl::OkStatus();
}

Decision MessageCommands::TakeWith(runtime::Loader& load,
                                   const std::vector<contacts::v1::UpdateContactRequest>& updates,
                                   const CommandContext& context) const {
  for (const contacts::v1::UpdateContactRequest& update : updates) {
    Decision contact = runtime::DecidePart(methods_, load, update, context);
    if (!contact.ok()) return contact.status();
    load.Assume(*std::move(contact), context);
  }
  return load.TakeAssumed();
}

absl::StatusOr<std::vector<contacts::v1::UpdateContactRequest>> MessageCommands::OptOutsOf(
    runtime::Loader& load, const ContactAggregate::State& contact,
    const v1::RecordMessageUnsubscribedRequest& command) {
  std::vector<contacts::v1::UpdateContactRequest> opt_outs;
  const bool is_there = contact.lifecycle == Lifecycle::kActive && !contact.resource.erased();
  if (is_there) {
    if (auto own = OptOutOf(contact.resource, command)) opt_outs.push_back(*std::move(own));
  }
  const auto key = EmailKey(command.email());
  if (!key.has_value()) return opt_outs;
  KITH_ASSIGN_OR_RETURN(const auto holders, HoldersOf(load, *key));
  for (const contacts::v1::Contact* const holder : holders) {
    if (is_there && holder->name() == contact.resource.name()) continue;
    if (auto other = OptOutOfOther(*holder, command)) opt_outs.push_back(*std::move(other));
  }
  return opt_outs;
}

absl::StatusOr<std::vector<const contacts::v1::Contact*>> MessageCommands::HoldersOf(
    runtime::Loader& load, const std::string& email_key) {
  std::vector<const contacts::v1::Contact*> holders;
  KITH_ASSIGN_OR_RETURN(const auto claimants,
                        load.LoadTagged<ContactAggregate>(kContactEmailClaim, email_key));
  for (const ContactAggregate::State* const claimant : claimants) {
    if (holders.size() == kHoldersMax) break;
    const bool is_seen = claimant->lifecycle == Lifecycle::kActive &&
                         !load.Hides(ContactAggregate::kCategory, claimant);
    const auto& emails = claimant->resource.emails();
    const bool has_it = std::any_of(emails.begin(), emails.end(), [&](const auto& email) {
      return EmailKey(email.address()) == email_key;
    });
    if (is_seen && has_it) holders.push_back(&claimant->resource);
  }
  return holders;
}

absl::StatusOr<EngagementFacts> MessageCommands::LoadFacts(runtime::Loader& load,
                                                           const std::string& name) {
  const MessageState* message = nullptr;
  KITH_RETURN_IF_ERROR(LoadMessage(load, name, &message));
  KITH_ASSIGN_OR_RETURN(const auto* const contact, load.Load<ContactAggregate>(ParentOf(name)));
  return EngagementFacts{*message, *contact};
}

absl::Status MessageCommands::LoadMessage(runtime::Loader& load, const std::string& name,
                                          const MessageState** state) {
  KITH_ASSIGN_OR_RETURN(const bool is_seen, load.Sees(ParentOf(name), ReadPermission()));
  if (!is_seen) return MessageNotFound(name);
  KITH_ASSIGN_OR_RETURN(*state, load.Load<MessageAggregate>(name));
  return absl::OkStatus();
}

}  // namespace kith::messages
