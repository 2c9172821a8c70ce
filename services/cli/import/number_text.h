// Numbers as people write them in tables: "1.234,50 €". Pure functions.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kith::cli {

// The number as Kith reads it, "1234.50", or as money, "1234.50 EUR", where a currency is given or
// the text says one. `decimal` is '.' or ',' and stands before the fraction; the other one, spaces
// and apostrophes may stand between groups of digits, of three each, or of two but for the last.
// Negative is what has a minus in front or behind, or stands in parentheses. Fails on what is no
// such number, and on another currency than the given one.
absl::StatusOr<std::string> ReadNumber(absl::string_view text, char decimal,
                                       absl::string_view currency);

}  // namespace kith::cli
