#include "services/forms/form_fields.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "services/core/money.h"
#include "services/core/reject.h"
#include "services/core/url.h"

namespace kith::forms {
namespace {

using google::rpc::BadRequest;

constexpr absl::string_view kTargets[] = {"contact.company_name",  "contact.department",
                                          "contact.emails",        "contact.first_name",
                                          "contact.job_title",     "contact.language",
                                          "contact.last_name",     "contact.middle_name",
                                          "contact.phones",        "contact.preferred_channel",
                                          "contact.salutation",    "contact.website",
                                          "interaction.body",      "interaction.subject",
                                          "lead.estimated_amount", "lead.inquiry",
                                          "lead.source",           "lead.website"};
constexpr int kAmountsMax = 20;  // of an interaction
// What is filled by a field of one kind only.
struct TypedTarget {
  absl::string_view target;
  v1::FormFieldKind kind;
};
constexpr TypedTarget kTypedTargets[] = {{"contact.emails", v1::EMAIL},
                                         {"contact.phones", v1::PHONE},
                                         {"contact.website", v1::URL},
                                         {"lead.estimated_amount", v1::AMOUNT},
                                         {"lead.website", v1::URL}};
constexpr absl::string_view kIdentifying[] = {"contact.emails", "contact.phones",
                                              "contact.first_name", "contact.last_name"};

bool IsCustom(absl::string_view target) {
  const bool is_of_record =
      absl::ConsumePrefix(&target, "contact.") || absl::ConsumePrefix(&target, "lead.");
  return is_of_record &&
         (absl::ConsumePrefix(&target, "custom.") ||
          absl::ConsumePrefix(&target, "personal_custom.")) &&
         !target.empty();
}

bool Contains(const absl::string_view* begin, const absl::string_view* end,
              absl::string_view target) {
  return std::find(begin, end, target) != end;
}

std::string SourceDefect(const v1::FormField& field) {
  if (field.kind() != v1::CHOICE && field.kind() != v1::HIDDEN) {
    return "is filled by a field of the kind CHOICE or HIDDEN only";
  }
  const auto is_source = [](const std::string& text) { return LeadSourceOf(text).has_value(); };
  const bool are_sources = std::all_of(field.choices().begin(), field.choices().end(), is_source) &&
                           (field.initial().empty() || is_source(field.initial()));
  return are_sources ? "" : "takes sources of leads only, such as REFERRAL, as choices and initial";
}

// What a field of this kind cannot map to.
std::string TargetDefect(const v1::FormField& field) {
  const std::string& target = field.maps_to();
  if (target.empty() || IsCustom(target)) return "";
  if (!Contains(std::begin(kTargets), std::end(kTargets), target)) {
    return "is no field that a form can fill; see maps_to in the proto";
  }
  for (const TypedTarget& typed : kTypedTargets) {
    if (target != typed.target) continue;
    if (field.kind() == typed.kind) return "";
    return absl::StrCat("is filled by a field of the kind ", v1::FormFieldKind_Name(typed.kind),
                        " only");
  }
  if (target == "lead.source") return SourceDefect(field);
  if (field.kind() == v1::CHECKBOX || field.kind() == v1::CHOICES || field.kind() == v1::AMOUNT) {
    return "is a text, and the field is none";
  }
  return "";
}

void CheckCurrency(const v1::FormField& field, const std::string& path, BadRequest& violations) {
  const std::string& code = field.currency_code();
  if (field.kind() != v1::AMOUNT) {
    if (!code.empty()) AddViolation(path, "is for AMOUNT only", violations);
  } else if (!CurrencyDecimals(code).has_value()) {
    AddViolation(path, "must be a currency in use, such as EUR", violations);
  }
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
  CheckCurrency(field, absl::StrCat(path, ".currency_code"), violations);
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

std::optional<leads::v1::LeadSource> LeadSourceOf(absl::string_view text) {
  const std::string name =
      absl::StrReplaceAll(absl::AsciiStrToUpper(text), {{" ", "_"}, {"-", "_"}});
  leads::v1::LeadSource source = leads::v1::LEAD_SOURCE_UNSPECIFIED;
  const bool is_one =
      leads::v1::LeadSource_Parse(name, &source) && source != leads::v1::LEAD_SOURCE_UNSPECIFIED;
  return is_one ? std::make_optional(source) : std::nullopt;
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
  int amounts = 0;
  for (int i = 0; i < form.fields_size(); ++i) {
    const v1::FormField& field = form.fields(i);
    const std::string path = absl::StrCat("form.fields[", i, "]");
    CheckField(field, path, violations);
    keys.push_back(field.key());
    if (absl::StartsWith(field.maps_to(), "lead.") && !form.creates_lead()) {
      AddViolation(absl::StrCat(path, ".maps_to"), "is of a lead: set creates_lead", violations);
    }
    if (field.kind() == v1::AMOUNT && ++amounts > kAmountsMax) {
      AddViolation(absl::StrCat(path, ".kind"),
                   absl::StrCat("is one AMOUNT too many: a form has at most ", kAmountsMax),
                   violations);
    }
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
