// RowFilter: a list's filter that is asked of single rows, by who has them already.
//
// People's words for records (aliases) and custom fields are refused: which those are is known at a
// read alone. Immutable; any thread.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "projections/tables/condition.h"
#include "projections/tables/predicate.h"
#include "projections/tables/table_core.h"
#include "projections/tables/time_literal.h"

namespace kith::projections {

class RowFilter {
 public:
  // Borrows the table. ERROR_INVALID_FILTER as a list would say it.
  static absl::StatusOr<RowFilter> Bind(const TableDeclaration& table, absl::string_view filter,
                                        const Moment& moment);

  // `row` is one of the table's.
  bool Holds(const google::protobuf::Message& row) const;
  // The fields that it asks for, by their indexes in the table's.
  std::vector<size_t> fields() const;

 private:
  explicit RowFilter(const TableDeclaration& table) : table_(&table) {}

  const TableDeclaration* table_;
  std::vector<Predicate> predicates_;
  Condition condition_;
};

}  // namespace kith::projections
