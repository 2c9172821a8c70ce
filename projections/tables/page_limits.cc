#include "projections/tables/page_limits.h"

#include <algorithm>

#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::projections {

absl::StatusOr<size_t> PageSizeOf(int asked) {
  if (asked < 0) {
    google::rpc::BadRequest request;
    google::rpc::BadRequest::FieldViolation& violation = *request.add_field_violations();
    violation.set_field("page_size");
    violation.set_description("must not be negative");
    return Error(type::v1::ERROR_INVALID_FIELD, "Invalid request: page_size must not be negative.",
                 {}, request);
  }
  return asked == 0 ? kPageSizeDefault : std::min(asked, kPageSizeMax);
}

}  // namespace kith::projections
