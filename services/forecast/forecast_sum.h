// ForecastSum: from cells of deals to a forecast, by the formulas of sales forecasting.
//
// - weighted: the sum over open deals of amount x probability, the deal's own or else its stage's.
// - expected: weighted + won. Lost deals are only counted.
// - category: the deal's own, else its stage's, else by the probability: below 40 PIPELINE, below
//   70 BEST_CASE, from there on COMMIT. Won deals are CLOSED, lost ones OMITTED. Open deals that
//   are OMITTED are left out.
// - open_pipeline: PIPELINE and surer. best_case, most_likely, commit: that category and surer,
//   with what was won.
// Sums are exact per currency; weighted ones are rounded once, half to even. Pure; one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "kith/forecast/v1/forecast_rows.pb.h"
#include "kith/forecast/v1/forecast_service.pb.h"
#include "projections/forecast/sales_forecast.h"

namespace kith::forecast {

// The probability of a cell's open deals, in percent, and their category. A stage that is null has
// probability 0.
int ProbabilityOf(const v1::ForecastCell& cell, const deals::v1::Stage* stage);
deals::v1::ForecastCategory CategoryOf(const v1::ForecastCell& cell, const deals::v1::Stage* stage);

// About 2 MiB.
inline constexpr size_t kForecastRowsMax = 10'000;

class ForecastSum {
 public:
  // Borrows both; they outlive the sum.
  ForecastSum(const v1::QueryForecastRequest& request, const StagesByName& stages,
              int fiscal_year_start_month);

  // Takes a cell of the period in, with its day. What the request's pipeline and owner exclude is
  // passed over.
  void Add(const v1::ForecastCell& cell, std::optional<absl::CivilDay> day);
  // Rows and totals in the order of the proto, quota figures included; read_time is left to the
  // caller. ERROR_OUT_OF_RANGE where a sum is beyond what an amount can hold, ERROR_LIMIT_REACHED
  // for more than kForecastRowsMax rows.
  absl::StatusOr<v1::Forecast> Result() const;

 private:
  // What rows are told apart by, in their order. Parts that the request does not divide by are all
  // equal.
  struct Group {
    std::string month;
    std::string quarter;
    std::string owner;
    deals::v1::ForecastCategory category = deals::v1::FORECAST_CATEGORY_UNSPECIFIED;
    std::string currency_code;
    friend auto operator<=>(const Group&, const Group&) = default;
  };
  // Counts, and sums in billionths of the currency, by category where it matters.
  struct Figures {
    int64_t open_count = 0;
    int64_t won_count = 0;
    int64_t lost_count = 0;
    std::map<deals::v1::ForecastCategory, __int128> open;
    __int128 weighted_percent = 0;  // billionths x percent
    __int128 won = 0;
  };

  bool Asked(const v1::ForecastCell& cell) const;
  Group GroupOf(const v1::ForecastCell& cell, std::optional<absl::CivilDay> day,
                deals::v1::ForecastCategory category) const;
  static void Count(const v1::ForecastCell& cell, int percent, deals::v1::ForecastCategory category,
                    Figures& figures);
  static absl::StatusOr<v1::ForecastRow> Row(const Group& group, const Figures& figures);
  absl::Status AddQuota(v1::ForecastRow& total) const;

  const v1::QueryForecastRequest& request_;
  const StagesByName& stages_;
  const int fiscal_year_start_month_;
  bool by_month_ = false;
  bool by_quarter_ = false;
  bool by_owner_ = false;
  bool by_category_ = false;
  std::map<Group, Figures> rows_;          // at most one more than kForecastRowsMax
  std::map<std::string, Figures> totals_;  // by currency
};

}  // namespace kith::forecast
