#include "services/contacts/contact_fields.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/rpc/error_details.pb.h"
#include "services/core/consents.h"
#include "services/core/contact_points.h"
#include "services/core/date.h"
#include "services/core/merge_key.h"
#include "services/core/reject.h"

namespace kith::contacts {
namespace {

using google::rpc::BadRequest;

std::string DisplayNameOf(const v1::Contact& contact) {
  return JoinedName(contact.first_name(), contact.middle_name(), contact.last_name());
}

// A contact whose name was erased goes on without one.
void CheckNameable(const v1::Contact& contact, BadRequest& violations) {
  if (contact.erased()) return;
  const bool named = !DisplayNameOf(contact).empty();
  if (named || !contact.emails().empty() || !contact.phones().empty()) return;
  AddViolation("contact", "needs a name, an e-mail address or a telephone number", violations);
}

bool IsDay(absl::string_view path, bool is_set, const google::type::Date& date,
           BadRequest& violations) {
  if (!is_set) return false;
  const std::string defect = DateDefect(date);
  if (!defect.empty()) AddViolation(path, defect, violations);
  return defect.empty();
}

// Somebody may belong to one company at several times, and to several at once.
void CheckCompanies(const v1::Contact& contact, BadRequest& violations) {
  CheckOnePrimary("contact.companies", contact.companies(), violations);
  for (int i = 0; i < contact.companies_size(); ++i) {
    const v1::ContactCompany& company = contact.companies(i);
    const std::string path = absl::StrCat("contact.companies[", i, "]");
    const bool begins = IsDay(absl::StrCat(path, ".start_date"), company.has_start_date(),
                              company.start_date(), violations);
    const bool ends = IsDay(absl::StrCat(path, ".end_date"), company.has_end_date(),
                            company.end_date(), violations);
    if (begins && ends && CivilDayOf(company.end_date()) < CivilDayOf(company.start_date())) {
      AddViolation(absl::StrCat(path, ".end_date"), "is before start_date", violations);
    }
  }
}

void CheckConsents(const v1::Contact& contact, BadRequest& violations) {
  std::vector<std::string> keys;
  for (int i = 0; i < contact.consents_size(); ++i) {
    const v1::Consent& consent = contact.consents(i);
    keys.push_back(ConsentKey(consent));
    if (consent.state() != v1::CONSENT_STATE_UNSPECIFIED) continue;
    AddViolation(absl::StrCat("contact.consents[", i, "].state"),
                 "must be GIVEN, REFUSED or WITHDRAWN", violations);
  }
  AddRepeats("contact.consents", keys, violations);
}

// "X-SKYPE:ada".
bool IsCardProperty(absl::string_view text) {
  const size_t colon = text.find(':');
  if (colon == text.npos || colon + 1 == text.size()) return false;
  absl::string_view name = text.substr(0, colon);
  return absl::ConsumePrefix(&name, "X-") && !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-';
         });
}

void CheckCardProperties(const v1::Contact& contact, BadRequest& violations) {
  for (int i = 0; i < contact.card_properties_size(); ++i) {
    if (IsCardProperty(contact.card_properties(i))) continue;
    AddViolation(absl::StrCat("contact.card_properties[", i, "]"),
                 "must be a property that begins with X-, a colon and a text, as X-SKYPE:ada",
                 violations);
  }
}

}  // namespace

void CompleteFields(const v1::Contact& before, const Settings& settings, v1::Contact& after) {
  CompletePrimary(before.emails(), *after.mutable_emails());
  for (v1::EmailAddress& email : *after.mutable_emails()) {
    if (!email.opted_out()) email.clear_opt_out_cause();
  }
  CompletePhones(before.phones(), settings.default_region, *after.mutable_phones());
  CompletePrimary(before.companies(), *after.mutable_companies());
  after.set_display_name(DisplayNameOf(after));
  const bool is_new = before.name().empty();
  if (is_new && after.lifecycle_stage() == v1::LIFECYCLE_STAGE_UNSPECIFIED) {
    after.set_lifecycle_stage(v1::LEAD);
  }
}

absl::Status CheckFields(const v1::Contact& contact, const ClaimValues& claimed) {
  BadRequest violations;
  CheckNameable(contact, violations);
  CheckDistinctEmails("contact.emails", claimed.Of(kEmailClaim), violations);
  CheckOnePrimary("contact.emails", contact.emails(), violations);
  CheckOnePrimary("contact.phones", contact.phones(), violations);
  CheckCompanies(contact, violations);
  CheckConsents(contact, violations);
  CheckCardProperties(contact, violations);
  return RejectFields(violations);
}

std::vector<std::string> EmailKeys(const v1::Contact& contact) {
  return EmailKeysOf(contact.emails());
}

bool PrefersOther(const google::protobuf::FieldDescriptor& field, const v1::Contact& one,
                  const v1::Contact& other) {
  return field.number() == v1::Contact::kLifecycleStageFieldNumber &&
         IsFurther(other.lifecycle_stage(), one.lifecycle_stage());
}

std::vector<Likeness> LikenessesOf(const v1::Contact& contact) {
  std::vector<Likeness> all;
  for (const v1::EmailAddress& email : contact.emails()) {
    all.push_back({type::v1::SAME_EMAIL, {{"email", email.address()}}});
  }
  for (const v1::ExternalId& id : contact.external_ids()) {
    all.push_back(
        {type::v1::SAME_EXTERNAL_ID, {{"external_id", absl::StrCat(id.system(), ":", id.id())}}});
  }
  for (const v1::PhoneNumber& phone : contact.phones()) {
    if (phone.e164().empty()) continue;  // nobody can tell what it is
    all.push_back({type::v1::SAME_PHONE, {{"phone", phone.e164()}}});
  }
  const std::string& name = contact.display_name();
  if (name.empty()) return all;
  if (!contact.company_name().empty()) {
    all.push_back({type::v1::SAME_NAME_AND_COMPANY,
                   {{"display_name", name}, {"company_name", contact.company_name()}}});
  }
  for (const v1::ContactCompany& company : contact.companies()) {
    all.push_back({type::v1::SAME_NAME_AND_COMPANY,
                   {{"display_name", name}, {"companies.company", company.company()}}});
  }
  return all;
}

std::vector<std::string> ExternalIdKeys(const v1::Contact& contact) {
  return ExternalIdKeysOf(contact.external_ids());
}

std::vector<std::string> PhoneKeys(const v1::Contact& contact) {
  return PhoneKeysOf(contact.phones());
}

std::vector<std::string> NameKeys(const v1::Contact& contact) {
  std::string key = NameAtCompanyKey(DisplayNameOf(contact), contact.company_name());
  if (key.empty()) return {};
  return {std::move(key)};
}

}  // namespace kith::contacts
