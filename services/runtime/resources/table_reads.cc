#include "services/runtime/resources/table_reads.h"

#include <functional>

#include "services/core/date.h"
#include "services/runtime/reads/hide_masked.h"

namespace kith::runtime {

absl::StatusOr<std::string> ListRows(const ReadContext& context,
                                     const projections::TableCore& table,
                                     projections::ListQuery query,
                                     absl::FunctionRef<google::protobuf::Message*()> add) {
  query.page_token = context.page_token;
  query.as_of = context.as_of;
  const std::function<bool(absl::string_view)> erased = [&](absl::string_view name) {
    return context.keys.IsDestroyed(context.workspace(), name);
  };
  if (context.keys.AnyDestroyed()) query.erased = &erased;
  const std::function<bool(const projections::Field&)> masked =
      [&](const projections::Field& field) { return IsMasked(context.caller, field); };
  if (context.caller.member != nullptr) query.masked = &masked;
  query.moment.now = context.read_time;
  if (!query.filter.empty()) {
    KITH_ASSIGN_OR_RETURN(const auto settings, context.SettingsThen());
    query.moment.zone = TimeZoneOf(settings->time_zone).value_or(absl::UTCTimeZone());
  }
  return table.List(context.view(), context.workspace(), query, [&](absl::string_view bytes) {
    return add()->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  });
}

}  // namespace kith::runtime
