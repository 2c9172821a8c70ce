// NearestOf: what somebody may have meant who wrote a name that is none. Pure.
#pragma once

#include <vector>

#include "absl/strings/string_view.h"

namespace kith::projections {

// The name that differs least from `text`, whatever its case; empty when none is near.
absl::string_view NearestOf(absl::string_view text, const std::vector<absl::string_view>& names);

}  // namespace kith::projections
