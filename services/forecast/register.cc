// Everything that the forecast brings to a server. It has no aggregate and no events of its own:
// deals and pipelines register theirs.
#include <memory>
#include <optional>

#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/forecast/v1/forecast_errors.pb.h"
#include "kith/forecast/v1/forecast_service.pb.h"
#include "projections/forecast/sales_forecast.h"
#include "services/core/date.h"
#include "services/core/reject.h"
#include "services/forecast/forecast_sum.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/resources/asked_owner.h"
#include "services/runtime/server_builder.h"

namespace kith::forecast {
namespace {

using runtime::ReadContext;
using runtime::ReadKind;

// A day that bounds the period; nullopt where the request does not say.
absl::StatusOr<std::optional<absl::CivilDay>> DayOf(absl::string_view field, bool given,
                                                    const google::type::Date& date) {
  if (!given) return std::nullopt;
  const std::string defect = DateDefect(date);
  if (!defect.empty()) return RejectField(field, defect);
  return CivilDayOf(date);
}

absl::StatusOr<Period> PeriodOf(const v1::QueryForecastRequest& request) {
  Period period;
  KITH_ASSIGN_OR_RETURN(period.from, DayOf("from", request.has_from(), request.from()));
  KITH_ASSIGN_OR_RETURN(period.to, DayOf("to", request.has_to(), request.to()));
  if (period.from.has_value() && period.to.has_value() && *period.to < *period.from) {
    return Reject(
        v1::FORECAST_ERROR_PERIOD_REVERSED, "The period ends before it begins. Correct the dates.",
        {{"from", absl::FormatCivilTime(*period.from)}, {"to", absl::FormatCivilTime(*period.to)}});
  }
  return period;
}

absl::Status Query(const runtime::AskedOwner& asked_owner, const ReadContext& context,
                   const v1::QueryForecastRequest& asked, v1::Forecast* response) {
  KITH_ASSIGN_OR_RETURN(const Period period, PeriodOf(asked));
  v1::QueryForecastRequest request = asked;
  KITH_ASSIGN_OR_RETURN(*request.mutable_owner(), asked_owner.In(context, asked.owner()));
  KITH_ASSIGN_OR_RETURN(const auto settings, context.SettingsThen());
  const absl::TimeZone zone = TimeZoneOf(settings->time_zone).value_or(absl::UTCTimeZone());
  KITH_ASSIGN_OR_RETURN(const StagesByName stages,
                        ReadStages(context.view(1), context.workspace()));
  const runtime::Reach reach(context.caller, "forecast.read");
  ForecastSum sum(request, stages, settings->fiscal_year_start_month);
  KITH_RETURN_IF_ERROR(
      VisitCells(context.view(0), context.workspace(), period, zone,
                 [&](const v1::ForecastCell& cell, std::optional<absl::CivilDay> day) {
                   if (reach.Covers(cell.owner())) sum.Add(cell, day);
                 }));
  KITH_ASSIGN_OR_RETURN(*response, sum.Result());
  *response->mutable_read_time() = ToTimestamp(context.read_time);
  return absl::OkStatus();
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.AddProjection(std::make_unique<SalesForecast>());
  server.Serve([&server](runtime::Runtime& runtime, runtime::MethodTable& methods) {
    const runtime::AskedOwner owner(server.resources(), runtime);
    methods.Read(
        runtime::MethodOf<v1::QueryForecastRequest>(), {SalesForecast::kName, kPipelineList},
        ReadKind::kScan,
        [owner](const ReadContext& context, const google::protobuf::Message& request,
                google::protobuf::Message* response) {
          return Query(owner, context, static_cast<const v1::QueryForecastRequest&>(request),
                       static_cast<v1::Forecast*>(response));
        },
        [owner](const google::protobuf::Message& request) {
          return owner.ViewsFor(static_cast<const v1::QueryForecastRequest&>(request).owner());
        });
  });
}

}  // namespace kith::forecast
