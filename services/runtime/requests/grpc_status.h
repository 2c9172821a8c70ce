// The one place where a failing gRPC status is made.
#pragma once

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/grpcpp.h"

namespace kith::runtime {

// What the wire says of a status: for one made by kith::Error its own words and details; for any
// other the generic error of its code, so that no internal text leaves the process. A status that
// is neither is ERROR_INTERNAL with google.rpc.RequestInfo naming `request_id`, which the server's
// log has too.
google::rpc::Status WireStatus(const absl::Status& status, absl::string_view request_id);

// The same as a gRPC status, the google.rpc.Status being the trailing metadata
// "grpc-status-details-bin".
grpc::Status GrpcStatus(const absl::Status& status, absl::string_view request_id);

}  // namespace kith::runtime
