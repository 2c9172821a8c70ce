// Events of contacts, as short as tests of views need them.
#pragma once

#include <string>
#include <vector>

#include "kith/contacts/v1/contact_events.pb.h"
#include "services/core/resource_events.h"

namespace kith::contacts {

inline v1::Contact ContactIn(const std::string& name, const std::string& display_name) {
  v1::Contact contact;
  contact.set_name(name);
  contact.set_first_name(display_name);
  contact.set_display_name(display_name);
  contact.set_lifecycle_stage(v1::LEAD);
  return contact;
}

inline v1::Contact WithEmails(v1::Contact contact, const std::vector<std::string>& addresses) {
  contact.clear_emails();
  for (const std::string& address : addresses) contact.add_emails()->set_address(address);
  return contact;
}

inline v1::ContactEvent Created(const v1::Contact& contact) {
  return CreatedEvent<v1::ContactEvent>(contact.name(), contact);
}

// The fields of the mask take the values they have in `after`.
inline v1::ContactEvent Updated(const v1::Contact& after, const std::vector<std::string>& mask) {
  google::protobuf::FieldMask changed;
  for (const std::string& path : mask) changed.add_paths(path);
  return UpdatedEvent<v1::ContactEvent>(after, changed);
}

inline v1::ContactEvent Deleted(const std::string& name) {
  return DeletedEvent<v1::ContactEvent>(ContactIn(name, ""));
}

}  // namespace kith::contacts
