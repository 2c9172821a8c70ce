// UsersService over gRPC: each handler is one line, what is the same for all RPCs is Endpoint's.
#pragma once

#include "kith/users/v1/users_service.grpc.pb.h"
#include "services/runtime/server_builder.h"
#include "services/users/user_commands.h"

namespace kith::users {

// Thread-safe. Borrows the runtime, which outlives it.
class UsersService final : public v1::UsersService::CallbackService {
 public:
  explicit UsersService(runtime::Runtime& runtime);

  grpc::ServerUnaryReactor* CreateUser(grpc::CallbackServerContext* rpc,
                                       const v1::CreateUserRequest* request,
                                       v1::User* response) override;
  grpc::ServerUnaryReactor* GetUser(grpc::CallbackServerContext* rpc,
                                    const v1::GetUserRequest* request, v1::User* response) override;
  grpc::ServerUnaryReactor* ListUsers(grpc::CallbackServerContext* rpc,
                                      const v1::ListUsersRequest* request,
                                      v1::ListUsersResponse* response) override;
  grpc::ServerUnaryReactor* UpdateUser(grpc::CallbackServerContext* rpc,
                                       const v1::UpdateUserRequest* request,
                                       v1::User* response) override;
  grpc::ServerUnaryReactor* DeleteUser(grpc::CallbackServerContext* rpc,
                                       const v1::DeleteUserRequest* request,
                                       google::protobuf::Empty* response) override;

 private:
  runtime::Endpoint& endpoint_;
  projections::View& directory_;
  const UserCommands commands_{};
};

// Everything the capability brings to a server.
void Register(runtime::ServerBuilder& server);

}  // namespace kith::users
