#include "projections/tables/page_limits.h"

#include <algorithm>

#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::projections {

absl::StatusOr<size_t> PageSizeOf(int asked) {
  if (asked < 0) {
    return Error(type::v1::ERROR_INVALID_FIELD, "page_size must not be negative.",
                 {{"field", "page_size"}});
  }
  return asked == 0 ? kPageSizeDefault : std::min(asked, kPageSizeMax);
}

}  // namespace kith::projections
