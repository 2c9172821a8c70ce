#include "projections/tables/row_filter.h"

#include "eventstore/base/status_macros.h"
#include "projections/tables/query.h"
#include "projections/tables/table_keys.h"

namespace kith::projections {

absl::StatusOr<RowFilter> RowFilter::Bind(const TableDeclaration& table, absl::string_view filter,
                                          const Moment& moment) {
  RowFilter bound(table);
  KITH_ASSIGN_OR_RETURN(const Expression parsed, ParseFilter(filter));
  KITH_ASSIGN_OR_RETURN(bound.condition_,
                        BindExpression(parsed, table.fields, moment, &bound.predicates_));
  return bound;
}

bool RowFilter::Holds(const google::protobuf::Message& row) const {
  RowValues values(*table_, row);
  return projections::Holds(condition_, predicates_, values);
}

std::vector<size_t> RowFilter::fields() const {
  std::vector<size_t> fields;
  for (const Predicate& predicate : predicates_) fields.push_back(predicate.field);
  return fields;
}

}  // namespace kith::projections
