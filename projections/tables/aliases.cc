#include "projections/tables/aliases.h"

#include "eventstore/base/status_macros.h"
#include "projections/tables/predicate.h"

namespace kith::projections {
namespace {

bool IsEquality(const Comparison& comparison) {
  const bool is_equality = comparison.op == Operator::kEqual || comparison.op == Operator::kHas ||
                           comparison.op == Operator::kNotEqual;
  return is_equality && !comparison.prefix && !comparison.is_call && !comparison.literal.empty();
}

}  // namespace

absl::Status ForEachAlias(Expression& filter, const std::vector<Field>& fields,
                          absl::FunctionRef<absl::Status(const Field&, Comparison&)> visit) {
  // As deep as the filter is, which its parser bounds.
  for (Expression& part : filter.parts) KITH_RETURN_IF_ERROR(ForEachAlias(part, fields, visit));
  Comparison& comparison = filter.comparison;
  if (filter.kind != Expression::Kind::kComparison || !IsEquality(comparison)) {
    return absl::OkStatus();
  }
  const absl::StatusOr<size_t> index = FindField(comparison.field, fields);
  if (!index.ok() || fields[*index].MayHoldName(comparison.literal)) return absl::OkStatus();
  return visit(fields[*index], comparison);
}

}  // namespace kith::projections
