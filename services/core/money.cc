#include "services/core/money.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"

namespace kith {
namespace {

constexpr int kDecimalsMax = 4;
constexpr int64_t kNanosPerUnit = 1'000'000'000;
constexpr int64_t kPowersOfTen[] = {1, 10, 100, 1'000, 10'000};

// ISO 4217 as of 2024: the currencies in use whose decimals are not two, then those whose are. Each
// list is sorted.
constexpr absl::string_view kNoDecimals[] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY",
                                             "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
                                             "VND", "VUV", "XAF", "XOF", "XPF"};
constexpr absl::string_view kThreeDecimals[] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
constexpr absl::string_view kFourDecimals[] = {"CLF", "UYW"};
constexpr absl::string_view kTwoDecimals[] = {
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT",
    "BGN", "BMD", "BND", "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF",
    "CHE", "CHF", "CHW", "CNY", "COP", "COU", "CRC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD",
    "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD",
    "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW",
    "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT",
    "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK",
    "NPR", "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR",
    "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP",
    "SZL", "THB", "TJS", "TMT", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN", "UYU",
    "UZS", "VED", "VES", "WST", "XCD", "YER", "ZAR", "ZMW", "ZWG"};

template <size_t N>
bool Contains(const absl::string_view (&sorted)[N], absl::string_view code) {
  return std::binary_search(std::begin(sorted), std::end(sorted), code);
}

// Exact, and wide enough for every Money there is; the remainder of nanos is left out.
__int128 MinorOf(const google::type::Money& money, int decimals) {
  const int64_t per_unit = kPowersOfTen[decimals];
  return static_cast<__int128>(money.units()) * per_unit +
         money.nanos() / (kNanosPerUnit / per_unit);
}

bool FitsInteger(__int128 value) {
  return value >= std::numeric_limits<int64_t>::min() &&
         value <= std::numeric_limits<int64_t>::max();
}

}  // namespace

std::optional<int> CurrencyDecimals(absl::string_view code) {
  if (Contains(kTwoDecimals, code)) return 2;
  if (Contains(kNoDecimals, code)) return 0;
  if (Contains(kThreeDecimals, code)) return 3;
  if (Contains(kFourDecimals, code)) return kDecimalsMax;
  return std::nullopt;
}

std::string MoneyDefect(const google::type::Money& money) {
  const std::optional<int> decimals = CurrencyDecimals(money.currency_code());
  if (!decimals.has_value()) return "must have an ISO 4217 currency code in use";
  if (money.nanos() <= -kNanosPerUnit || money.nanos() >= kNanosPerUnit) {
    return "must have nanos within one unit";
  }
  if ((money.units() > 0 && money.nanos() < 0) || (money.units() < 0 && money.nanos() > 0)) {
    return "must have units and nanos of one sign";
  }
  if (money.nanos() % (kNanosPerUnit / kPowersOfTen[*decimals]) != 0) {
    return absl::StrCat("must not have more than ", *decimals, " decimals in ",
                        money.currency_code());
  }
  const __int128 minor = MinorOf(money, *decimals);
  return FitsInteger(minor) ? "" : "is too large";
}

bool IsNegative(const google::type::Money& money) { return money.units() < 0 || money.nanos() < 0; }

__int128 MinorUnits(const google::type::Money& money) {
  const std::optional<int> decimals = CurrencyDecimals(money.currency_code());
  KITH_CHECK(decimals.has_value());
  return MinorOf(money, *decimals);
}

absl::StatusOr<google::type::Money> MoneyOf(__int128 minor_units, absl::string_view currency) {
  const std::optional<int> decimals = CurrencyDecimals(currency);
  KITH_CHECK(decimals.has_value());
  const int64_t per_unit = kPowersOfTen[*decimals];
  if (!FitsInteger(minor_units / per_unit)) {
    return Error(type::v1::ERROR_OUT_OF_RANGE,
                 absl::StrCat("A sum in ", currency,
                              " is beyond what an amount can hold. Ask for fewer deals: a pipeline,"
                              " an owner or a period."),
                 {{"currency_code", std::string(currency)}});
  }
  google::type::Money money;
  money.set_currency_code(std::string(currency));
  money.set_units(static_cast<int64_t>(minor_units / per_unit));
  money.set_nanos(static_cast<int32_t>(minor_units % per_unit * (kNanosPerUnit / per_unit)));
  return money;
}

__int128 DivideHalfEven(__int128 numerator, int64_t denominator) {
  KITH_CHECK(denominator > 0);
  __int128 quotient = numerator / denominator;
  const __int128 remainder = numerator % denominator;
  const __int128 twice = (remainder < 0 ? -remainder : remainder) * 2;
  const bool away = twice > denominator || (twice == denominator && quotient % 2 != 0);
  if (away) quotient += numerator < 0 ? -1 : 1;
  return quotient;
}

void MoneySum::AddMinor(absl::string_view currency, __int128 minor_units, int percent) {
  hundredths_[std::string(currency)] += minor_units * percent;
}

absl::StatusOr<std::vector<google::type::Money>> MoneySum::Totals() const {
  std::vector<google::type::Money> totals;
  totals.reserve(hundredths_.size());
  for (const auto& [currency, hundredths] : hundredths_) {
    KITH_ASSIGN_OR_RETURN(totals.emplace_back(),
                          MoneyOf(DivideHalfEven(hundredths, 100), currency));
  }
  return totals;
}

}  // namespace kith
