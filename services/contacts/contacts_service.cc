#include "services/contacts/contacts_service.h"

#include <memory>

#include "projections/contacts/contact_directory.h"
#include "services/runtime/table_reads.h"

namespace kith::contacts {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

absl::Status Get(const ReadContext& context, const v1::GetContactRequest& request,
                 v1::Contact* response) {
  return runtime::GetRow(context, ContactDirectory::Contacts(), request.name(), ContactNotFound,
                         response);
}

absl::Status List(const ReadContext& context, const v1::ListContactsRequest& request,
                  v1::ListContactsResponse* response) {
  return runtime::ListRows(context, ContactDirectory::Contacts(), request,
                           response->mutable_contacts(), response->mutable_next_page_token());
}

}  // namespace

ContactsService::ContactsService(runtime::Runtime& runtime)
    : endpoint_(*runtime.endpoint), directory_(runtime.views.Find(ContactDirectory::kName)) {}

grpc::ServerUnaryReactor* ContactsService::CreateContact(grpc::CallbackServerContext* rpc,
                                                         const v1::CreateContactRequest* request,
                                                         v1::Contact* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* ContactsService::GetContact(grpc::CallbackServerContext* rpc,
                                                      const v1::GetContactRequest* request,
                                                      v1::Contact* response) {
  return endpoint_.Read(rpc, request, response, directory_, ReadKind::kPoint, Get);
}

grpc::ServerUnaryReactor* ContactsService::ListContacts(grpc::CallbackServerContext* rpc,
                                                        const v1::ListContactsRequest* request,
                                                        v1::ListContactsResponse* response) {
  return endpoint_.Read(rpc, request, response, directory_, ReadKind::kScan, List);
}

grpc::ServerUnaryReactor* ContactsService::UpdateContact(grpc::CallbackServerContext* rpc,
                                                         const v1::UpdateContactRequest* request,
                                                         v1::Contact* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

grpc::ServerUnaryReactor* ContactsService::DeleteContact(grpc::CallbackServerContext* rpc,
                                                         const v1::DeleteContactRequest* request,
                                                         google::protobuf::Empty* response) {
  return endpoint_.Mutate(rpc, request, response, commands_);
}

void Register(runtime::ServerBuilder& server) {
  server.RegisterEvents<v1::ContactEvent>(ContactAggregate::kCategory);
  server.AddProjection(std::make_unique<ContactDirectory>());
  server.AddService(
      [](runtime::Runtime& runtime) { return std::make_unique<ContactsService>(runtime); });
}

}  // namespace kith::contacts
