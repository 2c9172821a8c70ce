// Reflection: tells clients without protos what a server serves, in versions 1 and 1alpha of gRPC's
// reflection service, whose messages have the same bytes.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "grpc/reflection/v1/reflection.pb.h"

namespace kith::runtime {

// The two names under which it is asked.
inline constexpr char kReflectionV1[] = "grpc.reflection.v1.ServerReflection";
inline constexpr char kReflectionV1Alpha[] = "grpc.reflection.v1alpha.ServerReflection";
inline constexpr char kHealthService[] = "grpc.health.v1.Health";

// Immutable; any thread.
class Reflection {
 public:
  // `services` are full names; those of reflection and health are added.
  explicit Reflection(std::vector<std::string> services);

  grpc::reflection::v1::ServerReflectionResponse Answer(
      const grpc::reflection::v1::ServerReflectionRequest& request) const;

 private:
  std::vector<std::string> services_;      // sorted
  google::protobuf::DescriptorPool pool_;  // version 1alpha, above all that is generated
};

}  // namespace kith::runtime
