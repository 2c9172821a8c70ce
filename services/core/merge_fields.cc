#include "services/core/merge_fields.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "eventstore/base/status_macros.h"
#include "google/type/date.pb.h"
#include "google/type/money.pb.h"
#include "services/core/field_of.h"
#include "services/core/merge_text.h"
#include "services/core/money.h"
#include "services/core/reject.h"

namespace kith {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using mail_templates::v1::MailTemplate;

// The fields of records that people may be told. Adding one is compatible, taking one away is not.
struct RecordFields {
  const char* record;
  const Message* type;
  std::vector<const char*> fields;
};

const std::vector<RecordFields>& AllRecords() {
  static const auto& all = *new std::vector<RecordFields>{
      {"contact",
       &contacts::v1::Contact::default_instance(),
       {"display_name", "salutation", "first_name", "middle_name", "last_name", "job_title",
        "department", "company_name", "website", "language"}},
      {"company",
       &companies::v1::Company::default_instance(),
       {"display_name", "legal_name", "website", "industry"}},
      {"owner", &users::v1::User::default_instance(), {"display_name", "email", "office"}},
      {"deal",
       &deals::v1::Deal::default_instance(),
       {"display_name", "amount", "company_name", "product", "expected_close_date", "next_step"}},
  };
  return all;
}

constexpr absl::string_view kAddress = "contact.email";
constexpr absl::string_view kWorkspace = "workspace.display_name";

// By its name; null for those that are no field of a record.
using MergeFieldMap = std::map<std::string, const FieldDescriptor*, std::less<>>;
const MergeFieldMap& MergeFields() {
  static const auto& fields = *[] {
    auto* const made = new MergeFieldMap;
    for (const RecordFields& record : AllRecords()) {
      for (const char* const field : record.fields) {
        (*made)[absl::StrCat(record.record, ".", field)] =
            FieldOf(*record.type->GetDescriptor(), field);
      }
    }
    (*made)[std::string(kAddress)] = nullptr;
    (*made)[std::string(kWorkspace)] = nullptr;
    return made;
  }();
  return fields;
}

absl::string_view RecordOf(absl::string_view merge_field) {
  return merge_field.substr(0, merge_field.find('.'));
}

// "1234.50 EUR".
std::string TextOf(const google::type::Money& money) {
  constexpr int kNanosDigits = 9;
  const int decimals = CurrencyDecimals(money.currency_code()).value_or(2);
  const std::string nanos =
      absl::StrFormat("%0*d", kNanosDigits, std::abs(money.nanos())).substr(0, decimals);
  const bool is_negative = money.units() < 0 || money.nanos() < 0;
  const std::string units = absl::StrCat(money.units());
  return absl::StrCat(is_negative && money.units() == 0 ? "-" : "", units,
                      decimals > 0 ? absl::StrCat(".", nanos) : "", " ", money.currency_code());
}

// "2026-11-29".
std::string TextOf(const google::type::Date& date) {
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

std::string ValueIn(const Message& record, const FieldDescriptor& field) {
  const google::protobuf::Reflection& reflection = *record.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    return reflection.GetString(record, &field);
  }
  if (!reflection.HasField(record, &field)) return "";
  const Message& value = reflection.GetMessage(record, &field);
  if (value.GetDescriptor() == google::type::Money::descriptor()) {
    return TextOf(static_cast<const google::type::Money&>(value));
  }
  return TextOf(static_cast<const google::type::Date&>(value));
}

std::string ValueOf(absl::string_view name, const MergeRecords& records) {
  if (name == kAddress) return std::string(records.address);
  if (name == kWorkspace) return std::string(records.workspace);
  const auto field = MergeFields().find(name);
  if (field == MergeFields().end()) return "";
  const std::map<absl::string_view, const Message*> all = {{"contact", records.contact},
                                                           {"company", records.company},
                                                           {"owner", records.owner},
                                                           {"deal", records.deal}};
  const Message* const record = all.at(RecordOf(name));
  return record == nullptr ? "" : ValueIn(*record, *field->second);
}

// The texts of a template that have gaps.
struct Part {
  const char* field;
  const std::string& text;
  MergeForm form;
  size_t bytes_max;  // when they are filled
};
std::vector<Part> PartsOf(const MailTemplate& mail_template) {
  return {{"subject", mail_template.subject(), MergeForm::kLine, kSubjectBytesMax},
          {"text", mail_template.text(), MergeForm::kText, kTextBytesMax},
          {"html", mail_template.html(), MergeForm::kHtml, kHtmlBytesMax}};
}

}  // namespace

bool IsMergeField(absl::string_view name) { return MergeFields().contains(name); }

bool IsAmount(absl::string_view merge_field) {
  const auto field = MergeFields().find(merge_field);
  return field != MergeFields().end() && field->second != nullptr &&
         field->second->message_type() == google::type::Money::descriptor();
}

std::vector<std::string> MergeFieldsIn(const MailTemplate& mail_template) {
  std::vector<std::string> all;
  for (const Part& part : PartsOf(mail_template)) {
    const auto names = MergeNames(part.text, part.form);
    if (!names.ok()) continue;
    for (const std::string& name : *names) {
      if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
    }
  }
  return all;
}

std::vector<std::string> RecordsIn(const MailTemplate& mail_template) {
  std::vector<std::string> records;
  for (const std::string& field : MergeFieldsIn(mail_template)) {
    const absl::string_view record = RecordOf(field);
    if (std::find(records.begin(), records.end(), record) == records.end()) {
      records.emplace_back(record);
    }
  }
  return records;
}

std::string CompanyOf(const contacts::v1::Contact& contact) {
  const contacts::v1::ContactCompany* met_as = nullptr;
  for (const contacts::v1::ContactCompany& company : contact.companies()) {
    if (company.has_end_date()) continue;
    if (met_as == nullptr || company.primary()) met_as = &company;
  }
  return met_as == nullptr ? "" : met_as->company();
}

const contacts::v1::EmailAddress* AddressOf(const contacts::v1::Contact& contact) {
  for (const contacts::v1::EmailAddress& email : contact.emails()) {
    if (email.primary()) return &email;
  }
  return contact.emails().empty() ? nullptr : &contact.emails(0);
}

void CheckTemplate(const MailTemplate& mail_template, google::rpc::BadRequest& violations) {
  for (const Part& part : PartsOf(mail_template)) {
    const std::string field = absl::StrCat("mail_template.", part.field);
    const auto names = MergeNames(part.text, part.form);
    if (!names.ok()) {
      AddViolation(field, names.status().message(), violations);
      continue;
    }
    for (const std::string& name : *names) {
      if (IsMergeField(name)) continue;
      AddViolation(field, absl::StrCat("names {{", name, "}}, which is no merge field"),
                   violations);
    }
  }
  std::vector<std::string> fields;
  for (const auto& fallback : mail_template.fallbacks()) {
    if (!IsMergeField(fallback.field())) {
      AddViolation(absl::StrCat("mail_template.fallbacks[", fields.size(), "].field"),
                   "must be a merge field like contact.first_name", violations);
    }
    fields.push_back(fallback.field());
  }
  AddRepeats("mail_template.fallbacks", fields, violations);
}

absl::StatusOr<MergedMail> MergeTemplate(const MailTemplate& mail_template,
                                         const MergeRecords& records) {
  MergedMail mail;
  const auto value = [&](absl::string_view name) {
    std::string own = ValueOf(name, records);
    if (!own.empty()) return own;
    for (const auto& fallback : mail_template.fallbacks()) {
      if (fallback.field() == name) return fallback.text();
    }
    const auto& empty = mail.empty_fields;
    if (std::find(empty.begin(), empty.end(), name) == empty.end()) {
      mail.empty_fields.emplace_back(name);
    }
    return std::string();
  };
  std::string* const merged[] = {&mail.subject, &mail.text, &mail.html};
  size_t index = 0;
  for (const Part& part : PartsOf(mail_template)) {
    auto filled = MergeText(part.text, part.form, value, part.bytes_max);
    if (!filled.ok()) {
      return absl::Status(filled.status().code(),
                          absl::StrCat("The ", part.field, " ", filled.status().message(), "."));
    }
    *merged[index++] = *std::move(filled);
  }
  return mail;
}

}  // namespace kith
