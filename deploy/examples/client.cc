// A small client: creates a contact, finds it by its e-mail address, and asks what it was before it
// changed.
//
//   example_client ADDRESS KEY

#include <cstdlib>
#include <iostream>
#include <string>

#include "grpcpp/grpcpp.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"

namespace contacts = kith::contacts::v1;

namespace {

void Check(const grpc::Status& status) {
  if (status.ok()) return;
  std::cerr << status.error_message() << "\n";
  std::exit(1);
}

// Every call shows who is calling.
struct Call : grpc::ClientContext {
  explicit Call(const std::string& key) { AddMetadata("authorization", "Bearer " + key); }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: example_client ADDRESS KEY\n";
    return 2;
  }
  const std::string address = argv[1], key = argv[2];
  const auto stub = contacts::ContactsService::NewStub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));

  contacts::CreateContactRequest create;
  create.mutable_contact()->set_first_name("Grace");
  create.mutable_contact()->set_last_name("Example");
  create.mutable_contact()->add_emails()->set_address("grace@example.com");
  create.set_request_id("example-1");  // run it twice: there is still one Grace
  contacts::Contact grace;
  Call creating(key);
  Check(stub->CreateContact(&creating, create, &grace));
  std::cout << "created " << grace.name() << "\n";
  // The reply to a change names the moment after it; keep the token to ask about that moment later.
  const auto& token = creating.GetServerInitialMetadata().find("kith-token")->second;

  contacts::ListContactsRequest list;
  list.set_filter(R"(email = "Grace@Example.com")");
  contacts::ListContactsResponse found;
  Call listing(key);
  Check(stub->ListContacts(&listing, list, &found));
  std::cout << "found " << found.contacts(0).display_name() << "\n";

  contacts::UpdateContactRequest update;
  update.mutable_contact()->set_name(grace.name());
  update.mutable_contact()->set_job_title("Captain");
  contacts::Contact changed;
  Call updating(key);
  Check(stub->UpdateContact(&updating, update, &changed));

  contacts::GetContactRequest get;
  get.set_name(grace.name());
  get.mutable_read()->set_token(std::string(token.data(), token.size()));
  contacts::Contact before;
  Call getting(key);
  Check(stub->GetContact(&getting, get, &before));
  std::cout << "now \"" << changed.job_title() << "\", then \"" << before.job_title() << "\"\n";
  return 0;
}
