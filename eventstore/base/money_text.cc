#include "eventstore/base/money_text.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace kith {

bool ParseMoneyText(absl::string_view text, google::type::Money* money) {
  std::vector<absl::string_view> parts = absl::StrSplit(text, ' ', absl::SkipEmpty());
  if (parts.size() != 2) return false;
  if (absl::ascii_isalpha(parts[0][0])) std::swap(parts[0], parts[1]);
  absl::string_view amount = parts[0];
  const absl::string_view currency = parts[1];
  if (currency.size() != 3 || !std::all_of(currency.begin(), currency.end(),
                                           [](char c) { return absl::ascii_isupper(c); })) {
    return false;
  }
  if (MayMeanThousands(amount, currency)) return false;
  const bool is_negative = absl::ConsumePrefix(&amount, "-");
  const std::pair<absl::string_view, absl::string_view> split =
      absl::StrSplit(amount, absl::MaxSplits('.', 1));
  std::string nanos(split.second);
  const bool has_point = absl::StrContains(amount, '.');
  if (split.first.empty() || nanos.size() > 9 || (has_point && nanos.empty())) return false;
  const auto is_digit = [](char c) { return absl::ascii_isdigit(c); };
  if (!std::all_of(split.first.begin(), split.first.end(), is_digit) ||
      !std::all_of(nanos.begin(), nanos.end(), is_digit)) {
    return false;
  }
  nanos.resize(9, '0');
  int64_t units = 0;
  int32_t fraction = 0;
  if (!absl::SimpleAtoi(split.first, &units) || !absl::SimpleAtoi(nanos, &fraction)) return false;
  money->set_currency_code(std::string(currency));
  money->set_units(is_negative ? -units : units);
  money->set_nanos(is_negative ? -fraction : fraction);
  return true;
}

bool MayMeanThousands(absl::string_view amount, absl::string_view currency) {
  constexpr absl::string_view kWithThousandths[] = {"BHD", "IQD", "JOD", "KWD",
                                                    "LYD", "OMR", "TND"};
  constexpr size_t kDigits = 3;
  const size_t point = amount.find('.');
  return point != absl::string_view::npos && amount.size() - point - 1 == kDigits &&
         std::none_of(std::begin(kWithThousandths), std::end(kWithThousandths),
                      [&](absl::string_view one) { return absl::EqualsIgnoreCase(one, currency); });
}

}  // namespace kith
