#include "projections/tables/row_filter.h"

#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "projections/tables/query.h"
#include "projections/tables/table_keys.h"

namespace kith::projections {

namespace {

absl::Status Sealed(absl::string_view field) {
  return InvalidFilter(absl::StrCat(field, " is personal, and stays sealed"));
}

// Where the field of this name is personal.
absl::Status CheckClear(const TableDeclaration& table, absl::string_view name) {
  const auto field = FindField(name, table.fields);
  return field.ok() && table.fields[*field].personal ? Sealed(name) : absl::OkStatus();
}

absl::Status CheckClear(const TableDeclaration& table, const Expression& filter) {
  if (filter.kind == Expression::Kind::kComparison && filter.comparison.op != Operator::kWords) {
    return CheckClear(table, filter.comparison.field);
  }
  for (const Expression& part : filter.parts) KITH_RETURN_IF_ERROR(CheckClear(table, part));
  return absl::OkStatus();
}

// The table with these beside its fields, or where there are none the table itself, borrowed.
std::shared_ptr<const TableDeclaration> Extended(const TableDeclaration& table,
                                                 const std::vector<CustomColumn>& custom) {
  if (custom.empty()) return {std::shared_ptr<const void>(), &table};
  return std::make_shared<const TableDeclaration>(WithColumns(table, custom));
}

}  // namespace

absl::StatusOr<RowFilter> RowFilter::Bind(const TableDeclaration& table, absl::string_view filter,
                                          const Moment& moment,
                                          const google::protobuf::Message& row) {
  KITH_ASSIGN_OR_RETURN(const Expression parsed, ParseFilter(filter));
  return Bind(table, parsed, moment, ColumnsNamed(table, parsed, row));
}

absl::StatusOr<RowFilter> RowFilter::Bind(const TableDeclaration& table, absl::string_view filter,
                                          const Moment& moment,
                                          const std::vector<CustomColumn>& custom) {
  KITH_ASSIGN_OR_RETURN(const Expression parsed, ParseFilter(filter));
  return Bind(table, parsed, moment, custom);
}

absl::StatusOr<RowFilter> RowFilter::Bind(const TableDeclaration& table, const Expression& filter,
                                          const Moment& moment,
                                          const std::vector<CustomColumn>& custom) {
  RowFilter bound;
  bound.table_ = Extended(table, custom);
  KITH_ASSIGN_OR_RETURN(bound.condition_,
                        BindExpression(filter, bound.table_->fields, moment, &bound.predicates_));
  return bound;
}

bool RowFilter::Holds(const google::protobuf::Message& row) const {
  RowValues values(*table_, row);
  return projections::Holds(condition_, predicates_, values);
}

std::vector<const Field*> RowFilter::fields() const {
  std::vector<const Field*> fields;
  for (const Predicate& predicate : predicates_) fields.push_back(&table_->fields[predicate.field]);
  return fields;
}

bool RowHolds(const TableDeclaration& table, absl::string_view filter,
              const google::protobuf::Message& row, absl::Time now) {
  if (filter.empty()) return true;
  const auto bound = RowFilter::Bind(table, filter, {now, absl::UTCTimeZone()}, row);
  return bound.ok() && bound->Holds(row);
}

absl::Status CheckClearFilter(const TableDeclaration& table, absl::string_view filter) {
  const auto bound =
      RowFilter::Bind(table, filter, {absl::UnixEpoch(), absl::UTCTimeZone()}, *table.row);
  if (!bound.ok()) return bound.status();
  for (const Field* const field : bound->fields()) {
    if (field->personal) return Sealed(field->name);
  }
  return absl::OkStatus();
}

absl::Status CheckClearQuery(const TableDeclaration& table, absl::string_view filter,
                             absl::string_view order_by) {
  const auto parsed = ParseFilter(filter);
  if (parsed.ok()) KITH_RETURN_IF_ERROR(CheckClear(table, *parsed));
  const auto order = ParseOrderBy(order_by);
  if (!order.ok()) return absl::OkStatus();
  for (const OrderField& by : *order) KITH_RETURN_IF_ERROR(CheckClear(table, by.field));
  return absl::OkStatus();
}

bool MayHold(const TableDeclaration& table, absl::string_view filter) {
  const auto parsed = ParseFilter(filter);
  if (!parsed.ok()) return false;
  std::vector<Predicate> predicates;
  const auto extended = Extended(table, ColumnsNamed(table, *parsed, *table.row));
  const auto condition = BindExpression(*parsed, extended->fields,
                                        {absl::UnixEpoch(), absl::UTCTimeZone()}, &predicates);
  if (!condition.ok()) return false;
  for (const Conjunction& conjunction : ConjunctionsOf(*condition)) {
    std::map<size_t, ValueRange> left;  // by field, which values all of its predicates leave
    bool may_hold = true;
    for (const size_t index : conjunction.predicates) {
      const Predicate& predicate = predicates[index];
      if (!predicate.is_range() || extended->fields[predicate.field].many) continue;
      ValueRange& range = left[predicate.field];
      range.Intersect(predicate.range);
      may_hold = may_hold && !range.none;
    }
    if (may_hold) return true;
  }
  return false;
}

}  // namespace kith::projections
