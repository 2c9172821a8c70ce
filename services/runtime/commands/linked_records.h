// LoadLinkedRecords: the states of the records that a command makes a resource name.
#pragma once

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/types.h"
#include "services/core/links.h"
#include "services/runtime/commands/loader.h"

namespace kith::runtime {

// The record as the first of these LinkedAggregates whose category it is of; the last one takes
// the rest.
template <class Aggregate, class... Others>
absl::StatusOr<const LinkedRecord*> LoadLinkedRecord(Loader& load, absl::string_view record) {
  if constexpr (sizeof...(Others) > 0) {
    if (eventstore::CategoryOf(record) != Aggregate::kCategory) {
      return LoadLinkedRecord<Others...>(load, record);
    }
  }
  return load.Load<Aggregate>(record);
}

// In the order of `links`; LinkedRecords is made of it. Each becomes a condition of the append.
using LoadedRecords = absl::InlinedVector<const LinkedRecord*, 4>;
template <class... Aggregates>
absl::StatusOr<LoadedRecords> LoadLinkedRecords(Loader& load, const Links& links) {
  LoadedRecords records;
  for (const Link& link : links) {
    KITH_ASSIGN_OR_RETURN(const LinkedRecord* record,
                          LoadLinkedRecord<Aggregates...>(load, link.record));
    records.push_back(record);
  }
  return records;
}

}  // namespace kith::runtime
