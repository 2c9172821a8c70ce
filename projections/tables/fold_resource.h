// FoldResourceRow: the fold of a view that keeps a resource's rows as they are, which is what most
// directories do.
#pragma once

#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/standard_events.h"
#include "projections/tables/table.h"

namespace kith::projections {

// A decoded event, as folds of resources take it. Borrows it.
inline Happening HappeningOf(const eventstore::RecordedEvent& event) {
  const eventstore::EventHeader& header = event.header();
  return {*event.event, header.revision, header.occur_time, event.erased};
}

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
  switch (FoldStandardEvent(HappeningOf(event), folded)) {
    case StandardEvent::kCreated:
      return table.Put(batch, header.workspace, folded);
    case StandardEvent::kUpdated:
    case StandardEvent::kOther:
      return existed ? table.Put(batch, header.workspace, folded) : absl::OkStatus();
    case StandardEvent::kDeleted:
      return table.Delete(batch, header.workspace, header.stream);
  }
  KITH_UNREACHABLE();
}

}  // namespace kith::projections
