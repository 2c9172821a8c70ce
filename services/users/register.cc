// Everything that users bring to a server.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/roles/v1/role.pb.h"
#include "kith/teams/v1/team.pb.h"
#include "kith/users/v1/users_errors.pb.h"
#include "kith/users/v1/users_service.pb.h"
#include "kith/workspaces/v1/workspaces_service.pb.h"
#include "projections/users/user_directory.h"
#include "projections/users/user_fold.h"
#include "services/core/field_of.h"
#include "services/core/reject.h"
#include "services/runtime/admission/record_access.h"
#include "services/runtime/calls/part_read.h"
#include "services/runtime/calls/read_permission.h"
#include "services/runtime/requests/validate.h"
#include "services/runtime/resources/not_there.h"
#include "services/runtime/server_builder.h"
#include "services/users/record_access.h"
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

// A user acts for nobody else, whatever their roles.
std::vector<std::string> PermissionsOfUsers(const runtime::MethodTable& methods) {
  std::vector<std::string> permissions = methods.Permissions();
  permissions.erase(std::remove(permissions.begin(), permissions.end(), runtime::kActForUsers),
                    permissions.end());
  return permissions;
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
  *response =
      AccessOf(*user, roles, teams, PermissionsOfUsers(methods), methods.WholePermissions());
  return absl::OkStatus();
}

// More users are not looked at.
constexpr size_t kUsersMax = 10'000;

// Everybody, at the position of the read; false where there are more of them.
absl::StatusOr<bool> ReadStaff(const ReadContext& context, Staff& staff) {
  bool is_all = true;
  KITH_RETURN_IF_ERROR(DirectoryRows<v1::User>().Scan(
      context.view(0), context.workspace(), KeyRange::Prefix(""), [&](const v1::User& user) {
        is_all = staff.users.size() < kUsersMax;
        if (is_all) staff.users.emplace(user.name(), user);
        return is_all;
      }));
  KITH_RETURN_IF_ERROR(DirectoryRows<roles::v1::Role>().Scan(
      context.view(1), context.workspace(), KeyRange::Prefix(""), [&](const roles::v1::Role& role) {
        staff.roles.emplace(role.name(), role);
        return true;
      }));
  KITH_ASSIGN_OR_RETURN(staff.teams, TeamsOf(context));
  return is_all;
}

// The method that gets the record; null where it is of no resource.
const runtime::BoundMethod* GetMethodOf(const runtime::MethodTable& methods,
                                        absl::string_view record) {
  return runtime::FindGet(methods, eventstore::CategoryOf(record));
}

// Of a workspace's keys so many are looked at.
constexpr int kKeysMax = 1'000;

// Whoever may not list keys is told of none.
absl::Status AddKeys(const runtime::MethodTable& methods, const ReadContext& context,
                     const RecordShares& record, v1::RecordAccess& access) {
  const runtime::Method& method = runtime::MethodOf<workspaces::v1::ListApiKeysRequest>();
  if (!context.caller.grants.Contain(method.permission)) return absl::OkStatus();
  const auto* const list = methods.FindUnary(method.name);
  KITH_CHECK(list != nullptr);
  workspaces::v1::ListApiKeysRequest asked;
  asked.set_page_size(kKeysMax);
  workspaces::v1::ListApiKeysResponse listed;
  KITH_RETURN_IF_ERROR(runtime::ReadPart(context, *list, asked, &listed));
  for (const workspaces::v1::ApiKey& key : listed.api_keys()) {
    AddKey(record, key, context.read_time, access);
  }
  access.set_keys_are_partial(!listed.next_page_token().empty());
  return absl::OkStatus();
}

absl::Status QueryAccess(const runtime::MethodTable& methods, const ReadContext& context,
                         const v1::QueryRecordAccessRequest& request, v1::RecordAccess* response) {
  const runtime::BoundMethod* const get = GetMethodOf(methods, request.name());
  const google::protobuf::MethodDescriptor* const method =
      get == nullptr ? nullptr : get->method().descriptor;
  const runtime::RecordAccess* access = nullptr;
  std::optional<runtime::RecordAccess> of_resource;
  if (get != nullptr && get->is_read()) {
    access = &of_resource.emplace(*method->output_type(), get->method().permission);
  }
  if (access == nullptr || !access->has_owner()) {
    return runtime::ViolationError("name", "is of no resource whose records have owners");
  }
  auto* const factory = google::protobuf::MessageFactory::generated_factory();
  const std::unique_ptr<google::protobuf::Message> asked(
      factory->GetPrototype(method->input_type())->New());
  const std::unique_ptr<google::protobuf::Message> record(
      factory->GetPrototype(method->output_type())->New());
  asked->GetReflection()->SetString(asked.get(), FieldOf(*method->input_type(), "name"),
                                    request.name());
  KITH_RETURN_IF_ERROR(runtime::ReadPart(context, *get, *asked, record.get()));
  const auto* const update =
      method->service()->FindMethodByName(absl::StrCat("Update", method->output_type()->name()));
  RecordShares shares{access->read_permission(), "", access->OwnerOf(*record),
                      access->ViewersOf(*record), access->EditorsOf(*record)};
  if (update != nullptr) {
    shares.write_permission = runtime::MethodTaking(update->input_type()).permission;
  }
  Staff staff;
  KITH_ASSIGN_OR_RETURN(const bool is_all, ReadStaff(context, staff));
  *response = AccessTo(shares, staff);
  response->set_name(request.name());
  if (!context.as_of) KITH_RETURN_IF_ERROR(AddKeys(methods, context, shares, *response));
  if (!is_all) response->set_users_are_partial(true);
  return absl::OkStatus();
}

void BindMethods(runtime::Runtime& runtime, runtime::MethodTable& methods) {
  const UserCommands commands(runtime);
  methods.Command<v1::DeactivateUserRequest, v1::User>(commands);
  methods.Command<v1::ActivateUserRequest, v1::User>(commands);
  methods.Command<v1::SetNotificationPreferencesRequest, v1::User>(commands);
  methods.Command<v1::BatchChangeOwnerRequest, v1::BatchChangeOwnerResponse>(commands);
  methods.Read({UserDirectory::kName, "role_directory", "team_directory"}, ReadKind::kScan,
               [&methods](const ReadContext& context, const v1::GetUserAccessRequest& request,
                          v1::UserAccess* response) {
                 return GetAccess(methods, context, request, response);
               });
  methods.Read(
      runtime::MethodOf<v1::QueryRecordAccessRequest>(),
      {UserDirectory::kName, "role_directory", "team_directory"}, ReadKind::kScan,
      [&methods](const ReadContext& context, const google::protobuf::Message& request,
                 google::protobuf::Message* response) {
        return QueryAccess(methods, context,
                           static_cast<const v1::QueryRecordAccessRequest&>(request),
                           static_cast<v1::RecordAccess*>(response));
      },
      [&methods](const google::protobuf::Message& request) {
        const auto* const get =
            GetMethodOf(methods, static_cast<const v1::QueryRecordAccessRequest&>(request).name());
        return get == nullptr ? runtime::ReadViews() : get->views();
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
                             .MayBeNamed(MayBeNamed)
                             .KeptWhileOwner(OwnsRecords)
                             .Build());
  return rules;
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<UserAggregate, v1::GetUserRequest>(Rules(), std::make_unique<UserDirectory>());
  server.Serve(BindMethods);
}

}  // namespace kith::users
