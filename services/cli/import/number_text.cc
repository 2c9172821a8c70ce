#include "services/cli/import/number_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/status_macros.h"

namespace kith::cli {
namespace {

// What stands for a currency, or for one of several, of which the mapping has to say which.
struct Sign {
  absl::string_view text;
  std::vector<absl::string_view> currencies;
};

const std::vector<Sign>& Signs() {
  static const auto& signs = *new std::vector<Sign>{
      {"€", {"EUR"}},
      {"£", {"GBP"}},
      {"₹", {"INR"}},
      {"₽", {"RUB"}},
      {"₩", {"KRW"}},
      {"₺", {"TRY"}},
      {"zł", {"PLN"}},
      {"Kč", {"CZK"}},
      {"¥", {"JPY", "CNY"}},
      {"kr", {"SEK", "NOK", "DKK", "ISK"}},
      {"$", {"USD", "AUD", "BRL", "CAD", "CLP", "COP", "HKD", "MXN", "NZD", "SGD", "TWD"}},
  };
  return signs;
}

bool IsCode(absl::string_view text) {
  return text.size() == 3 && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isupper(static_cast<unsigned char>(c));
         });
}

void Strip(absl::string_view& text) { text = absl::StripAsciiWhitespace(text); }

// Takes what stands for a currency off either end; the currencies that it may be, none where the
// text says none.
std::vector<absl::string_view> TakeCurrency(absl::string_view& text) {
  for (const Sign& sign : Signs()) {
    if (absl::ConsumePrefix(&text, sign.text) || absl::ConsumeSuffix(&text, sign.text)) {
      return sign.currencies;
    }
  }
  if (text.size() < 3) return {};
  const absl::string_view front = text.substr(0, 3), back = text.substr(text.size() - 3);
  if (IsCode(front)) {
    text.remove_prefix(3);
    return {front};
  }
  if (IsCode(back)) {
    text.remove_suffix(3);
    return {back};
  }
  return {};
}

// Takes a minus off.
bool TakeMinus(absl::string_view& text) {
  if (absl::StartsWith(text, "(") && absl::EndsWith(text, ")")) {
    text = text.substr(1, text.size() - 2);
    Strip(text);
    return true;
  }
  const bool is_negative = absl::ConsumePrefix(&text, "-") || absl::ConsumePrefix(&text, "−") ||
                           absl::ConsumeSuffix(&text, "-");
  if (!is_negative) absl::ConsumePrefix(&text, "+");
  Strip(text);
  return is_negative;
}

bool AreDigits(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

// The digits of a whole number, whose groups one kind of separator may stand between.
absl::StatusOr<std::string> JoinGroups(const std::string& whole) {
  const size_t first = whole.find_first_not_of("0123456789");
  if (first == whole.npos) return whole;
  const char separator = whole[first];
  const std::vector<std::string> groups = absl::StrSplit(whole, separator);
  for (size_t i = 0; i < groups.size(); ++i) {
    const bool is_last = i + 1 == groups.size();
    const size_t size = groups[i].size();
    const bool has_size = i == 0    ? size >= 1 && size <= 3
                          : is_last ? size == 3
                                    : size == 2 || size == 3;
    if (!has_size || !AreDigits(groups[i])) {
      return absl::InvalidArgumentError("its groups of digits are not of three");
    }
  }
  return absl::StrJoin(groups, "");
}

absl::StatusOr<std::string> ReadDigits(absl::string_view text, char decimal) {
  const char group = decimal == ',' ? '.' : ',';
  const std::string plain = absl::StrReplaceAll(
      text, {{"\xC2\xA0", " "}, {"\xE2\x80\xAF", " "}, {"\xE2\x80\x89", " "}, {"’", "'"}});
  if (plain.find_first_not_of(absl::StrCat("0123456789 '", std::string{group, decimal})) !=
      plain.npos) {
    return absl::InvalidArgumentError("it is no number");
  }
  const size_t point = plain.find(decimal);
  const std::string fraction = point == plain.npos ? "" : plain.substr(point + 1);
  if (!AreDigits(fraction)) return absl::InvalidArgumentError("its fraction has more than digits");
  KITH_ASSIGN_OR_RETURN(std::string whole, JoinGroups(plain.substr(0, point)));
  if (whole.empty() && fraction.empty()) return absl::InvalidArgumentError("it has no digits");
  if (whole.empty()) whole.push_back('0');
  return fraction.empty() ? whole : absl::StrCat(whole, ".", fraction);
}

}  // namespace

absl::StatusOr<std::string> ReadNumber(absl::string_view text, char decimal,
                                       absl::string_view currency) {
  const auto wrong = [said = text, decimal](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", said, "\" is no number like ", decimal == ',' ? "1.234,50" : "1,234.50", ": ", why));
  };
  Strip(text);
  bool is_negative = TakeMinus(text);
  const std::vector<absl::string_view> said = TakeCurrency(text);
  Strip(text);
  is_negative = is_negative || TakeMinus(text);
  if (!currency.empty() && !said.empty() &&
      std::find(said.begin(), said.end(), currency) == said.end()) {
    return wrong(absl::StrCat("it is in another currency than ", currency));
  }
  if (currency.empty() && said.size() > 1) {
    return wrong("its currency may be several; say one in the mapping");
  }
  auto digits = ReadDigits(text, decimal);
  if (!digits.ok()) return wrong(digits.status().message());
  const absl::string_view money = !currency.empty() ? currency : said.empty() ? "" : said[0];
  return absl::StrCat(is_negative ? "-" : "", *digits, money.empty() ? "" : " ", money);
}

}  // namespace kith::cli
