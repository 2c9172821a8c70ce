// The commands on contacts: what each is decided on, and what it is answered with.
#pragma once

#include "google/protobuf/empty.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "services/contacts/contact.h"
#include "services/runtime/loader.h"
#include "services/runtime/rendering.h"

namespace kith::contacts {

// Stateless; any thread, several at a time. See MethodTable::Command.
class ContactCommands {
 public:
  Decision Run(runtime::Loader& load, const v1::CreateContactRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::UpdateContactRequest& command,
               const CommandContext& context) const;
  Decision Run(runtime::Loader& load, const v1::DeleteContactRequest& command,
               const CommandContext& context) const;

  absl::Status Render(runtime::Rendering& after, const v1::CreateContactRequest& command,
                      v1::Contact* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::UpdateContactRequest& command,
                      v1::Contact* response) const;
  absl::Status Render(runtime::Rendering& after, const v1::DeleteContactRequest& command,
                      google::protobuf::Empty* response) const;
};

}  // namespace kith::contacts
