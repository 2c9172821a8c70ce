#include "services/contacts/contact_commands.h"

#include <string>

#include "eventstore/base/status_macros.h"
#include "services/contacts/contact_fields.h"

namespace kith::contacts {
namespace {

// The contacts that ever claimed an address of `contact`, as conditions of the append: none of them
// changes meanwhile, and nobody else claims one of these addresses.
absl::StatusOr<Claimants> LoadClaimants(runtime::Loader& load, const v1::Contact& contact,
                                        const Settings& settings) {
  Claimants claimants;
  if (!settings.unique_contact_emails) return claimants;
  for (const std::string& key : EmailKeys(contact)) {
    KITH_ASSIGN_OR_RETURN(const auto streams, load.StreamsTagged(kEmailClaim, key));
    for (const std::string& stream : streams) {
      KITH_ASSIGN_OR_RETURN(const ContactState* claimant, load.Load<ContactAggregate>(stream));
      claimants.push_back(claimant);
    }
  }
  return claimants;
}

}  // namespace

Decision ContactCommands::Run(runtime::Loader& load, const v1::CreateContactRequest& command,
                              const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const Claimants claimants,
                        LoadClaimants(load, command.contact(), context.settings));
  KITH_ASSIGN_OR_RETURN(Changes changes, Decide(claimants, command, context));
  load.ExpectAbsent(changes.list().front().stream);
  return changes;
}

Decision ContactCommands::Run(runtime::Loader& load, const v1::UpdateContactRequest& command,
                              const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const ContactState* state,
                        load.Load<ContactAggregate>(command.contact().name()));
  KITH_ASSIGN_OR_RETURN(const Claimants claimants,
                        LoadClaimants(load, command.contact(), context.settings));
  return Decide(*state, claimants, command, context);
}

Decision ContactCommands::Run(runtime::Loader& load, const v1::DeleteContactRequest& command,
                              const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const ContactState* state, load.Load<ContactAggregate>(command.name()));
  return Decide(*state, command, context);
}

absl::Status ContactCommands::Render(runtime::Rendering& after, const v1::CreateContactRequest&,
                                     v1::Contact* response) const {
  KITH_ASSIGN_OR_RETURN(const ContactState* state, after.LoadWritten<ContactAggregate>());
  *response = state->contact;
  return absl::OkStatus();
}

absl::Status ContactCommands::Render(runtime::Rendering& after,
                                     const v1::UpdateContactRequest& command,
                                     v1::Contact* response) const {
  KITH_ASSIGN_OR_RETURN(const ContactState* state,
                        after.Load<ContactAggregate>(command.contact().name()));
  *response = state->contact;
  return absl::OkStatus();
}

absl::Status ContactCommands::Render(runtime::Rendering&, const v1::DeleteContactRequest&,
                                     google::protobuf::Empty*) const {
  return absl::OkStatus();
}

}  // namespace kith::contacts
