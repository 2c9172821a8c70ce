// Everything that business calendars bring to a server.
#include <memory>
#include <optional>
#include <string>

#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/business_calendars/v1/business_calendars_errors.pb.h"
#include "kith/business_calendars/v1/business_calendars_service.pb.h"
#include "projections/business_calendars/business_calendar_directory.h"
#include "services/business_calendars/business_calendar.h"
#include "services/core/business_time.h"
#include "services/core/date.h"
#include "services/core/reject.h"
#include "services/core/work_calendar.h"
#include "services/runtime/resources/not_there.h"
#include "services/runtime/server_builder.h"

namespace kith::business_calendars {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

absl::Status BeyondTwentyYears(const std::string& name) {
  return Reject(v1::BUSINESS_CALENDARS_ERROR_BEYOND_TWENTY_YEARS,
                "That is not within twenty years, by this calendar. Ask for less.",
                {{"name", name}});
}

absl::StatusOr<WorkCalendar> CalendarOf(const ReadContext& context, const std::string& name) {
  KITH_ASSIGN_OR_RETURN(const std::optional<v1::BusinessCalendar> calendar,
                        BusinessCalendarDirectory::BusinessCalendars().Get(
                            context.view(), context.workspace(), name, context.tier));
  if (!calendar.has_value()) {
    return runtime::NotThere(context, name, ResourceNotFound(Rules(), name));
  }
  return WorkCalendarOf(*calendar);
}

absl::Status Add(const ReadContext& context, const v1::AddBusinessTimeRequest& request,
                 v1::BusinessMoment* response) {
  KITH_ASSIGN_OR_RETURN(const WorkCalendar calendar, CalendarOf(context, request.name()));
  const std::optional<absl::Time> time = AddBusinessTime(
      calendar, FromTimestamp(request.start_time()), FromDuration(request.amount()));
  if (time.has_value()) *response->mutable_time() = ToTimestamp(*time);
  // From the last years that a timestamp tells it may lead beyond them.
  const bool is_told = time.has_value() && TimeDefect(response->time()).empty();
  return is_told ? absl::OkStatus() : BeyondTwentyYears(request.name());
}

absl::Status Measure(const ReadContext& context, const v1::MeasureBusinessTimeRequest& request,
                     v1::BusinessSpan* response) {
  KITH_ASSIGN_OR_RETURN(const WorkCalendar calendar, CalendarOf(context, request.name()));
  const std::optional<absl::Duration> amount = BusinessTimeBetween(
      calendar, FromTimestamp(request.start_time()), FromTimestamp(request.end_time()));
  if (!amount.has_value()) return BeyondTwentyYears(request.name());
  *response->mutable_amount() = ToDuration(*amount);
  return absl::OkStatus();
}

void BindMethods(runtime::Runtime&, runtime::MethodTable& methods) {
  methods.Read(BusinessCalendarDirectory::kName, ReadKind::kScan, Add);
  methods.Read(BusinessCalendarDirectory::kName, ReadKind::kScan, Measure);
}

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<BusinessCalendarAggregate>()
                             .NotFound(v1::BUSINESS_CALENDARS_ERROR_BUSINESS_CALENDAR_NOT_FOUND)
                             .Check(CheckBusinessCalendar)
                             .Build());
  return rules;
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<BusinessCalendarAggregate, v1::GetBusinessCalendarRequest>(
      Rules(), std::make_unique<BusinessCalendarDirectory>());
  server.Serve(BindMethods);
}

}  // namespace kith::business_calendars
