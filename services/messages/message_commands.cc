#include "services/messages/message_commands.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/normalise.h"
#include "services/core/identity_claims.h"
#include "services/core/merge_fields.h"
#include "services/core/resource_name.h"
#include "services/messages/message_reader.h"
#include "services/runtime/calls/part_command.h"

namespace kith::messages {
namespace {

constexpr size_t kOptOutsMax = 50;  // of contacts with one address

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
  Decision decision = Decide({.contact = *contact,
                              .mail_template = mail_template,
                              .deal = deal,
                              .company = company,
                              .owner = owner,
                              .day = *day},
                             command, context);
  if (decision.ok()) load.ExpectAbsent(decision->list()[0].stream);  // its id was drawn
  return decision;
}

absl::Status MessageCommands::Render(runtime::Rendering& after, const v1::SendMessageRequest&,
                                     v1::Message* response) const {
  *response = RenderQueued(after.Event<v1::MessageEvent>(0));
  return absl::OkStatus();
}

Decision MessageCommands::Run(runtime::Loader& load,
                              const v1::RecordMessageUnsubscribedRequest& command,
                              const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const EngagementFacts facts, LoadFacts(load, command.name()));
  Decision message = Decide(facts, command);
  if (!message.ok()) return message;
  KITH_ASSIGN_OR_RETURN(const std::vector<contacts::v1::UpdateContactRequest> opt_outs,
                        OptOutsOf(load, facts.contact.resource, command));
  load.Assume(*std::move(message), context);
  for (const contacts::v1::UpdateContactRequest& opt_out : opt_outs) {
    Decision contact = runtime::DecidePart(methods_, load, opt_out, context);
    if (!contact.ok()) return contact.status();
    load.Assume(*std::move(contact), context);
  }
  return load.TakeAssumed();
}

absl::StatusOr<std::vector<contacts::v1::UpdateContactRequest>> MessageCommands::OptOutsOf(
    runtime::Loader& load, const contacts::v1::Contact& contact,
    const v1::RecordMessageUnsubscribedRequest& command) {
  std::vector<contacts::v1::UpdateContactRequest> opt_outs;
  if (auto own = OptOutOf(contact, command)) opt_outs.push_back(*std::move(own));
  const auto key = EmailKey(command.email());
  if (!key.has_value()) return opt_outs;
  KITH_ASSIGN_OR_RETURN(const auto holders,
                        load.LoadTagged<ContactAggregate>(kContactEmailClaim, *key));
  for (const ContactAggregate::State* const holder : holders) {
    const bool is_other =
        holder->lifecycle == Lifecycle::kActive && holder->resource.name() != contact.name();
    if (!is_other || load.Hides(ContactAggregate::kCategory, holder)) continue;
    if (opt_outs.size() == kOptOutsMax) break;
    if (auto other = OptOutOfOther(holder->resource, command)) {
      opt_outs.push_back(*std::move(other));
    }
  }
  return opt_outs;
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
