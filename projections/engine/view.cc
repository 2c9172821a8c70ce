#include "projections/engine/view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace kith::projections {
namespace {

// Exact to a tenth at best: the rate it comes from is a guess.
std::string RoughText(absl::Duration duration) {
  const int64_t seconds = std::max<int64_t>(1, absl::ToInt64Seconds(duration));
  if (seconds < 120) return absl::StrCat(seconds, " s");
  if (seconds < 120 * 60) return absl::StrCat(seconds / 60, " min");
  return absl::StrCat(seconds / 3600, " h");
}

}  // namespace

absl::string_view NameOf(ViewState state) {
  switch (state) {
    case ViewState::kLive:
      return "live";
    case ViewState::kBuilding:
      return "building";
    case ViewState::kStopped:
      return "stopped";
    case ViewState::kLate:
      return "late";
  }
  return "";
}

std::string BuildProgress::Text() const {
  const std::string share = absl::StrCat(percent, " %");
  return left.has_value() ? absl::StrCat(share, ", about ", RoughText(*left)) : share;
}

}  // namespace kith::projections
