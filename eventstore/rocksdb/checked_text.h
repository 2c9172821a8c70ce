// Small text files that an operator can read and that notice damage: lines, and behind them one
// with a check value of all before it. Pure functions. FORMAT.md.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace kith::eventstore {

// `body`, which is whole lines, with its check line.
std::string WithCheckLine(absl::string_view body);
// The body of what WithCheckLine made; nullopt when it is not whole.
std::optional<std::string> TakeCheckLine(absl::string_view text);

}  // namespace kith::eventstore
