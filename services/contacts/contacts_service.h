// ContactsService over gRPC: each handler is one line, what is the same for all RPCs is Endpoint's.
#pragma once

#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "services/contacts/contact_commands.h"
#include "services/runtime/server_builder.h"

namespace kith::contacts {

// Thread-safe. Borrows the runtime, which outlives it.
class ContactsService final : public v1::ContactsService::CallbackService {
 public:
  explicit ContactsService(runtime::Runtime& runtime);

  grpc::ServerUnaryReactor* CreateContact(grpc::CallbackServerContext* rpc,
                                          const v1::CreateContactRequest* request,
                                          v1::Contact* response) override;
  grpc::ServerUnaryReactor* GetContact(grpc::CallbackServerContext* rpc,
                                       const v1::GetContactRequest* request,
                                       v1::Contact* response) override;
  grpc::ServerUnaryReactor* ListContacts(grpc::CallbackServerContext* rpc,
                                         const v1::ListContactsRequest* request,
                                         v1::ListContactsResponse* response) override;
  grpc::ServerUnaryReactor* UpdateContact(grpc::CallbackServerContext* rpc,
                                          const v1::UpdateContactRequest* request,
                                          v1::Contact* response) override;
  grpc::ServerUnaryReactor* DeleteContact(grpc::CallbackServerContext* rpc,
                                          const v1::DeleteContactRequest* request,
                                          google::protobuf::Empty* response) override;

 private:
  runtime::Endpoint& endpoint_;
  projections::View& directory_;
  const ContactCommands commands_{};
};

// Everything the capability brings to a server.
void Register(runtime::ServerBuilder& server);

}  // namespace kith::contacts
