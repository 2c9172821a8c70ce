#include "projections/tables/fold_resource.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"

namespace kith::projections {

absl::Status FoldResourceRow(const eventstore::RecordedEvent& event, ResourceFold fold,
                             const ResourceTables& tables, ViewBatch& batch) {
  const TableCore& table = tables.live;
  const eventstore::EventHeader& header = event.header();
  const TableCore* place = &table;  // where the row stands
  KITH_ASSIGN_OR_RETURN(std::optional<std::string> row,
                        table.Get(batch, header.workspace, header.stream));
  for (const TableCore* const other : {tables.deleted, tables.merged}) {
    if (row.has_value() || other == nullptr || header.revision <= Revision(1)) continue;
    place = other;
    KITH_ASSIGN_OR_RETURN(row, other->Get(batch, header.workspace, header.stream));
  }
  std::shared_ptr<google::protobuf::Message> before;
  const std::shared_ptr<google::protobuf::Message> folded(table.declaration().row->New());
  if (row.has_value()) {
    before.reset(folded->New());
    if (!before->ParseFromString(*row)) return MalformedRow();
    folded->MergeFrom(*before);
  }
  const TableCore* goal = place;  // where it stands then; null: nowhere
  const StandardEvent kind = fold(HappeningOf(event), *folded);
  switch (kind) {
    case StandardEvent::kCreated:
      if (place != &table) return table.Put(batch, header.workspace, *folded);
      return table.PutOver(batch, header.workspace, row, std::move(before), folded);
    case StandardEvent::kUpdated:
    case StandardEvent::kMerged:
    case StandardEvent::kUnmerged:
    case StandardEvent::kOther:
      break;
    case StandardEvent::kDeleted:
      goal = tables.deleted;
      break;
    case StandardEvent::kMergedInto:
      goal = tables.merged;
      break;
    case StandardEvent::kUndeleted:
    case StandardEvent::kUnmergedFrom:
      goal = &table;
      break;
  }
  if (!row.has_value()) return absl::OkStatus();
  const bool is_of_names =
      kind == StandardEvent::kMergedInto || kind == StandardEvent::kUnmergedFrom;
  if (tables.names != nullptr && is_of_names) {
    KITH_RETURN_IF_ERROR(tables.names->Follow(event, batch));
  }
  if (goal == place) {
    return place->PutOver(batch, header.workspace, row, std::move(before), folded);
  }
  KITH_RETURN_IF_ERROR(place->Delete(batch, header.workspace, header.stream));
  return goal == nullptr ? absl::OkStatus() : goal->Put(batch, header.workspace, *folded);
}

}  // namespace kith::projections
