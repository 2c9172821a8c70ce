#include "services/runtime/resources/known_people.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "services/core/field_of.h"
#include "services/runtime/admission/finding.h"
#include "services/runtime/resources/find_type.h"

namespace kith::runtime {
namespace {

using contacts::v1::Contact;

const ResourceType& ContactsIn(const std::vector<ResourceType>& types) {
  const ResourceType& contacts = TypeOf(types, "contacts");
  KITH_CHECK(contacts.rules->resource->GetDescriptor() == Contact::descriptor());
  return contacts;
}

PersonKeys KeysOf(Contact person, const Settings& settings) {
  CompletePhones({}, settings.default_region, *person.mutable_phones());
  return PersonKeysOf(person);
}

// Whether the caller may find anybody by these.
absl::Status CheckKeys(const Caller& caller, const PersonKeys& keys) {
  const auto check = [&](bool is_asked, const char* field) {
    return is_asked ? CheckFindsBy(caller, *FieldOf(*Contact::descriptor(), field))
                    : absl::OkStatus();
  };
  KITH_RETURN_IF_ERROR(check(!keys.emails.empty(), "emails"));
  KITH_RETURN_IF_ERROR(check(!keys.external_ids.empty(), "external_ids"));
  KITH_RETURN_IF_ERROR(check(!keys.phones.empty(), "phones"));
  return check(!keys.name_at_company.empty(), "display_name");
}

}  // namespace

KnownPeople::KnownPeople(const std::vector<ResourceType>& types, const Runtime& runtime)
    : contacts_(ContactsIn(types)), listed_(contacts_, runtime) {}

absl::StatusOr<Identity> KnownPeople::Identify(Loader& load, const Contact& person,
                                               const Settings& settings) const {
  const PersonKeys keys = KeysOf(person, settings);
  KITH_RETURN_IF_ERROR(CheckKeys(load.caller(), keys));
  Known known;
  for (const std::string& email : keys.emails) {
    KITH_RETURN_IF_ERROR(AddClaiming(load, kContactEmailClaim, email, known));
  }
  for (const std::string& id : keys.external_ids) {
    KITH_RETURN_IF_ERROR(AddClaiming(load, kContactExternalIdClaim, id, known));
  }
  Identity identity = IdentityOf(keys, known);
  if (!identity.is_new()) return identity;
  for (const std::string& phone : keys.phones) {
    KITH_RETURN_IF_ERROR(AddListed(load, "phone", phone, kContactPhoneClaim, phone, known));
  }
  if (!keys.name_at_company.empty()) {
    const std::string name =
        JoinedName(person.first_name(), person.middle_name(), person.last_name());
    KITH_RETURN_IF_ERROR(
        AddListed(load, "display_name", name, kContactNameClaim, keys.name_at_company, known));
  }
  return IdentityOf(keys, known);
}

absl::StatusOr<std::string> KnownPeople::NameFor(runtime::Loader& load, const Contact& person,
                                                 const std::string& contact,
                                                 const Settings& settings) const {
  KITH_ASSIGN_OR_RETURN(const void* const found, load.LoadAny(*contacts_.aggregate, contact));
  if (static_cast<const Contact&>(*contacts_.now_of(found).resource).merged().empty()) {
    return contact;
  }
  const PersonKeys keys = KeysOf(person, settings);
  std::vector<std::pair<absl::string_view, std::string>> claims;
  for (const std::string& email : keys.emails) claims.emplace_back(kContactEmailClaim, email);
  for (const std::string& id : keys.external_ids) {
    claims.emplace_back(kContactExternalIdClaim, id);
  }
  for (const auto& [purpose, value] : claims) {
    KITH_ASSIGN_OR_RETURN(const std::vector<const void*> states,
                          load.LoadTaggedStates(*contacts_.aggregate, purpose, value));
    // Who claimed it first had it first.
    for (const void* const state : states) {
      const auto& holder = static_cast<const Contact&>(*contacts_.now_of(state).resource);
      const PersonKeys has = PersonKeysOf(holder);
      const auto& values = purpose == kContactEmailClaim ? has.emails : has.external_ids;
      if (std::find(values.begin(), values.end(), value) == values.end()) continue;
      KITH_ASSIGN_OR_RETURN(const void* const meant,
                            load.LoadAny(*contacts_.aggregate, holder.name()));
      if (ResourceNameOf(*contacts_.now_of(meant).resource) == contact) return holder.name();
    }
  }
  return contact;
}

absl::StatusOr<KnownPeople::Alike> KnownPeople::FindAlike(
    Loader& load, const Contact& person, const Settings& settings,
    absl::Span<const IdentityKey> kinds) const {
  const PersonKeys keys = KeysOf(person, settings);
  PersonKeys wanted;
  for (const IdentityKey kind : kinds) {
    if (kind == IdentityKey::kEmail) wanted.emails = keys.emails;
    if (kind == IdentityKey::kExternalId) wanted.external_ids = keys.external_ids;
    if (kind == IdentityKey::kPhone) wanted.phones = keys.phones;
  }
  KITH_RETURN_IF_ERROR(CheckKeys(load.caller(), wanted));
  Known known;
  for (const IdentityKey kind : kinds) {
    if (kind == IdentityKey::kEmail) {
      for (const std::string& email : wanted.emails) {
        KITH_RETURN_IF_ERROR(AddClaiming(load, kContactEmailClaim, email, known));
      }
    } else if (kind == IdentityKey::kExternalId) {
      for (const std::string& id : wanted.external_ids) {
        KITH_RETURN_IF_ERROR(AddClaiming(load, kContactExternalIdClaim, id, known));
      }
    } else if (kind == IdentityKey::kPhone) {
      for (const std::string& phone : wanted.phones) {
        KITH_RETURN_IF_ERROR(AddListed(load, "phone", phone, kContactPhoneClaim, phone, known));
      }
    }
  }
  Alike alike;
  for (const KnownContact& one : known) {
    const IdentityKey key = AlikeBy(wanted, one.keys);
    if (key != IdentityKey::kNone) alike.push_back({one.name, key});  // else it gave it up since
  }
  return alike;
}

absl::Status KnownPeople::AddClaiming(Loader& load, absl::string_view purpose,
                                      const std::string& value, Known& known) const {
  KITH_ASSIGN_OR_RETURN(const std::vector<const void*> states,
                        load.LoadTaggedStates(*contacts_.aggregate, purpose, value));
  for (const void* const state : states) Add(load, state, known);
  return absl::OkStatus();
}

absl::Status KnownPeople::AddListed(Loader& load, absl::string_view field, absl::string_view text,
                                    absl::string_view purpose, const std::string& value,
                                    Known& known) const {
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                        listed_.Names(load, field, text, purpose, value));
  for (const std::string& name : names) {
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadAny(*contacts_.aggregate, name));
    Add(load, state, known);
  }
  return absl::OkStatus();
}

void KnownPeople::Add(const Loader& load, const void* state, Known& known) const {
  const ResourceNow now = contacts_.now_of(state);
  if (now.lifecycle != Lifecycle::kActive || load.Hides("contacts", state)) return;
  const auto& contact = static_cast<const Contact&>(*now.resource);
  const bool is_known = std::any_of(known.begin(), known.end(), [&](const KnownContact& one) {
    return one.name == contact.name();
  });
  if (!is_known) known.push_back({contact.name(), PersonKeysOf(contact)});
}

}  // namespace kith::runtime
