// The company: an organisation that people work for and deals are made with. No domain stands on
// two live companies.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/companies/v1/company.pb.h"
#include "kith/companies/v1/company_events.pb.h"
#include "services/core/resource_rules.h"

namespace kith::companies {

struct CompanyAggregate : ResourceAggregate<v1::Company, v1::CompanyEvent> {
  static constexpr absl::string_view kCategory = "companies";
};

const ResourceRules& Rules();

}  // namespace kith::companies
