#include "services/received_mails/received_mail_commands.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/blobs/blob_store.h"
#include "kith/captures/v1/capture_review_events.pb.h"
#include "kith/captures/v1/captures_service.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/messages/v1/message_events.pb.h"
#include "kith/messages/v1/messages_service.pb.h"
#include "kith/received_mails/v1/received_mails_errors.pb.h"
#include "kith/users/v1/user.pb.h"
#include "services/core/contact_points.h"
#include "services/core/field_of.h"
#include "services/core/normalise.h"
#include "services/core/person_identity.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/core/undeliverable.h"
#include "services/received_mails/received_mail.h"
#include "services/runtime/admission/finding.h"
#include "services/runtime/calls/part_command.h"
#include "services/runtime/resources/claim_holders.h"
#include "services/runtime/resources/find_type.h"

namespace kith::received_mails {
namespace {

using captures::v1::CaptureInteractionRequest;
using contacts::v1::Contact;
using google::protobuf::DynamicCastToGenerated;
using interactions::v1::Interaction;

// The claim of a user's address. Persisted inside the hashes of the log's tags.
constexpr absl::string_view kUserEmailClaim = "users.email";
constexpr size_t kRecipientsMax = 50;  // so many are looked at
constexpr int kLinksMax = 20;          // as the proto of interactions says

// By which mails find their contacts.
const google::protobuf::FieldDescriptor& EmailsOfContacts() {
  return *FieldOf(*Contact::descriptor(), "emails");
}

absl::StatusOr<ReceivedMail> Parsed(absl::string_view raw) {
  absl::StatusOr<ReceivedMail> mail = ParseMail(raw);
  if (mail.ok()) return mail;
  return Reject(v1::RECEIVED_MAILS_ERROR_MAIL_TOO_LARGE,
                absl::StrCat("The mail is not taken: ", mail.status().message(), "."));
}

void TellKept(v1::MailKeepReason reason, v1::ReceivedMail& told) {
  told.set_outcome(v1::KEPT);
  told.set_keep_reason(reason);
}

Decision Keep(v1::MailKeepReason reason, v1::ReceivedMail& told) {
  TellKept(reason, told);
  return NoChange();
}

// What a capture made of the mail: its text stands there.
void TellCaptured(const Changes& captured, v1::ReceivedMail& told) {
  for (const Change& change : captured.list()) {
    const google::protobuf::Message& event = *change.event;
    if (const auto* const review =
            DynamicCastToGenerated<captures::v1::CaptureReviewEvent>(&event)) {
      told.set_outcome(v1::IN_REVIEW);
      told.set_capture_review(review->capture_review_created().name());
    } else if (const auto* const interaction =
                   DynamicCastToGenerated<interactions::v1::InteractionEvent>(&event)) {
      told.set_outcome(v1::RECORDED);
      told.set_interaction(interaction->interaction_recorded().name());
      told.set_contact(std::string(ParentOf(told.interaction())));
    }
  }
  told.clear_text();
}

CaptureInteractionRequest CaptureOf(const MailPerson& person, const ReceivedMail& mail,
                                    const std::string& hash,
                                    interactions::v1::Direction direction) {
  CaptureInteractionRequest capture;
  *capture.mutable_person() = ContactOf(person);
  Interaction& interaction = *capture.mutable_interaction();
  interaction.set_kind(interactions::v1::EMAIL);
  interaction.set_direction(direction);
  interaction.set_subject(mail.subject);
  interaction.set_body(mail.text);
  capture.set_source(std::string(kMailSource));
  capture.set_external_id(hash);
  capture.set_match_policy(captures::v1::KEEP);
  return capture;
}

}  // namespace

bool IsForGood(const absl::Status& refusal) {
  return absl::IsInvalidArgument(refusal) || absl::IsFailedPrecondition(refusal) ||
         absl::IsAlreadyExists(refusal) || absl::IsNotFound(refusal) || absl::IsOutOfRange(refusal);
}

ReceivedMailCommands::ReceivedMailCommands(const std::vector<runtime::ResourceType>& types,
                                           const runtime::Runtime& runtime,
                                           const runtime::MethodTable& methods)
    : contacts_(runtime::TypeOf(types, "contacts")),
      users_(runtime::TypeOf(types, "users")),
      runtime_(runtime),
      methods_(methods),
      reader_(runtime) {}

Decision ReceivedMailCommands::Run(runtime::Loader& load, const v1::ReceiveMailRequest& command,
                                   const CommandContext& context) const {
  // Whom it is with, its addresses say.
  KITH_RETURN_IF_ERROR(runtime::CheckFindsBy(load.caller(), EmailsOfContacts()));
  KITH_RETURN_IF_ERROR(load.NeedDisk());  // nor is it parsed on a carrier's thread
  KITH_ASSIGN_OR_RETURN(const ReceivedMail mail, Parsed(command.raw()));
  const std::string hash = ContentHash(mail);
  KITH_ASSIGN_OR_RETURN(const auto same,
                        load.LoadTagged<ReceivedMailAggregate>(kContentClaim, hash));
  if (!same.empty()) return NoChange();

  v1::ReceivedMail told = ResourceOf(mail, command.raw().size());
  told.set_direction(interactions::v1::INBOUND);
  KITH_ASSIGN_OR_RETURN(const std::string sent, FindSent(load, mail.message_id));
  Decision decision = NoChange();
  if (!sent.empty() || IsGivenHere(mail.message_id)) {
    told.set_direction(interactions::v1::OUTBOUND);
    told.set_message(sent);
    told.set_contact(std::string(ParentOf(sent)));
    decision = Keep(v1::OWN_MAIL, told);
  } else if (mail.kind == MailKind::kBounce) {
    decision = Bounce(load, mail, context, told);
  } else if (mail.kind == MailKind::kPersonal) {
    decision = Capture(load, mail, hash, context, told);
  } else {
    KITH_ASSIGN_OR_RETURN(const std::string contact,
                          OnlyContact(load, EmailKey(mail.from.address).value_or("")));
    told.set_contact(contact);
    decision = Keep(v1::NOT_PERSONAL, told);
  }
  KITH_RETURN_IF_ERROR(decision.status());
  const std::string name = absl::StrCat(ReceivedMailAggregate::kCategory, "/", context.ids.Next());
  load.ExpectAbsent(name);
  KITH_ASSIGN_OR_RETURN(std::vector<std::string> blobs,
                        Store(load.workspace(), PersonOf(name, told), mail, told));
  std::vector<Claim> claims = {{std::string(kContentClaim), hash}};
  for (const std::string& blob : blobs) {
    if (!blob.empty()) claims.push_back({std::string(eventstore::kBlobClaim), blob});
  }
  return (*std::move(decision))
      .Append(name, Received(name, std::move(told), std::move(blobs)), std::move(claims));
}

absl::Status ReceivedMailCommands::Render(runtime::Rendering& after,
                                          const v1::ReceiveMailRequest& command,
                                          v1::ReceivedMail* response) const {
  for (const runtime::AppendedEvent& appended : after.events()) {
    const auto* const event = DynamicCastToGenerated<v1::ReceivedMailEvent>(appended.event.get());
    if (event == nullptr) continue;
    *response = RenderReceived(
        {*event, Revision(1), appended.occur_time, appended.record_time, appended.erased});
    return absl::OkStatus();
  }
  // It was received before.
  KITH_RETURN_IF_ERROR(after.NeedDisk());
  KITH_ASSIGN_OR_RETURN(const ReceivedMail mail, Parsed(command.raw()));
  KITH_ASSIGN_OR_RETURN(const std::vector<const void*> states,
                        after.LoadTaggedStates(kAggregateType<ReceivedMailAggregate>, kContentClaim,
                                               ContentHash(mail)));
  KITH_CHECK(!states.empty());
  const auto& first = *static_cast<const ReceivedMailState*>(states.front());
  KITH_ASSIGN_OR_RETURN(std::optional<v1::ReceivedMail> whole,
                        reader_.ReadWhole(after.workspace(), first.resource.name()));
  *response = whole.has_value() ? *std::move(whole) : first.resource;
  return absl::OkStatus();
}

Decision ReceivedMailCommands::Capture(runtime::Loader& load, const ReceivedMail& mail,
                                       const std::string& hash, const CommandContext& context,
                                       v1::ReceivedMail& told) const {
  const std::string sender = EmailKey(mail.from.address).value_or("");
  if (sender.empty()) return Keep(v1::NO_SENDER, told);
  KITH_ASSIGN_OR_RETURN(const bool is_outbound, IsOurs(load, sender, context));
  KITH_ASSIGN_OR_RETURN(const std::vector<Recipient> recipients,
                        RecipientsOf(load, mail, sender, context));
  const MailPerson* person = &mail.from;
  if (is_outbound) {
    told.set_direction(interactions::v1::OUTBOUND);
    const auto first = std::find_if(recipients.begin(), recipients.end(),
                                    [](const Recipient& one) { return !one.is_ours; });
    if (first == recipients.end()) return Keep(v1::INTERNAL, told);
    person = first->person;
  }
  CaptureInteractionRequest capture = CaptureOf(*person, mail, hash, told.direction());
  auto& links = *capture.mutable_interaction()->mutable_links();
  for (const Recipient& one : recipients) {
    if (one.is_ours || one.person == person || links.size() == kLinksMax) continue;
    KITH_ASSIGN_OR_RETURN(std::string contact, OnlyContact(load, one.key));
    if (contact.empty() || std::find(links.begin(), links.end(), contact) != links.end()) continue;
    *links.Add() = std::move(contact);
  }
  CommandContext then = context;
  then.occurred = WrittenAt(mail, context.now);
  then.occurred_is_said = then.occurred < context.now;
  Decision captured = runtime::DecidePart(methods_, load, capture, then);
  if (captured.ok()) {
    if (captured->empty()) return Keep(v1::CAPTURED_BEFORE, told);
    TellCaptured(*captured, told);
    return captured;
  }
  if (load.would_block() || !IsForGood(captured.status())) return captured;
  load.TakeAssumed();  // what was made until it was refused
  return Keep(v1::NOT_CAPTURED, told);
}

Decision ReceivedMailCommands::Bounce(runtime::Loader& load, const ReceivedMail& mail,
                                      const CommandContext& context, v1::ReceivedMail& told) const {
  KITH_ASSIGN_OR_RETURN(const std::string message, FindSent(load, mail.failed_message_id));
  TellKept(v1::NOT_PERSONAL, told);
  if (message.empty()) return NoChange();
  const std::string contact(ParentOf(message));
  told.set_message(message);
  told.set_contact(contact);
  Decision counted = CountBounce(load, message, mail, context);
  if (!counted.ok()) return counted;
  load.Assume(*std::move(counted), context);
  Decision marked = MarkUndeliverable(load, contact, mail, context);
  if (!marked.ok()) return marked;
  load.Assume(*std::move(marked), context);
  return load.TakeAssumed();
}

Decision ReceivedMailCommands::CountBounce(runtime::Loader& load, const std::string& message,
                                           const ReceivedMail& mail,
                                           const CommandContext& context) const {
  // One for good counts, of several recipients that the address leads to.
  const MailFailure* failure = nullptr;
  for (const MailFailure& one : mail.failures) {
    if (one.is_final && (failure == nullptr || one.is_permanent)) failure = &one;
  }
  if (failure == nullptr) return NoChange();
  messages::v1::RecordMessageBouncedRequest bounced;
  bounced.set_name(message);
  bounced.set_kind(failure->is_permanent ? messages::v1::HARD : messages::v1::SOFT);
  // It came back also where the report says in no number why.
  if (IsMailStatus(failure->status)) bounced.set_status(failure->status);
  Decision counted = runtime::DecidePart(methods_, load, bounced, context);
  // A mail is taken also from who may not say what became of messages.
  const bool is_left = IsForGood(counted.status()) || absl::IsPermissionDenied(counted.status());
  return !load.would_block() && !counted.ok() && is_left ? NoChange() : std::move(counted);
}

Decision ReceivedMailCommands::MarkUndeliverable(runtime::Loader& load, const std::string& contact,
                                                 const ReceivedMail& mail,
                                                 const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*contacts_.aggregate, contact));
  const ResourceNow now = contacts_.now_of(state);
  if (now.lifecycle != Lifecycle::kActive) return NoChange();
  const auto& person = static_cast<const Contact&>(*now.resource);
  contacts::v1::UpdateContactRequest update;
  update.mutable_contact()->set_name(contact);
  update.mutable_update_mask()->add_paths("emails");
  *update.mutable_contact()->mutable_emails() = person.emails();
  const auto is_gone = [&](const std::string& key) {
    return std::any_of(mail.failures.begin(), mail.failures.end(), [&](const MailFailure& failure) {
      return failure.is_permanent && EmailKey(failure.address) == key;
    });
  };
  if (!kith::MarkUndeliverable(is_gone, *update.mutable_contact()->mutable_emails())) {
    return NoChange();
  }
  Decision marked = runtime::DecidePart(methods_, load, update, context);
  // A mail is kept also where a rule that came later forbids the contact as it is.
  if (marked.ok() || load.would_block() || !IsForGood(marked.status())) return marked;
  return NoChange();
}

absl::StatusOr<std::vector<std::string>> ReceivedMailCommands::Store(WorkspaceId workspace,
                                                                     const std::string& person,
                                                                     const ReceivedMail& mail,
                                                                     v1::ReceivedMail& told) const {
  std::vector<std::string> blobs;
  int stored = 0;
  for (size_t i = 0; i < mail.attachments.size(); ++i) {
    const std::string& content = mail.attachments[i].content;
    v1::MailAttachment& attachment = *told.mutable_attachments(static_cast<int>(i));
    std::string& blob = blobs.emplace_back();
    if (content.size() > kStoredBytesMax) {
      attachment.set_state(v1::TOO_LARGE);
      continue;
    }
    if (stored == kStoredAttachmentsMax) {
      attachment.set_state(v1::TOO_MANY);
      continue;
    }
    if (!content.empty()) {
      absl::StatusOr<std::string> put = runtime_.blobs == nullptr
                                            ? absl::ResourceExhaustedError("")
                                            : runtime_.blobs->Put(workspace, person, content);
      // Nothing of somebody who was erased is kept; the append says so.
      if (absl::IsResourceExhausted(put.status()) || absl::IsFailedPrecondition(put.status())) {
        attachment.set_state(v1::NO_ROOM);
        continue;
      }
      KITH_ASSIGN_OR_RETURN(blob, std::move(put));
    }
    attachment.set_state(v1::STORED);
    ++stored;
  }
  return blobs;
}

absl::StatusOr<std::string> ReceivedMailCommands::FindSent(runtime::Loader& load,
                                                           const std::string& message_id) const {
  if (message_id.empty()) return "";
  KITH_ASSIGN_OR_RETURN(const runtime::Loader::TaggedEvents tagged,
                        load.EventsTagged(kMessageIdClaim, message_id));
  for (const auto& one : tagged) {
    const auto* const event = DynamicCastToGenerated<messages::v1::MessageEvent>(one.get());
    if (event != nullptr && MessageIdOf(event->message_sent().message_id()) == message_id) {
      return event->message_sent().name();
    }
  }
  return "";
}

bool ReceivedMailCommands::IsGivenHere(const std::string& message_id) const {
  // As Mailer::MessageIdOf makes them, of notifications too.
  return absl::StrContains(message_id,
                           absl::StrCat(".", absl::BytesToHexString(runtime_.log.store_id()), "@"));
}

absl::StatusOr<bool> ReceivedMailCommands::IsOurs(runtime::Loader& load, const std::string& key,
                                                  const CommandContext& context) const {
  if (EmailKey(context.settings.reply_to) == key) return true;
  KITH_ASSIGN_OR_RETURN(const std::vector<const void*> states,
                        load.LoadTaggedStates(*users_.aggregate, kUserEmailClaim, key));
  return std::any_of(states.begin(), states.end(), [&](const void* state) {
    const ResourceNow now = users_.now_of(state);
    return now.lifecycle == Lifecycle::kActive &&
           EmailKey(static_cast<const users::v1::User&>(*now.resource).email()) == key;
  });
}

absl::StatusOr<std::vector<ReceivedMailCommands::Recipient>> ReceivedMailCommands::RecipientsOf(
    runtime::Loader& load, const ReceivedMail& mail, const std::string& sender,
    const CommandContext& context) const {
  std::vector<Recipient> recipients;
  for (const auto* const people : {&mail.to, &mail.cc}) {
    for (const MailPerson& person : *people) {
      if (recipients.size() == kRecipientsMax) return recipients;
      std::optional<std::string> key = EmailKey(person.address);
      if (!key.has_value() || *key == sender) continue;
      const bool is_known = std::any_of(recipients.begin(), recipients.end(),
                                        [&](const Recipient& one) { return one.key == *key; });
      if (is_known) continue;
      KITH_ASSIGN_OR_RETURN(const bool is_ours, IsOurs(load, *key, context));
      recipients.push_back({&person, *std::move(key), is_ours});
    }
  }
  return recipients;
}

absl::StatusOr<std::string> ReceivedMailCommands::OnlyContact(runtime::Loader& load,
                                                              const std::string& key) const {
  if (key.empty()) return "";
  KITH_ASSIGN_OR_RETURN(
      const runtime::ClaimHolders holders,
      runtime::FindHolders(load, contacts_, EmailsOfContacts(), kContactEmailClaim, key));
  return holders.size() == 1 ? static_cast<const Contact*>(holders.front())->name() : "";
}

}  // namespace kith::received_mails
