// gRPC as a carrier of calls: services made from their descriptors, without generated classes. The
// one place that knows gRPC's interface for generated code.
#pragma once

#include <memory>
#include <vector>

#include "grpcpp/impl/service_type.h"
#include "services/runtime/calls/late_calls.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/reflection.h"

namespace kith::runtime {

// A gRPC service for each service that has bound methods. Unary calls go by way of `late`. Borrows
// both, which outlive them.
std::vector<std::unique_ptr<grpc::Service>> NewGrpcServices(const MethodTable& methods,
                                                            LateCalls& late);

// gRPC's reflection service under one of its names; borrows `reflection`.
std::unique_ptr<grpc::Service> NewReflectionService(const char* name, const Reflection& reflection);

}  // namespace kith::runtime
