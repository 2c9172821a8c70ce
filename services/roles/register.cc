// Everything that roles bring to a server.
#include <memory>

#include "kith/roles/v1/roles_errors.pb.h"
#include "kith/roles/v1/roles_service.pb.h"
#include "projections/roles/role_directory.h"
#include "services/core/built_in_roles.h"
#include "services/roles/role.h"
#include "services/roles/role_fields.h"
#include "services/runtime/server_builder.h"

namespace kith::roles {

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<RoleAggregate>()
                             .NotFound(v1::ROLES_ERROR_ROLE_NOT_FOUND)
                             .Check(CheckFields)
                             .Authorise(MayMake)
                             .BuiltIn(BuiltInRoles(), v1::ROLES_ERROR_BUILT_IN)
                             .Build());
  return rules;
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<RoleAggregate, v1::GetRoleRequest>(Rules(), std::make_unique<RoleDirectory>());
}

}  // namespace kith::roles
