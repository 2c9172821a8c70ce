#include "projections/tables/nearest_name.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"

namespace kith::projections {
namespace {

constexpr size_t kBytesMax = 64;

// How many letters have to be added, left out or replaced.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const bool same = absl::ascii_tolower(a[i]) == absl::ascii_tolower(b[j]);
      const size_t replaced = diagonal + (same ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

absl::string_view NearestOf(absl::string_view text, const std::vector<absl::string_view>& names) {
  absl::string_view nearest;
  if (text.size() > kBytesMax) return nearest;
  size_t least = text.size() / 3 + 1;  // beyond that they have little in common
  for (const absl::string_view name : names) {
    const size_t distance = Distance(text, name);
    if (distance > least || (distance == least && !nearest.empty())) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

}  // namespace kith::projections
