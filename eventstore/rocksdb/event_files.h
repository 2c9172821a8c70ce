// The files of the table `events`: whether every event is accounted for, and how many files there
// are.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "rocksdb/db.h"

namespace kith::eventstore {

// Positions have no holes and each is written once, so the numbers of entries and the first and
// last keys of all files and memtables say whether one is missing; no record is read. Answers the
// last position. DataLoss names the positions that are missing. No other thread writes meanwhile.
absl::StatusOr<Position> CountEvents(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* events);

// Merges small files that lie beside one another in a level. Keys that only rise are moved down
// without being merged, so each start would leave a small file for ever. What fails is left for the
// next time.
void MergeSmallFiles(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family);

}  // namespace kith::eventstore
