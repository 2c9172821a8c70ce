// The fold of a form's events: that of its row and of the state that commands are decided on.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/forms/v1/form.pb.h"
#include "kith/forms/v1/form_submission.pb.h"

namespace kith::forms {

// Pure; any thread. As FoldStandardEvent.
StandardEvent FoldForm(const Happening& happening, v1::Form& form);
StandardEvent FoldFormSubmission(const Happening& happening, v1::FormSubmission& submission);

}  // namespace kith::forms
