#include "services/users/user_commands.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/roles/v1/role.pb.h"
#include "kith/roles/v1/role_events.pb.h"
#include "kith/users/v1/users_errors.pb.h"
#include "services/core/built_in_roles.h"
#include "services/core/links.h"
#include "services/core/reject.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/resources/owned_records.h"
#include "services/users/user.h"
#include "services/users/user_fields.h"

namespace kith::users {
namespace {

// So many records are given to another in one append, and as many may be refused.
constexpr size_t kGivenMax = 100;
constexpr size_t kRefusedMax = 100;
// So many are named to who may not be deactivated.
constexpr size_t kNamedMax = 10;

// "25 records, contacts/01J… for one, and others that the credentials do not show".
std::string Told(const std::vector<std::string>& records, bool are_some_hidden) {
  const std::string hidden = "that the credentials do not show";
  const size_t count = records.size();
  if (count == 0) return absl::StrCat("records ", hidden);
  const std::string number = count > kGivenMax ? absl::StrCat("more than ", kGivenMax, " records")
                                               : absl::StrCat(count, " records");
  return absl::StrCat(number, ", ", records.front(), " for one",
                      are_some_hidden ? absl::StrCat(", and others ", hidden) : "");
}

struct RoleAggregate : ResourceAggregate<roles::v1::Role, roles::v1::RoleEvent> {
  static constexpr absl::string_view kCategory = "roles";
};

// The user's roles that are there.
absl::StatusOr<std::vector<const roles::v1::Role*>> RolesOf(runtime::Loader& load,
                                                            const v1::User& user) {
  std::vector<const roles::v1::Role*> roles;
  for (const std::string& name : user.roles()) {
    const roles::v1::Role* const built_in = FindBuiltInRole(name);
    if (built_in != nullptr) {
      roles.push_back(built_in);
      continue;
    }
    KITH_ASSIGN_OR_RETURN(const auto* const state, load.Load<RoleAggregate>(name));
    if (state->lifecycle == Lifecycle::kActive) roles.push_back(&state->resource);
  }
  return roles;
}

// The collections that are asked for are some whose records have owners.
absl::Status CheckCollections(const v1::BatchChangeOwnerRequest& command,
                              const std::vector<std::string>& known) {
  google::rpc::BadRequest violations;
  for (int i = 0; i < command.collections_size(); ++i) {
    if (std::find(known.begin(), known.end(), command.collections(i)) != known.end()) continue;
    AddViolation(absl::StrCat("collections[", i, "]"),
                 absl::StrCat("must be one of ", absl::StrJoin(known, ", ")), violations);
  }
  return RejectFields(violations);
}

}  // namespace

absl::Status OwnsRecords(absl::string_view name, const std::vector<std::string>& records,
                         bool are_some_hidden) {
  google::rpc::PreconditionFailure failure;
  std::vector<std::string> names;
  for (const std::string& record : absl::MakeConstSpan(records).subspan(0, kNamedMax)) {
    auto* const violation = failure.add_violations();
    violation->set_type("OWNS_RECORDS");
    violation->set_subject(record);
    violation->set_description("Its owner is the user.");
    names.push_back(record);
  }
  return Reject(v1::USERS_ERROR_OWNS_RECORDS,
                absl::StrCat("They are the owner of ", Told(records, are_some_hidden),
                             ". Hand them over to somebody else first."),
                {{"name", std::string(name)},
                 {"at_least", absl::StrCat(records.size())},
                 {"records", absl::StrJoin(names, ", ")}},
                failure);
}

Decision UserCommands::Run(runtime::Loader& load, const v1::DeactivateUserRequest& command,
                           const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const UserState* user, load.Load<UserAggregate>(command.name()));
  std::vector<const UserState*> admins;
  if (user->lifecycle == Lifecycle::kActive && user->resource.state() == v1::ACTIVE) {
    KITH_ASSIGN_OR_RETURN(const runtime::OwnedRecords::Found found,
                          runtime_.owned->Find(load, command.name(), {}, kGivenMax + 1));
    if (!found.names.empty() || found.are_some_hidden) {
      return OwnsRecords(command.name(), found.names, found.are_some_hidden);
    }
    if (!AdminKeys(user->resource).empty()) {
      KITH_ASSIGN_OR_RETURN(admins, load.LoadTagged<UserAggregate>(kAdminClaim, kAdminRole));
    }
  }
  return Decide(*user, command, admins, context);
}

Decision UserCommands::Run(runtime::Loader& load, const v1::ActivateUserRequest& command,
                           const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const UserState* user, load.Load<UserAggregate>(command.name()));
  KITH_ASSIGN_OR_RETURN(const std::vector<const roles::v1::Role*> roles,
                        RolesOf(load, user->resource));
  return Decide(*user, command, roles, context);
}

Decision UserCommands::Run(runtime::Loader& load,
                           const v1::SetNotificationPreferencesRequest& command,
                           const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const UserState* user, load.Load<UserAggregate>(command.name()));
  constexpr absl::string_view kPermission = "notifications.write";
  if (!runtime::Reach(load.caller(), kPermission).Covers(command.name())) {
    return runtime::OutOfReach(kPermission, command.name());
  }
  return Decide(*user, command, context);
}

Decision UserCommands::Run(runtime::Loader& load, const v1::BatchChangeOwnerRequest& command,
                           const CommandContext& context) const {
  if (command.owner() == command.new_owner()) {
    return RejectField("new_owner", "must be somebody else than the owner");
  }
  KITH_RETURN_IF_ERROR(CheckCollections(command, runtime_.owned->Collections()));
  KITH_ASSIGN_OR_RETURN(const UserState* next, load.Load<UserAggregate>(command.new_owner()));
  const LinkedRecord* const linked = next;
  KITH_RETURN_IF_ERROR(CheckLinks(v1::USERS_ERROR_LINKED_RECORD_NOT_FOUND,
                                  {{"new_owner", command.new_owner()}},
                                  absl::MakeConstSpan(&linked, 1)));
  KITH_RETURN_IF_ERROR(MayBeNamed(next->resource, "new_owner"));
  constexpr size_t kLookedAtMax = kGivenMax + kRefusedMax;
  KITH_ASSIGN_OR_RETURN(
      const runtime::OwnedRecords::Found found,
      runtime_.owned->Find(load, command.owner(), command.collections(), kLookedAtMax + 1));
  v1::BatchChangeOwnerResponse told;  // what the append does not say
  told.set_hidden_records(found.are_some_hidden);
  size_t given = 0;
  for (const std::string& record : found.names) {
    told.set_more(given == kGivenMax || told.refused_size() == static_cast<int>(kRefusedMax));
    if (told.more()) break;
    Decision decision = runtime_.owned->Give(load, record, command.new_owner(), context);
    if (decision.ok()) {
      load.Assume(*std::move(decision), context);
      ++given;
      continue;
    }
    const std::optional<google::rpc::Status> error = WireError(decision.status());
    if (!error.has_value()) return decision.status();  // none of ours: of the disk
    v1::RefusedRecord& refused = *told.add_refused();
    refused.set_name(record);
    *refused.mutable_status() = *error;
  }
  return load.TakeAssumed().WithSecret(told.SerializeAsString());
}

absl::Status UserCommands::RenderUser(runtime::Rendering& after, const std::string& name,
                                      v1::User* response) {
  KITH_ASSIGN_OR_RETURN(const UserState* user, after.Load<UserAggregate>(name));
  *response = user->resource;
  return absl::OkStatus();
}

absl::Status UserCommands::Render(runtime::Rendering& after, const v1::BatchChangeOwnerRequest&,
                                  v1::BatchChangeOwnerResponse* response) const {
  if (!response->ParseFromString(after.secret())) {
    return absl::InternalError("what was refused cannot be read");
  }
  for (const runtime::AppendedEvent& event : after.events()) {
    response->add_records(event.stream);
  }
  return absl::OkStatus();
}

}  // namespace kith::users
