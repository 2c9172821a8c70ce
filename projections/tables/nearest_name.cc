#include "projections/tables/nearest_name.h"

#include <cstddef>

#include "eventstore/base/nearest_words.h"

namespace kith::projections {
namespace {

constexpr size_t kBytesMax = 64;

}  // namespace

absl::string_view NearestOf(absl::string_view text, const std::vector<absl::string_view>& names) {
  absl::string_view nearest;
  if (text.size() > kBytesMax) return nearest;
  size_t least = text.size() / 3 + 1;  // beyond that they have little in common
  for (const absl::string_view name : names) {
    const size_t distance = EditDistance(text, name);
    if (distance > least || (distance == least && !nearest.empty())) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

}  // namespace kith::projections
