// What keeps a spreadsheet from taking a cell of CSV for a formula. Pure functions, any thread.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace kith::cli {

// The text with an apostrophe in front, where a spreadsheet would take it for a formula: it begins
// with "=", "@", a tab or a carriage return, or with a sign and is no number. So has one that
// begins with apostrophes before such a text, for WithoutGuard to give back what it was.
std::string WithGuard(absl::string_view text);
std::string WithoutGuard(absl::string_view cell);

}  // namespace kith::cli
