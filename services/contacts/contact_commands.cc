#include "services/contacts/contact_commands.h"

#include <algorithm>
#include <string>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "kith/users/v1/user_events.pb.h"
#include "services/contacts/contact_fields.h"
#include "services/core/update_mask.h"
#include "services/runtime/linked_records.h"

namespace kith::contacts {
namespace {

struct LinkedUser : LinkedAggregate<users::v1::User, users::v1::UserEvent> {
  static constexpr absl::string_view kCategory = "users";
};

// The contacts that ever claimed one of these addresses. The append happens only if nobody claims
// or releases one of them meanwhile.
absl::StatusOr<Claimants> LoadClaimants(runtime::Loader& load,
                                        const std::vector<std::string>& keys) {
  Claimants claimants;
  for (const std::string& key : keys) {
    KITH_ASSIGN_OR_RETURN(const Claimants some,
                          load.LoadTagged<ContactAggregate>(kEmailClaim, key));
    claimants.insert(claimants.end(), some.begin(), some.end());
  }
  return claimants;
}

// The addresses, as EmailKeys says them, that an update brings and the contact has not.
std::vector<std::string> NewEmailKeys(const ContactState& state,
                                      const v1::UpdateContactRequest& command) {
  if (state.lifecycle != Lifecycle::kActive || !Means(command.update_mask(), "emails")) return {};
  std::vector<std::string> keys = EmailKeys(command.contact());
  const std::vector<std::string> held = EmailKeys(state.contact);
  const auto is_held = [&](const std::string& key) {
    return std::find(held.begin(), held.end(), key) != held.end();
  };
  keys.erase(std::remove_if(keys.begin(), keys.end(), is_held), keys.end());
  return keys;
}

}  // namespace

Decision ContactCommands::Run(runtime::Loader& load, const v1::CreateContactRequest& command,
                              const CommandContext& context) const {
  Claimants claimants;
  if (context.settings.unique_contact_emails) {
    KITH_ASSIGN_OR_RETURN(claimants, LoadClaimants(load, EmailKeys(command.contact())));
  }
  KITH_ASSIGN_OR_RETURN(const auto linked,
                        runtime::LoadLinkedRecords<LinkedUser>(load, NewLinks(command)));
  KITH_ASSIGN_OR_RETURN(Changes changes, Decide(claimants, linked, command, context));
  load.ExpectAbsent(changes.list().front().stream);
  return changes;
}

Decision ContactCommands::Run(runtime::Loader& load, const v1::UpdateContactRequest& command,
                              const CommandContext& context) const {
  KITH_ASSIGN_OR_RETURN(const ContactState* state,
                        load.Load<ContactAggregate>(command.contact().name()));
  Claimants claimants;
  if (context.settings.unique_contact_emails) {
    KITH_ASSIGN_OR_RETURN(claimants, LoadClaimants(load, NewEmailKeys(*state, command)));
  }
  KITH_ASSIGN_OR_RETURN(const auto linked,
                        runtime::LoadLinkedRecords<LinkedUser>(load, NewLinks(*state, command)));
  return Decide(*state, claimants, linked, command, context);
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
