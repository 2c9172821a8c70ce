// Everything that users bring to a server.
#include <memory>

#include "projections/users/user_directory.h"
#include "services/runtime/server_builder.h"
#include "services/runtime/table_reads.h"
#include "services/users/user_commands.h"

namespace kith::users {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

absl::Status Get(const ReadContext& context, const v1::GetUserRequest& request,
                 v1::User* response) {
  return runtime::GetRow(context, UserDirectory::Users(), request.name(), UserNotFound, response);
}

absl::Status List(const ReadContext& context, const v1::ListUsersRequest& request,
                  v1::ListUsersResponse* response) {
  return runtime::ListRows(context, UserDirectory::Users(), request, response->mutable_users(),
                           response->mutable_next_page_token());
}

void BindMethods(runtime::Runtime&, runtime::MethodTable& methods) {
  methods.Command<v1::CreateUserRequest, v1::User>(UserCommands());
  methods.Read(UserDirectory::kName, ReadKind::kPoint, Get);
  methods.Read(UserDirectory::kName, ReadKind::kScan, List);
  methods.Command<v1::UpdateUserRequest, v1::User>(UserCommands());
  methods.Command<v1::DeleteUserRequest, google::protobuf::Empty>(UserCommands());
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.RegisterEvents<v1::UserEvent>(UserAggregate::kCategory);
  server.AddProjection(std::make_unique<UserDirectory>());
  server.Serve(BindMethods);
}

}  // namespace kith::users
