#include "projections/companies/company_directory.h"

#include "eventstore/base/domain.h"
#include "eventstore/base/normalise.h"
#include "projections/tables/external_ids.h"

namespace kith::companies {
namespace {

using projections::FieldType;
using projections::Table;
using projections::TableBuilder;
using projections::ValueSink;

void AddDomains(const v1::Company& company, ValueSink& out) {
  for (const std::string& domain : company.domains()) out.Add(domain);
}

void AddWords(const v1::Company& company, projections::WordSink& out) {
  out.Add(company.display_name());
  out.Add(company.legal_name());
}

}  // namespace

const Table<v1::Company>& CompanyDirectory::Companies() {
  static const auto& table = *new Table<v1::Company>(
      TableBuilder<v1::Company>(1)
          .Key([](const v1::Company& company) { return company.name(); })
          .Many("domain", FieldType::kString, AddDomains, DomainForm)
          .Check([](absl::string_view text) { return RegistrableDomain(text).status(); })
          .Alias()
          .Many("external_id", FieldType::kString, projections::AddExternalIds<v1::Company>)
          .Check(projections::CheckExternalId)
          .Words(AddWords)
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("industry", {.normalise = FoldedName})
          .Field("owner")
          .Field("lifecycle_stage")
          .Field("parent_company")
          .Field("create_time")
          .Field("viewers")
          .Field("editors")
          .Index(1, {"domain"})
          .Index(2, {"external_id"})
          .Index(3, {"words"})
          .Index(4, {"display_name"})
          .Index(5, {"create_time"})
          .Index(6, {"owner", "display_name"})
          .Index(7, {"lifecycle_stage", "display_name"})
          .Index(8, {"industry", "display_name"})
          .Index(9, {"parent_company", "display_name"})
          .Index(10, {"viewers"})
          .Index(11, {"editors"})
          .Build());
  return table;
}

}  // namespace kith::companies
