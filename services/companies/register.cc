// Everything that companies bring to a server.
#include <memory>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/companies/v1/companies_errors.pb.h"
#include "kith/companies/v1/companies_service.pb.h"
#include "projections/companies/company_deals.h"
#include "projections/companies/company_directory.h"
#include "projections/companies/company_people.h"
#include "services/companies/company.h"
#include "services/companies/company_fields.h"
#include "services/companies/company_summary.h"
#include "services/core/merge_key.h"
#include "services/core/reject.h"
#include "services/runtime/server_builder.h"

namespace kith::companies {
namespace {

using runtime::ReadKind;

absl::Status DomainTaken(const v1::Company& holder, size_t index) {
  return RejectTaken(v1::COMPANIES_ERROR_DOMAIN_TAKEN, "Another company has this domain.",
                     "company", holder.name(), absl::StrCat("company.domains[", index, "]"));
}

absl::Status ExternalIdTaken(const v1::Company& holder, size_t index) {
  return RejectTaken(v1::COMPANIES_ERROR_EXTERNAL_ID_TAKEN, "Another company has this external id.",
                     "company", holder.name(), absl::StrCat("company.external_ids[", index, "]"));
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules = *new ResourceRules(
      ResourceRulesBuilder<CompanyAggregate>()
          .NotFound(v1::COMPANIES_ERROR_COMPANY_NOT_FOUND)
          .LinkNotFound(v1::COMPANIES_ERROR_LINKED_RECORD_NOT_FOUND)
          .OwnedByCreator()
          .Complete(CompleteFields)
          .Check(CheckFields)
          .UniqueClaim(kDomainClaim, DomainKeys, IsAlwaysUnique, DomainTaken)
          .UniqueClaim(kExternalIdClaim, ExternalIdKeys, IsAlwaysUnique, ExternalIdTaken)
          .Claim(kNameClaim, NameKeys)
          .IdentifiedBy("external_ids", kExternalIdClaim)
          .Mergeable(MergeKey, PrefersOther, LikenessesOf)
          .Build());
  return rules;
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<CompanyAggregate, v1::GetCompanyRequest>(Rules(),
                                                              std::make_unique<CompanyDirectory>());
  server.AddProjection(std::make_unique<CompanyDeals>());
  server.AddProjection(std::make_unique<CompanyPeople>());
  server.Serve([](runtime::Runtime&, runtime::MethodTable& methods) {
    methods.Read(
        {CompanyDirectory::kName, CompanyDeals::kName, CompanyPeople::kName, kDealList},
        ReadKind::kScan,
        [&methods](const runtime::ReadContext& context, const v1::SummarizeCompanyRequest& request,
                   v1::CompanySummary* response) {
          return GetSummary(context, methods, request, response);
        });
  });
}

}  // namespace kith::companies
