#include "projections/workflows/part_tables.h"

#include "absl/strings/str_cat.h"
#include "kith/interactions/v1/interaction.pb.h"
#include "kith/messages/v1/message.pb.h"
#include "projections/tables/query.h"
#include "projections/tables/row_filter.h"
#include "projections/tables/table.h"

namespace kith::workflows {
namespace {

template <class Row>
const projections::TableDeclaration& FieldsOf() {
  static const auto& table = *new projections::Table<Row>(
      projections::TableBuilder<Row>(1).Key([](const Row& row) { return row.name(); }).Build());
  return table.core().declaration();
}

}  // namespace

const projections::TableDeclaration* PartTable(absl::string_view resource) {
  if (resource == kInteractions) return &FieldsOf<interactions::v1::Interaction>();
  if (resource == kMessages) return &FieldsOf<messages::v1::Message>();
  return nullptr;
}

absl::Status CheckPartCondition(const projections::TableDeclaration& table,
                                absl::string_view condition) {
  const auto bound =
      projections::RowFilter::Bind(table, condition, {absl::UnixEpoch(), absl::UTCTimeZone()});
  if (!bound.ok()) return bound.status();
  for (const size_t field : bound->fields()) {
    if (table.fields[field].personal) {
      return projections::InvalidFilter(
          absl::StrCat(table.fields[field].name, " is personal, and stays sealed"));
    }
  }
  return absl::OkStatus();
}

}  // namespace kith::workflows
