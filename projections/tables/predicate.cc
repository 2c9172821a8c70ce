#include "projections/tables/predicate.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/status_macros.h"
#include "projections/store/versioned_store.h"

namespace kith::projections {
namespace {

// Everything above `value`. No encoded value begins with another one, so that is what follows its
// prefix.
ValueRange Above(const std::string& value) {
  ValueRange range;
  range.from = PrefixEnd(value);
  range.none = range.from.empty();
  return range;
}

ValueRange RangeOf(Operator op, const std::string& value) {
  switch (op) {
    case Operator::kEqual:
    case Operator::kHas:
      return {value, PrefixEnd(value)};
    case Operator::kLess:
      return {"", value};
    case Operator::kLessEqual:
      return {"", PrefixEnd(value)};
    case Operator::kGreater:
      return Above(value);
    case Operator::kGreaterEqual:
      return {value, ""};
    case Operator::kNotEqual:
      break;
  }
  return {};
}

// field = "abc*"; field:* asks for any value but the unset one.
absl::StatusOr<Predicate> BindPrefix(const Comparison& comparison, const Field& field,
                                     Predicate predicate) {
  if (comparison.op == Operator::kHas && comparison.literal.empty()) {
    if (!field.many) predicate.different = field.Unset();
    return predicate;
  }
  if (field.type != FieldType::kString) {
    return InvalidFilter(
        absl::StrCat("A literal ending in * goes with text only, and ", field.name, " is none."));
  }
  const std::string beginning =
      StringKeyPrefix(field.normalise ? field.normalise(comparison.literal) : comparison.literal);
  predicate.range = {beginning, PrefixEnd(beginning)};
  return predicate;
}

}  // namespace

bool ValueRange::Contains(absl::string_view value) const {
  return !none && value >= from && (to.empty() || value < to);
}

void ValueRange::Intersect(const ValueRange& other) {
  from = std::max(from, other.from);
  if (to.empty() || (!other.to.empty() && other.to < to)) to = other.to;
  none = none || other.none || (!to.empty() && from >= to);
}

bool Predicate::Holds(const std::vector<std::string>& values) const {
  if (different.has_value()) return !std::binary_search(values.begin(), values.end(), *different);
  return std::any_of(values.begin(), values.end(),
                     [this](const std::string& value) { return range.Contains(value); });
}

absl::StatusOr<Predicate> BindComparison(const Comparison& comparison,
                                         const std::vector<Field>& fields) {
  Predicate predicate;
  KITH_ASSIGN_OR_RETURN(predicate.field, FindField(comparison.field, fields));
  const Field& field = fields[predicate.field];
  if (comparison.prefix) return BindPrefix(comparison, field, std::move(predicate));
  absl::StatusOr<std::string> value = field.Encode(comparison.literal);
  if (!value.ok()) {
    return InvalidFilter(
        absl::StrCat("In the comparison of ", field.name, " ", value.status().message(), "."));
  }
  predicate.range = RangeOf(comparison.op, *value);
  // A day or a time that is not set is before no other.
  const bool is_time = field.type == FieldType::kDate || field.type == FieldType::kTime;
  const bool is_upper = comparison.op == Operator::kLess || comparison.op == Operator::kLessEqual;
  if (is_time && is_upper && !field.many) predicate.range.from = PrefixEnd(field.Unset());
  if (comparison.op == Operator::kNotEqual) predicate.different = *value;
  if (comparison.op == Operator::kEqual || comparison.op == Operator::kHas) {
    predicate.equal = *std::move(value);
  }
  return predicate;
}

absl::StatusOr<size_t> FindField(absl::string_view name, const std::vector<Field>& fields) {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return i;
  }
  std::vector<absl::string_view> names;
  for (const Field& field : fields) names.push_back(field.name);
  std::sort(names.begin(), names.end());
  return InvalidFilter(absl::StrCat("There is no field ", name,
                                    " to filter or order by; there are ",
                                    absl::StrJoin(names, ", "), "."));
}

}  // namespace kith::projections
