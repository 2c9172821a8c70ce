#include "services/forms/form_fields.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/core/reject.h"
#include "services/core/url.h"

namespace kith::forms {
namespace {

using google::rpc::BadRequest;

constexpr absl::string_view kTargets[] = {
    "contact.company_name",      "contact.department",  "contact.emails",
    "contact.first_name",        "contact.job_title",   "contact.language",
    "contact.last_name",         "contact.middle_name", "contact.phones",
    "contact.preferred_channel", "contact.salutation",  "contact.website",
    "interaction.subject"};
constexpr absl::string_view kIdentifying[] = {"contact.emails", "contact.phones",
                                              "contact.first_name", "contact.last_name"};

bool IsCustom(absl::string_view target) {
  return (absl::ConsumePrefix(&target, "contact.custom.") ||
          absl::ConsumePrefix(&target, "contact.personal_custom.")) &&
         !target.empty();
}

bool Contains(const absl::string_view* begin, const absl::string_view* end,
              absl::string_view target) {
  return std::find(begin, end, target) != end;
}

// What a field of this kind cannot map to.
std::string TargetDefect(const v1::FormField& field) {
  const std::string& target = field.maps_to();
  if (target.empty() || IsCustom(target)) return "";
  if (!Contains(std::begin(kTargets), std::end(kTargets), target)) {
    return "is no field that a form can fill; see maps_to in the proto";
  }
  const bool is_mail = target == "contact.emails";
  if (is_mail && field.kind() != v1::EMAIL) {
    return "is filled by a field of the kind EMAIL only";
  }
  if (target == "contact.phones" && field.kind() != v1::PHONE) {
    return "is filled by a field of the kind PHONE only";
  }
  if (target == "contact.website" && field.kind() != v1::URL) {
    return "is filled by a field of the kind URL only";
  }
  if (field.kind() == v1::CHECKBOX || field.kind() == v1::CHOICES) {
    return "is a text, and the field is none";
  }
  return "";
}

void CheckField(const v1::FormField& field, const std::string& path, BadRequest& violations) {
  if (absl::StartsWith(field.key(), kOwnPrefix)) {
    AddViolation(absl::StrCat(path, ".key"), "must not begin with kith_", violations);
  }
  const bool has_choices = field.kind() == v1::CHOICE || field.kind() == v1::CHOICES;
  if (has_choices == field.choices().empty()) {
    AddViolation(absl::StrCat(path, ".choices"),
                 has_choices ? "must offer something" : "are for CHOICE and CHOICES only",
                 violations);
  }
  AddRepeats(absl::StrCat(path, ".choices"),
             std::vector<std::string>(field.choices().begin(), field.choices().end()), violations);
  const std::string defect = TargetDefect(field);
  if (!defect.empty()) AddViolation(absl::StrCat(path, ".maps_to"), defect, violations);
  if (field.max_characters() > 0 && field.min_characters() > field.max_characters()) {
    AddViolation(absl::StrCat(path, ".min_characters"), "is more than max_characters", violations);
  }
  if (field.kind() == v1::HIDDEN && field.required() && field.initial().empty()) {
    AddViolation(absl::StrCat(path, ".initial"), "is needed: nobody can fill the field in",
                 violations);
  }
}

// The site of a URL: all that stands before its path.
absl::string_view SiteOf(absl::string_view url) {
  const size_t host = url.find("://");
  if (host == url.npos) return url;
  return url.substr(0, url.find_first_of("/?#", host + 3));
}

void CheckMail(const v1::Form& form, BadRequest& violations) {
  const v1::ConfirmationMail& mail = form.confirmation_mail();
  if (mail.subject().empty()) {
    if (!mail.text().empty()) {
      AddViolation("form.confirmation_mail.subject", "is needed for a mail", violations);
    }
    return;
  }
  if (!absl::StrContains(mail.text(), kLinkGap)) {
    AddViolation("form.confirmation_mail.text", "must say {{link}}, where it is confirmed",
                 violations);
  }
  if (form.public_url().empty()) {
    AddViolation("form.public_url", "is needed for a mail to link to", violations);
  }
}

}  // namespace

bool IsText(v1::FormFieldKind kind) {
  return kind == v1::FORM_FIELD_KIND_UNSPECIFIED || kind == v1::LINE || kind == v1::PARAGRAPH;
}

void CompleteFields(const v1::Form& before, const Settings&, v1::Form& after) {
  if (after.state() == v1::FORM_STATE_UNSPECIFIED) after.set_state(v1::UNPUBLISHED);
  for (v1::FormConsent& consent : *after.mutable_consents()) {
    const auto known =
        std::find_if(before.consents().begin(), before.consents().end(),
                     [&](const v1::FormConsent& one) { return one.key() == consent.key(); });
    if (known == before.consents().end()) {
      consent.set_version(1);
    } else {
      const bool is_same = known->text() == consent.text() && known->url() == consent.url();
      consent.set_version(known->version() + (is_same ? 0 : 1));
    }
  }
}

absl::Status CheckFields(const v1::Form& form) {
  BadRequest violations;
  std::vector<std::string> keys;
  for (int i = 0; i < form.fields_size(); ++i) {
    CheckField(form.fields(i), absl::StrCat("form.fields[", i, "]"), violations);
    keys.push_back(form.fields(i).key());
  }
  AddRepeats("form.fields", keys, violations);
  keys.clear();
  for (const v1::FormConsent& consent : form.consents()) keys.push_back(consent.key());
  AddRepeats("form.consents", keys, violations);
  for (int i = 0; i < form.allowed_origins_size(); ++i) {
    if (IsOrigin(form.allowed_origins(i))) continue;
    AddViolation(absl::StrCat("form.allowed_origins[", i, "]"),
                 "must be a site as browsers name it, such as https://www.example.com, without a "
                 "path",
                 violations);
  }
  if (!form.redirect_url().empty() && !IsOrigin(SiteOf(form.redirect_url()))) {
    AddViolation("form.redirect_url",
                 "must name a site as browsers do: letters, digits, dots and hyphens", violations);
  }
  const auto emails =
      std::count_if(form.fields().begin(), form.fields().end(),
                    [](const v1::FormField& field) { return field.maps_to() == "contact.emails"; });
  if (emails > 1) {
    AddViolation("form.fields",
                 "must have one field for contact.emails at most: by a second one, whoever knows "
                 "somebody's address would give them another",
                 violations);
  }
  CheckMail(form, violations);
  if (form.state() == v1::PUBLISHED) CheckPublishable(form, violations);
  return RejectFields(violations);
}

void CheckPublishable(const v1::Form& form, BadRequest& violations) {
  const bool identifies =
      std::any_of(form.fields().begin(), form.fields().end(), [](const v1::FormField& field) {
        return Contains(std::begin(kIdentifying), std::end(kIdentifying), field.maps_to());
      });
  if (identifies) return;
  AddViolation("form.fields",
               "must have one that says who somebody is: contact.emails, contact.phones, "
               "contact.first_name or contact.last_name",
               violations);
}

}  // namespace kith::forms
