#include "services/runtime/requests/grpc_status.h"

#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/requests/retry.h"

namespace kith::runtime {
namespace {

constexpr absl::Duration kRetryDelay = absl::Seconds(1);

// The error that stands for a status which says no more than its code.
absl::Status GenericError(const absl::Status& status, absl::string_view request_id) {
  switch (status.code()) {
    case absl::StatusCode::kDataLoss:
      return Error(type::v1::ERROR_DATA_LOSS,
                   "A record of the log is damaged. The operator's log has more.");
    case absl::StatusCode::kUnavailable:
      return Error(type::v1::ERROR_SHUTTING_DOWN, "The server cannot answer now. Try again.", {},
                   RetryAfter(kRetryDelay));
    case absl::StatusCode::kResourceExhausted: {
      google::rpc::QuotaFailure quota;
      auto* violation = quota.add_violations();
      violation->set_subject("server");
      violation->set_description("The server takes in no more for now.");
      return Error(type::v1::ERROR_LIMIT_REACHED, "The server is busy. Try again.", {}, quota,
                   RetryAfter(kRetryDelay));
    }
    case absl::StatusCode::kDeadlineExceeded:
      return Error(type::v1::ERROR_DEADLINE_EXCEEDED, "The deadline passed.");
    default: {
      google::rpc::RequestInfo info;
      info.set_request_id(std::string(request_id));
      return Error(type::v1::ERROR_INTERNAL, "Something went wrong in the server.", {}, info);
    }
  }
}

}  // namespace

google::rpc::Status WireStatus(const absl::Status& status, absl::string_view request_id) {
  if (status.ok()) return {};
  if (auto wire = WireError(status); wire.has_value()) return *std::move(wire);
  if (absl::IsCancelled(status)) {
    google::rpc::Status wire;
    wire.set_code(static_cast<int>(absl::StatusCode::kCancelled));
    wire.set_message("The call was cancelled.");
    return wire;
  }
  return *WireError(GenericError(status, request_id));
}

grpc::Status GrpcStatus(const absl::Status& status, absl::string_view request_id) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status wire = WireStatus(status, request_id);
  return grpc::Status(static_cast<grpc::StatusCode>(wire.code()), wire.message(),
                      wire.SerializeAsString());
}

}  // namespace kith::runtime
