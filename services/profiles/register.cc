// Everything that profiles bring to a server: what they tell stands in their proto.
#include "kith/profiles/v1/profiles_service.pb.h"
#include "services/runtime/server_builder.h"

namespace kith::profiles {

void Register(runtime::ServerBuilder& server) {
  server.AddComposedRead<v1::GetContactProfileRequest>();
  server.AddComposedRead<v1::GetCompanyProfileRequest>();
}

}  // namespace kith::profiles
