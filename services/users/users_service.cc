#include "services/users/users_service.h"

#include <memory>

#include "projections/users/user_directory.h"
#include "services/runtime/table_reads.h"

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

}  // namespace

UsersService::UsersService(runtime::Runtime& runtime)
    : endpoint_(*runtime.endpoint), directory_(runtime.views.Find(UserDirectory::kName)) {}

grpc::ServerUnaryReactor* UsersService::CreateUser(grpc::CallbackServerContext* rpc,
                                                   const v1::CreateUserRequest* request,
                                                   v1::User* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* UsersService::GetUser(grpc::CallbackServerContext* rpc,
                                                const v1::GetUserRequest* request,
                                                v1::User* response) {
  return endpoint_.Read(rpc, request, response, directory_, ReadKind::kPoint, Get);
}

grpc::ServerUnaryReactor* UsersService::ListUsers(grpc::CallbackServerContext* rpc,
                                                  const v1::ListUsersRequest* request,
                                                  v1::ListUsersResponse* response) {
  return endpoint_.Read(rpc, request, response, directory_, ReadKind::kScan, List);
}

grpc::ServerUnaryReactor* UsersService::UpdateUser(grpc::CallbackServerContext* rpc,
                                                   const v1::UpdateUserRequest* request,
                                                   v1::User* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* UsersService::DeleteUser(grpc::CallbackServerContext* rpc,
                                                   const v1::DeleteUserRequest* request,
                                                   google::protobuf::Empty* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

void Register(runtime::ServerBuilder& server) {
  server.RegisterEvents<v1::UserEvent>(UserAggregate::kCategory);
  server.AddProjection(std::make_unique<UserDirectory>());
  server.AddService(
      [](runtime::Runtime& runtime) { return std::make_unique<UsersService>(runtime); });
}

}  // namespace kith::users
