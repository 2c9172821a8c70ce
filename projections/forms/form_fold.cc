#include "projections/forms/form_fold.h"

#include "eventstore/base/proto_time.h"
#include "kith/forms/v1/form_events.pb.h"
#include "kith/forms/v1/form_submission_events.pb.h"

namespace kith::forms {

StandardEvent FoldForm(const Happening& happening, v1::Form& form) {
  const StandardEvent kind = FoldStandardEvent(happening, form);
  const auto& event = static_cast<const v1::FormEvent&>(happening.event);
  switch (event.event_case()) {
    case v1::FormEvent::kFormPublished:
      form.set_state(v1::PUBLISHED);
      *form.mutable_publish_time() = ToTimestamp(happening.occur_time);
      break;
    case v1::FormEvent::kFormUnpublished:
      form.set_state(v1::UNPUBLISHED);
      form.clear_publish_time();
      break;
    case v1::FormEvent::kFormCreated:
    case v1::FormEvent::kFormUpdated:
    case v1::FormEvent::kFormDeleted:
    case v1::FormEvent::kFormUndeleted:
    case v1::FormEvent::EVENT_NOT_SET:
      break;
  }
  return kind;
}

StandardEvent FoldFormSubmission(const Happening& happening, v1::FormSubmission& submission) {
  const StandardEvent kind = FoldStandardEvent(happening, submission);
  const auto& event = static_cast<const v1::FormSubmissionEvent&>(happening.event);
  switch (event.event_case()) {
    case v1::FormSubmissionEvent::kFormSubmissionConfirmed:
      submission.set_confirmation(v1::CONFIRMED);
      *submission.mutable_confirm_time() = ToTimestamp(happening.occur_time);
      break;
    case v1::FormSubmissionEvent::kFormSubmissionCreated:
    case v1::FormSubmissionEvent::kFormSubmissionUpdated:
    case v1::FormSubmissionEvent::kFormSubmissionDeleted:
    case v1::FormSubmissionEvent::kFormSubmissionUndeleted:
    case v1::FormSubmissionEvent::EVENT_NOT_SET:
      break;
  }
  return kind;
}

}  // namespace kith::forms
