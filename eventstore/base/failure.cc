#include "eventstore/base/failure.h"

#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"

namespace kith {

std::string ReasonOf(const absl::Status& failure) {
  if (const auto wire = WireError(failure)) {
    google::rpc::ErrorInfo info;
    for (const auto& detail : wire->details()) {
      if (detail.UnpackTo(&info)) return info.reason();
    }
  }
  return absl::StatusCodeToString(failure.code());
}

bool IsOfTheMoment(const absl::Status& failure) {
  return absl::IsUnavailable(failure) || absl::IsDeadlineExceeded(failure);
}

bool MayPass(const absl::Status& failure) {
  return IsOfTheMoment(failure) || absl::IsAborted(failure) || absl::IsResourceExhausted(failure);
}

}  // namespace kith
