// Checks of a JSON text that the library's own reader does not make: it passes over a null within a
// list, and rounds a whole number that 64 bits do not hold. Pure; any thread.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace kith::edge {

// ERROR_INVALID_FIELD, naming the place, where a list holds a null or a whole number has more than
// 64 bits. `json` is one that the library has taken, which also takes single quotes and names
// without quotes.
absl::Status CheckLiterals(absl::string_view json);

}  // namespace kith::edge
