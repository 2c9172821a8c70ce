#include "projections/tables/aliases.h"

#include <utility>

#include "eventstore/base/status_macros.h"
#include "projections/tables/predicate.h"

namespace kith::projections {
namespace {

bool IsEquality(const Comparison& comparison) {
  const bool is_equality = comparison.op == Operator::kEqual || comparison.op == Operator::kHas ||
                           comparison.op == Operator::kNotEqual;
  return is_equality && !comparison.prefix && !comparison.is_call && !comparison.literal.empty();
}

// The field of a comparison with the name of a record that it can hold; null where it is another.
const Field* LinkOf(const Expression& part, const std::vector<Field>& fields) {
  if (part.kind != Expression::Kind::kComparison || !IsEquality(part.comparison)) return nullptr;
  const absl::StatusOr<size_t> index = FindField(part.comparison.field, fields);
  if (!index.ok() || fields[*index].links.empty()) return nullptr;
  return fields[*index].MayHoldName(part.comparison.literal) ? &fields[*index] : nullptr;
}

}  // namespace

absl::Status PutAllNames(const NamesOfRecord& names_of, const std::vector<Field>& fields,
                         Expression* filter) {
  // As deep as the filter is, which its parser bounds.
  for (Expression& part : filter->parts) {
    KITH_RETURN_IF_ERROR(PutAllNames(names_of, fields, &part));
  }
  const Field* const link = LinkOf(*filter, fields);
  if (link == nullptr) return absl::OkStatus();
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                        names_of(*link, filter->comparison.literal));
  if (names.size() == 1) {
    filter->comparison.literal = names.front();
    return absl::OkStatus();
  }
  // None of them, or any of them.
  const bool is_not = filter->comparison.op == Operator::kNotEqual;
  Expression all{is_not ? Expression::Kind::kAll : Expression::Kind::kAny, {}, {}};
  for (const std::string& name : names) {
    all.parts.push_back(*filter);
    all.parts.back().comparison.literal = name;
  }
  *filter = std::move(all);
  return absl::OkStatus();
}

void ForEachName(const Expression& filter, const std::vector<Field>& fields,
                 absl::FunctionRef<void(const Field&, const std::string&)> visit) {
  for (const Expression& part : filter.parts) ForEachName(part, fields, visit);
  if (const Field* const link = LinkOf(filter, fields)) visit(*link, filter.comparison.literal);
}

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
