// Everything that users bring to a server.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "kith/roles/v1/role.pb.h"
#include "kith/teams/v1/team.pb.h"
#include "kith/users/v1/users_errors.pb.h"
#include "kith/users/v1/users_service.pb.h"
#include "projections/users/user_directory.h"
#include "projections/users/user_fold.h"
#include "services/core/reject.h"
#include "services/runtime/resources/not_there.h"
#include "services/runtime/server_builder.h"
#include "services/users/user.h"
#include "services/users/user_access.h"
#include "services/users/user_commands.h"
#include "services/users/user_fields.h"

namespace kith::users {
namespace {

using projections::DirectoryRows;
using projections::KeyRange;
using runtime::ReadContext;
using runtime::ReadKind;

absl::Status EmailTaken(const v1::User& holder, size_t) {
  return RejectTaken(v1::USERS_ERROR_EMAIL_TAKEN, "Another user has this e-mail address.", "user",
                     holder.name(), "user.email");
}

// The user's roles that are there, and the parents of all teams, at the position of the read.
absl::StatusOr<std::vector<roles::v1::Role>> RolesOf(const ReadContext& context,
                                                     const v1::User& user) {
  std::vector<roles::v1::Role> roles;
  for (const std::string& name : user.roles()) {
    KITH_ASSIGN_OR_RETURN(std::optional<roles::v1::Role> role,
                          DirectoryRows<roles::v1::Role>().Get(context.view(1), context.workspace(),
                                                               name, context.tier));
    if (role.has_value()) roles.push_back(*std::move(role));
  }
  return roles;
}

absl::StatusOr<TeamParents> TeamsOf(const ReadContext& context) {
  TeamParents parents;
  KITH_RETURN_IF_ERROR(DirectoryRows<teams::v1::Team>().Scan(
      context.view(2), context.workspace(), KeyRange::Prefix(""), [&](const teams::v1::Team& team) {
        parents[team.name()] = team.parent();
        return true;
      }));
  return parents;
}

absl::Status GetAccess(const runtime::MethodTable& methods, const ReadContext& context,
                       const v1::GetUserAccessRequest& request, v1::UserAccess* response) {
  KITH_ASSIGN_OR_RETURN(const std::optional<v1::User> user,
                        UserDirectory::Users().Get(context.view(0), context.workspace(),
                                                   request.name(), context.tier));
  if (!user.has_value()) {
    return runtime::NotThere(context, request.name(), ResourceNotFound(Rules(), request.name()));
  }
  KITH_ASSIGN_OR_RETURN(const std::vector<roles::v1::Role> roles, RolesOf(context, *user));
  KITH_ASSIGN_OR_RETURN(const TeamParents teams, TeamsOf(context));
  *response = AccessOf(*user, roles, teams, methods.Permissions());
  return absl::OkStatus();
}

void BindMethods(runtime::Runtime& runtime, runtime::MethodTable& methods) {
  const UserCommands commands(runtime);
  methods.Command<v1::DeactivateUserRequest, v1::User>(commands);
  methods.Command<v1::ActivateUserRequest, v1::User>(commands);
  methods.Command<v1::BatchChangeOwnerRequest, v1::BatchChangeOwnerResponse>(commands);
  methods.Read({UserDirectory::kName, "role_directory", "team_directory"}, ReadKind::kScan,
               [&methods](const ReadContext& context, const v1::GetUserAccessRequest& request,
                          v1::UserAccess* response) {
                 return GetAccess(methods, context, request, response);
               });
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<UserAggregate>()
                             .NotFound(v1::USERS_ERROR_USER_NOT_FOUND)
                             .LinkNotFound(v1::USERS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .FoldedBy<FoldUser>()
                             .Check(CheckFields)
                             .UniqueClaim(kEmailClaim, EmailKeys, IsAlwaysUnique, EmailTaken)
                             .KeptClaim(kAdminClaim, AdminKeys, LastAdmin)
                             .AuthoriseLink<roles::v1::Role>("roles", MayGive)
                             .MayBeNamed(MayOwn)
                             .Build());
  return rules;
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<UserAggregate, v1::GetUserRequest>(Rules(), std::make_unique<UserDirectory>());
  server.Serve(BindMethods);
}

}  // namespace kith::users
