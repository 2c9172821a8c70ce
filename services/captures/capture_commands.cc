#include "services/captures/capture_commands.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "kith/captures/v1/captures_errors.pb.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "services/captures/contact_fill.h"
#include "services/core/interaction_ids.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/runtime/admission/field_groups.h"
#include "services/runtime/admission/finding.h"
#include "services/runtime/calls/part_command.h"
#include "services/runtime/calls/read_permission.h"
#include "services/runtime/resources/find_type.h"
#include "services/runtime/resources/visibility.h"

namespace kith::captures {
namespace {

using contacts::v1::Contact;
using interactions::v1::Interaction;
using interactions::v1::InteractionEvent;

absl::Status CheckCommand(const v1::CaptureInteractionRequest& command) {
  google::rpc::BadRequest violations;
  if (command.source().find(':') != std::string::npos) {
    AddViolation("source", "must not have a colon", violations);
  }
  if (!command.interaction().external_id().empty()) {
    AddViolation("interaction.external_id", "must be empty: it is made of source and external_id",
                 violations);
  }
  return RejectFields(violations);
}

v1::IdentityKey ToldKey(IdentityKey key) {
  switch (key) {
    case IdentityKey::kEmail:
      return v1::EMAIL_ADDRESS;
    case IdentityKey::kExternalId:
      return v1::EXTERNAL_ID;
    case IdentityKey::kPhone:
      return v1::PHONE_NUMBER;
    case IdentityKey::kNameAndCompany:
      return v1::NAME_AND_COMPANY;
    case IdentityKey::kNone:
      return v1::IDENTITY_KEY_UNSPECIFIED;
  }
  KITH_UNREACHABLE();
}

Interaction InteractionIn(const std::string& external_id,
                          const runtime::Loader::TaggedEvents& tagged) {
  std::vector<const InteractionEvent*> events;
  for (const auto& event : tagged) {
    events.push_back(static_cast<const InteractionEvent*>(event.get()));
  }
  return InteractionWith(external_id, events);
}

bool Has(const CaptureReviewState& state, const std::string& external_id) {
  return state.lifecycle == Lifecycle::kActive &&
         SourcedId(state.resource.source(), state.resource.external_id()) == external_id;
}

absl::Status CapturedBefore(absl::string_view as) {
  return RejectTaken(v1::CAPTURES_ERROR_CAPTURED_BEFORE,
                     "What has this source and external id was captured before.", "capture", as,
                     "external_id");
}

// Without its candidates: whoever captured it first may see others than who does again.
void TellReview(const v1::CaptureReview& review, v1::Capture& capture) {
  capture.set_name(review.name());
  capture.set_contact(review.contact());
}

// What comes into being now, whenever what is told of it happened.
CommandContext AtNow(const CommandContext& context) {
  CommandContext now = context;
  now.occurred = context.now;
  now.occurred_is_said = false;
  return now;
}

}  // namespace

CaptureCommands::CaptureCommands(const std::vector<runtime::ResourceType>& types,
                                 const runtime::Runtime& runtime,
                                 const runtime::MethodTable& methods)
    : contacts_(runtime::TypeOf(types, "contacts")),
      people_(types, runtime),
      runtime_(runtime),
      methods_(methods) {}

Decision CaptureCommands::Run(runtime::Loader& load, const v1::CaptureInteractionRequest& command,
                              const CommandContext& context) const {
  KITH_RETURN_IF_ERROR(CheckCommand(command));
  const std::string external_id = SourcedId(command.source(), command.external_id());
  if (!external_id.empty()) {
    KITH_ASSIGN_OR_RETURN(const bool is_repeated, IsRepeated(load, external_id));
    if (is_repeated) return NoChange();
  }
  KITH_ASSIGN_OR_RETURN(const Identity identity, Identify(load, command, context));
  if (!identity.is_new() && !identity.is_known()) return Queue(load, command, identity, context);
  const CapturedFacts facts{command.person(), command.interaction(), command.source(), external_id,
                            command.match_policy()};
  std::string contact;
  if (identity.is_new()) {
    KITH_ASSIGN_OR_RETURN(contact, AssumeContact(load, facts, context));
  } else {
    KITH_ASSIGN_OR_RETURN(
        contact,
        people_.NameFor(load, command.person(), identity.candidates[0].contact, context.settings));
    KITH_RETURN_IF_ERROR(AssumeFilled(load, contact, facts, context).status());
  }
  KITH_RETURN_IF_ERROR(AssumeInteraction(load, contact, facts, context).status());
  return load.TakeAssumed();
}

absl::Status CaptureCommands::Render(runtime::Rendering& after,
                                     const v1::CaptureInteractionRequest& command,
                                     v1::Capture* response) const {
  response->Clear();
  response->set_outcome(v1::CAPTURE_MATCHED);
  for (const runtime::AppendedEvent& appended : after.events()) {
    const google::protobuf::Message& event = *appended.event;
    if (const auto* const review =
            google::protobuf::DynamicCastToGenerated<v1::CaptureReviewEvent>(&event)) {
      const v1::CaptureReviewCreated& created = review->capture_review_created();
      response->set_outcome(v1::CAPTURE_AMBIGUOUS);
      response->set_name(created.name());
      *response->mutable_candidates() = created.capture_review().candidates();
    } else if (const auto* const interaction =
                   google::protobuf::DynamicCastToGenerated<InteractionEvent>(&event)) {
      response->set_name(interaction->interaction_recorded().name());
      response->set_contact(std::string(ParentOf(response->name())));
    } else if (const auto* const contact =
                   google::protobuf::DynamicCastToGenerated<contacts::v1::ContactEvent>(&event)) {
      if (contact->has_contact_created()) response->set_outcome(v1::CAPTURE_CREATED);
    }
  }
  if (!after.events().empty()) return absl::OkStatus();

  KITH_RETURN_IF_ERROR(after.NeedDisk());
  response->set_outcome(v1::CAPTURE_REPEATED);
  const std::string external_id = SourcedId(command.source(), command.external_id());
  KITH_ASSIGN_OR_RETURN(const Interaction recorded,
                        FindInteraction(after.workspace(), external_id));
  if (!recorded.name().empty()) {
    response->set_name(recorded.name());
    response->set_contact(std::string(ParentOf(recorded.name())));
    return absl::OkStatus();
  }
  KITH_ASSIGN_OR_RETURN(const std::vector<const void*> states,
                        after.LoadTaggedStates(kAggregateType<CaptureReviewAggregate>,
                                               kExternalIdClaim, external_id));
  for (const void* const state : states) {
    const auto& review = *static_cast<const CaptureReviewState*>(state);
    if (Has(review, external_id)) TellReview(review.resource, *response);
  }
  return absl::OkStatus();
}

absl::StatusOr<Identity> CaptureCommands::Identify(runtime::Loader& load,
                                                   const v1::CaptureInteractionRequest& command,
                                                   const CommandContext& context) const {
  if (!runtime::CheckFinds(load.caller(), runtime::ReadPermissionOf(contacts_)).ok()) {
    // Nor does a refusal tell whether somebody is known.
    KITH_RETURN_IF_ERROR(CheckPerson(load, command, context));
  }
  absl::StatusOr<Identity> identity = people_.Identify(load, command.person(), context.settings);
  if (!identity.ok()) return runtime::PartError(identity.status(), "contact", "person");
  return identity;
}

absl::Status CaptureCommands::CheckPerson(runtime::Loader& load,
                                          const v1::CaptureInteractionRequest& command,
                                          const CommandContext& context) const {
  const std::string no_id;
  const Decision created = DecideContact(
      load, {command.person(), command.interaction(), command.source(), no_id, v1::KEEP}, context);
  if (load.would_block()) return created.status();
  // What only one record may have is refused of a new one only.
  if (created.ok() || absl::IsAlreadyExists(created.status())) return absl::OkStatus();
  return runtime::PartError(created.status(), "contact", "person");
}

absl::StatusOr<bool> CaptureCommands::IsRepeated(runtime::Loader& load,
                                                 const std::string& external_id) const {
  KITH_ASSIGN_OR_RETURN(const runtime::Loader::TaggedEvents tagged,
                        load.EventsTagged(kInteractionExternalIdClaim, external_id));
  const Interaction recorded = InteractionIn(external_id, tagged);
  if (!recorded.name().empty()) {
    const absl::string_view record = ParentOf(recorded.name());
    const absl::string_view permission =
        runtime::ReadPermissionOf(methods_, eventstore::CategoryOf(record));
    KITH_ASSIGN_OR_RETURN(const bool is_seen, load.Sees(record, permission));
    if (!is_seen) return CapturedBefore("");
    return true;
  }
  KITH_ASSIGN_OR_RETURN(const std::vector<const CaptureReviewState*> reviews,
                        load.LoadTagged<CaptureReviewAggregate>(kExternalIdClaim, external_id));
  for (const CaptureReviewState* const review : reviews) {
    if (!Has(*review, external_id)) continue;
    if (load.Hides(CaptureReviewAggregate::kCategory, review)) return CapturedBefore("");
    return true;
  }
  return false;
}

absl::StatusOr<Interaction> CaptureCommands::FindInteraction(WorkspaceId workspace,
                                                             const std::string& external_id) const {
  const auto cursor = runtime_.log.ReadTag(
      workspace, runtime_.keys.Mac(workspace, kInteractionExternalIdClaim, external_id),
      Position());
  runtime::Loader::TaggedEvents events;
  while (true) {
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record, cursor->Next());
    if (record == nullptr) return InteractionIn(external_id, events);
    KITH_ASSIGN_OR_RETURN(const auto event, runtime_.registry.DecodeClear(std::move(record)));
    events.emplace_back(event, event->event.get());
  }
}

Decision CaptureCommands::DecideContact(runtime::Loader& load, const CapturedFacts& facts,
                                        const CommandContext& context) const {
  contacts::v1::CreateContactRequest create;
  *create.mutable_contact() = facts.person;
  if (create.contact().source().empty()) create.mutable_contact()->set_source(facts.source);
  return runtime::DecidePart(methods_, load, create, AtNow(context));
}

absl::StatusOr<std::string> CaptureCommands::AssumeContact(runtime::Loader& load,
                                                           const CapturedFacts& facts,
                                                           const CommandContext& context) const {
  Decision created = DecideContact(load, facts, context);
  if (!created.ok()) return runtime::PartError(created.status(), "contact", "person");
  std::string contact = created->list().front().stream;
  load.Assume(*std::move(created), AtNow(context));
  return contact;
}

absl::StatusOr<google::protobuf::FieldMask> CaptureCommands::AssumeFilled(
    runtime::Loader& load, const std::string& contact, const CapturedFacts& facts,
    const CommandContext& context) const {
  google::protobuf::FieldMask nothing;
  if (facts.match_policy != v1::FILL) return nothing;
  // What is filled tells what the contact has.
  contacts::v1::UpdateContactRequest said;
  *said.mutable_contact() = facts.person;
  const absl::Status may_fill = runtime::CheckUpdate(load.caller(), said);
  if (!may_fill.ok()) return runtime::PartError(may_fill, "contact", "person");
  KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*contacts_.aggregate, contact));
  const ResourceNow now = contacts_.now_of(state);
  if (now.lifecycle != Lifecycle::kActive) return nothing;  // refused where it is named
  Contact person = facts.person;
  CompletePhones({}, context.settings.default_region, *person.mutable_phones());
  auto fill = FillOf(static_cast<const Contact&>(*now.resource), person);
  if (!fill.has_value()) return nothing;
  fill->mutable_contact()->set_name(contact);
  Decision filled = runtime::DecidePart(methods_, load, *fill, AtNow(context));
  if (!filled.ok()) return runtime::PartError(filled.status(), "contact", "person");
  load.Assume(*std::move(filled), AtNow(context));
  return fill->update_mask();
}

absl::Status CaptureCommands::TellRest(runtime::Loader& load, const std::string& contact,
                                       const google::protobuf::FieldMask& filled,
                                       const CommandContext& context, Contact person,
                                       Interaction& interaction) const {
  KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadState(*contacts_.aggregate, contact));
  const ResourceNow now = contacts_.now_of(state);
  if (now.lifecycle != Lifecycle::kActive) return absl::OkStatus();  // refused where it is named
  CompletePhones({}, context.settings.default_region, *person.mutable_phones());
  captures::TellRest(person, static_cast<const Contact&>(*now.resource), filled, interaction);
  return absl::OkStatus();
}

absl::StatusOr<std::string> CaptureCommands::AssumeInteraction(
    runtime::Loader& load, const std::string& contact, const CapturedFacts& facts,
    const CommandContext& context) const {
  interactions::v1::RecordInteractionRequest record;
  record.set_parent(contact);
  *record.mutable_interaction() = facts.interaction;
  record.mutable_interaction()->set_external_id(facts.external_id);
  Decision recorded = runtime::DecidePart(methods_, load, record, context);
  if (!recorded.ok()) return recorded.status();
  const google::protobuf::Message& event = *recorded->list().front().event;
  std::string name = static_cast<const InteractionEvent&>(event).interaction_recorded().name();
  load.Assume(*std::move(recorded), context);
  return name;
}

Decision CaptureCommands::Queue(runtime::Loader& load, const v1::CaptureInteractionRequest& command,
                                const Identity& identity, const CommandContext& context) const {
  // What is wrong with the person is told now, and not to who reviews it.
  const std::string no_id;
  const Decision created = DecideContact(
      load, {command.person(), command.interaction(), command.source(), no_id, v1::KEEP}, context);
  if (load.would_block()) return created.status();
  if (IsError(created.status(), type::v1::ERROR_INVALID_FIELD)) {
    return runtime::PartError(created.status(), "contact", "person");
  }
  v1::CreateCaptureReviewRequest request;
  v1::CaptureReview& review = *request.mutable_capture_review();
  review.set_owner(command.person().owner());
  *review.mutable_person() = command.person();
  *review.mutable_interaction() = command.interaction();
  *review.mutable_interaction()->mutable_occur_time() = ToTimestamp(context.occurred);
  review.set_source(command.source());
  review.set_external_id(command.external_id());
  review.set_match_policy(command.match_policy());
  for (const IdentityCandidate& one : identity.candidates) {
    v1::CaptureCandidate& candidate = *review.add_candidates();
    candidate.set_contact(one.contact);
    candidate.set_key(ToldKey(one.key));
  }
  // Who captures may have it reviewed.
  const auto& method = runtime::MethodOf<v1::CreateCaptureReviewRequest>();
  return methods_.FindCommand(method.name)->handler()->Decide(load, request, AtNow(context));
}

Decision CaptureCommands::Run(runtime::Loader& load, const v1::ResolveCaptureReviewRequest& command,
                              const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const CaptureReviewState* const state,
                        load.Load<CaptureReviewAggregate>(command.name()));
  KITH_ASSIGN_OR_RETURN(const bool is_open, MayResolve(*state, command));
  if (!is_open) return NoChange();
  const v1::CaptureReview review = state->resource;
  if (command.resolution() == v1::NOBODY) {
    return Changes().Add(Resolved(review, command.resolution(), "", ""));
  }
  const std::string external_id = SourcedId(review.source(), review.external_id());
  Interaction happened = review.interaction();
  const CapturedFacts facts{review.person(), happened, review.source(), external_id,
                            review.match_policy()};
  CommandContext then = context;
  if (review.interaction().has_occur_time()) {
    then.occurred = FromTimestamp(review.interaction().occur_time());
    then.occurred_is_said = true;
  }
  std::string contact = command.contact();
  if (command.resolution() == v1::NEW_CONTACT) {
    KITH_ASSIGN_OR_RETURN(contact, AssumeContact(load, facts, context));
  } else {
    KITH_ASSIGN_OR_RETURN(const auto filled, AssumeFilled(load, contact, facts, context));
    KITH_RETURN_IF_ERROR(TellRest(load, contact, filled, context, review.person(), happened));
  }
  KITH_ASSIGN_OR_RETURN(const std::string interaction,
                        AssumeInteraction(load, contact, facts, then));
  return load.TakeAssumed().Add(Resolved(review, command.resolution(), contact, interaction));
}

absl::Status CaptureCommands::Render(runtime::Rendering& after,
                                     const v1::ResolveCaptureReviewRequest& command,
                                     v1::CaptureReview* response) const {
  KITH_ASSIGN_OR_RETURN(const CaptureReviewState* const state,
                        after.Load<CaptureReviewAggregate>(command.name()));
  WriteReply(Rules(), state->resource, response);
  return absl::OkStatus();
}

}  // namespace kith::captures
