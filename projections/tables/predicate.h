// Predicate: one comparison of a filter, bound to a field of a table and ready to be asked of rows.
// Immutable.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "projections/tables/field.h"
#include "projections/tables/query.h"

namespace kith::projections {

// Whether some value of the field lies in the range and has the text in it; where it is negated,
// whether none does, so that the opposite of a predicate holds of just the rows of which it does
// not.
struct Predicate {
  size_t field = 0;  // its index in the table's declaration
  ValueRange range;
  std::optional<std::string> equal;  // only this value is in the range
  std::string text;                  // encoded without its end; empty asks for none
  bool negated = false;

  // `values` are those of the field in one row.
  bool Holds(const std::vector<std::string>& values) const;
  // All that it asks for is a value in the range.
  bool is_range() const { return text.empty() && !negated; }
};

// ERROR_INVALID_FILTER when the field is not declared (the message lists those that are), when the
// literal is not one of its type, when the operator does not go with it, or when it can never hold.
absl::StatusOr<Predicate> BindComparison(const Comparison& comparison,
                                         const std::vector<Field>& fields, const Moment& moment);
// The opposite.
Predicate Negated(Predicate predicate, const Field& field);
// The index of a declared field. ERROR_INVALID_FILTER, listing those that are declared; `character`
// is where the filter names it, 0 where the order does.
absl::StatusOr<size_t> FindField(absl::string_view name, const std::vector<Field>& fields,
                                 size_t character = 0);

}  // namespace kith::projections
