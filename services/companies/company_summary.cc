#include "services/companies/company_summary.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/type/v1/list.pb.h"
#include "projections/companies/company_activity.h"
#include "projections/companies/company_deals.h"
#include "projections/companies/company_directory.h"
#include "projections/companies/company_people.h"
#include "projections/tables/exact_sum.h"
#include "projections/tables/merged_names.h"
#include "services/companies/company.h"
#include "services/core/date.h"
#include "services/core/money.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/admission/record_access.h"
#include "services/runtime/calls/part_read.h"
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

// One of the deals that the caller may see.
absl::StatusOr<deals::v1::ListDealsResponse> ListSeenDeals(const runtime::ReadContext& context,
                                                           const runtime::MethodTable& methods,
                                                           deals::v1::ListDealsRequest request) {
  request.set_page_size(1);
  const auto* const list = methods.FindUnary("kith.deals.v1.DealsService/ListDeals");
  KITH_CHECK(list != nullptr);
  deals::v1::ListDealsResponse response;
  KITH_RETURN_IF_ERROR(runtime::ReadPart(context, *list, request, &response));
  return response;
}

// Of the company's deals of one status that the caller may see: how many, and their amounts where
// the caller may read those.
absl::StatusOr<type::v1::ListSummary> SumSeenDeals(const runtime::ReadContext& context,
                                                   const runtime::MethodTable& methods,
                                                   const std::string& company,
                                                   deals::v1::DealStatus status) {
  deals::v1::ListDealsRequest request;
  request.set_filter(
      absl::StrCat("company = \"", company, "\" status = ", deals::v1::DealStatus_Name(status)));
  request.mutable_summary()->set_total_size(true);
  if (context.caller.member->reads_money) request.mutable_summary()->add_sums("amount");
  KITH_ASSIGN_OR_RETURN(auto listed, ListSeenDeals(context, methods, std::move(request)));
  return std::move(*listed.mutable_summary());
}

// When something last happened that the caller may see: to the company itself, or about one of the
// deals that they see.
absl::StatusOr<google::protobuf::Timestamp> LastSeenActivity(const runtime::ReadContext& context,
                                                             const runtime::MethodTable& methods,
                                                             const v1::Company& company) {
  google::protobuf::Timestamp last = company.update_time();
  if (!context.caller.grants.Contain("deals.read")) return last;
  deals::v1::ListDealsRequest request;
  request.set_filter(absl::StrCat("company = \"", company.name(), "\""));
  request.set_order_by("last_activity_time desc");
  KITH_ASSIGN_OR_RETURN(const auto listed, ListSeenDeals(context, methods, std::move(request)));
  if (listed.deals().empty()) return last;
  const google::protobuf::Timestamp& of_deal = listed.deals(0).last_activity_time();
  return FromTimestamp(of_deal) > FromTimestamp(last) ? of_deal : last;
}

bool IsWhole(const type::v1::ListSummary& summary) {
  return !summary.total_size_is_at_least() && !summary.sums_are_partial();
}

// Those of the deals that the caller may see; nothing where these are too many to be counted.
absl::Status AddSeenDeals(const runtime::ReadContext& context, const runtime::MethodTable& methods,
                          const std::string& company, v1::CompanySummary& summary) {
  KITH_ASSIGN_OR_RETURN(const auto open, SumSeenDeals(context, methods, company, deals::v1::OPEN));
  KITH_ASSIGN_OR_RETURN(const auto won, SumSeenDeals(context, methods, company, deals::v1::WON));
  KITH_ASSIGN_OR_RETURN(const auto lost, SumSeenDeals(context, methods, company, deals::v1::LOST));
  summary.set_deals_hidden(!IsWhole(open) || !IsWhole(won) || !IsWhole(lost));
  if (summary.deals_hidden()) return absl::OkStatus();
  summary.set_deals_limited(true);
  summary.set_open_deal_count(open.total_size());
  summary.set_won_deal_count(won.total_size());
  summary.set_lost_deal_count(lost.total_size());
  std::map<std::string, v1::CompanyAmounts> amounts;
  const auto of = [&](const std::string& currency) -> v1::CompanyAmounts& {
    v1::CompanyAmounts& found = amounts[currency];
    if (!found.currency_code().empty()) return found;
    found.set_currency_code(currency);
    found.mutable_open_amount()->set_currency_code(currency);
    found.mutable_won_amount()->set_currency_code(currency);
    return found;
  };
  for (const type::v1::FieldSum& sum : open.sums()) {
    for (const auto& each : sum.amounts()) *of(each.currency_code()).mutable_open_amount() = each;
  }
  for (const type::v1::FieldSum& sum : won.sums()) {
    for (const auto& each : sum.amounts()) *of(each.currency_code()).mutable_won_amount() = each;
  }
  for (auto& [currency, each] : amounts) *summary.add_amounts() = std::move(each);
  return absl::OkStatus();
}

absl::Status TellDeals(const runtime::ReadContext& context, const runtime::MethodTable& methods,
                       const std::vector<std::string>& names, v1::CompanySummary& summary) {
  if (Reach(context.caller, "deals.read").is_everything()) {
    KITH_ASSIGN_OR_RETURN(const auto sums,
                          ReadDealSums(context.view(1), context.workspace(), names));
    return AddDeals(sums, summary);
  }
  if (context.caller.grants.Contain("deals.read")) {
    return AddSeenDeals(context, methods, names.front(), summary);
  }
  summary.set_deals_hidden(true);
  return absl::OkStatus();
}

}  // namespace

absl::Status GetSummary(const runtime::ReadContext& context, const runtime::MethodTable& methods,
                        const v1::SummarizeCompanyRequest& request, v1::CompanySummary* response) {
  const WorkspaceId workspace = context.workspace();
  static const auto& merged = *new projections::MergedNames(v1::Company::default_instance());
  KITH_ASSIGN_OR_RETURN(
      const std::vector<std::string> names,
      merged.AllOf(context.view(0), workspace, request.company(), eventstore::ReadTier::kDisk));
  const std::string& name = names.front();
  KITH_ASSIGN_OR_RETURN(const auto company,
                        CompanyDirectory::Companies().Get(context.view(0), workspace, name,
                                                          eventstore::ReadTier::kDisk));
  const runtime::RecordAccess access(*v1::Company::descriptor(), "companies.read");
  const bool is_bounded = access.IsBounded(context.caller);
  if (is_bounded && (!company.has_value() || !access.MayRead(context.caller, *company))) {
    return ResourceNotFound(Rules(), request.company());
  }
  if (!company.has_value()) {
    return runtime::NotThere(context, request.company(),
                             ResourceNotFound(Rules(), request.company()));
  }
  response->set_company(name);
  response->set_display_name(company->display_name());
  KITH_RETURN_IF_ERROR(TellDeals(context, methods, names, *response));

  KITH_ASSIGN_OR_RETURN(const auto settings, context.SettingsThen());
  const absl::TimeZone zone = TimeZoneOf(settings->time_zone).value_or(absl::UTCTimeZone());
  KITH_ASSIGN_OR_RETURN(
      const PeopleCount people,
      CountPeople(context.view(2), workspace, names, absl::ToCivilDay(context.read_time, zone)));
  response->set_contacts_hidden(!Reach(context.caller, "contacts.read").is_everything());
  if (!response->contacts_hidden()) {
    response->set_contact_count(people.present);
    response->set_former_contact_count(people.former);
  }

  *response->mutable_read_time() = ToTimestamp(context.read_time);
  if (response->contacts_hidden() || !Reach(context.caller, "deals.read").is_everything()) {
    KITH_ASSIGN_OR_RETURN(*response->mutable_last_activity_time(),
                          LastSeenActivity(context, methods, *company));
    return absl::OkStatus();
  }
  absl::Time last = absl::InfinitePast();
  for (const std::string& each : names) {
    for (const size_t view : {size_t{1}, size_t{2}}) {
      KITH_ASSIGN_OR_RETURN(const absl::Time time,
                            LastActivity(context.view(view), workspace, each));
      last = std::max(last, time);
    }
  }
  *response->mutable_last_activity_time() = ToTimestamp(last);
  return absl::OkStatus();
}

}  // namespace kith::companies
