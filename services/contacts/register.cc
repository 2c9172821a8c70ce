// Everything that contacts bring to a server.
#include <memory>

#include "absl/strings/str_cat.h"
#include "kith/contacts/v1/contacts_errors.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "projections/contacts/contact_directory.h"
#include "services/contacts/contact.h"
#include "services/contacts/contact_fields.h"
#include "services/core/merge_key.h"
#include "services/core/reject.h"
#include "services/runtime/server_builder.h"

namespace kith::contacts {
namespace {

bool WantsUniqueEmails(const Settings& settings) { return settings.unique_contact_emails; }

absl::Status EmailTaken(const v1::Contact& holder, size_t index) {
  return RejectTaken(
      v1::CONTACTS_ERROR_EMAIL_TAKEN,
      "Another contact has this e-mail address, and the workspace wants them unique.", "contact",
      holder.name(), absl::StrCat("contact.emails[", index, "].address"));
}

absl::Status ExternalIdTaken(const v1::Contact& holder, size_t index) {
  return RejectTaken(v1::CONTACTS_ERROR_EXTERNAL_ID_TAKEN, "Another contact has this external id.",
                     "contact", holder.name(), absl::StrCat("contact.external_ids[", index, "]"));
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules = *new ResourceRules(
      ResourceRulesBuilder<ContactAggregate>()
          .NotFound(v1::CONTACTS_ERROR_CONTACT_NOT_FOUND)
          .LinkNotFound(v1::CONTACTS_ERROR_LINKED_RECORD_NOT_FOUND)
          .OwnedByCreator()
          .Complete(CompleteFields)
          .Check(CheckFields)
          .NamedAfter("company_name", "companies")
          .UniqueClaim(kEmailClaim, EmailKeys, WantsUniqueEmails, EmailTaken)
          .UniqueClaim(kExternalIdClaim, ExternalIdKeys, IsAlwaysUnique, ExternalIdTaken)
          .Claim(kPhoneClaim, PhoneKeys)
          .Claim(kNameClaim, NameKeys)
          .IdentifiedBy("external_ids", kExternalIdClaim)
          .Mergeable(MergeKey, PrefersOther, LikenessesOf)
          .Build());
  return rules;
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<ContactAggregate, v1::GetContactRequest>(Rules(),
                                                              std::make_unique<ContactDirectory>());
}

}  // namespace kith::contacts
