#include "projections/contacts/contact_directory.h"

#include <string>

#include "absl/strings/ascii.h"
#include "eventstore/base/normalise.h"
#include "projections/tables/external_ids.h"

namespace kith::contacts {
namespace {

using projections::FieldType;
using projections::Table;
using projections::TableBuilder;
using projections::ValueSink;

// "+49 (30) 901820" → "+4930901820": what people write between the digits of an international
// number does not count.
std::string NormalPhone(absl::string_view number) {
  std::string digits;
  for (const char c : number) {
    if (absl::ascii_isdigit(c) || c == '+') digits.push_back(c);
  }
  return digits;
}

void AddEmails(const v1::Contact& contact, ValueSink& out) {
  for (const v1::EmailAddress& email : contact.emails()) out.Add(email.address());
}

// A number that could not be read is found by its digits.
void AddPhones(const v1::Contact& contact, ValueSink& out) {
  for (const v1::PhoneNumber& phone : contact.phones()) {
    out.Add(phone.e164().empty() ? phone.raw() : phone.e164());
  }
}

void AddWords(const v1::Contact& contact, projections::WordSink& out) {
  out.Add(contact.display_name());
  out.Add(contact.first_name());
  out.Add(contact.middle_name());
  out.Add(contact.last_name());
  out.Add(contact.company_name());
}

}  // namespace

const Table<v1::Contact>& ContactDirectory::Contacts() {
  static const auto& table = *new Table<v1::Contact>(
      TableBuilder<v1::Contact>(1)
          .Key([](const v1::Contact& contact) { return contact.name(); })
          .Many("email", FieldType::kString, AddEmails, EmailForm)
          .Alias()
          .Many("phone", FieldType::kString, AddPhones, NormalPhone)
          .Many("external_id", FieldType::kString, projections::AddExternalIds<v1::Contact>)
          .Check(projections::CheckExternalId)
          .Words(AddWords)
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("company_name", {.normalise = FoldedName})
          .Field("owner")
          .Field("lifecycle_stage")
          .Field("companies.company")
          .Field("create_time")
          .Field("viewers")
          .Field("editors")
          .Index(1, {"email"})
          .Index(2, {"phone"})
          .Index(3, {"external_id"})
          .Index(4, {"display_name"})
          .Index(5, {"create_time"})
          .Index(6, {"owner", "display_name"})
          .Index(7, {"owner", "lifecycle_stage", "display_name"})
          .Index(8, {"lifecycle_stage", "display_name"})
          .Index(9, {"company_name", "display_name"})
          .Index(10, {"words"})
          .Index(11, {"companies.company", "display_name"})
          .Index(12, {"viewers"})
          .Index(13, {"editors"})
          .Build());
  return table;
}

}  // namespace kith::contacts
