#include "services/companies/company_summary.h"

#include <algorithm>

#include "absl/time/civil_time.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "projections/companies/company_activity.h"
#include "projections/companies/company_deals.h"
#include "projections/companies/company_directory.h"
#include "projections/companies/company_people.h"
#include "projections/tables/exact_sum.h"
#include "services/companies/company.h"
#include "services/core/date.h"
#include "services/core/money.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/resources/not_there.h"

namespace kith::companies {
namespace {

using projections::ValueOf;
using runtime::Reach;

absl::Status AddDeals(const v1::CompanyDealSums& sums, v1::CompanySummary& summary) {
  summary.set_open_deal_count(sums.open_count());
  summary.set_won_deal_count(sums.won_count());
  summary.set_lost_deal_count(sums.lost_count());
  for (const v1::CompanyAmountSums& sum : sums.amounts()) {
    v1::CompanyAmounts& amounts = *summary.add_amounts();
    amounts.set_currency_code(sum.currency_code());
    KITH_ASSIGN_OR_RETURN(*amounts.mutable_open_amount(),
                          MoneyOf(ValueOf(sum.open_minor_units()), sum.currency_code()));
    KITH_ASSIGN_OR_RETURN(*amounts.mutable_won_amount(),
                          MoneyOf(ValueOf(sum.won_minor_units()), sum.currency_code()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status GetSummary(const runtime::ReadContext& context,
                        const v1::SummarizeCompanyRequest& request, v1::CompanySummary* response) {
  const WorkspaceId workspace = context.workspace();
  const std::string& name = request.company();
  KITH_ASSIGN_OR_RETURN(const auto company,
                        CompanyDirectory::Companies().Get(context.view(0), workspace, name,
                                                          eventstore::ReadTier::kDisk));
  const Reach companies(context.caller, "companies.read");
  if (!companies.is_everything() && (!company.has_value() || !companies.Covers(company->owner()))) {
    return ResourceNotFound(Rules(), name);
  }
  if (!company.has_value()) {
    return runtime::NotThere(context, name, ResourceNotFound(Rules(), name));
  }
  response->set_company(name);
  response->set_display_name(company->display_name());
  response->set_deals_hidden(!Reach(context.caller, "deals.read").is_everything());
  if (!response->deals_hidden()) {
    KITH_ASSIGN_OR_RETURN(const auto sums, ReadDealSums(context.view(1), workspace, name));
    KITH_RETURN_IF_ERROR(AddDeals(sums, *response));
  }

  KITH_ASSIGN_OR_RETURN(const auto settings, context.SettingsThen());
  const absl::TimeZone zone = TimeZoneOf(settings->time_zone).value_or(absl::UTCTimeZone());
  KITH_ASSIGN_OR_RETURN(
      const PeopleCount people,
      CountPeople(context.view(2), workspace, name, absl::ToCivilDay(context.read_time, zone)));
  response->set_contacts_hidden(!Reach(context.caller, "contacts.read").is_everything());
  if (!response->contacts_hidden()) {
    response->set_contact_count(people.present);
    response->set_former_contact_count(people.former);
  }

  KITH_ASSIGN_OR_RETURN(const absl::Time of_deals, LastActivity(context.view(1), workspace, name));
  KITH_ASSIGN_OR_RETURN(const absl::Time of_people, LastActivity(context.view(2), workspace, name));
  *response->mutable_last_activity_time() = ToTimestamp(std::max(of_deals, of_people));
  *response->mutable_read_time() = ToTimestamp(context.read_time);
  return absl::OkStatus();
}

}  // namespace kith::companies
