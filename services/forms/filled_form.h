// FilledForm: what somebody filled in, read by the form: who they are, what happened, and what they
// agreed to. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/field_mask.pb.h"
#include "kith/captures/v1/captures_service.pb.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/forms/v1/form.pb.h"
#include "kith/forms/v1/form_submission.pb.h"
#include "kith/forms/v1/forms_service.pb.h"
#include "kith/interactions/v1/interaction.pb.h"
#include "kith/leads/v1/lead.pb.h"

namespace kith::forms {

inline constexpr size_t kInquiryBytesMax = 16'384;  // of a lead

// What was filled in for a field of the contact.
struct ContactValue {
  std::string label;
  std::string target;  // without "contact.": "emails", "custom.tier"
  std::string text;
  bool is_amount = false;  // then the text is one with its currency
};

struct FilledForm {
  // Of the person, and the interaction: a form submission, whose text has what maps to nothing, or
  // to the lead.
  captures::v1::CaptureInteractionRequest capture;
  leads::v1::Lead lead;                      // what maps to it
  std::vector<ContactValue> contact_values;  // in the form's order
  std::vector<v1::ConsentGiven> consents;    // in the form's order
};

// ERROR_INVALID_FIELD with all violations at once: "values.email", by the key of the field, and
// "consents.newsletter". Spaces around what was written do not count; a field that is not filled in
// is as one that is not there.
absl::StatusOr<FilledForm> ReadForm(const v1::Form& form, const v1::SubmitFormRequest& request);

// Has the interaction tell those contact values that the contact, as the submission leaves it, does
// not have, each in its text after its label; an amount in its amounts. What is `filled` of the
// contact by the submission, by the paths of an update, has its value in whatever form the contact
// keeps it. Numbers are read in `default_region`.
void TellLeftOut(const std::vector<ContactValue>& values, const contacts::v1::Contact& contact,
                 const google::protobuf::FieldMask& filled, absl::string_view default_region,
                 interactions::v1::Interaction& interaction);

}  // namespace kith::forms
