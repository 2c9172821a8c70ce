#include "projections/deals/deal_position.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"

namespace kith::deals {
namespace {

constexpr absl::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr int kBase = 36;
// Microseconds since 1970, up to what 64 bits hold.
constexpr size_t kTimeDigits = 13;
constexpr size_t kNameDigits = 8;

// Of a position or a part of one; behind its end there are only zeros.
int DigitAt(absl::string_view digits, size_t place) {
  if (place >= digits.size()) return 0;
  const size_t digit = kDigits.find(digits[place]);
  return digit == absl::string_view::npos ? 0 : static_cast<int>(digit);
}

std::string DigitsOf(uint64_t number, size_t count) {
  std::string digits(count, '0');
  for (size_t i = count; i > 0 && number > 0; --i, number /= kBase) {
    digits[i - 1] = kDigits[number % kBase];
  }
  return digits;
}

// The moment that the first digits stand for; as many as there are of one.
uint64_t MomentOf(absl::string_view position) {
  uint64_t moment = 0;
  for (size_t i = 0; i < kTimeDigits; ++i) moment = moment * kBase + DigitAt(position, i);
  return moment;
}

// FNV-1a of the name; the last digit is none that a position must not end with.
std::string OwnDigits(absl::string_view deal) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : deal) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  std::string digits = DigitsOf(hash, kNameDigits);
  digits.back() = kDigits[1 + hash % (kBase - 1)];
  return digits;
}

// The digits of a fraction that is greater than `low` and less than `high`, and does not begin
// `high`. `high` is greater; empty: it is 1.
std::string Between(absl::string_view low, absl::string_view high) {
  std::string digits;
  bool is_below = high.empty();
  for (size_t place = 0;; ++place) {
    const int from = DigitAt(low, place);
    const int to = is_below ? kBase : DigitAt(high, place);
    if (to - from > 1) {
      digits.push_back(kDigits[static_cast<size_t>(from + (to - from) / 2)]);
      return digits;
    }
    digits.push_back(kDigits[static_cast<size_t>(from)]);
    is_below = is_below || to > from;
  }
}

}  // namespace

std::string PositionOnEntry(absl::Time time, absl::string_view deal) {
  const int64_t micros = std::max<int64_t>(absl::ToUnixMicros(time), 0);
  return absl::StrCat(DigitsOf(static_cast<uint64_t>(micros), kTimeDigits), OwnDigits(deal));
}

std::optional<std::string> PositionBetween(absl::string_view after, absl::string_view before,
                                           absl::string_view deal) {
  KITH_CHECK(before.empty() || after < before);
  std::string digits;
  if (before.empty()) {
    digits = DigitsOf(MomentOf(after) + 1, kTimeDigits);
  } else if (after.empty() && MomentOf(before) > 0) {
    digits = DigitsOf(MomentOf(before) - 1, kTimeDigits);
  } else {
    digits = Between(after, before);
  }
  absl::StrAppend(&digits, OwnDigits(deal));
  if (digits.size() > kPositionMaxBytes) return std::nullopt;
  return digits;
}

}  // namespace kith::deals
