#include "services/contacts/contact.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/contacts/v1/contacts_errors.pb.h"
#include "services/contacts/contact_fields.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/core/update_mask.h"

namespace kith::contacts {
namespace {

using google::protobuf::FieldMask;

absl::Status EmailTaken(const v1::Contact& holder, absl::string_view field) {
  google::rpc::ResourceInfo info;
  info.set_resource_name(holder.name());
  return Reject(v1::CONTACTS_ERROR_EMAIL_TAKEN,
                "Another contact has this e-mail address, and the workspace wants them unique.",
                {{"contact", holder.name()}, {"field", std::string(field)}}, info);
}

bool Contains(const std::vector<std::string>& keys, const std::string& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// No live contact but this one has an address that `after` has and `before` had not. What two
// contacts shared before the workspace wanted addresses unique stays as it is.
absl::Status CheckUnique(const v1::Contact& before, const v1::Contact& after,
                         const Claimants& claimants) {
  const std::vector<std::string> held = EmailKeys(before);
  const std::vector<std::string> wanted = EmailKeys(after);
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (Contains(held, wanted[i])) continue;
    for (const ContactState* other : claimants) {
      if (other->lifecycle != Lifecycle::kActive || other->contact.name() == before.name())
        continue;
      if (!Contains(EmailKeys(other->contact), wanted[i])) continue;
      return EmailTaken(other->contact, absl::StrCat("contact.emails[", i, "].address"));
    }
  }
  return absl::OkStatus();
}

// What a change claims and what it releases: the claims of one that the other has not.
std::vector<Claim> MovedClaims(const v1::Contact& before, const v1::Contact& after) {
  const std::vector<Claim> old_claims = ClaimsOf(before);
  const std::vector<Claim> new_claims = ClaimsOf(after);
  std::vector<Claim> moved;
  const auto add_missing = [&](const std::vector<Claim>& from, const std::vector<Claim>& other) {
    std::copy_if(from.begin(), from.end(), std::back_inserter(moved), [&](const Claim& claim) {
      return std::find(other.begin(), other.end(), claim) == other.end();
    });
  };
  add_missing(old_claims, new_claims);
  add_missing(new_claims, old_claims);
  return moved;
}

absl::Status CheckOwner(const Links& links, LinkedRecords linked) {
  return CheckLinks(v1::CONTACTS_ERROR_LINKED_RECORD_NOT_FOUND, links, linked);
}

// The update of a contact that is there.
Decision Update(const ContactState& state, const Claimants& claimants, LinkedRecords linked,
                const v1::UpdateContactRequest& command, const CommandContext& context) {
  const v1::Contact& before = state.contact;
  const v1::Contact wanted = CompleteFields(command.contact(), context.settings);
  KITH_ASSIGN_OR_RETURN(FieldMask changed, ChangedFields(before, wanted, command.update_mask()));
  v1::Contact after = before;
  ApplyFields(wanted, changed, &after);
  after.set_display_name(DisplayNameOf(after));
  if (after.display_name() != before.display_name()) changed.add_paths("display_name");
  if (changed.paths().empty()) return NoChange();
  KITH_RETURN_IF_ERROR(CheckFields(after));
  KITH_RETURN_IF_ERROR(CheckOwner(NewLinks(state, command), linked));
  KITH_RETURN_IF_ERROR(CheckUnique(before, after, claimants));
  return Changes().Append(after.name(), UpdatedEvent<v1::ContactEvent>(after, changed),
                          MovedClaims(before, after));
}

}  // namespace

absl::Status ContactNotFound(absl::string_view name) {
  return RejectResource(v1::CONTACTS_ERROR_CONTACT_NOT_FOUND,
                        "No such contact, or it was deleted. Check the name.", name);
}

Links NewLinks(const v1::CreateContactRequest& command) {
  if (command.contact().owner().empty()) return {};
  return {{"contact.owner", command.contact().owner()}};
}

Links NewLinks(const ContactState& state, const v1::UpdateContactRequest& command) {
  const std::string& owner = command.contact().owner();
  const bool named = state.lifecycle == Lifecycle::kActive &&
                     Means(command.update_mask(), "owner") && !owner.empty() &&
                     owner != state.contact.owner();
  return named ? Links{{"contact.owner", owner}} : Links();
}

Decision Decide(const Claimants& claimants, LinkedRecords linked,
                const v1::CreateContactRequest& command, const CommandContext& context) {
  v1::Contact contact = CompleteFields(command.contact(), context.settings);
  contact.set_display_name(DisplayNameOf(contact));
  if (contact.lifecycle_stage() == v1::LIFECYCLE_STAGE_UNSPECIFIED) {
    contact.set_lifecycle_stage(v1::LEAD);
  }
  KITH_RETURN_IF_ERROR(CheckFields(contact));
  KITH_RETURN_IF_ERROR(CheckOwner(NewLinks(command), linked));
  KITH_RETURN_IF_ERROR(CheckUnique(v1::Contact(), contact, claimants));
  const std::string name = absl::StrCat("contacts/", context.ids.Next());
  std::vector<Claim> claims = ClaimsOf(contact);
  return Changes().Append(name, CreatedEvent<v1::ContactEvent>(name, std::move(contact)),
                          std::move(claims));
}

Decision Decide(const ContactState& state, const Claimants& claimants, LinkedRecords linked,
                const v1::UpdateContactRequest& command, const CommandContext& context) {
  switch (state.lifecycle) {
    case Lifecycle::kAbsent:
    case Lifecycle::kDeleted:
      return ContactNotFound(command.contact().name());
    case Lifecycle::kActive:
      KITH_RETURN_IF_ERROR(CheckEtag(command.contact().etag(), state.contact.etag()));
      return Update(state, claimants, linked, command, context);
  }
  KITH_UNREACHABLE();
}

Decision Decide(const ContactState& state, const v1::DeleteContactRequest& command,
                const CommandContext&) {
  switch (state.lifecycle) {
    case Lifecycle::kAbsent:
      return ContactNotFound(command.name());
    case Lifecycle::kDeleted:
      return NoChange();
    case Lifecycle::kActive:
      KITH_RETURN_IF_ERROR(CheckEtag(command.etag(), state.contact.etag()));
      return Changes().Append(command.name(), DeletedEvent<v1::ContactEvent>(state.contact),
                              ClaimsOf(state.contact));
  }
  KITH_UNREACHABLE();
}

ContactState Evolve(ContactState state, const Recorded<v1::ContactEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.contact);
  return state;
}

}  // namespace kith::contacts
