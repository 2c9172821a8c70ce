// How likely a record is to be won by what became of others: naive Bayes over counts of won and
// lost ones, as proto/kith/scoring_models/v1/prediction.proto has it. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace kith::scoring_models {

struct Outcomes {
  int64_t won = 0;
  int64_t lost = 0;
};

// What is known of one field's value.
struct ValueOutcomes {
  Outcomes of_value;   // of records that have it
  Outcomes of_field;   // of records that have any
  int64_t values = 0;  // that there are
};

// In hundredths of a percent, 1 to 9,999. `as_far` are the records that came as far.
// Nullopt where none was won or none was lost.
std::optional<int64_t> OddsOf(const Outcomes& all, const Outcomes& as_far,
                              const std::vector<ValueOutcomes>& fields);

// From 0 to 1: what the value of a field says by itself, and what the stage does.
double ShareOf(const ValueOutcomes& field);
double StageShareOf(const Outcomes& all, const Outcomes& as_far);

}  // namespace kith::scoring_models
