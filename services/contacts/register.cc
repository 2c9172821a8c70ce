// Everything that contacts bring to a server.
#include <memory>

#include "projections/contacts/contact_directory.h"
#include "services/contacts/contact_commands.h"
#include "services/runtime/server_builder.h"
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

void BindMethods(runtime::Runtime&, runtime::MethodTable& methods) {
  methods.Command<v1::CreateContactRequest, v1::Contact>(ContactCommands());
  methods.Read(ContactDirectory::kName, ReadKind::kPoint, Get);
  methods.Read(ContactDirectory::kName, ReadKind::kScan, List);
  methods.Command<v1::UpdateContactRequest, v1::Contact>(ContactCommands());
  methods.Command<v1::DeleteContactRequest, google::protobuf::Empty>(ContactCommands());
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.RegisterEvents<v1::ContactEvent>(ContactAggregate::kCategory);
  server.AddProjection(std::make_unique<ContactDirectory>());
  server.Serve(BindMethods);
}

}  // namespace kith::contacts
