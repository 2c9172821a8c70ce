#include "projections/tables/fold_resource.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"

namespace kith::projections {

absl::Status FoldResourceRow(const eventstore::RecordedEvent& event, ResourceFold fold,
                             const TableCore& table, const TableCore* deleted, ViewBatch& batch) {
  const eventstore::EventHeader& header = event.header();
  const TableCore* place = &table;  // where the row stands
  KITH_ASSIGN_OR_RETURN(std::optional<std::string> row,
                        table.Get(batch, header.workspace, header.stream));
  if (!row.has_value() && deleted != nullptr && header.revision > Revision(1)) {
    place = deleted;
    KITH_ASSIGN_OR_RETURN(row, deleted->Get(batch, header.workspace, header.stream));
  }
  std::shared_ptr<google::protobuf::Message> before;
  const std::shared_ptr<google::protobuf::Message> folded(table.declaration().row->New());
  if (row.has_value()) {
    before.reset(folded->New());
    if (!before->ParseFromString(*row)) return MalformedRow();
    folded->MergeFrom(*before);
  }
  const TableCore* goal = place;  // where it stands then; null: nowhere
  switch (fold(HappeningOf(event), *folded)) {
    case StandardEvent::kCreated:
      if (place != &table) return table.Put(batch, header.workspace, *folded);
      return table.PutOver(batch, header.workspace, row, std::move(before), folded);
    case StandardEvent::kUpdated:
    case StandardEvent::kOther:
      break;
    case StandardEvent::kDeleted:
      goal = deleted;
      break;
    case StandardEvent::kUndeleted:
      goal = &table;
      break;
  }
  if (!row.has_value()) return absl::OkStatus();
  if (goal == place) {
    return place->PutOver(batch, header.workspace, row, std::move(before), folded);
  }
  KITH_RETURN_IF_ERROR(place->Delete(batch, header.workspace, header.stream));
  return goal == nullptr ? absl::OkStatus() : goal->Put(batch, header.workspace, *folded);
}

}  // namespace kith::projections
