#include "projections/scoring_models/win_odds.h"

#include <algorithm>
#include <cmath>

namespace kith::scoring_models {
namespace {

// Added to each count, so that nothing is impossible for having never happened.
constexpr double kAdded = 0.1;

// Which part of the won, and of the lost, have a value.
struct Parts {
  double won;
  double lost;
};

Parts PartsOf(const ValueOutcomes& field) {
  const double added = kAdded * static_cast<double>(field.values);
  return {(static_cast<double>(field.of_value.won) + kAdded) /
              (static_cast<double>(field.of_field.won) + added),
          (static_cast<double>(field.of_value.lost) + kAdded) /
              (static_cast<double>(field.of_field.lost) + added)};
}

Parts PartsOf(const Outcomes& all, const Outcomes& as_far) {
  return {(static_cast<double>(as_far.won) + kAdded) / (static_cast<double>(all.won) + kAdded),
          (static_cast<double>(as_far.lost) + kAdded) / (static_cast<double>(all.lost) + kAdded)};
}

}  // namespace

std::optional<int64_t> OddsOf(const Outcomes& all, const Outcomes& as_far,
                              const std::vector<ValueOutcomes>& fields) {
  if (all.won == 0 || all.lost == 0) return std::nullopt;
  double won = static_cast<double>(all.won) + kAdded;
  double lost = static_cast<double>(all.lost) + kAdded;
  const Parts stage = PartsOf(all, as_far);
  won *= stage.won;
  lost *= stage.lost;
  for (const ValueOutcomes& field : fields) {
    const Parts parts = PartsOf(field);
    won *= parts.won;
    lost *= parts.lost;
  }
  return std::clamp<int64_t>(std::llround(10'000 * won / (won + lost)), 1, 9'999);
}

double ShareOf(const ValueOutcomes& field) {
  const Parts parts = PartsOf(field);
  return parts.won / (parts.won + parts.lost);
}

double StageShareOf(const Outcomes& all, const Outcomes& as_far) {
  return 1 - PartsOf(all, as_far).lost;
}

}  // namespace kith::scoring_models
