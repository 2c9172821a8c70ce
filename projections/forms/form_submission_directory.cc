#include "projections/forms/form_submission_directory.h"

namespace kith::forms {

using projections::Table;
using projections::TableBuilder;

const Table<v1::FormSubmission>& FormSubmissionDirectory::FormSubmissions() {
  static const auto& table = *new Table<v1::FormSubmission>(
      TableBuilder<v1::FormSubmission>(1)
          .Key([](const v1::FormSubmission& submission) { return submission.name(); })
          .Field("form")
          .Field("contact")
          .Field("owner")
          .Field("create_time")
          .Index(1, {"create_time"})
          .Index(2, {"form", "create_time"})
          .Index(3, {"contact", "create_time"})
          .Index(4, {"owner", "create_time"})
          .Build());
  return table;
}

}  // namespace kith::forms
