// The summary of a company: what it is to us, of its views at one position.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kith/companies/v1/companies_service.pb.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/read_call.h"

namespace kith::companies {

// The deals' own view, of which their list is.
inline constexpr absl::string_view kDealList = "deal_list";

// Of the views CompanyDirectory, CompanyDeals, CompanyPeople and kDealList, in this order. The
// deals of who may see some only are those that `methods` lists to them. Touches the disk.
absl::Status GetSummary(const runtime::ReadContext& context, const runtime::MethodTable& methods,
                        const v1::SummarizeCompanyRequest& request, v1::CompanySummary* response);

}  // namespace kith::companies
