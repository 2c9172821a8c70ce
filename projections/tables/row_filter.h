// RowFilter: a list's filter that is asked of single rows, by who has them already.
//
// People's words for records (aliases) are refused: whom they mean is known at a read alone. Custom
// fields are asked as the row has them, so no later change of what they are changes an answer.
// Immutable; any thread.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "projections/tables/condition.h"
#include "projections/tables/custom_columns.h"
#include "projections/tables/predicate.h"
#include "projections/tables/table_core.h"
#include "projections/tables/time_literal.h"

namespace kith::projections {

class RowFilter {
 public:
  // To ask this row, which is one of the table's. Borrows the table. ERROR_INVALID_FILTER as a list
  // would say it; any name is that of a custom field.
  static absl::StatusOr<RowFilter> Bind(const TableDeclaration& table, absl::string_view filter,
                                        const Moment& moment, const google::protobuf::Message& row);
  // To ask any row, where these custom fields are there and no others.
  static absl::StatusOr<RowFilter> Bind(const TableDeclaration& table, absl::string_view filter,
                                        const Moment& moment,
                                        const std::vector<CustomColumn>& custom);

  // `row` is one of the table's; the one that it was bound for, where it was for one.
  bool Holds(const google::protobuf::Message& row) const;
  // The fields that it asks for, as long as it lives.
  std::vector<const Field*> fields() const;

 private:
  RowFilter() = default;

  static absl::StatusOr<RowFilter> Bind(const TableDeclaration& table, const Expression& filter,
                                        const Moment& moment,
                                        const std::vector<CustomColumn>& custom);

  // Owns nothing where the filter names no custom field.
  std::shared_ptr<const TableDeclaration> table_;
  std::vector<Predicate> predicates_;
  Condition condition_;
};

// Whether a row is as the filter says at `now`; empty: it is. One that can be asked no more, as of
// a field that a later version does not have, holds of nothing. Days that are relative are those of
// UTC.
bool RowHolds(const TableDeclaration& table, absl::string_view filter,
              const google::protobuf::Message& row, absl::Time now);

// OK where rows whose personal fields stay sealed can be asked for this; else what is wrong, as a
// list would say it.
absl::Status CheckClearFilter(const TableDeclaration& table, absl::string_view filter);

// The same of a list's filter and order, which may have people's words and custom fields; OK of
// what the list itself will refuse.
absl::Status CheckClearQuery(const TableDeclaration& table, absl::string_view filter,
                             absl::string_view order_by);

// Whether some row could be as the filter says, as far as that follows from what it asks of each
// field that has one value: true of all that is not obviously contradictory, as `kind = CALL AND
// kind = EMAIL` is. Of a filter that can be asked.
bool MayHold(const TableDeclaration& table, absl::string_view filter);

}  // namespace kith::projections
