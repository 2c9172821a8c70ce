#include "services/forms/form_commands.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "eventstore/base/failure.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/seal/token_sealer.h"
#include "google/rpc/error_details.pb.h"
#include "kith/assignment_rules/v1/assignment_rules_service.pb.h"
#include "kith/captures/v1/capture_review_events.pb.h"
#include "kith/captures/v1/captures_errors.pb.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/contacts/v1/contacts_errors.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/forms/v1/form_submissions_service.pb.h"
#include "kith/forms/v1/forms_errors.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "kith/leads/v1/leads_errors.pb.h"
#include "kith/leads/v1/leads_service.pb.h"
#include "kith/messages/v1/messages_service.pb.h"
#include "kith/users/v1/users_errors.pb.h"
#include "kith/visitors/v1/visitor_events.pb.h"
#include "kith/visitors/v1/visitors_errors.pb.h"
#include "kith/visitors/v1/visitors_service.pb.h"
#include "services/core/consents.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/core/resource_rules.h"
#include "services/core/touch.h"
#include "services/forms/form_fields.h"
#include "services/runtime/calls/part_command.h"

namespace kith::forms {
namespace {

constexpr absl::string_view kPublicForm = "forms.public";
constexpr absl::string_view kConfirmation = "forms.confirmation";
constexpr int kLifetimeHoursDefault = 72;

// Who looks after the contact, is all that is asked of it.
struct ContactAggregate : ResourceAggregate<contacts::v1::Contact, contacts::v1::ContactEvent> {
  static constexpr absl::string_view kCategory = "contacts";
};

// A visitor: who it is, and how they came to our pages first.
struct VisitorNow : ResourceState<visitors::v1::Visitor> {};
struct VisitorAggregate {
  using Resource = visitors::v1::Visitor;
  using State = VisitorNow;
  using Event = visitors::v1::VisitorEvent;
  static constexpr absl::string_view kCategory = "visitors";
};
VisitorNow Evolve(VisitorNow state, const Recorded<visitors::v1::VisitorEvent>& recorded) {
  visitors::v1::Visitor& visitor = state.resource;
  state.lifecycle = FoldResource(recorded, state.lifecycle, visitor);
  const visitors::v1::VisitorPagesViewed& viewed = recorded.event.visitor_pages_viewed();
  const bool is_first = viewed.has_touch() && (!visitor.has_first_touch() ||
                                               FromTimestamp(viewed.touch().time()) <
                                                   FromTimestamp(visitor.first_touch().time()));
  if (is_first) *visitor.mutable_first_touch() = viewed.touch();
  if (recorded.event.has_visitor_identified()) {
    const visitors::v1::VisitorIdentified& identified = recorded.event.visitor_identified();
    visitor.set_contact(identified.contact());
    // What was there before was somebody else's.
    if (!identified.previous_contact().empty()) visitor.clear_first_touch();
  }
  return state;
}

// Whether both name one contact, which has several names where others were merged into it.
absl::StatusOr<bool> IsSamePerson(runtime::Loader& load, const std::string& one,
                                  const std::string& other) {
  if (one == other) return true;
  if (one.empty() || other.empty()) return false;
  KITH_ASSIGN_OR_RETURN(const auto* const first, load.Load<ContactAggregate>(one));
  KITH_ASSIGN_OR_RETURN(const auto* const second, load.Load<ContactAggregate>(other));
  const std::string& name = first->resource.name();
  return !name.empty() && name == second->resource.name();
}

// What a capture made.
v1::FormSubmission MadeBy(const Changes& changes) {
  v1::FormSubmission made;
  made.set_outcome(captures::v1::CAPTURE_MATCHED);
  for (const Change& change : changes.list()) {
    const google::protobuf::Message& event = *change.event;
    if (google::protobuf::DynamicCastToGenerated<captures::v1::CaptureReviewEvent>(&event)) {
      made.set_outcome(captures::v1::CAPTURE_AMBIGUOUS);
      made.set_capture_review(change.stream);
    } else if (const auto* const interaction =
                   google::protobuf::DynamicCastToGenerated<interactions::v1::InteractionEvent>(
                       &event)) {
      made.set_interaction(interaction->interaction_recorded().name());
      made.set_contact(std::string(ParentOf(made.interaction())));
    } else if (const auto* const contact =
                   google::protobuf::DynamicCastToGenerated<contacts::v1::ContactEvent>(&event)) {
      if (contact->has_contact_created()) made.set_outcome(captures::v1::CAPTURE_CREATED);
    }
  }
  return made;
}

Changes ChangesOf(std::vector<Change> list) {
  Changes changes;
  for (Change& change : list) changes = std::move(changes).Add(std::move(change));
  return changes;
}

// What a capture changes of the contact, which may be asked for by the name of one that was merged
// into it.
google::protobuf::FieldMask FilledIn(const std::vector<Change>& changes) {
  google::protobuf::FieldMask filled;
  for (const Change& change : changes) {
    const auto* const event =
        google::protobuf::DynamicCastToGenerated<contacts::v1::ContactEvent>(change.event.get());
    if (event != nullptr) filled.MergeFrom(event->contact_updated().update_mask());
  }
  return filled;
}

// Where a capture, or the lead, has what a field maps to: "person.emails" of "contact.emails", and
// of "contact.custom.tier" "person.custom["tier"]".
std::string PathOfTarget(absl::string_view target) {
  absl::string_view record = "person.";
  if (absl::ConsumePrefix(&target, "lead.")) {
    record = "lead.";
  } else if (!absl::ConsumePrefix(&target, "contact.")) {
    return std::string(target);
  }
  const size_t dot = target.find('.');
  if (dot == absl::string_view::npos) return absl::StrCat(record, target);
  return absl::StrCat(record, target.substr(0, dot), "[\"", target.substr(dot + 1), "\"]");
}

// "values.email", of "person.emails[0].address"; another path stays as it is.
std::string FieldOfPath(const v1::Form& form, absl::string_view path) {
  for (const v1::FormField& field : form.fields()) {
    absl::string_view rest = path;
    if (field.maps_to().empty() || !absl::ConsumePrefix(&rest, PathOfTarget(field.maps_to()))) {
      continue;
    }
    if (rest.empty() || rest[0] == '.' || rest[0] == '[') {
      return absl::StrCat("values.", field.key());
    }
  }
  return std::string(path);
}

// A refusal of what was made of the form's values, told of these.
absl::Status ErrorOfForm(const absl::Status& status, const v1::Form& form) {
  std::optional<google::rpc::Status> wire = WireError(status);
  if (!wire.has_value()) return status;
  google::rpc::BadRequest violations;
  for (google::protobuf::Any& detail : *wire->mutable_details()) {
    if (!detail.UnpackTo(&violations)) continue;
    for (auto& violation : *violations.mutable_field_violations()) {
      violation.set_field(FieldOfPath(form, violation.field()));
    }
    detail.PackFrom(violations);
    wire->set_message(absl::StrCat("Invalid request: ", Summary(violations), "."));
  }
  return ErrorOfWire(*wire);
}

// Whether it tells of the form's values, which who sent them can mend.
bool IsOfValues(const absl::Status& status) {
  const std::optional<google::rpc::Status> wire = WireError(status);
  if (!wire.has_value()) return false;
  google::rpc::BadRequest violations;
  for (const google::protobuf::Any& detail : wire->details()) {
    if (!detail.UnpackTo(&violations)) continue;
    for (const auto& violation : violations.field_violations()) {
      if (absl::StartsWith(violation.field(), "values.")) return true;
    }
  }
  return false;
}

// How who was on this page found it, as its address says.
leads::v1::LeadTouch TouchBy(absl::string_view page_url, absl::Time time) {
  leads::v1::LeadTouch touch;
  touch.set_source(leads::v1::WEB_FORM);
  *touch.mutable_time() = ToTimestamp(time);
  SetCampaign(page_url, touch);
  return touch;
}

// The lead that was captured, as it says itself who it is.
leads::v1::Lead LeadOf(const FilledForm& filled) {
  const contacts::v1::Contact& person = filled.capture.person();
  leads::v1::Lead lead = filled.lead;
  lead.set_first_name(person.first_name());
  lead.set_last_name(person.last_name());
  if (!person.emails().empty()) lead.set_email(person.emails(0).address());
  if (!person.phones().empty()) lead.set_phone(person.phones(0).raw());
  lead.set_job_title(person.job_title());
  lead.set_company_name(person.company_name());
  if (lead.source() == leads::v1::LEAD_SOURCE_UNSPECIFIED) lead.set_source(leads::v1::WEB_FORM);
  // The interaction has all of it, also where it is more than a lead takes.
  const std::string& body = filled.capture.interaction().body();
  if (lead.inquiry().empty() && body.size() <= kInquiryBytesMax) lead.set_inquiry(body);
  return lead;
}

// Whether what was refused is decided again. That the day's messages are used up is none of that:
// what somebody sent is not lost for it.
bool MayBeOtherwise(const runtime::Loader& load, const absl::Status& refused) {
  return load.would_block() || IsOfTheMoment(refused);
}

// Whom the form says looks after it is not there any more, or was deactivated: then nobody does,
// and what was sent is not lost.
bool IsOfNobody(const absl::Status& status) {
  return IsError(status, users::v1::USERS_ERROR_USER_INACTIVE) ||
         IsError(status, contacts::v1::CONTACTS_ERROR_LINKED_RECORD_NOT_FOUND) ||
         IsError(status, leads::v1::LEADS_ERROR_LINKED_RECORD_NOT_FOUND) ||
         IsError(status, captures::v1::CAPTURES_ERROR_LINKED_RECORD_NOT_FOUND) ||
         IsError(status, v1::FORMS_ERROR_LINKED_RECORD_NOT_FOUND);
}

}  // namespace

std::string PublicIdOf(const eventstore::TokenSealer& sealer, WorkspaceId workspace,
                       absl::string_view form) {
  return runtime::SealName(sealer, kPublicForm, workspace, form);
}

std::string ConfirmationTokenOf(const eventstore::TokenSealer& sealer, WorkspaceId workspace,
                                absl::string_view submission) {
  return runtime::SealName(sealer, kConfirmation, workspace, submission);
}

std::optional<runtime::PublicName> FormOfPublicId(const eventstore::TokenSealer& sealer,
                                                  absl::string_view public_id) {
  return runtime::OpenName(sealer, kPublicForm, FormAggregate::kCategory, public_id);
}

std::optional<runtime::PublicName> SubmissionOfToken(const eventstore::TokenSealer& sealer,
                                                     absl::string_view token) {
  return runtime::OpenName(sealer, kConfirmation, SubmissionAggregate::kCategory, token);
}

Decision FormCommands::Run(runtime::Loader& load, const v1::SubmitFormRequest& command,
                           const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const FormNow* const state, load.Load<FormAggregate>(command.name()));
  KITH_RETURN_IF_ERROR(CheckOpen(*state, command.name()));
  const v1::Form form = state->resource;
  KITH_ASSIGN_OR_RETURN(FilledForm filled, ReadForm(form, command));
  KITH_RETURN_IF_ERROR(AssumeAll(load, form, std::move(filled), command, context));
  return load.TakeAssumed();
}

absl::StatusOr<v1::FormSubmission> FormCommands::AssumeCaptured(
    runtime::Loader& load, const v1::Form& form, FilledForm& filled,
    const CommandContext& context) const {
  Decision captured = runtime::DecidePart(methods_, load, filled.capture, context);
  if (IsOfNobody(captured.status())) {
    filled.capture.mutable_person()->clear_owner();
    captured = runtime::DecidePart(methods_, load, filled.capture, context);
  }
  if (!captured.ok()) return ErrorOfForm(captured.status(), form);
  v1::FormSubmission made = MadeBy(*captured);
  std::vector<Change> changes = std::move(*captured).TakeList();
  if (made.outcome() == captures::v1::CAPTURE_CREATED) {
    for (Change& change : changes) {
      if (change.stream == made.contact()) change.occurred = context.occurred;
    }
  }
  if (made.outcome() != captures::v1::CAPTURE_MATCHED) {
    load.Assume(ChangesOf(std::move(changes)), context);
    return made;
  }
  // The interaction, which comes last, tells what the contact is seen not to take before it.
  Change recorded = std::move(changes.back());
  changes.pop_back();
  const google::protobuf::FieldMask taken = FilledIn(changes);
  load.Assume(ChangesOf(std::move(changes)), context);
  KITH_ASSIGN_OR_RETURN(const auto* const person, load.Load<ContactAggregate>(made.contact()));
  interactions::v1::Interaction& interaction = *filled.capture.mutable_interaction();
  const std::string body = interaction.body();
  TellLeftOut(filled.contact_values, person->resource, taken, context.settings.default_region,
              interaction);
  if (body == interaction.body()) {
    load.Assume(Changes().Add(std::move(recorded)), context);
    return made;
  }
  interactions::v1::RecordInteractionRequest record;
  record.set_parent(made.contact());
  *record.mutable_interaction() = interaction;
  Decision told = runtime::DecidePart(methods_, load, record, context);
  if (!told.ok()) return told.status();
  made.set_interaction(MadeBy(*told).interaction());
  load.Assume(*std::move(told), context);
  return made;
}

absl::Status FormCommands::AssumeAll(runtime::Loader& load, const v1::Form& form, FilledForm filled,
                                     const v1::SubmitFormRequest& command,
                                     const CommandContext& context) const {
  v1::CreateFormSubmissionRequest create;
  v1::FormSubmission& submission = *create.mutable_form_submission();
  KITH_ASSIGN_OR_RETURN(submission, AssumeCaptured(load, form, filled, context));
  KITH_ASSIGN_OR_RETURN(const leads::v1::LeadTouch first_touch,
                        AssumeVisitor(load, form, command, submission, context));
  if (submission.outcome() == captures::v1::CAPTURE_CREATED) {
    KITH_RETURN_IF_ERROR(AssumeAssigned(load, form, submission.contact(), context));
  }
  if (form.creates_lead()) {
    KITH_ASSIGN_OR_RETURN(
        *submission.mutable_lead(),
        AssumeLead(load, form, filled, command, first_touch, submission.contact(), context));
    // The rule may be one of leads.
    if (!submission.lead().empty()) {
      KITH_RETURN_IF_ERROR(AssumeAssigned(load, form, submission.lead(), context));
    }
  }

  submission.set_form(form.name());
  submission.set_form_etag(form.etag());
  submission.set_owner(form.owner());
  submission.set_page_url(command.page_url());
  for (const v1::ConsentGiven& consent : filled.consents) *submission.add_consents() = consent;
  const bool is_to_be_confirmed = !form.confirmation_mail().subject().empty();
  bool is_asked = is_to_be_confirmed && !submission.contact().empty();
  if (is_asked) {
    const Decision mail = DecideMail(load, form, submission.contact(), form.public_url(), context);
    if (!mail.ok() && MayBeOtherwise(load, mail.status())) return mail.status();
    is_asked = mail.ok();
  }
  if (is_asked) {
    const int hours = form.confirmation_mail().lifetime_hours();
    *submission.mutable_confirmation_expire_time() =
        ToTimestamp(context.now + absl::Hours(hours == 0 ? kLifetimeHoursDefault : hours));
  }
  Decision created = runtime::DecidePart(methods_, load, create, context);
  if (IsOfNobody(created.status())) {
    submission.clear_owner();
    created = runtime::DecidePart(methods_, load, create, context);
  }
  if (!created.ok()) return created.status();
  const std::string name = created->list().front().stream;
  load.Assume(*std::move(created), context);
  if (!is_to_be_confirmed) return AssumeConsents(load, submission, false, context);
  if (!is_asked) return absl::OkStatus();
  const std::string link =
      absl::StrCat(absl::StripSuffix(form.public_url(), "/"), "/f/confirm/",
                   ConfirmationTokenOf(runtime_.log.token_sealer(), context.workspace, name));
  Decision mail = DecideMail(load, form, submission.contact(), link, context);
  if (!mail.ok()) return mail.status();
  load.Assume(*std::move(mail), context);
  return absl::OkStatus();
}

absl::StatusOr<leads::v1::LeadTouch> FormCommands::AssumeVisitor(
    runtime::Loader& load, const v1::Form& form, const v1::SubmitFormRequest& command,
    v1::FormSubmission& submission, const CommandContext& context) const {
  if (command.visitor().empty()) return leads::v1::LeadTouch();
  KITH_ASSIGN_OR_RETURN(const VisitorNow* const visitor,
                        load.Load<VisitorAggregate>(command.visitor()));
  if (visitor->lifecycle != Lifecycle::kActive) return leads::v1::LeadTouch();
  submission.set_visitor(command.visitor());
  const std::string known_as = visitor->resource.contact();
  KITH_ASSIGN_OR_RETURN(const bool is_same, IsSamePerson(load, known_as, submission.contact()));
  const bool is_theirs = known_as.empty() || is_same;
  leads::v1::LeadTouch first_touch =
      is_theirs ? visitor->resource.first_touch() : leads::v1::LeadTouch();
  // Whoever is asked to confirm may be somebody else: it is not said before they have.
  const bool is_asked = !form.confirmation_mail().subject().empty();
  if (!is_asked) {
    KITH_RETURN_IF_ERROR(AssumeIdentified(load, command.visitor(), submission.contact(), context));
  }
  // It was sent before that, and is told late.
  if (FromTimestamp(first_touch.time()) > context.occurred) first_touch.Clear();
  return first_touch;
}

absl::Status FormCommands::AssumeConsents(runtime::Loader& load,
                                          const v1::FormSubmission& submission, bool is_confirmed,
                                          const CommandContext& context) const {
  if (submission.contact().empty() || submission.consents().empty()) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const auto* const person,
                        load.Load<ContactAggregate>(submission.contact()));
  const bool is_there = person->lifecycle == Lifecycle::kActive && !person->resource.erased();
  if (!is_there) return absl::OkStatus();
  contacts::v1::UpdateContactRequest update;
  update.mutable_contact()->set_name(submission.contact());
  update.mutable_update_mask()->add_paths("consents");
  auto& consents = *update.mutable_contact()->mutable_consents();
  consents = person->resource.consents();
  for (const v1::ConsentGiven& agreed : submission.consents()) {
    contacts::v1::Consent consent;
    consent.set_purpose(agreed.key());
    consent.set_channel(agreed.channel());
    consent.set_state(contacts::v1::GIVEN);
    consent.set_source(submission.form());
    consent.set_text_version(agreed.version());
    *consent.mutable_time() = ToTimestamp(context.occurred);
    const bool is_refused = std::any_of(consents.begin(), consents.end(), [&](const auto& one) {
      return ConsentKey(one) == ConsentKey(consent) && IsRefusal(one);
    });
    if (is_confirmed || !is_refused) PutConsent(std::move(consent), consents);
  }
  Decision agreed = runtime::DecidePart(methods_, load, update, context);
  if (agreed.ok()) {
    load.Assume(*std::move(agreed), context);
    return absl::OkStatus();
  }
  // What somebody sent is not lost for it.
  return MayBeOtherwise(load, agreed.status()) ? agreed.status() : absl::OkStatus();
}

absl::Status FormCommands::AssumeIdentified(runtime::Loader& load, const std::string& visitor,
                                            const std::string& contact,
                                            const CommandContext& context) const {
  if (visitor.empty() || contact.empty()) return absl::OkStatus();
  visitors::v1::IdentifyVisitorRequest identify;
  identify.set_name(visitor);
  identify.set_contact(contact);
  Decision identified = runtime::DecidePart(methods_, load, identify, context);
  if (identified.ok()) {
    load.Assume(*std::move(identified), context);
    return absl::OkStatus();
  }
  // What somebody sent is not lost for it.
  return MayBeOtherwise(load, identified.status()) ? identified.status() : absl::OkStatus();
}

absl::Status FormCommands::AssumeAssigned(runtime::Loader& load, const v1::Form& form,
                                          const std::string& record,
                                          const CommandContext& context) const {
  if (form.assignment_rule().empty()) return absl::OkStatus();
  assignment_rules::v1::AssignRecordRequest assign;
  assign.set_rule(form.assignment_rule());
  assign.set_record(record);
  Decision assigned = runtime::DecidePart(methods_, load, assign, context);
  if (assigned.ok()) {
    load.Assume(*std::move(assigned), context);
    return absl::OkStatus();
  }
  // What somebody sent is not lost for want of somebody to look after it.
  return MayBeOtherwise(load, assigned.status()) ? assigned.status() : absl::OkStatus();
}

absl::StatusOr<std::string> FormCommands::AssumeLead(runtime::Loader& load, const v1::Form& form,
                                                     const FilledForm& filled,
                                                     const v1::SubmitFormRequest& command,
                                                     const leads::v1::LeadTouch& first_touch,
                                                     const std::string& contact,
                                                     const CommandContext& context) const {
  leads::v1::CreateLeadRequest create;
  leads::v1::Lead& lead = *create.mutable_lead();
  lead = LeadOf(filled);
  *lead.mutable_tags() = form.contact_tags();
  *lead.mutable_latest_touch() = TouchBy(command.page_url(), context.occurred);
  *lead.mutable_first_touch() = first_touch.has_time() ? first_touch : lead.latest_touch();
  if (contact.empty()) {
    lead.set_owner(form.contact_owner());
  } else {
    KITH_ASSIGN_OR_RETURN(const auto* const person, load.Load<ContactAggregate>(contact));
    for (const char* const field : {"first_name", "last_name", "email", "phone", "job_title"}) {
      lead.GetReflection()->ClearField(&lead, lead.GetDescriptor()->FindFieldByName(field));
    }
    lead.set_contact(contact);
    lead.set_owner(person->resource.owner());
  }
  Decision created = runtime::DecidePart(methods_, load, create, context);
  if (IsOfNobody(created.status())) {
    lead.clear_owner();
    created = runtime::DecidePart(methods_, load, create, context);
  }
  if (created.ok()) {
    std::string name = created->list().front().stream;
    load.Assume(*std::move(created), context);
    return name;
  }
  if (MayBeOtherwise(load, created.status())) return created.status();
  absl::Status told = ErrorOfForm(created.status(), form);
  if (IsOfValues(told)) return told;
  return "";  // what somebody sent is not lost for want of a lead
}

Decision FormCommands::DecideMail(runtime::Loader& load, const v1::Form& form,
                                  const std::string& contact, absl::string_view link,
                                  const CommandContext& context) const {
  messages::v1::SendMessageRequest send;
  send.set_contact(contact);
  send.set_channel(messages::v1::EMAIL);
  send.set_transactional(true);
  send.set_subject(form.confirmation_mail().subject());
  send.set_text(absl::StrReplaceAll(form.confirmation_mail().text(), {{kLinkGap, link}}));
  return runtime::DecidePart(methods_, load, send, context);
}

absl::Status FormCommands::Render(runtime::Rendering& after, const v1::SubmitFormRequest&,
                                  v1::FormSubmission* response) const {
  KITH_ASSIGN_OR_RETURN(const SubmissionNow* const state, after.LoadWritten<SubmissionAggregate>());
  WriteReply(SubmissionRules(), state->resource, response);
  return absl::OkStatus();
}

Decision FormCommands::Run(runtime::Loader& load, const v1::CountFormTrafficRequest& command,
                           const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const FormNow* const state, load.Load<FormAggregate>(command.name()));
  if (state->lifecycle == Lifecycle::kAbsent) return ResourceNotFound(FormRules(), command.name());
  return Decide(command, context);
}

Decision FormCommands::Run(runtime::Loader& load, const v1::ConfirmFormSubmissionRequest& command,
                           const CommandContext& context) const {
  const auto found = SubmissionOfToken(runtime_.log.token_sealer(), command.token());
  const bool is_ours = found.has_value() && found->workspace == context.workspace;
  if (!is_ours) return DecideConfirmed({}, context);
  KITH_ASSIGN_OR_RETURN(const SubmissionNow* const state,
                        load.Load<SubmissionAggregate>(found->name));
  Decision confirmed = DecideConfirmed(*state, context);
  if (!confirmed.ok() || confirmed->empty()) return confirmed;
  const v1::FormSubmission submission = state->resource;
  load.Assume(*std::move(confirmed), context);
  KITH_RETURN_IF_ERROR(AssumeIdentified(load, submission.visitor(), submission.contact(), context));
  KITH_RETURN_IF_ERROR(AssumeConsents(load, submission, true, context));
  return load.TakeAssumed();
}

absl::Status FormCommands::Render(runtime::Rendering& after,
                                  const v1::ConfirmFormSubmissionRequest& command,
                                  v1::FormSubmission* response) const {
  const auto found = SubmissionOfToken(runtime_.log.token_sealer(), command.token());
  KITH_CHECK(found.has_value());
  KITH_ASSIGN_OR_RETURN(const SubmissionNow* const state,
                        after.Load<SubmissionAggregate>(found->name));
  WriteReply(SubmissionRules(), state->resource, response);
  return absl::OkStatus();
}

}  // namespace kith::forms
