// The summary of a company: what it is to us, of its views at one position.
#pragma once

#include "absl/status/status.h"
#include "kith/companies/v1/companies_service.pb.h"
#include "services/runtime/calls/read_call.h"

namespace kith::companies {

// Of the views CompanyDirectory, CompanyDeals and CompanyPeople, in this order. Touches the disk.
absl::Status GetSummary(const runtime::ReadContext& context,
                        const v1::SummarizeCompanyRequest& request, v1::CompanySummary* response);

}  // namespace kith::companies
