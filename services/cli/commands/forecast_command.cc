// `kith forecast`: what will be sold, by month, quarter, owner and category.
#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

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
  for (const auto* column : columns) {
    const bool is_without =
        column->number() == forecast::v1::ForecastRow::kCurrencyCodeFieldNumber &&
        row.currency_code().empty();
    cells.push_back(is_without ? "no amount" : CellOf(row, column, style));
  }
  return cells;
}

// A row of deals that were lost, which are no part of what will be sold, or of none at all.
bool IsOfNothing(const forecast::v1::ForecastRow& row) {
  return row.open_count() == 0 && row.won_count() == 0 && !row.has_quota_gap();
}

// The column in which a total says that it is one: the first by which rows are told apart.
size_t TotalColumn(const forecast::v1::QueryForecastRequest& asked, const Columns& columns) {
  using Row = forecast::v1::ForecastRow;
  const auto groups = [&](int field) {
    switch (field) {
      case Row::kMonthFieldNumber:
        return forecast::v1::MONTH;
      case Row::kQuarterFieldNumber:
        return forecast::v1::QUARTER;
      case Row::kOwnerFieldNumber:
        return forecast::v1::OWNER;
      case Row::kCategoryFieldNumber:
        return forecast::v1::CATEGORY;
      default:
        return forecast::v1::FORECAST_GROUP_UNSPECIFIED;
    }
  };
  const auto& by = asked.group_by();
  size_t column = 0;
  while (column < columns.size() &&
         std::find(by.begin(), by.end(), groups(columns[column]->number())) == by.end()) {
    ++column;
  }
  return column;
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
    for (const auto& row : forecast.rows()) {
      if (!IsOfNothing(row)) table.AddRow(Cells(row, columns, style));
    }
    table.AddRule();
  }
  const size_t said_in = TotalColumn(asked, columns);
  int64_t lost = 0;
  for (const auto& total : forecast.totals()) {
    lost += total.lost_count();
    if (IsOfNothing(total)) continue;
    std::vector<std::string> cells = Cells(total, columns, style);
    if (said_in < cells.size()) cells[said_in] = "total";
    table.AddRow(std::move(cells));
  }
  if (table.empty()) {
    session.out() << (lost > 0 ? "No open or won deals in this period.\n"
                               : "No deals in this period.\n");
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
