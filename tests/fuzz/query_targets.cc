// Filters and orders, as callers write them, and what tables make of them.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/normalise.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/deals/v1/deal.pb.h"
#include "projections/tables/plan.h"
#include "projections/tables/query.h"
#include "projections/tables/table_core.h"
#include "tests/fuzz/targets.h"

namespace kith::fuzz {
namespace {

using projections::Comparison;
using projections::Expression;
using projections::Field;
using projections::FieldAt;
using projections::IndexDeclaration;
using projections::TableDeclaration;

// A field of each type, and an index of each kind.
TableDeclaration MakeTable(const google::protobuf::Message& row,
                           const std::vector<std::string>& paths,
                           const std::vector<std::vector<size_t>>& indexes) {
  TableDeclaration table;
  table.number = 1;
  table.row = &row;
  for (const std::string& path : paths) {
    projections::Normalise normalise;
    if (path == "emails.address") normalise = EmailForm;
    if (path == "display_name") normalise = FoldedName;
    table.fields.push_back(FieldAt(*row.GetDescriptor(), path, path, normalise));
  }
  for (const std::vector<size_t>& fields : indexes) {
    IndexDeclaration& index = table.indexes.emplace_back();
    index.number = static_cast<uint8_t>(table.indexes.size());
    index.fields = fields;
    for (const size_t field : fields) index.names.push_back(table.fields[field].name);
    index.current = index.number == indexes.size();
  }
  return table;
}

const std::vector<TableDeclaration>& Tables() {
  static const auto& tables = *new std::vector<TableDeclaration>{
      MakeTable(contacts::v1::Contact::default_instance(),
                {"display_name", "emails.address", "lifecycle_stage", "create_time", "erased"},
                {{0}, {1}, {2, 0}, {3}}),
      MakeTable(deals::v1::Deal::default_instance(),
                {"stage", "status", "expected_close_date", "probability", "contacts.contact"},
                {{0, 2}, {4}, {1, 3}, {2}})};
  return tables;
}

bool IsSame(const Comparison& a, const Comparison& b) {
  return a.field == b.field && a.op == b.op && a.literal == b.literal && a.prefix == b.prefix &&
         a.is_call == b.is_call;
}

bool IsSame(const Expression& a, const Expression& b) {
  return a.kind == b.kind && IsSame(a.comparison, b.comparison) &&
         std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(),
                    [](const auto& part, const auto& other) { return IsSame(part, other); });
}

size_t CountComparisons(const Expression& expression) {
  size_t count = expression.kind == Expression::Kind::kComparison ? 1 : 0;
  for (const Expression& part : expression.parts) count += CountComparisons(part);
  return count;
}

projections::Moment SomeMoment() {
  return {.now = absl::FromUnixSeconds(1'800'000'000), .zone = absl::FixedTimeZone(3'600)};
}

}  // namespace

void FuzzFilter(absl::string_view bytes) {
  if (!IsUtf8(bytes)) return;  // no request has it
  const auto expression = projections::ParseFilter(bytes);
  for (const TableDeclaration& table : Tables()) {
    const absl::Status planned =
        MakePlan(table, {.filter = bytes, .moment = SomeMoment()}).status();
    KITH_CHECK(expression.ok() || !planned.ok());
    KITH_CHECK(IsUtf8(planned.message()));
  }
  if (!expression.ok()) return;
  KITH_CHECK(CountComparisons(*expression) <= projections::kComparisonsMax);
  const std::string written = projections::FilterText(*expression);
  const auto again = projections::ParseFilter(written);
  // Quotes and escapes make it longer, and there is a limit.
  if (!again.ok() && written.size() > projections::kFilterBytesMax) return;
  KITH_CHECK(again.ok() && IsSame(*again, *expression));
}

void FuzzOrder(absl::string_view bytes) {
  if (!IsUtf8(bytes)) return;
  const auto order = projections::ParseOrderBy(bytes);
  for (const TableDeclaration& table : Tables()) {
    const absl::Status planned = MakePlan(table, {.order_by = bytes}).status();
    KITH_CHECK(order.ok() || !planned.ok());
    KITH_CHECK(IsUtf8(planned.message()));
  }
  if (!order.ok()) return;
  std::string written;
  for (const projections::OrderField& field : *order) {
    absl::StrAppend(&written, written.empty() ? "" : ",", field.field,
                    field.descending ? " desc" : "");
  }
  const auto again = projections::ParseOrderBy(written);
  KITH_CHECK(again.ok() && again->size() == order->size());
}

}  // namespace kith::fuzz
