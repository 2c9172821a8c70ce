#include "projections/tables/fold_resource.h"

#include <memory>
#include <optional>
#include <string>

#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"

namespace kith::projections {

absl::Status FoldResourceRow(const eventstore::RecordedEvent& event, const TableCore& table,
                             ViewBatch& batch) {
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> row,
                        table.Get(batch, header.workspace, header.stream));
  const std::unique_ptr<google::protobuf::Message> folded(table.declaration().row->New());
  if (row.has_value() && !folded->ParseFromString(*row)) return MalformedRow();
  switch (FoldStandardEvent(HappeningOf(event), *folded)) {
    case StandardEvent::kCreated:
      return table.Put(batch, header.workspace, *folded);
    case StandardEvent::kUpdated:
    case StandardEvent::kOther:
      return row.has_value() ? table.Put(batch, header.workspace, *folded) : absl::OkStatus();
    case StandardEvent::kDeleted:
      return table.Delete(batch, header.workspace, header.stream);
  }
  KITH_UNREACHABLE();
}

}  // namespace kith::projections
