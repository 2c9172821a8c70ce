// `kith forecast`: what will be sold, by month, quarter, owner and category.
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/forecast/v1/forecast_service.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/link_names.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/render.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Message;

using Columns = std::vector<const google::protobuf::FieldDescriptor*>;

std::vector<std::string> Cells(const forecast::v1::ForecastRow& row, const Columns& columns,
                               const Style& style) {
  std::vector<std::string> cells;
  for (const auto* column : columns) cells.push_back(CellOf(row, column, style));
  return cells;
}

// What a quota adds, one line for the currency it is in.
void PrintQuota(const forecast::v1::ForecastRow& total, std::ostream& out) {
  if (!total.has_quota_gap()) return;
  if (!total.has_attainment_percent()) {
    out << "There is no quota above 0 to reach; won " << FormatMoney(total.won_amount()) << ".\n";
    return;
  }
  out << absl::StrFormat("Quota reached to %.1f %%, ", total.attainment_percent());
  const std::string gap = FormatMoney(total.quota_gap());
  const bool exceeded = gap[0] == '-';
  out << (exceeded ? gap.substr(1) : gap) << (exceeded ? " beyond it" : " to go");
  if (total.has_quota_coverage()) {
    out << absl::StrFormat("; open pipeline covers %.2f of it", total.quota_coverage());
  }
  if (total.has_remaining_coverage()) {
    out << absl::StrFormat(" and %.2f of what remains", total.remaining_coverage());
  }
  out << ".\n";
}

void PrintForecast(const forecast::v1::Forecast& forecast, const Message& request,
                   Session& session) {
  const auto columns = ColumnsOf(*forecast::v1::ForecastRow::descriptor());
  const Style style = session.StyleWith(LinkNames(session, {&forecast}, request));
  TextTable table;
  for (const auto* column : columns) AddColumn(column, &table);
  // Where nothing is grouped, the rows are what the totals are.
  const auto& asked =
      *google::protobuf::DynamicCastToGenerated<forecast::v1::QueryForecastRequest>(&request);
  if (asked.group_by_size() > 0) {
    for (const auto& row : forecast.rows()) table.AddRow(Cells(row, columns, style));
    table.AddRule();
  }
  for (const auto& total : forecast.totals()) table.AddRow(Cells(total, columns, style));
  if (table.empty()) {
    session.out() << "No deals in this period.\n";
    return;
  }
  session.out() << "Forecast at " << FormatTimestamp(forecast.read_time(), style.zone) << '\n';
  table.Print(style.width, session.out());
  for (const auto& total : forecast.totals()) PrintQuota(total, session.out());
}

}  // namespace

absl::Status RunForecast(Session& session, const std::vector<std::string>& words) {
  const Method& method = session.Require("forecast", "query");
  KITH_ASSIGN_OR_RETURN(Arguments arguments, ParseFor(method, words));
  const std::vector<std::string> by = arguments.TakeAll("by");
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> request, BuildRequest(method, arguments));
  for (const std::string& groups : by) {
    for (absl::string_view group : absl::StrSplit(groups, ',', absl::SkipWhitespace())) {
      if (const absl::Status set = SetField(request.get(), "group_by", group); !set.ok()) {
        return absl::InvalidArgumentError(absl::StrCat("--by: ", set.message()));
      }
    }
  }
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply, session.Call(method, *request));
  if (session.options().json) {
    session.out() << ToJson(*reply, true);
    return absl::OkStatus();
  }
  const auto* forecast =
      google::protobuf::DynamicCastToGenerated<forecast::v1::Forecast>(reply.get());
  KITH_CHECK(forecast != nullptr);
  PrintForecast(*forecast, *request, session);
  return absl::OkStatus();
}

}  // namespace kith::cli
