#include "services/companies/company_fields.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/domain.h"
#include "eventstore/base/normalise.h"
#include "google/rpc/error_details.pb.h"
#include "services/core/contact_points.h"
#include "services/core/merge_key.h"
#include "services/core/money.h"
#include "services/core/reject.h"

namespace kith::companies {

void CompleteFields(const v1::Company& before, const Settings& settings, v1::Company& after) {
  for (std::string& domain : *after.mutable_domains()) {
    const auto& known = before.domains();
    if (std::find(known.begin(), known.end(), domain) == known.end()) domain = DomainForm(domain);
  }
  CompletePrimary(before.emails(), *after.mutable_emails());
  CompletePhones(before.phones(), settings.default_region, *after.mutable_phones());
  const bool is_new = before.name().empty();
  if (is_new && after.lifecycle_stage() == contacts::v1::LIFECYCLE_STAGE_UNSPECIFIED) {
    after.set_lifecycle_stage(contacts::v1::LEAD);
  }
}

absl::Status CheckFields(const v1::Company& company, const ClaimValues& claimed) {
  google::rpc::BadRequest violations;
  AddRepeats("company.domains", claimed.Of(kDomainClaim), violations);
  CheckDistinctEmails("company.emails", EmailKeysOf(company.emails()), violations);
  CheckOnePrimary("company.emails", company.emails(), violations);
  CheckOnePrimary("company.phones", company.phones(), violations);
  if (IsNegative(company.annual_revenue())) {
    AddViolation("company.annual_revenue", "must not be negative", violations);
  }
  return RejectFields(violations);
}

std::vector<std::string> DomainKeys(const v1::Company& company) {
  return {company.domains().begin(), company.domains().end()};
}

bool PrefersOther(const google::protobuf::FieldDescriptor& field, const v1::Company& one,
                  const v1::Company& other) {
  return field.number() == v1::Company::kLifecycleStageFieldNumber &&
         IsFurther(other.lifecycle_stage(), one.lifecycle_stage());
}

std::vector<Likeness> LikenessesOf(const v1::Company& company) {
  return {{type::v1::SAME_NAME, {{"display_name", company.display_name()}}}};
}

std::vector<std::string> ExternalIdKeys(const v1::Company& company) {
  return ExternalIdKeysOf(company.external_ids());
}

std::vector<std::string> NameKeys(const v1::Company& company) {
  std::string key = FoldedName(company.display_name());
  if (key.empty()) return {};
  return {std::move(key)};
}

}  // namespace kith::companies
