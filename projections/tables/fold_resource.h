// FoldResourceRow: the fold of a view that keeps a resource's rows as they are, which is what most
// directories do.
#pragma once

#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/log/standard_events.h"
#include "projections/tables/table.h"

namespace kith::projections {

// Folds one event of a resource's stream into its row: created puts it, updated changes it, deleted
// removes it, any other event of the stream moves its etag and update time. The row's primary key
// is the resource name. An event of a stream without a row changes nothing but by creating it.
template <class Row>
absl::Status FoldResourceRow(const eventstore::RecordedEvent& event, const Table<Row>& table,
                             ViewBatch& batch) {
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(std::optional<Row> row, table.Get(batch, header.workspace, header.stream));
  const bool existed = row.has_value();
  Row folded = existed ? *std::move(row) : Row();
  switch (eventstore::FoldStandardEvent(event, folded)) {
    case eventstore::StandardEvent::kCreated:
      return table.Put(batch, header.workspace, folded);
    case eventstore::StandardEvent::kUpdated:
    case eventstore::StandardEvent::kOther:
      return existed ? table.Put(batch, header.workspace, folded) : absl::OkStatus();
    case eventstore::StandardEvent::kDeleted:
      return table.Delete(batch, header.workspace, header.stream);
  }
  KITH_UNREACHABLE();
}

}  // namespace kith::projections
