// The form directory: which forms there are, and which of them have this name or this owner.
#pragma once

#include "kith/forms/v1/form.pb.h"
#include "projections/forms/form_fold.h"
#include "projections/tables/resource_directory.h"

namespace kith::forms {

class FormDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "form_directory";

  // Beside every field: the words of the name. By index: these, display_name, owner, create_time.
  // Names are compared by their normal forms.
  static const projections::Table<v1::Form>& Forms();

  FormDirectory() : ResourceDirectory(kName, 1, "forms", Forms().core(), Fold) {}

 private:
  static StandardEvent Fold(const Happening& happening, google::protobuf::Message& form) {
    return FoldForm(happening, static_cast<v1::Form&>(form));
  }
};

}  // namespace kith::forms
