// The contact: a person a company deals with. Where a workspace wants addresses unique, no address
// stands on two live contacts.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "services/core/resource_rules.h"

namespace kith::contacts {

struct ContactAggregate : ResourceAggregate<v1::Contact, v1::ContactEvent> {
  static constexpr absl::string_view kCategory = "contacts";
};

const ResourceRules& Rules();

}  // namespace kith::contacts
