#include "services/forms/form.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "kith/forms/v1/forms_errors.pb.h"
#include "projections/forms/form_fold.h"
#include "services/core/by_itself.h"
#include "services/core/check_as_seen.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/forms/form_fields.h"

namespace kith::forms {
namespace {

// Whoever is asked to confirm is waited for.
void CompleteSubmission(const v1::FormSubmission& before, const Settings&,
                        v1::FormSubmission& after) {
  if (before.name().empty() && after.has_confirmation_expire_time()) {
    after.set_confirmation(v1::WAITING);
  }
}

absl::Status CheckSubmission(const v1::FormSubmission& submission) {
  google::rpc::BadRequest violations;
  std::vector<std::string> keys;
  for (const v1::ConsentGiven& consent : submission.consents()) keys.push_back(consent.key());
  AddRepeats("form_submission.consents", keys, violations);
  return RejectFields(violations);
}

}  // namespace

FormNow Evolve(FormNow state, const Recorded<v1::FormEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldForm);
  return state;
}

SubmissionNow Evolve(SubmissionNow state, const Recorded<v1::FormSubmissionEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldFormSubmission);
  return state;
}

const ResourceRules& FormRules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<FormAggregate>()
                             .NotFound(v1::FORMS_ERROR_FORM_NOT_FOUND)
                             .LinkNotFound(v1::FORMS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .OwnedByCreator()
                             .Complete(CompleteFields)
                             .Check(CheckFields)
                             .FoldedBy<FoldForm>()
                             .Build());
  return rules;
}

const ResourceRules& SubmissionRules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<SubmissionAggregate>()
                             .NotFound(v1::FORMS_ERROR_FORM_SUBMISSION_NOT_FOUND)
                             .LinkNotFound(v1::FORMS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .OwnedByCreator()
                             .Complete(CompleteSubmission)
                             .Check(CheckSubmission)
                             .FoldedBy<FoldFormSubmission>()
                             .Build());
  return rules;
}

Decision Decide(const FormNow& state, const v1::PublishFormRequest& command) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(FormRules(), state, command));
  if (state.resource.state() == v1::PUBLISHED) return NoChange();
  google::rpc::BadRequest violations;
  CheckPublishable(state.resource, violations);
  KITH_RETURN_IF_ERROR(RejectFields(violations));
  v1::FormEvent event;
  event.mutable_form_published()->set_name(command.name());
  return Changes().Append(command.name(), std::move(event));
}

Decision Decide(const FormNow& state, const v1::UnpublishFormRequest& command) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(FormRules(), state, command));
  if (state.resource.state() != v1::PUBLISHED) return NoChange();
  v1::FormEvent event;
  event.mutable_form_unpublished()->set_name(command.name());
  return Changes().Append(command.name(), std::move(event));
}

absl::Status CheckOpen(const FormNow& state, absl::string_view name) {
  if (state.lifecycle != Lifecycle::kActive) return ResourceNotFound(FormRules(), name);
  if (state.resource.state() == v1::PUBLISHED) return absl::OkStatus();
  return RejectState(v1::FORMS_ERROR_FORM_NOT_PUBLISHED,
                     "The form cannot be filled in. Publish it first.", name);
}

Decision Decide(const v1::CountFormTrafficRequest& command, const CommandContext& context) {
  if (!IsDoneByPolicy(context, "form_pages")) {
    return Reject(v1::FORMS_ERROR_COUNTS_BY_ITSELF,
                  "Kith counts by itself how often a form is looked at.");
  }
  v1::FormTrafficEvent event;
  v1::FormTrafficCounted& counted = *event.mutable_form_traffic_counted();
  counted.set_form(command.name());
  counted.set_views(command.views());
  counted.set_spam(command.spam());
  return Changes().Append(absl::StrCat(kTraffic, "/", IdOf(command.name())), std::move(event));
}

bool IsConfirmable(const SubmissionNow& state, absl::Time now) {
  const v1::FormSubmission& submission = state.resource;
  if (state.lifecycle != Lifecycle::kActive) return false;
  if (submission.confirmation() == v1::CONFIRMED) return true;
  return submission.confirmation() == v1::WAITING &&
         now < FromTimestamp(submission.confirmation_expire_time());
}

Decision DecideConfirmed(const SubmissionNow& state, const CommandContext& context) {
  const v1::FormSubmission& submission = state.resource;
  if (!IsConfirmable(state, context.now)) {
    return Reject(v1::FORMS_ERROR_CONFIRMATION_INVALID,
                  "Nothing waits to be confirmed by this. Send the form again.");
  }
  if (submission.confirmation() == v1::CONFIRMED) return NoChange();
  v1::FormSubmissionEvent event;
  event.mutable_form_submission_confirmed()->set_name(submission.name());
  event.mutable_form_submission_confirmed()->set_form(submission.form());
  return Changes().Append(submission.name(), std::move(event));
}

}  // namespace kith::forms
