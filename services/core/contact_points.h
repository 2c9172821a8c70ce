// What the addresses and numbers of a person or a company mean together, the same for all that have
// them: the first is primary where none is marked, and at most one is; numbers are in E.164.
//
// Of messages in the shape of kith.contacts.v1.EmailAddress and PhoneNumber. Pure functions, any
// thread.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/rpc/error_details.pb.h"
#include "services/core/normalise.h"
#include "services/core/reject.h"

namespace kith {

template <class Element>
using Elements = google::protobuf::RepeatedPtrField<Element>;

template <class Element>
bool AreSame(const Elements<Element>& a, const Elements<Element>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    google::protobuf::util::MessageDifferencer::Equals);
}

// Of addresses and of numbers alike. What nobody touched stays as it is.
template <class Element>
void CompletePrimary(const Elements<Element>& before, Elements<Element>& after) {
  const auto is_primary = [](const Element& element) { return element.primary(); };
  if (after.empty() || AreSame(before, after) ||
      std::any_of(after.begin(), after.end(), is_primary)) {
    return;
  }
  after[0].set_primary(true);
}

// A number has the form it had already, also where the region is another since; else the one in
// which `default_region` reads it. One that cannot be read has none, and stays as typed.
template <class Phone>
void CompletePhones(const Elements<Phone>& before, absl::string_view default_region,
                    Elements<Phone>& after) {
  if (AreSame(before, after)) return;
  CompletePrimary(before, after);
  for (Phone& phone : after) {
    const auto known = std::find_if(before.begin(), before.end(), [&](const Phone& one) {
      return one.raw() == phone.raw() && !one.e164().empty();
    });
    if (known != before.end()) {
      phone.set_e164(known->e164());
      phone.set_extension(known->extension());
      phone.set_invalid(known->invalid());
      continue;
    }
    const PhoneForm form = PhoneFormOf(phone.raw(), default_region);
    phone.set_e164(form.e164);
    phone.set_extension(form.extension);
    phone.set_invalid(!form.is_valid);
  }
}

// `path` is what the request calls them: "contact.emails".
template <class Element>
void CheckOnePrimary(absl::string_view path, const Elements<Element>& elements,
                     google::rpc::BadRequest& violations) {
  bool found = false;
  for (int i = 0; i < elements.size(); ++i) {
    if (!elements[i].primary()) continue;
    if (found) {
      AddViolation(absl::StrCat(path, "[", i, "].primary"), "another one is primary already",
                   violations);
    }
    found = true;
  }
}

// Their normal forms, in the order of the addresses.
template <class Email>
std::vector<std::string> EmailKeysOf(const Elements<Email>& emails) {
  std::vector<std::string> keys;
  for (const Email& email : emails) {
    keys.push_back(EmailKey(email.address()).value_or(email.address()));
  }
  return keys;
}

// No address stands there twice; `keys` are their normal forms.
inline void CheckDistinctEmails(absl::string_view path, const std::vector<std::string>& keys,
                                google::rpc::BadRequest& violations) {
  google::rpc::BadRequest repeats;
  AddRepeats(path, keys, repeats);
  for (const auto& repeat : repeats.field_violations()) {
    AddViolation(absl::StrCat(repeat.field(), ".address"), repeat.description(), violations);
  }
}

// The values under which external ids are claimed.
template <class ExternalId>
std::vector<std::string> ExternalIdKeysOf(const Elements<ExternalId>& ids) {
  std::vector<std::string> keys;
  for (const ExternalId& id : ids) {
    // A zero byte occurs in neither, so no two pairs look alike.
    keys.push_back(absl::StrCat(id.system(), absl::string_view("\0", 1), id.id()));
  }
  return keys;
}

}  // namespace kith
