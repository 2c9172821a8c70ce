// The contact directory: who the contacts are, and which of them has this address, number, name,
// owner or stage.
#pragma once

#include "kith/contacts/v1/contact.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::contacts {

class ContactDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "contact_directory";

  // Beside every field of a contact: email, phone, external_id ("billing:4711"), and the words of
  // its names. By index: these, display_name, company_name, companies.company, owner,
  // lifecycle_stage, create_time, viewers, editors. E-mail addresses and names are compared by
  // their normal forms.
  static const projections::Table<v1::Contact>& Contacts();

  ContactDirectory() : ResourceDirectory(kName, 6, "contacts", Contacts().core()) {}
};

}  // namespace kith::contacts
