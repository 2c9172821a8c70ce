// Merge fields: what a message may say of the one whom it goes to, and of what is about them; and
// a mail template with its gaps filled from that.
//
// Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "google/rpc/error_details.pb.h"
#include "kith/companies/v1/company.pb.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/mail_templates/v1/mail_template.pb.h"
#include "kith/users/v1/user.pb.h"

namespace kith {

// What may stand in a message, however it came about. A template's own texts are shorter, and may
// grow so far when their gaps are filled.
inline constexpr size_t kSubjectBytesMax = 998;
inline constexpr size_t kTextBytesMax = 128 << 10;
inline constexpr size_t kHtmlBytesMax = 256 << 10;

// "contact.first_name".
bool IsMergeField(absl::string_view name);
// Whether its value is an amount, which not everybody is told.
bool IsAmount(absl::string_view merge_field);

// Where values come from. Null: there is none. Borrows them.
struct MergeRecords {
  const contacts::v1::Contact* contact = nullptr;
  absl::string_view address;                        // of the contact, that is written to
  const companies::v1::Company* company = nullptr;  // that the contact is met as
  const users::v1::User* owner = nullptr;           // who looks after the contact
  const deals::v1::Deal* deal = nullptr;            // that the message is about
  absl::string_view workspace;                      // what it is called
};

// "contact" for one; the records that merge fields in the template are of, each once. The template
// has no defect.
std::vector<std::string> RecordsIn(const mail_templates::v1::MailTemplate& mail_template);
// The merge fields in the template, each once; of what is not well-formed, those before that.
std::vector<std::string> MergeFieldsIn(const mail_templates::v1::MailTemplate& mail_template);

// The company that the contact is met as: "companies/01J…"; empty where it belongs to none.
std::string CompanyOf(const contacts::v1::Contact& contact);
// The address to write to; null where the contact has none.
const contacts::v1::EmailAddress* AddressOf(const contacts::v1::Contact& contact);

// What is wrong with the template's texts, by fields of "mail_template".
void CheckTemplate(const mail_templates::v1::MailTemplate& mail_template,
                   google::rpc::BadRequest& violations);

// A template with its gaps filled.
struct MergedMail {
  std::string subject;
  std::string text;
  std::string html;
  std::vector<std::string> empty_fields;  // that have neither a value nor a fallback
};

// ResourceExhausted where a text becomes too long: the message names it.
absl::StatusOr<MergedMail> MergeTemplate(const mail_templates::v1::MailTemplate& mail_template,
                                         const MergeRecords& records);

}  // namespace kith
