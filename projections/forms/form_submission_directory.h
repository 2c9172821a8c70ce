// The form submission directory: who sent which form, and when.
#pragma once

#include "kith/forms/v1/form_submission.pb.h"
#include "projections/forms/form_fold.h"
#include "projections/tables/resource_directory.h"

namespace kith::forms {

class FormSubmissionDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "form_submission_directory";

  // Beside every field. By index: form, contact, owner, create_time, each of the former with the
  // last.
  static const projections::Table<v1::FormSubmission>& FormSubmissions();

  FormSubmissionDirectory()
      : ResourceDirectory(kName, 1, "formSubmissions", FormSubmissions().core(), Fold) {}

 private:
  static StandardEvent Fold(const Happening& happening, google::protobuf::Message& submission) {
    return FoldFormSubmission(happening, static_cast<v1::FormSubmission&>(submission));
  }
};

}  // namespace kith::forms
