// Money: google.type.Money as whole minor units (cents), exact, and sums of one currency each.
// Never floating point.
//
// How many decimals a currency has is ISO 4217's table. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/type/money.pb.h"

namespace kith {

// Decimals of a currency in use ("EUR" → 2, "JPY" → 0); nullopt for any other text, also in lower
// case.
std::optional<int> CurrencyDecimals(absl::string_view code);

// What is wrong with an amount, as a sentence; empty when nothing is: a known currency, units and
// nanos of one sign, nanos within a unit, no fraction of a minor unit, minor units within 64 bits.
std::string MoneyDefect(const google::type::Money& money);

bool IsNegative(const google::type::Money& money);

// Minor units of a sum of amounts without defect.
__int128 MinorUnits(const google::type::Money& money);
// The exact amount, or ERROR_OUT_OF_RANGE where its units do not fit 64 bits, which are all that a
// Money has: a sum is never cut.
absl::StatusOr<google::type::Money> MoneyOf(__int128 minor_units, absl::string_view currency);

// numerator / denominator, rounded half to even. The denominator is positive.
__int128 DivideHalfEven(__int128 numerator, int64_t denominator);

// Exact sums, one per currency, also of amounts weighted by a percentage, which are rounded once:
// when the sum is read.
class MoneySum {
 public:
  // `percent` of an amount without defect.
  void Add(const google::type::Money& money, int percent = 100) {
    AddMinor(money.currency_code(), MinorUnits(money), percent);
  }
  void AddMinor(absl::string_view currency, __int128 minor_units, int percent = 100);

  bool empty() const { return hundredths_.empty(); }
  // By currency code; a currency whose sum is 0 is listed. ERROR_OUT_OF_RANGE as MoneyOf.
  absl::StatusOr<std::vector<google::type::Money>> Totals() const;

 private:
  std::map<std::string, __int128, std::less<>> hundredths_;  // of minor units
};

}  // namespace kith
