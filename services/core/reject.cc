#include "services/core/reject.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace kith {

std::string Summary(const google::rpc::BadRequest& request) {
  constexpr int kToldMax = 5;
  std::string summary;
  int told = 0;
  for (const google::rpc::BadRequest::FieldViolation& violation : request.field_violations()) {
    if (told == kToldMax) {
      absl::StrAppend(&summary, "; and ", request.field_violations_size() - told, " more");
      break;
    }
    // What is a sentence of its own stands behind a colon, and the whole ends in one full stop.
    absl::string_view what = violation.description();
    const bool is_sentence = absl::ConsumeSuffix(&what, ".");
    const absl::string_view gap = violation.field().empty() ? "" : is_sentence ? ": " : " ";
    absl::StrAppend(&summary, told++ == 0 ? "" : "; ", violation.field(), gap, what);
  }
  return summary;
}

absl::Status RejectFields(const google::rpc::BadRequest& request) {
  if (request.field_violations().empty()) return absl::OkStatus();
  return Error(type::v1::ERROR_INVALID_FIELD,
               absl::StrCat("Invalid request: ", Summary(request), "."), {}, request);
}

}  // namespace kith
