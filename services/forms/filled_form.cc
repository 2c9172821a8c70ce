#include "services/forms/filled_form.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "eventstore/base/check.h"
#include "eventstore/base/money_text.h"
#include "eventstore/base/normalise.h"
#include "google/protobuf/map.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/rpc/error_details.pb.h"
#include "google/type/money.pb.h"
#include "kith/type/v1/custom_value.pb.h"
#include "services/core/money.h"
#include "services/core/normalise.h"
#include "services/core/reject.h"
#include "services/core/url.h"
#include "services/forms/form_fields.h"

namespace kith::forms {
namespace {

using contacts::v1::Contact;
using google::rpc::BadRequest;
using interactions::v1::Interaction;

constexpr size_t kPhoneBytesMax = 64;

size_t CharactersOf(absl::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

// Of at most so many bytes, at the end of a character.
std::string Cut(absl::string_view text, size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return std::string(text.substr(0, bytes));
}

bool IsControl(char c, bool is_line) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte == '\t' || (!is_line && (byte == '\n' || byte == '\r'))) return false;
  return byte < 0x20 || byte == 0x7f;
}

std::string TextDefect(const v1::FormField& field, const std::string& text) {
  const bool is_paragraph = field.kind() == v1::PARAGRAPH;
  const int most = is_paragraph ? kParagraphCharactersMax : kLineCharactersMax;
  const int max = field.max_characters() == 0 ? most : std::min(field.max_characters(), most);
  const size_t characters = CharactersOf(text);
  if (characters > static_cast<size_t>(max)) {
    return absl::StrCat("must have at most ", max, " characters");
  }
  if (characters < static_cast<size_t>(field.min_characters())) {
    return absl::StrCat("must have at least ", field.min_characters(), " characters");
  }
  return "";
}

bool IsNumber(const std::string& text) {
  double number = 0;
  return text.size() <= 64 && text.find_first_not_of("0123456789+-.eE") == text.npos &&
         absl::SimpleAtod(text, &number);
}

// What the field takes as an amount, "1234.50 EUR".
std::string AmountText(const v1::FormField& field, const std::string& text) {
  return absl::StrCat(text, " ", field.currency_code());
}

bool IsAmount(const v1::FormField& field, const std::string& text) {
  google::type::Money amount;
  return text.size() <= 64 && ParseMoneyText(AmountText(field, text), &amount) &&
         amount.currency_code() == field.currency_code() && MoneyDefect(amount).empty() &&
         !IsNegative(amount);
}

bool IsPhone(const std::string& text) {
  const auto digits =
      std::count_if(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::string_view(" +-().,/#*;:").find(c) != std::string::npos;
  });
  return digits >= 3 && is_plain && text.size() <= kPhoneBytesMax;
}

// What is wrong with one value of a field; empty where nothing is.
std::string DefectOf(const v1::FormField& field, const std::string& text) {
  if (field.maps_to() == "lead.source" && !LeadSourceOf(text).has_value()) {
    return "must be a source of leads, such as REFERRAL";
  }
  const bool is_line = field.kind() != v1::PARAGRAPH;
  const bool has_control =
      std::any_of(text.begin(), text.end(), [&](char c) { return IsControl(c, is_line); });
  if (!IsUtf8(text) || has_control) return "must be plain text";
  switch (field.kind()) {
    case v1::EMAIL:
      return EmailKey(text).has_value() ? "" : "must be an e-mail address";
    case v1::PHONE:
      return IsPhone(text) ? "" : "must be a telephone number";
    case v1::URL:
      return IsUrl(text) && text.size() <= 1'024 ? "" : "must begin with http:// or https://";
    case v1::NUMBER:
      return IsNumber(text) ? "" : "must be a number";
    case v1::AMOUNT:
      return IsAmount(field, text)
                 ? ""
                 : absl::StrCat("must be an amount of ", field.currency_code(), ", as 1234.50");
    case v1::DATE: {
      absl::CivilDay day;
      return absl::ParseCivilTime(text, &day) && text.size() == 10 ? ""
                                                                   : "must be a day, as 2026-11-30";
    }
    case v1::CHOICE:
    case v1::CHOICES:
      return std::find(field.choices().begin(), field.choices().end(), text) !=
                     field.choices().end()
                 ? ""
                 : "must be one of the choices";
    case v1::CHECKBOX:
      return text.size() <= 64 ? "" : "must be ticked or not";
    default:
      return TextDefect(field, text);
  }
}

// What was filled in, without what is empty.
std::vector<std::string> ValuesOf(const v1::FormField& field,
                                  const v1::SubmitFormRequest& request) {
  if (field.kind() == v1::HIDDEN && !field.initial().empty()) return {field.initial()};
  std::vector<std::string> values;
  for (const v1::FormValue& value : request.values()) {
    if (value.key() != field.key()) continue;
    const absl::string_view text = StripSpaces(value.value());
    if (!IsBlank(text)) values.emplace_back(text);
  }
  if (field.kind() == v1::CHECKBOX && !values.empty()) {
    const bool is_off = values[0] == "false" || values[0] == "0" || values[0] == "off";
    values.assign(is_off ? 0 : 1, "true");
  }
  return values;
}

void CheckValues(const v1::FormField& field, const std::vector<std::string>& values,
                 BadRequest& violations) {
  const std::string path = absl::StrCat("values.", field.key());
  if (values.empty()) {
    if (field.required()) AddViolation(path, "is required", violations);
    return;
  }
  if (values.size() > 1 && field.kind() != v1::CHOICES) {
    return AddViolation(path, "must be said once", violations);
  }
  for (const std::string& value : values) {
    const std::string defect = DefectOf(field, value);
    if (!defect.empty()) return AddViolation(path, defect, violations);
  }
}

void AddLine(absl::string_view line, Interaction& interaction) {
  std::string& body = *interaction.mutable_body();
  absl::StrAppend(&body, body.empty() ? "" : "\n", line);
}

// "Your message: Hello", or below its label where it has several lines. An amount stands in the
// interaction's amounts, which the text names: not everybody who reads it may read amounts.
void Tell(absl::string_view label, const std::string& text, bool is_amount,
          Interaction& interaction) {
  if (is_amount) {
    KITH_CHECK(ParseMoneyText(text, interaction.add_amounts()));
    return AddLine(absl::StrCat(label, ": see amount ", interaction.amounts_size()), interaction);
  }
  const bool is_long = absl::StrContains(text, '\n');
  AddLine(absl::StrCat(label, is_long ? ":\n" : ": ", text), interaction);
}

// Puts a value that is checked where the field maps it; false where that is nowhere, or has one of
// another field.
bool Put(const v1::FormField& field, const std::string& text, FilledForm& filled) {
  absl::string_view target = field.maps_to();
  Interaction& interaction = *filled.capture.mutable_interaction();
  if (target == "interaction.subject") {
    if (!interaction.subject().empty()) return false;
    interaction.set_subject(text);
    return true;
  }
  if (target == "interaction.body") {
    AddLine(text, interaction);
    return true;
  }
  if (!absl::ConsumePrefix(&target, "contact.")) return false;
  Contact& person = *filled.capture.mutable_person();
  const std::string path(target);
  if (absl::ConsumePrefix(&target, "custom.")) {
    const auto [held, is_new] = person.mutable_custom()->insert({std::string(target), {}});
    if (!is_new) return false;
    held->second.set_text(text);
  } else if (absl::ConsumePrefix(&target, "personal_custom.")) {
    const auto [held, is_new] = person.mutable_personal_custom()->insert({std::string(target), {}});
    if (!is_new) return false;
    held->second.set_text(text);
  } else if (target == "emails") {
    person.add_emails()->set_address(text);
  } else if (target == "phones") {
    person.add_phones()->set_raw(text);
  } else {
    const auto* const named = Contact::descriptor()->FindFieldByName(path);
    if (named == nullptr || person.GetReflection()->HasField(person, named)) return false;
    person.GetReflection()->SetString(&person, named, text);
  }
  filled.contact_values.push_back({field.label(), path, text, field.kind() == v1::AMOUNT});
  return true;
}

void PutCustom(absl::string_view key, const std::string& text,
               google::protobuf::Map<std::string, type::v1::CustomValue>& values) {
  const auto [held, is_new] = values.insert({std::string(key), {}});
  if (is_new) held->second.set_text(text);
}

// Puts a value that is checked into the lead, where the field maps it there and no other one did
// before.
void PutLead(const v1::FormField& field, const std::string& text, leads::v1::Lead& lead) {
  absl::string_view target = field.maps_to();
  if (!absl::ConsumePrefix(&target, "lead.")) return;
  if (absl::ConsumePrefix(&target, "custom.")) {
    PutCustom(target, text, *lead.mutable_custom());
  } else if (absl::ConsumePrefix(&target, "personal_custom.")) {
    PutCustom(target, text, *lead.mutable_personal_custom());
  } else if (target == "inquiry") {
    // The interaction has what is more than a lead takes.
    if (lead.inquiry().empty() && text.size() <= kInquiryBytesMax) lead.set_inquiry(text);
  } else if (target == "website") {
    if (lead.website().empty()) lead.set_website(text);
  } else if (target == "source") {
    const bool is_first = lead.source() == leads::v1::LEAD_SOURCE_UNSPECIFIED;
    if (is_first) lead.set_source(*LeadSourceOf(text));
  } else if (target == "estimated_amount" && !lead.has_estimated_amount()) {
    KITH_CHECK(ParseMoneyText(text, lead.mutable_estimated_amount()));
  }
}

// Whether it is the same text, number, choice or the like; of other types what was written is not
// compared.
bool IsSame(const type::v1::CustomValue& value, const std::string& text) {
  double number = 0;
  switch (value.value_case()) {
    case type::v1::CustomValue::kText:
      return value.text() == text;
    case type::v1::CustomValue::kMoney: {
      google::type::Money amount;
      return ParseMoneyText(text, &amount) &&
             google::protobuf::util::MessageDifferencer::Equals(amount, value.money());
    }
    case type::v1::CustomValue::kNumber:
      return absl::SimpleAtod(text, &number) && value.number() == number;
    case type::v1::CustomValue::kBoolean:
      return text == (value.boolean() ? "true" : "false");
    case type::v1::CustomValue::kChoice:
      return value.choice() == text;
    case type::v1::CustomValue::kUrl:
      return value.url() == text;
    case type::v1::CustomValue::kEmail:
      return value.email() == text;
    case type::v1::CustomValue::kRecord:
      return value.record() == text;
    default:
      return false;
  }
}

bool Has(const google::protobuf::Map<std::string, type::v1::CustomValue>& values,
         absl::string_view key, const std::string& text) {
  const auto found = values.find(std::string(key));
  return found != values.end() && IsSame(found->second, text);
}

// Whether the contact has the value.
bool Has(const Contact& contact, const ContactValue& value, absl::string_view default_region) {
  absl::string_view target = value.target;
  if (absl::ConsumePrefix(&target, "custom.")) return Has(contact.custom(), target, value.text);
  if (absl::ConsumePrefix(&target, "personal_custom.")) {
    return Has(contact.personal_custom(), target, value.text);
  }
  if (target == "emails") {
    const auto key = EmailKey(value.text);
    return std::any_of(contact.emails().begin(), contact.emails().end(), [&](const auto& email) {
      return email.address() == value.text || (key.has_value() && EmailKey(email.address()) == key);
    });
  }
  if (target == "phones") {
    const auto number = PhoneE164(value.text, default_region);
    return std::any_of(contact.phones().begin(), contact.phones().end(), [&](const auto& phone) {
      return phone.raw() == value.text || (number.has_value() && phone.e164() == *number);
    });
  }
  const auto* const named = Contact::descriptor()->FindFieldByName(value.target);
  return named != nullptr && contact.GetReflection()->GetString(contact, named) == value.text;
}

void ReadConsents(const v1::Form& form, const v1::SubmitFormRequest& request, FilledForm& filled,
                  BadRequest& violations) {
  for (const v1::FormConsent& consent : form.consents()) {
    const bool is_given = std::find(request.consents().begin(), request.consents().end(),
                                    consent.key()) != request.consents().end();
    if (is_given) {
      v1::ConsentGiven given;
      given.set_key(consent.key());
      given.set_version(consent.version());
      given.set_text(consent.text());
      given.set_channel(consent.channel());
      filled.consents.push_back(std::move(given));
    } else if (consent.required()) {
      AddViolation(absl::StrCat("consents.", consent.key()), "must be agreed to", violations);
    }
  }
}

}  // namespace

absl::StatusOr<FilledForm> ReadForm(const v1::Form& form, const v1::SubmitFormRequest& request) {
  FilledForm filled;
  BadRequest violations;
  captures::v1::CaptureInteractionRequest& capture = filled.capture;
  Interaction& interaction = *capture.mutable_interaction();
  for (const v1::FormField& field : form.fields()) {
    const std::vector<std::string> values = ValuesOf(field, request);
    const int before = violations.field_violations_size();
    CheckValues(field, values, violations);
    if (values.empty() || violations.field_violations_size() > before) continue;
    const bool is_amount = field.kind() == v1::AMOUNT;
    const std::string text = is_amount ? AmountText(field, values[0]) : absl::StrJoin(values, ",");
    if (Put(field, text, filled)) continue;
    // What a lead says, of which none may come, stands here, too.
    PutLead(field, text, filled.lead);
    Tell(field.label(), is_amount ? text : absl::StrJoin(values, ", "), is_amount, interaction);
  }
  ReadConsents(form, request, filled, violations);
  if (absl::Status refused = RejectFields(violations); !refused.ok()) return refused;

  interaction.set_kind(interactions::v1::FORM_SUBMISSION);
  interaction.set_direction(interactions::v1::INBOUND);
  interaction.set_channel(Cut(request.page_url(), 512));
  if (interaction.subject().empty()) interaction.set_subject(form.display_name());
  capture.set_source("form");
  // Nobody has confirmed yet that it was them, and nothing of who is there changes for it.
  const bool is_asked = !form.confirmation_mail().subject().empty();
  capture.set_match_policy(is_asked ? captures::v1::KEEP : form.match_policy());
  Contact& person = *capture.mutable_person();
  person.set_source(form.contact_source().empty() ? Cut(form.display_name(), 128)
                                                  : form.contact_source());
  *person.mutable_tags() = form.contact_tags();
  person.set_owner(form.contact_owner());
  return filled;
}

void TellLeftOut(const std::vector<ContactValue>& values, const Contact& contact,
                 const google::protobuf::FieldMask& filled, absl::string_view default_region,
                 Interaction& interaction) {
  for (const ContactValue& value : values) {
    // Lists are filled as far as there is room.
    const bool is_list = value.target == "emails" || value.target == "phones";
    const bool is_filled = !is_list && std::find(filled.paths().begin(), filled.paths().end(),
                                                 value.target) != filled.paths().end();
    if (is_filled || Has(contact, value, default_region)) continue;
    Tell(value.label, value.text, value.is_amount, interaction);
  }
}

}  // namespace kith::forms
