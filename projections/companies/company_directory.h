// The company directory: which companies there are, and which of them has this domain, name, owner,
// stage, industry or parent.
#pragma once

#include "kith/companies/v1/company.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::companies {

class CompanyDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "company_directory";

  // Beside every field of a company: domain, external_id ("billing:4711"), and the words of its
  // names. By index: these, display_name, owner, lifecycle_stage, industry, parent_company,
  // create_time, viewers, editors. Domains and names are compared by their normal forms.
  static const projections::Table<v1::Company>& Companies();

  CompanyDirectory() : ResourceDirectory(kName, 2, "companies", Companies().core()) {}
};

}  // namespace kith::companies
