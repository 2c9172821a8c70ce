#include "services/forecast/forecast_sum.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "projections/forecast/forecast_cells.h"
#include "services/core/date.h"
#include "services/core/money.h"

namespace kith::forecast {
namespace {

using deals::v1::ForecastCategory;
using google::type::Money;

constexpr absl::string_view kNone = "none";
constexpr int kBestCasePercent = 40;
constexpr int kCommitPercent = 70;

// How many billionths a minor unit of the currency has.
int64_t NanosPerMinorUnit(const std::string& currency) {
  int64_t nanos = 1'000'000'000;
  for (int i = CurrencyDecimals(currency).value_or(0); i > 0; --i) nanos /= 10;
  return nanos;
}

// A sum as money, rounded half to even. `parts` says how many billionths' parts the sum counts: 1,
// or 100 where it is weighted in percent.
absl::StatusOr<Money> ToMoney(__int128 sum, int64_t parts, const std::string& currency) {
  return MoneyOf(DivideHalfEven(sum, NanosPerMinorUnit(currency) * parts), currency);
}

absl::Status TooManyRows() {
  google::rpc::QuotaFailure quota;
  auto* const violation = quota.add_violations();
  violation->set_subject("forecast");
  violation->set_description(absl::StrCat("A forecast has at most ", kForecastRowsMax, " rows."));
  return Error(
      type::v1::ERROR_LIMIT_REACHED,
      "The forecast has too many rows. Group it by less, or ask for a shorter period or one "
      "owner.",
      {{"limit", "forecast"}}, quota);
}

}  // namespace

int ProbabilityOf(const v1::ForecastCell& cell, const deals::v1::Stage* stage) {
  if (cell.has_probability()) return cell.probability();
  return stage == nullptr ? 0 : stage->probability();
}

ForecastCategory CategoryOf(const v1::ForecastCell& cell, const deals::v1::Stage* stage) {
  if (cell.status() == deals::v1::WON) return deals::v1::CLOSED;
  if (cell.status() == deals::v1::LOST) return deals::v1::OMITTED;
  if (cell.forecast_category() != deals::v1::FORECAST_CATEGORY_UNSPECIFIED) {
    return cell.forecast_category();
  }
  if (stage != nullptr && stage->forecast_category() != deals::v1::FORECAST_CATEGORY_UNSPECIFIED) {
    return stage->forecast_category();
  }
  const int percent = ProbabilityOf(cell, stage);
  if (percent < kBestCasePercent) return deals::v1::PIPELINE;
  return percent < kCommitPercent ? deals::v1::BEST_CASE : deals::v1::COMMIT;
}

ForecastSum::ForecastSum(const v1::QueryForecastRequest& request, const StagesByName& stages,
                         int fiscal_year_start_month)
    : request_(request),
      stages_(stages),
      fiscal_year_start_month_(std::max(fiscal_year_start_month, 1)) {
  for (const int group : request.group_by()) {
    by_month_ |= group == v1::MONTH;
    by_quarter_ |= group == v1::QUARTER;
    by_owner_ |= group == v1::OWNER;
    by_category_ |= group == v1::CATEGORY;
  }
}

void ForecastSum::Add(const v1::ForecastCell& cell, std::optional<absl::CivilDay> day) {
  if (!Asked(cell)) return;
  const auto found = stages_.find(cell.stage());
  const deals::v1::Stage* stage = found == stages_.end() ? nullptr : &found->second;
  const ForecastCategory category = CategoryOf(cell, stage);
  const bool omitted = cell.status() == deals::v1::OPEN && category == deals::v1::OMITTED;
  if (omitted) return;
  if (rows_.size() > kForecastRowsMax) return;  // refused in the end
  const int percent = ProbabilityOf(cell, stage);
  Count(cell, percent, category, rows_[GroupOf(cell, day, category)]);
  Count(cell, percent, category, totals_[cell.currency_code()]);
}

bool ForecastSum::Asked(const v1::ForecastCell& cell) const {
  if (!request_.pipeline().empty() && cell.pipeline() != request_.pipeline()) return false;
  return request_.owner().empty() || cell.owner() == request_.owner();
}

ForecastSum::Group ForecastSum::GroupOf(const v1::ForecastCell& cell,
                                        std::optional<absl::CivilDay> day,
                                        ForecastCategory category) const {
  Group group;
  group.currency_code = cell.currency_code();
  if (by_owner_) group.owner = cell.owner();
  if (by_category_) group.category = category;
  if (by_month_) {
    group.month = day.has_value() ? absl::StrFormat("%04d-%02d", day->year(), day->month())
                                  : std::string(kNone);
  }
  if (by_quarter_) {
    group.quarter = std::string(kNone);
    if (day.has_value()) {
      const auto fiscal = FiscalQuarterOf(absl::CivilMonth(*day), fiscal_year_start_month_);
      group.quarter = absl::StrFormat("%04d-Q%d", fiscal.year, fiscal.quarter);
    }
  }
  return group;
}

void ForecastSum::Count(const v1::ForecastCell& cell, int percent, ForecastCategory category,
                        Figures& figures) {
  const __int128 amount = NanosOf(cell);
  switch (cell.status()) {
    case deals::v1::OPEN:
      figures.open_count += cell.count();
      figures.open[category] += amount;
      figures.weighted_percent += amount * percent;
      return;
    case deals::v1::WON:
      figures.won_count += cell.count();
      figures.won += amount;
      return;
    case deals::v1::LOST:
      figures.lost_count += cell.count();
      return;
    default:  // proto enums have values beyond those declared
      return;
  }
}

absl::StatusOr<v1::ForecastRow> ForecastSum::Row(const Group& group, const Figures& figures) {
  v1::ForecastRow row;
  row.set_month(group.month);
  row.set_quarter(group.quarter);
  row.set_owner(group.owner);
  row.set_category(group.category);
  row.set_currency_code(group.currency_code);
  row.set_open_count(figures.open_count);
  row.set_won_count(figures.won_count);
  row.set_lost_count(figures.lost_count);
  if (group.currency_code.empty()) return row;

  // Every open deal, and those at least as sure as a category: categories are numbered by how sure
  // they are.
  const auto open_from = [&](ForecastCategory category) {
    __int128 sum = 0;
    for (const auto& [each, amount] : figures.open) sum += each >= category ? amount : 0;
    return sum;
  };
  const auto& currency = group.currency_code;
  const __int128 won = figures.won;
  const __int128 weighted = figures.weighted_percent;
  KITH_ASSIGN_OR_RETURN(*row.mutable_open_amount(),
                        ToMoney(open_from(deals::v1::PIPELINE), 1, currency));
  *row.mutable_open_pipeline() = row.open_amount();
  KITH_ASSIGN_OR_RETURN(*row.mutable_won_amount(), ToMoney(won, 1, currency));
  KITH_ASSIGN_OR_RETURN(*row.mutable_best_case(),
                        ToMoney(open_from(deals::v1::BEST_CASE) + won, 1, currency));
  KITH_ASSIGN_OR_RETURN(*row.mutable_most_likely(),
                        ToMoney(open_from(deals::v1::MOST_LIKELY) + won, 1, currency));
  KITH_ASSIGN_OR_RETURN(*row.mutable_commit(),
                        ToMoney(open_from(deals::v1::COMMIT) + won, 1, currency));
  KITH_ASSIGN_OR_RETURN(*row.mutable_weighted_amount(), ToMoney(weighted, 100, currency));
  KITH_ASSIGN_OR_RETURN(*row.mutable_expected_amount(),
                        ToMoney(weighted + won * 100, 100, currency));
  return row;
}

// Ratios are those of minor units; one whose denominator is not positive is left unset.
absl::Status ForecastSum::AddQuota(v1::ForecastRow& total) const {
  const __int128 quota = MinorUnits(request_.quota());
  const __int128 won = MinorUnits(total.won_amount());
  const __int128 open = MinorUnits(total.open_pipeline());
  const __int128 gap = quota - won;
  KITH_ASSIGN_OR_RETURN(*total.mutable_quota_gap(), MoneyOf(gap, total.currency_code()));
  if (quota > 0) {
    total.set_attainment_percent(100.0 * static_cast<double>(won) / static_cast<double>(quota));
    total.set_quota_coverage(static_cast<double>(open) / static_cast<double>(quota));
  }
  if (gap > 0) {
    total.set_remaining_coverage(static_cast<double>(open) / static_cast<double>(gap));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Forecast> ForecastSum::Result() const {
  if (rows_.size() > kForecastRowsMax) return TooManyRows();
  v1::Forecast forecast;
  for (const auto& [group, figures] : rows_) {
    KITH_ASSIGN_OR_RETURN(*forecast.add_rows(), Row(group, figures));
  }
  // Where nothing was sold in the quota's currency, that is told too.
  std::map<std::string, Figures> totals = totals_;
  if (request_.has_quota()) totals.try_emplace(request_.quota().currency_code());
  for (const auto& [currency, figures] : totals) {
    v1::ForecastRow& total = *forecast.add_totals();
    KITH_ASSIGN_OR_RETURN(total, Row({.currency_code = currency}, figures));
    if (request_.has_quota() && currency == request_.quota().currency_code()) {
      KITH_RETURN_IF_ERROR(AddQuota(total));
    }
  }
  return forecast;
}

}  // namespace kith::forecast
