// Who a person is, of the contacts there are: the one set of rules for every path on which people
// come in.
//
//   1. A contact with one of their e-mail addresses, or with one of their external ids, is the
//      person. Where these are several contacts, it may be any of them.
//   2. Else a contact with one of their telephone numbers, or with their name at their company, may
//      be the person: several people share a number, and a name. One that has other e-mail
//      addresses, or another id in the same system, is not.
//   3. Else the person is new.
//
// Compared are normal forms, whole: nobody is found by a part of an address, by its domain or by
// where a request comes from. Pure functions, any thread.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "services/core/contact_points.h"
#include "services/core/identity_claims.h"

namespace kith {

// Of many that a person may be, so many are told.
inline constexpr size_t kIdentityCandidatesMax = 10;

// What a person is told apart by.
struct PersonKeys {
  std::vector<std::string> emails;        // EmailKeysOf
  std::vector<std::string> external_ids;  // ExternalIdKeysOf
  std::vector<std::string> phones;        // E.164, without those that could not be read
  std::string name_at_company;            // NameAtCompanyKey
};

// Given, middle and family name, those that are set, with spaces between.
std::string JoinedName(absl::string_view first, absl::string_view middle, absl::string_view last);

// "anna muller\nacme" of "Anna Müller" at "ACME GmbH": names in their folded form, and of the
// company's the words, without what says its legal form. Empty where either is.
std::string NameAtCompanyKey(absl::string_view name, absl::string_view company);

// The numbers of these in E.164, each once.
template <class Phone>
std::vector<std::string> PhoneKeysOf(const Elements<Phone>& phones) {
  std::vector<std::string> keys;
  for (const Phone& phone : phones) {
    if (phone.e164().empty()) continue;
    if (std::find(keys.begin(), keys.end(), phone.e164()) == keys.end()) {
      keys.push_back(phone.e164());
    }
  }
  return keys;
}

// Of a message in the shape of kith.contacts.v1.Contact, whose numbers are in E.164.
template <class Person>
PersonKeys PersonKeysOf(const Person& person) {
  const std::string name =
      JoinedName(person.first_name(), person.middle_name(), person.last_name());
  return {EmailKeysOf(person.emails()), ExternalIdKeysOf(person.external_ids()),
          PhoneKeysOf(person.phones()), NameAtCompanyKey(name, person.company_name())};
}

// By what two are alike, the strongest first.
enum class IdentityKey { kEmail, kExternalId, kPhone, kNameAndCompany, kNone };

IdentityKey AlikeBy(const PersonKeys& person, const PersonKeys& contact);
// Whether both have e-mail addresses and none in common, or ids in the same system that differ.
bool Differ(const PersonKeys& person, const PersonKeys& contact);

// A contact that is there.
struct KnownContact {
  std::string name;  // "contacts/01J…"
  PersonKeys keys;
};

struct IdentityCandidate {
  std::string contact;
  IdentityKey key = IdentityKey::kNone;
  friend bool operator==(const IdentityCandidate&, const IdentityCandidate&) = default;
};

// Whom the person may be: nobody, where they are new; one by kEmail or kExternalId, where it is
// that one; else any of these, or a new one. The likeliest first, then as they were given; at most
// kIdentityCandidatesMax.
struct Identity {
  std::vector<IdentityCandidate> candidates;

  bool is_new() const { return candidates.empty(); }
  bool is_known() const {
    return candidates.size() == 1 && candidates[0].key <= IdentityKey::kExternalId;
  }
};

// `known` are at least all contacts that have one of the keys of the person, each once.
Identity IdentityOf(const PersonKeys& person, absl::Span<const KnownContact> known);

}  // namespace kith
