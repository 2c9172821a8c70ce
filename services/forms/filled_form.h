// FilledForm: what somebody filled in, read by the form: who they are, what happened, and what they
// agreed to. Pure; any thread.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "kith/captures/v1/captures_service.pb.h"
#include "kith/forms/v1/form.pb.h"
#include "kith/forms/v1/form_submission.pb.h"
#include "kith/forms/v1/forms_service.pb.h"

namespace kith::forms {

struct FilledForm {
  // Of the person, and the interaction: a form submission, whose text has what maps to nothing.
  captures::v1::CaptureInteractionRequest capture;
  std::vector<v1::ConsentGiven> consents;  // in the form's order
};

// ERROR_INVALID_FIELD with all violations at once: "values.email", by the key of the field, and
// "consents.newsletter". Spaces around what was written do not count; a field that is not filled in
// is as one that is not there.
absl::StatusOr<FilledForm> ReadForm(const v1::Form& form, const v1::SubmitFormRequest& request);

}  // namespace kith::forms
