#include "services/leads/lead_conversion_counts.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/leads/lead_directory.h"
#include "services/core/money.h"
#include "services/runtime/admission/record_access.h"
#include "services/runtime/requests/validate.h"

namespace kith::leads {
namespace {

constexpr size_t kGroupsMax = 10'000;

using Groups = std::map<std::pair<int, std::string>, v1::LeadConversionRow>;

// The row of the lead's group.
v1::LeadConversionRow& RowOf(const v1::Lead& lead, v1::LeadGrouping grouping, Groups& groups) {
  const bool is_by_source = grouping == v1::BY_SOURCE;
  const bool is_by_owner = grouping == v1::BY_OWNER;
  v1::LeadConversionRow& row =
      groups[{is_by_source ? lead.source() : 0, is_by_owner ? lead.owner() : ""}];
  if (is_by_source) row.set_source(lead.source());
  if (is_by_owner) row.set_owner(lead.owner());
  return row;
}

// To two decimals, half to even. The denominator is positive.
double Percent(int64_t numerator, int64_t denominator) {
  return static_cast<double>(
             DivideHalfEven(static_cast<__int128>(numerator) * 10'000, denominator)) /
         100;
}

void SetPercentages(v1::LeadConversionRow& row) {
  if (row.created_count() == 0) return;
  row.set_cohort_conversion_percent(
      Percent(row.created_and_converted_count(), row.created_count()));
  row.set_period_conversion_percent(Percent(row.converted_count(), row.created_count()));
}

// The leads that the caller sees of those whose time, in the order of `index`, is in the period.
absl::Status Scan(const runtime::ReadContext& context, uint8_t index,
                  const v1::QueryLeadConversionsRequest& request,
                  absl::FunctionRef<bool(const v1::Lead&)> visit) {
  static const auto& access = *new runtime::RecordAccess(*v1::Lead::descriptor(), "leads.read");
  const bool is_bounded = access.IsBounded(context.caller);
  const projections::KeyRange period = {.from = projections::KeyOf(request.start_time()),
                                        .to = projections::KeyOf(request.end_time())};
  return LeadDirectory::Leads().ScanIndex(
      context.view(), context.workspace(), index, period, [&](const v1::Lead& lead) {
        return (is_bounded && !access.MayRead(context.caller, lead)) || visit(lead);
      });
}

}  // namespace

absl::Status CountConversions(const runtime::ReadContext& context,
                              const v1::QueryLeadConversionsRequest& request,
                              v1::LeadConversions* response) {
  if (FromTimestamp(request.end_time()) <= FromTimestamp(request.start_time())) {
    return runtime::ViolationError("end_time", "must be after start_time");
  }
  Groups groups;
  KITH_RETURN_IF_ERROR(
      Scan(context, LeadDirectory::kByCreateTime, request, [&](const v1::Lead& lead) {
        v1::LeadConversionRow& row = RowOf(lead, request.group_by(), groups);
        row.set_created_count(row.created_count() + 1);
        if (lead.status() == v1::CONVERTED) {
          row.set_created_and_converted_count(row.created_and_converted_count() + 1);
        }
        return groups.size() <= kGroupsMax;
      }));
  KITH_RETURN_IF_ERROR(
      Scan(context, LeadDirectory::kByCloseTime, request, [&](const v1::Lead& lead) {
        if (lead.status() != v1::CONVERTED) return true;
        v1::LeadConversionRow& row = RowOf(lead, request.group_by(), groups);
        row.set_converted_count(row.converted_count() + 1);
        return groups.size() <= kGroupsMax;
      }));
  if (groups.size() > kGroupsMax) {
    return Error(type::v1::ERROR_LIMIT_REACHED,
                 "The leads are of more than 10,000 owners. Ask for a shorter period.");
  }
  v1::LeadConversionRow& total = *response->mutable_total();
  for (auto& [key, row] : groups) {
    total.set_created_count(total.created_count() + row.created_count());
    total.set_created_and_converted_count(total.created_and_converted_count() +
                                          row.created_and_converted_count());
    total.set_converted_count(total.converted_count() + row.converted_count());
    if (request.group_by() == v1::LEAD_GROUPING_UNSPECIFIED) continue;
    SetPercentages(row);
    *response->add_rows() = std::move(row);
  }
  SetPercentages(total);
  *response->mutable_read_time() = ToTimestamp(context.read_time);
  return absl::OkStatus();
}

}  // namespace kith::leads
