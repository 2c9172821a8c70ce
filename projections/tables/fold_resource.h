// FoldResourceRow: the fold of a view that keeps a resource's rows as they are, which is what most
// directories do.
#pragma once

#include "absl/status/status.h"
#include "eventstore/base/standard_events.h"
#include "eventstore/log/event_registry.h"
#include "projections/engine/view_batch.h"
#include "projections/tables/merged_names.h"
#include "projections/tables/table_core.h"

namespace kith::projections {

// A decoded event, as folds of resources take it. Borrows it.
inline Happening HappeningOf(const eventstore::RecordedEvent& event) {
  const eventstore::EventHeader& header = event.header();
  return {*event.event, header.revision, header.occur_time, event.erased};
}

// Folds events into a resource: FoldStandardEvent, or what more its own events say.
using ResourceFold = StandardEvent (*)(const Happening&, google::protobuf::Message& resource);

// Where a directory keeps its rows.
struct ResourceTables {
  const TableCore& live;
  const TableCore* deleted = nullptr;  // null: what is deleted is not kept
  // Of those that are merged into another, and which names mean which record. Null: none can be.
  const TableCore* merged = nullptr;
  const MergedNames* names = nullptr;
};

// Folds one event of a resource's stream into its row: created puts it, updated changes it, deleted
// moves it to `deleted`, where there is such a table, undeleted moves it back, merged into another
// moves it to `merged`, unmerged from it moves it back, any other event of the stream moves its
// etag and update time. The row's primary key is the resource name. An event
// of a stream without a row changes nothing but by creating it.
absl::Status FoldResourceRow(const eventstore::RecordedEvent& event, ResourceFold fold,
                             const ResourceTables& tables, ViewBatch& batch);

}  // namespace kith::projections
