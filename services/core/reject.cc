#include "services/core/reject.h"

#include "absl/strings/str_cat.h"

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
    absl::StrAppend(&summary, told++ == 0 ? "" : "; ", violation.field(),
                    violation.field().empty() ? "" : " ", violation.description());
  }
  return summary;
}

absl::Status RejectFields(const google::rpc::BadRequest& request) {
  if (request.field_violations().empty()) return absl::OkStatus();
  return Error(type::v1::ERROR_INVALID_FIELD,
               absl::StrCat("Invalid request: ", Summary(request), "."), {}, request);
}

}  // namespace kith
