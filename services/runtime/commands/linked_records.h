// LoadLinkedRecord: the state of a record that a command makes a resource name.
#pragma once

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/types.h"
#include "services/core/links.h"
#include "services/runtime/commands/loader.h"

namespace kith::runtime {

// The record as the first of these LinkedAggregates whose category it is of; the last one takes
// the rest. It becomes a condition of the append.
template <class Aggregate, class... Others>
absl::StatusOr<const LinkedRecord*> LoadLinkedRecord(Loader& load, absl::string_view record) {
  if constexpr (sizeof...(Others) > 0) {
    if (eventstore::CategoryOf(record) != Aggregate::kCategory) {
      return LoadLinkedRecord<Others...>(load, record);
    }
  }
  return load.Load<Aggregate>(record);
}

// Those of Links, in their order: LinkedRecords is made of it.
using LoadedRecords = absl::InlinedVector<const LinkedRecord*, 4>;

}  // namespace kith::runtime
