// The form, and what is sent with it: their rules, their folds, and the commands of their own that
// need nothing else.
//
// Pure: see services/core/decider.h.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kith/forms/v1/form.pb.h"
#include "kith/forms/v1/form_events.pb.h"
#include "kith/forms/v1/form_submission.pb.h"
#include "kith/forms/v1/form_submission_events.pb.h"
#include "kith/forms/v1/forms_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/resource_rules.h"

namespace kith::forms {

struct FormAggregate {
  struct State : ResourceState<v1::Form> {};
  using Resource = v1::Form;
  using Event = v1::FormEvent;
  static constexpr absl::string_view kCategory = "forms";
};
using FormNow = FormAggregate::State;
FormNow Evolve(FormNow state, const Recorded<v1::FormEvent>& recorded);

struct SubmissionAggregate {
  struct State : ResourceState<v1::FormSubmission> {};
  using Resource = v1::FormSubmission;
  using Event = v1::FormSubmissionEvent;
  static constexpr absl::string_view kCategory = "formSubmissions";
};
using SubmissionNow = SubmissionAggregate::State;
SubmissionNow Evolve(SubmissionNow state, const Recorded<v1::FormSubmissionEvent>& recorded);

// How often forms were looked at: a stream of each form, "formTraffic/01J…", with the form's id.
inline constexpr absl::string_view kTraffic = "formTraffic";

const ResourceRules& FormRules();
const ResourceRules& SubmissionRules();

// FORMS_ERROR_FORM_NOT_FOUND; ERROR_ETAG_MISMATCH; ERROR_INVALID_FIELD where nothing in it says who
// somebody is.
Decision Decide(const FormNow& state, const v1::PublishFormRequest& command);
Decision Decide(const FormNow& state, const v1::UnpublishFormRequest& command);
// OK where the form is there and can be filled in; FORMS_ERROR_FORM_NOT_FOUND, _NOT_PUBLISHED.
absl::Status CheckOpen(const FormNow& state, absl::string_view name);
// FORMS_ERROR_COUNTS_BY_ITSELF where the caller is not the server's own port.
Decision Decide(const v1::CountFormTrafficRequest& command, const CommandContext& context);
// Whether it waits to be confirmed, or was: whoever looks at the page of its link and whoever
// confirms are told the same.
bool IsConfirmable(const SubmissionNow& state, absl::Time now);
// FORMS_ERROR_CONFIRMATION_INVALID where the time has passed, or nobody was asked.
Decision DecideConfirmed(const SubmissionNow& state, const CommandContext& context);

}  // namespace kith::forms
