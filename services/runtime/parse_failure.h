// A request that does not parse, for example because a string in it is not UTF-8, never reaches a
// handler: gRPC answers UNIMPLEMENTED for it. This interceptor answers what it is:
// ERROR_INVALID_FIELD.
#pragma once

#include <memory>

#include "grpcpp/support/server_interceptor.h"

namespace kith::runtime {

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
NewParseFailureInterceptors();

}  // namespace kith::runtime
