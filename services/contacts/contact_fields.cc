#include "services/contacts/contact_fields.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/rpc/error_details.pb.h"
#include "services/core/normalise.h"
#include "services/core/reject.h"

namespace kith::contacts {
namespace {

using google::protobuf::RepeatedPtrField;
using google::rpc::BadRequest;

std::string DisplayNameOf(const v1::Contact& contact) {
  std::vector<absl::string_view> names = {contact.first_name(), contact.middle_name(),
                                          contact.last_name()};
  names.erase(std::remove(names.begin(), names.end(), ""), names.end());
  return absl::StrJoin(names, " ");
}

template <class Element>
bool AreSame(const RepeatedPtrField<Element>& a, const RepeatedPtrField<Element>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    google::protobuf::util::MessageDifferencer::Equals);
}

// A number as the contact has it already, also where the region is another since; else as the
// region of now reads it.
std::string NumberOf(const std::string& raw, const v1::Contact& before, const Settings& settings) {
  for (const v1::PhoneNumber& known : before.phones()) {
    if (known.raw() == raw && !known.e164().empty()) return known.e164();
  }
  return PhoneE164(raw, settings.default_region).value_or("");
}

// Of addresses and of numbers alike.
template <class Element>
void MarkFirstIfNone(RepeatedPtrField<Element>& elements) {
  const auto is_primary = [](const Element& element) { return element.primary(); };
  if (elements.empty() || std::any_of(elements.begin(), elements.end(), is_primary)) return;
  elements[0].set_primary(true);
}

template <class Element>
void CheckOnePrimary(absl::string_view path, const RepeatedPtrField<Element>& elements,
                     BadRequest& violations) {
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

void CheckDistinct(const std::vector<std::string>& keys, BadRequest& violations) {
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    if (std::find(keys.begin(), key, *key) == key) continue;
    AddViolation(absl::StrCat("contact.emails[", key - keys.begin(), "].address"),
                 "the contact has this address already", violations);
  }
}

// A contact whose name was erased goes on without one.
void CheckNameable(const v1::Contact& contact, BadRequest& violations) {
  if (contact.erased()) return;
  const bool named = !DisplayNameOf(contact).empty();
  if (named || !contact.emails().empty() || !contact.phones().empty()) return;
  AddViolation("contact", "needs a name, an e-mail address or a telephone number", violations);
}

}  // namespace

void CompleteFields(const v1::Contact& before, const Settings& settings, v1::Contact& after) {
  // What nobody touched stays as it is, whatever the settings are now.
  if (!AreSame(before.emails(), after.emails())) MarkFirstIfNone(*after.mutable_emails());
  if (!AreSame(before.phones(), after.phones())) {
    MarkFirstIfNone(*after.mutable_phones());
    for (v1::PhoneNumber& phone : *after.mutable_phones()) {
      phone.set_e164(NumberOf(phone.raw(), before, settings));
    }
  }
  after.set_display_name(DisplayNameOf(after));
  const bool is_new = before.name().empty();
  if (is_new && after.lifecycle_stage() == v1::LIFECYCLE_STAGE_UNSPECIFIED) {
    after.set_lifecycle_stage(v1::LEAD);
  }
}

absl::Status CheckFields(const v1::Contact& contact, const ClaimValues& claimed) {
  BadRequest violations;
  CheckNameable(contact, violations);
  CheckDistinct(claimed.Of(kEmailClaim), violations);
  CheckOnePrimary("contact.emails", contact.emails(), violations);
  CheckOnePrimary("contact.phones", contact.phones(), violations);
  return RejectFields(violations);
}

std::vector<std::string> EmailKeys(const v1::Contact& contact) {
  std::vector<std::string> keys;
  for (const v1::EmailAddress& email : contact.emails()) {
    keys.push_back(EmailKey(email.address()).value_or(email.address()));
  }
  return keys;
}

std::vector<std::string> ExternalIdKeys(const v1::Contact& contact) {
  std::vector<std::string> keys;
  for (const v1::ExternalId& id : contact.external_ids()) {
    // A zero byte occurs in neither, so no two pairs look alike.
    keys.push_back(absl::StrCat(id.system(), absl::string_view("\0", 1), id.id()));
  }
  return keys;
}

}  // namespace kith::contacts
