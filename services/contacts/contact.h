// The contact aggregate: a person a company deals with. State, decisions, fold.
//
// Pure: see services/core/decider.h. Where a workspace wants addresses unique, no address stands on
// two live contacts.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/lifecycle.h"
#include "services/core/links.h"

namespace kith::contacts {

struct ContactState {
  v1::Contact contact;  // as GetContact answers it; as it was last, also after it was deleted
  Lifecycle lifecycle = Lifecycle::kAbsent;
};

struct ContactAggregate {
  using State = ContactState;
  using Event = v1::ContactEvent;
  static constexpr absl::string_view kCategory = "contacts";
};

// Every contact that ever claimed an address which the command adds; empty where the workspace does
// not want addresses unique. Whether one of them still has the address, its state says.
using Claimants = std::vector<const ContactState*>;

// The user that a command makes the contact's owner.
Links NewLinks(const v1::CreateContactRequest& command);
Links NewLinks(const ContactState& state, const v1::UpdateContactRequest& command);

// `linked` are the states of the records that NewLinks name.
Decision Decide(const Claimants& claimants, LinkedRecords linked,
                const v1::CreateContactRequest& command, const CommandContext& context);
Decision Decide(const ContactState& state, const Claimants& claimants, LinkedRecords linked,
                const v1::UpdateContactRequest& command, const CommandContext& context);
Decision Decide(const ContactState& state, const v1::DeleteContactRequest& command,
                const CommandContext& context);

// The same for a contact that never was and for one that was deleted.
absl::Status ContactNotFound(absl::string_view name);

ContactState Evolve(ContactState state, const Recorded<v1::ContactEvent>& recorded);

}  // namespace kith::contacts
