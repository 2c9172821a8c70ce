// Predicate: one comparison of a filter, bound to a field of a table and ready to be asked of rows.
// Immutable.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "projections/tables/field.h"
#include "projections/tables/query.h"

namespace kith::projections {

// Encoded values from `from` (inclusive) up to `to` (exclusive; empty means no end).
struct ValueRange {
  std::string from;
  std::string to;
  bool none = false;  // nothing is in it

  bool Contains(absl::string_view value) const;
  void Intersect(const ValueRange& other);
};

struct Predicate {
  size_t field = 0;                      // its index in the table's declaration
  std::optional<std::string> equal;      // asks for this value …
  std::optional<std::string> different;  // … or for none that is this one …
  ValueRange range;                      // … or for one in here; `equal` is in it, too

  // `values` are those of the field in one row.
  bool Holds(const std::vector<std::string>& values) const;
};

// ERROR_INVALID_FILTER when the field is not declared (the message lists those that are), when the
// literal is not one of its type, or when the operator does not go with it.
absl::StatusOr<Predicate> BindComparison(const Comparison& comparison,
                                         const std::vector<Field>& fields);
// The index of a declared field. ERROR_INVALID_FILTER, listing those that are declared.
absl::StatusOr<size_t> FindField(absl::string_view name, const std::vector<Field>& fields);

}  // namespace kith::projections
