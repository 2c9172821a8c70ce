#include "projections/engine/view_errors.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::projections {
namespace {

// Long enough not to ask for nothing, short enough to notice when it went quicker.
google::rpc::RetryInfo RetryIn(absl::Duration delay) {
  google::rpc::RetryInfo retry;
  const absl::Duration bounded = std::clamp(delay, absl::Seconds(1), absl::Seconds(30));
  retry.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(bounded));
  return retry;
}

}  // namespace

absl::Status ViewBehind(absl::string_view view) {
  return Error(type::v1::ERROR_VIEW_BEHIND,
               absl::StrCat("The read model ", view, " did not get there in time. Try again."),
               {{"view", std::string(view)}}, RetryIn(absl::Seconds(1)));
}

absl::Status ViewBuilding(absl::string_view view, const BuildProgress& progress) {
  ErrorMetadata metadata = {{"view", std::string(view)},
                            {"percent", absl::StrCat(progress.percent)}};
  const absl::Duration left = progress.left.value_or(absl::Seconds(1));
  if (progress.left.has_value()) {
    metadata.emplace_back("seconds_left", absl::StrCat(absl::ToInt64Seconds(left)));
  }
  return Error(
      type::v1::ERROR_VIEW_BUILDING,
      absl::StrCat("The read model ", view, " is being built, ", progress.Text(), ". Try again."),
      metadata, RetryIn(left));
}

absl::Status ViewStopped(absl::string_view view, absl::Duration retry) {
  return Error(type::v1::ERROR_VIEW_STOPPED,
               absl::StrCat("The read model ", view,
                            " stands still after an error. The server tries again by itself."),
               {{"view", std::string(view)}}, RetryIn(retry));
}

absl::Status ShuttingDown() {
  return Error(type::v1::ERROR_SHUTTING_DOWN, "The server is shutting down.");
}

}  // namespace kith::projections
